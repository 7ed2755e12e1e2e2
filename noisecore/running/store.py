"""Records on disk: one file per training, named by its key, either complete or not there."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import uuid
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Literal

from noisecore.errors import NoisecoreError
from noisecore.paths import RECORD_BYTES, check_folder, is_missing, open_lock, open_new
from noisecore.records import (
    Record,
    RecordError,
    Training,
    Trial,
    TrialRecord,
    read_json,
    write_atomically,
)


def new_run() -> str:
    """Return the id of a run that begins now."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"


class StoreError(NoisecoreError, OSError):
    """The artifact folder cannot be used; the message says why and what to do."""


class Store:
    """The records in one folder, shared by every process that drives trials of a run.

    Only the records of one run are seen: those that an older run made of the same training do not
    count until this run has made its own or, with `resume`, has taken them over.

    aside: the files that this process has set aside, under their new names.
    """

    def __init__(self, folder: Path, run: str, *, resume: bool = False) -> None:
        self.folder = folder
        self.run = run
        self.resume = resume
        self.aside: list[Path] = []
        self._given: dict[str, str] = {}

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
        """Try to become the only one who does this training; yield whether that succeeded.

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

    def write(self, records: Sequence[TrialRecord]) -> None:
        """Keep the records of a training together: a reader finds all of them or none.

        An earlier run's records of the same training, for other trials, are kept too, unless their
        numbers differ: then they are replaced, as a record of the same trial always is.
        Raises `StoreError` if the disk refuses; what was written before stays.
        """
        record = Record.of(records)
        try:
            earlier = self._read(record.key)
        except RecordError:  # it is written anew
            earlier = []
        asked = {each.trial for each in records}
        with suppress(RecordError):
            record = Record.of([*records, *(e for e in earlier if e.trial not in asked)])
        self._write(record)

    def _write(self, record: Record) -> None:
        path = self.folder / f"{record.key}.json"
        try:
            write_atomically(path, json.dumps(record.to_dict(), indent=1))
        except OSError as error:
            raise StoreError(
                f"the record of {record.trials[0].trial.label} could not be written to "
                f"{self.folder}: {error.strerror or error}: make room, and go on with "
                "--noise-resume"
            ) from None

    def _read(self, key: str, *, runs: Container[str] | None = None) -> list[TrialRecord]:
        """Return the records on disk under a key; only those of `runs`, if any are named.

        Raises `RecordError` if the file is not a record, unless none of those runs has a part in
        it.
        """
        path = self.folder / f"{key}.json"
        try:
            data = read_json(path, RECORD_BYTES)
        except FileNotFoundError:
            return []
        except OSError as error:
            _refuse_exhausted(path, error)
            raise RecordError(
                f"{path}: cannot be read: {error.strerror or error}: the next run renames it"
            ) from None
        except ValueError as error:
            raise RecordError(f"{path}: not JSON: {error}") from None
        if runs is not None and not any(run in runs for run in named_runs(data)):
            return []
        record = Record.from_dict(data, source=str(path))
        return [each for each in record.trials if runs is None or each.run in runs]

    def replace(self, curve: str, records: Sequence[TrialRecord]) -> None:
        """Keep the records of a given model, in place of the earlier ones of its curve.

        A test that is run again may make different records: the last ones count.
        """
        record = Record.of(records)
        self._write(record)
        old = self._given.get(curve, record.key)
        if old != record.key:
            (self.folder / f"{old}.json").unlink(missing_ok=True)
        self._given[curve] = record.key

    def read(self, key: str) -> list[TrialRecord]:
        """Return this run's records of a training, or of a given model; an empty list without any.

        Raises `RecordError` on a file that noisecore did not write, `StoreError` if the process
        cannot read.
        """
        return self._read(key, runs=(self.run,))

    def earlier(self, key: str, training: Training) -> list[TrialRecord]:
        """Return the records that all runs have of a training that was completed.

        A file that is not a record of that training is set aside, as `set_aside` does.
        """
        try:
            found = self._read(key)
        except RecordError:
            self.set_aside(self.folder / f"{key}.json")
            return []
        if any(
            each.key != key or not isinstance(each.trial, Trial) or each.trial.training != training
            for each in found
        ):
            self.set_aside(self.folder / f"{key}.json")
            return []
        return [each for each in found if each.status == "complete"]

    def made_own(
        self, earlier: Sequence[TrialRecord], trials: Sequence[Trial]
    ) -> list[TrialRecord]:
        """Return earlier runs' records of these trials of a training, as this run's own."""
        return taken_over(earlier, trials, self.run, mark="resumed_from")

    def set_aside(self, path: Path) -> None:
        """Rename a file that is not a record, so that it is kept but is not in the way."""
        names = (f"{path.name}.damaged{number or ''}" for number in count())
        aside = next(each for name in names if is_missing(each := path.with_name(name)))
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return  # another process of the run was faster
        except OSError as error:
            raise StoreError(
                f"{path} is not a record, and cannot be renamed: {error.strerror or error}"
            ) from None
        self.aside.append(aside)

    def damaged(self) -> list[Path]:
        """Return the files among the records that are not valid, or belong to another trial."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                trials = self._read(path.stem)
            except RecordError:
                found.append(path)
            else:
                found += [path] if any(each.key != path.stem for each in trials) else []
        return found

    def records(self) -> list[TrialRecord]:
        """Return all records of this run, in the order of their keys.

        A file that is not a record is set aside: this run may not need it, and a later one would
        find it again. If the run needs it, it is missing from now on.
        """
        found: list[TrialRecord] = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                found += self.read(path.stem)
            except RecordError:
                self.set_aside(path)
        return found


def taken_over(
    earlier: Sequence[TrialRecord],
    trials: Sequence[Trial],
    run: str,
    *,
    mark: Literal["resumed_from", "cached_from"],
) -> list[TrialRecord]:
    """Return earlier records of these trials of a training, as those of a run.

    These are the trials whose cells are all there, whichever trial they were tested for. mark: the
    entry of the cost that names the run that has trained.
    """
    if not earlier:
        return []
    first = earlier[0]
    cells = Record.of(earlier).cells
    found = []
    for trial in trials:
        own = next((each for each in earlier if each.trial == trial), first)
        wanted = [cells.get(trial.cell(scale)) for scale in trial.test_scales]
        evaluations = tuple(each for each in wanted if each is not None)
        if len(evaluations) == len(wanted):
            cost = {**own.cost, mark: own.cost.get(mark, own.run)}
            found.append(replace(own, trial=trial, run=run, evaluations=evaluations, cost=cost))
    return found


def named_runs(data: Any) -> list[Any]:
    """Return the runs that have a part in what a file holds, before it is known to be a record."""
    if not isinstance(data, dict):
        return []
    trials = data.get("trials")
    parts = [data, *trials] if isinstance(trials, list) else [data]
    return [each.get("run") for each in parts if isinstance(each, dict)]


def _refuse_exhausted(path: Path, error: Exception) -> None:
    """Raise `StoreError` if reading failed because of the process, and not of the record."""
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
