"""Records on disk: one file a trial, named by its key, complete or not there."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from noisecore.records import RecordError, TrialRecord, write_atomically


class StoreError(OSError):
    """The artifact folder cannot be used; the message says why and what to do."""


class Store:
    """The records in one folder, shared by every process that drives trials of a run.

    Only the records of one run are seen: an older run's record of the same trial is not there
    until this run has made its own.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self.folder = folder
        self.run = run

    def prepare(self) -> None:
        """Make the folder; raise `StoreError` unless records can be written to it."""
        probe = self.folder / f".probe-{os.getpid()}"
        try:
            (self.folder / ".locks").mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
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
        with open(self.folder / ".locks" / key, "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def write(self, record: TrialRecord) -> None:
        """Keep a record, whole: a reader finds all of it or none."""
        write_atomically(self.folder / f"{record.key}.json", json.dumps(record.to_dict(), indent=1))

    def read(self, key: str) -> TrialRecord | None:
        """Return this run's record of a trial, or None.

        Raises `RecordError` on a file that noisecore did not write.
        """
        path = self.folder / f"{key}.json"
        try:
            data = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise RecordError(f"{path}: not JSON: {error}") from None
        if not isinstance(data, dict) or data.get("run") != self.run:
            return None
        return TrialRecord.from_dict(data, source=str(path))

    def records(self) -> list[TrialRecord]:
        """Return all records of this run, in the order of their keys."""
        found = (self.read(path.stem) for path in sorted(self.folder.glob("*.json")))
        return [record for record in found if record is not None]
