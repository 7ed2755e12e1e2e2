"""A folder of records that runs share, so that no training is done twice.

A record that is taken from it counts as if it had been trained now: a wrong one would be a false
pass. So only that is kept whose key and surroundings are all that its numbers depend on; anything
else is trained, and its record says why.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from noisecore.callables import outside_of, source_sha256
from noisecore.code import outside
from noisecore.functions import Functions, load_file
from noisecore.models import BUILDERS
from noisecore.noise import FAMILIES
from noisecore.paths import RECORD_BYTES, open_new
from noisecore.records import (
    SCHEMA,
    Record,
    RecordError,
    Trial,
    TrialRecord,
    check_schema,
    read_json,
)
from noisecore.running.store import taken_over
from noisecore.running.surroundings import surroundings

_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache that noisecore made (https://bford.info/cachedir/). It may be removed.
"""
CACHE_BYTES = 2**30  # that a cache may take if nobody says otherwise
_ENTRY = re.compile(r"[0-9a-f]{20}/[0-9a-f]{20}\.json")
_HALF = ".half-"  # the beginning of the name of an entry that is being written
_DAY = 86400.0
# What of a cost belongs to the run that has trained, and not to one that takes its record over.
_OWN = ("note", "lost", "resumed_from", "cached_from", "cache_note", "outside")


