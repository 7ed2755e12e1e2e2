"""Records on disk: one file a trial, named by its key, complete or not there."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from noisecore.paths import RECORD_BYTES, check_folder, is_missing, open_lock, open_new
from noisecore.records import (
    RecordError,
    Trial,
    TrialRecord,
    read_json,
    read_record,
    write_atomically,
)


class StoreError(OSError):
    """The artifact folder cannot be used; the message says why and what to do."""


class Store:
    """The records in one folder, shared by every process that drives trials of a run.

    Only the records of one run are seen: an older run's record of the same trial is not there
    until this run has made its own, or, with `resume`, has taken it over.

    aside: what this process has set aside, under its new names.
    """

    def __init__(self, folder: Path, run: str, *, resume: bool = False) -> None:
        self.folder = folder
        self.run = run
        self.resume = resume
        self.aside: list[Path] = []
        self._given: dict[str, set[str]] = {}

    def prepare(self) -> None:
        """Make the folder; raise `StoreError` unless records can be written to it."""
        probe = self.folder / f".probe.{os.getpid()}"
        try:
            (self.folder / ".locks").mkdir(parents=True, exist_ok=True)
            check_folder(self.folder / ".logs")  # of the workers
            try:
                with open_new(probe) as file:  # a full disk still takes an empty file
                    file.write(bytes(4096))
                    file.flush()
                    os.fsync(file.fileno())
            finally:
                probe.unlink(missing_ok=True)
            remove_halves(self.folder, "*.json", ".plan", "probe")
        except OSError as error:
            raise StoreError(
                f"artifacts cannot be written to {self.folder}: {error.strerror or error}: "
                "choose another folder with --noise-artifacts"
            ) from None

    @contextmanager
    def claim(self, key: str) -> Iterator[bool]:
        """Try to become the only one who runs this trial; yield whether that is so.

        The claim ends with the block, or with the process that holds it, however that ends.
        """
        # Opened anew for each claim: a lock belongs to the open file, so threads of one process
        # exclude each other too.
        try:
            lock = open_lock(self.folder / ".locks" / key)
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be used: {error.strerror or error}") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                # Closing is not enough while a child that a test forked has the file open too.
                fcntl.flock(lock, fcntl.LOCK_UN)

    def write(self, record: TrialRecord) -> None:
        """Keep a record, whole: a reader finds all of it or none.

        Raises `StoreError` if the disk refuses; the records that were written before stay.
        """
        path = self.folder / f"{record.key}.json"
        try:
            write_atomically(path, json.dumps(record.to_dict(), indent=1))
        except OSError as error:
            raise StoreError(
                f"the record of {record.trial.label} could not be written to {self.folder}: "
                f"{error.strerror or error}: make room, and go on with --noise-resume"
            ) from None

    def replace(self, curve: str, records: Sequence[TrialRecord]) -> None:
        """Keep the records of a model that was given, in place of those that stand for its curve.

        A test that is run again may make others: the last time counts.
        """
        for record in records:
            self.write(record)
        keys = {record.key for record in records}
        for key in self._given.get(curve, keys) - keys:
            (self.folder / f"{key}.json").unlink(missing_ok=True)
        self._given[curve] = keys

    def read(self, key: str) -> TrialRecord | None:
        """Return this run's record of a trial, or None.

        Raises `RecordError` on a file that noisecore did not write, `StoreError` if the process
        cannot read.
        """
        path = self.folder / f"{key}.json"
        try:
            data = read_json(path, RECORD_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            _refuse_exhausted(path, error)
            raise RecordError(
                f"{path}: cannot be read: {error.strerror or error}: the next run sets it aside"
            ) from None
        except ValueError as error:
            raise RecordError(f"{path}: not JSON: {error}") from None
        if not isinstance(data, dict) or data.get("run") != self.run:
            return None
        return TrialRecord.from_dict(data, source=str(path))

    def take_over(self, key: str, trial: Trial) -> TrialRecord | None:
        """Return an earlier run's complete record of the same trial, made this run's own, or None.

        A file that is no record of that trial is set aside, as `set_aside` does.
        """
        path = self.folder / f"{key}.json"
        try:
            record = read_record(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _refuse_exhausted(path, error)
            self.set_aside(path)
            return None
        if (record.key, record.trial) != (key, trial):
            self.set_aside(path)
            return None
        if record.status != "complete":
            return None
        cost = {**record.cost, "resumed_from": record.cost.get("resumed_from", record.run)}
        record = replace(record, run=self.run, cost=cost)
        self.write(record)
        return record

    def set_aside(self, path: Path) -> None:
        """Rename what is no record, so that it is kept and in nobody's way."""
        names = (f"{path.name}.damaged{number or ''}" for number in count())
        aside = next(each for name in names if is_missing(each := path.with_name(name)))
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return  # another process of the run was faster
        except OSError as error:
            raise StoreError(
                f"{path} is no record, and cannot be set aside: {error.strerror or error}"
            ) from None
        self.aside.append(aside)

    def damaged(self) -> list[Path]:
        """Return what stands among the records and is none, or is another trial's."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                record = read_record(path)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                _refuse_exhausted(path, error)
                found.append(path)
            else:
                found += [path] if record.key != path.stem else []
        return found

    def records(self) -> list[TrialRecord]:
        """Return all records of this run, in the order of their keys.

        What is no record is set aside: this run may not need it, and a later one would find it
        again. If the run needs it, it is missing from now on.
        """
        found = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                found.append(self.read(path.stem))
            except RecordError:
                self.set_aside(path)
        return [record for record in found if record is not None]


def _refuse_exhausted(path: Path, error: Exception) -> None:
    """Raise `StoreError` if it is the process, and not the record, that a reading failed for."""
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from None


_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def remove_halves(folder: Path, *names: str) -> None:
    """Remove the temporary files of these names that killed processes left in a folder."""
    for name in names:
        for half in folder.glob(f".{name}.*"):
            if not _alive(half.suffix.removeprefix(".")):
                half.unlink(missing_ok=True)


def _alive(pid: str) -> bool:
    """Return whether the process that writes a temporary file may still be there."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OverflowError, PermissionError, ValueError):
        pass
    return True