class Cache:
    """The records of earlier trainings in one folder: each is there whole, or not at all.

    size: the most bytes that they may take; those that were not used for the longest time go first,
    and never those that this run uses. run: its id, which begins with its start. root: the folder
    of the repository, in which all own code must be. location: of the data. unfit: why no training
    of this run can be cached, empty if that depends on the training. around: what the trainings
    depend on outside their keys, None if that is not the same for all.

    Nothing here raises: what goes wrong costs a training, and the record says what it was.
    """

    def __init__(
        self,
        folder: Path,
        *,
        size: int,
        run: str,
        root: Path,
        location: tuple[str, str | None],
        unfit: str = "",
        around: Callable[[], str | None] = surroundings,
    ) -> None:
        self.folder = folder
        self._size = size
        self._run = run
        self._since = _start_of(run)
        self._root = os.path.realpath(root)
        self._around = around
        self._unfit = unfit
        self._unwritable = ""
        self._notes: dict[str, str] = {}
        self._whys: dict[tuple[str, str], str] = {}
        self._held: int | None = None  # bytes of all entries, as far as known
        self._data = ""
        if ".py:" in location[0] and not unfit:
            self._unfit, self._data = self._of_data(*location[0].rsplit(":", 1))
        self._place = self._place_now()

    def take(self, key: str, trials: Sequence[Trial]) -> list[TrialRecord]:
        """Return the records of these trials of a training; none unless all of them are there."""
        if self._why_not(trials) or self._place is None:
            return []
        path = self._place / f"{key}.json"
        earlier = self._read(path, key, trials[0])
        taken = taken_over(earlier, trials, self._run, mark="cached_from")
        if len(taken) < len(trials):
            return []
        _touch(path)
        return taken

    def put(self, key: str, records: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Keep the records of a training that this run has done; return them, with what to say."""
        note = self._kept(key, records) or self._notes.get(key, "")
        if not note:
            return list(records)
        return [replace(each, cost={**each.cost, "cache_note": note}) for each in records]

    def _kept(self, key: str, records: Sequence[TrialRecord]) -> str:
        """Keep the records if they may be used again; return why not, empty if they are kept."""
        trials = [each.trial for each in records if isinstance(each.trial, Trial)]
        if why := self._why_not(trials):
            return f"not cached: {why}"
        if any(each.status != "complete" for each in records):
            return ""  # a failed training is done again, whatever a cache has
        if read := [each.cost["outside"] for each in records if "outside" in each.cost]:
            return f"not cached: {read[0]}"
        if any(each.environment.get("device") != "CPU" for each in records):
            return "not cached: it was not trained on a CPU, and a driver's version is not known"
        place = self._place
        if place is None or place != self._place_now():
            return (
                "not cached: packages, settings or processors differed between the processes, or "
                "were changed during the run"
            )
        return self._unwritable or self._write(place / f"{key}.json", records, trials[0])

    def _why_not(self, trials: Sequence[Trial]) -> str:
        """Return why a training cannot be cached; empty if it can."""
        if self._unfit:
            return self._unfit
        asked: list[tuple[Functions[Any], str]] = [(BUILDERS, trials[0].model)]
        asked += [(FAMILIES, each) for t in trials for each in (t.noise, t.trained_with) if each]
        return next(filter(None, (self._of_function(*each) for each in asked)), "")

    def _of_function(self, functions: Functions[Any], name: str) -> str:
        known = functions.kind, name
        if known not in self._whys:
            why = ""
            if functions.home(name) is not None:  # noisecore's own are part of the surroundings
                try:
                    why = outside_of(functions.get(name), self._root)
                except (OSError, TypeError, ValueError) as error:
                    why = f"its code cannot be read: {error}"
            self._whys[known] = why and f"the {functions.kind} {name}: {why}"
        return self._whys[known]

    def _of_data(self, file: str, name: str) -> tuple[str, str]:
        """Return why a function's data cannot be cached, and the hash of its code.

        It may read what it likes, because its arrays are hashed; but a worker imports its file, and
        that may change how Keras calculates.
        """
        try:
            function = getattr(load_file(file), name)
            why = outside(function, self._root, reads=True)
            return why and f"the data function {name}: {why}", source_sha256(function)
        except Exception as error:  # whatever the user's file raises, or a callable without source
            return f"the data function {name} cannot be read: {error}", ""

    def _place_now(self) -> Path | None:
        """Return the folder of the entries that were made in the surroundings of now."""
        around = None
        try:
            around = None if self._unfit else self._around()
        except Exception as error:  # whatever is wrong with an installed package
            self._unfit = f"what is installed here cannot be read: {error}"
        if around is None:
            return None
        return self.folder / hashlib.sha256(f"{around} {self._data}".encode()).hexdigest()[:20]

    def _read(self, path: Path, key: str, trial: Trial) -> list[TrialRecord]:
        """Return the records in an entry; remove one that is not what was written."""
        try:
            data = read_json(path, RECORD_BYTES)
            if check_schema(data, source="entry") != SCHEMA:  # older ones have no checksum
                raise RecordError("an older schema")
            record = Record.from_dict(data)
            if record.key != key or any(
                each.status != "complete"
                or not isinstance(each.trial, Trial)
                or each.trial.training != trial.training
                for each in record.trials
            ):
                raise RecordError("of another training")
            return list(record.trials)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._notes[key] = f"{self.folder} could not be read: {error.strerror or error}"
        except ValueError:
            self._notes[key] = f"a damaged entry of {self.folder} was removed: trained again"
            with suppress(OSError):
                path.unlink(missing_ok=True)
        return []

    def _write(self, path: Path, records: Sequence[TrialRecord], trial: Trial) -> str:
        """Write an entry; return what went wrong, empty if nothing did."""
        kept = [replace(each, cost=_shared(each.cost)) for each in records]
        asked = {each.trial for each in kept}
        others = [each for each in self._read(path, kept[0].key, trial) if each.trial not in asked]
        record = Record.of(kept)
        with suppress(RecordError):
            record = Record.of([*kept, *others])
        half = path.with_name(f"{_HALF}{uuid.uuid4().hex}")
        try:
            self._make()
            path.parent.mkdir(exist_ok=True)
            data = json.dumps(record.to_dict(), separators=(",", ":")).encode()
            try:
                with open_new(half) as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(half, path)
            finally:
                half.unlink(missing_ok=True)
            _touch(path)
            self._make_room(len(data))
        except OSError as error:
            why = error.strerror or str(error)
            self._unwritable = f"not cached: {self.folder} cannot be written to: {why}"
        return self._unwritable

    def _make(self) -> None:
        """Make the folder, and mark it as a cache for backups and for git.

        A folder that holds something else already is used, and is not marked.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if any(self.folder.iterdir()):
            return
        for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "# Made by noisecore.\n*\n")):
            (self.folder / name).write_text(text)

    def _make_room(self, written: int) -> None:
        """Remove the entries that were not used for the longest time, if all take too much."""
        if self._held is not None:
            self._held += written
        if self._held is None or self._held > self._size:
            self._held = self._removed()

    def _removed(self) -> int:
        """Remove what must go, and return how many bytes are left."""
        found: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("*/*"):
            half = path.name.startswith(_HALF)
            if not half and not _ENTRY.fullmatch(f"{path.parent.name}/{path.name}"):
                continue  # not ours
            with suppress(OSError):  # another run has just removed it
                status = path.stat()
                if not half:
                    found.append((status.st_mtime, status.st_size, path))
                elif status.st_mtime < time.time() - _DAY:  # left by a process that was killed
                    path.unlink()
        held = sum(size for _, size, _ in found)
        for used, size, path in sorted(found):
            if held <= self._size or used >= self._since:
                break
            with suppress(FileNotFoundError):
                path.unlink()
            held -= size
        return held


def _shared(cost: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a cost holds for every run that takes the record over."""
    return {name: each for name, each in cost.items() if name not in _OWN}


def _touch(path: Path) -> None:
    """Note that an entry is in use; by this machine's clock, which the start of a run is by too."""
    now = time.time()
    with suppress(OSError):
        os.utime(path, (now, now))


def _start_of(run: str) -> float:
    """Return when a run began, as its id says: the same in all its processes."""
    try:
        began = datetime.strptime(run.partition("-")[0], "%Y%m%dT%H%M%SZ")
    except ValueError:
        return time.time()
    return began.replace(tzinfo=UTC).timestamp()
