"""What a run needs from the source of its records."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import pytest

from noisecore.data import Dataset
from noisecore.paths import RUN_BYTES, hold_lock
from noisecore.plugin.marker import Request
from noisecore.plugin.sources.stages import StagedCurve, Standing
from noisecore.records import CurveId, TrialRecord, read_json, write_atomically

Pairs = Sequence[Sequence[str]]  # a curve and a test file each


class Source(Protocol):
    """What a run needs from the source of its records."""

    versions: dict[str, str]

    @property
    def dataset(self) -> Dataset | None:
        """The data set, if there is one at hand."""

    def prepare(self) -> None:
        """Make the artifact folder ready, once this run has locked it."""

    def submit(
        self, requests: Sequence[Request], compared: Pairs, staged: Sequence[StagedCurve] = ()
    ) -> None:
        """Register what all tests need, and which file compares which curve.

        staged: the curves that get their seeds one after another.
        """

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Work while the tests of the block wait, each for its own trials."""

    def wait(self, request: Request) -> list[TrialRecord]:
        """Wait for the records of one request, and return them.

        Of a curve that gets its seeds one after another, these are what other claims than that
        against the baseline are judged on.
        """

    def measured(self, request: Request) -> list[TrialRecord]:
        """Return the records of a request that were made, once `wait` has returned."""

    def staged(self, curve: str) -> StagedCurve | None:
        """Return a curve that gets its seeds one after another, None for any other."""

    def standing(self) -> list[Standing]:
        """Return how far each curve is that gets its seeds one after another."""

    def obtain(
        self,
        curve: CurveId,
        measure: Callable[[], list[TrialRecord]],
        *,
        former: CurveId | None = None,
    ) -> list[TrialRecord]:
        """Return the records of a curve of a model that was given, and keep them.

        former: what noisecore 0.1 called the curve; its records have that name.
        """

    def keep(self, curve: str, records: list[TrialRecord]) -> list[TrialRecord]:
        """Keep the records of a curve that was made without the run; return what is judged."""

    def records(self, evaluated: Sequence[str] = ()) -> list[TrialRecord]:
        """Return all records of the run, which are on disk already.

        evaluated: the labels of the records of given models, if other processes made them.
        """

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need; empty before the work begins."""

    @property
    def problem(self) -> str | None:
        """Why it is not known what the tests need, None if it is."""

    @property
    def set_aside(self) -> list[str]:
        """Files among the records that were not valid records, by their new names."""

    def compared(self) -> Pairs:
        """Return which curves are compared with the baseline, each with a test file that does."""


class Plan:
    """What a run's tests need, on disk for xdist's controller, which has not seen the tests."""

    def __init__(self, path: Path, run_id: str) -> None:
        self._path = path
        self._run = run_id

        self._written: dict[str, Any] | None = None

    def write(self, **lists: Sequence[Any]) -> None:
        """Keep some lists of plain values."""
        self._written = {"run": self._run, **lists}
        write_atomically(self._path, json.dumps(self._written))

    def grow(self, planned: Iterable[str], standing: Iterable[Standing], **lists: Any) -> None:
        """Keep what this process knows of a plan that grows, with what others have written.

        Under xdist one process may be behind another: whoever took more decisions is right.
        """
        with self._held():
            self._written = None
            known = {each.curve: each for each in self.standing()}
            for each in standing:
                if each.curve not in known or known[each.curve].step <= each.step:
                    known[each.curve] = each
            labels = dict.fromkeys([*self.read("planned"), *planned])
            content = {"planned": list(labels), "standing": list(known.values()), **lists}
            self._written = {"run": self._run, **content}
            write_atomically(self._path, json.dumps(self._written))

    def standing(self) -> list[Standing]:
        """Return how far each curve is that gets its seeds one after another."""
        return [Standing(*each) for each in self.read("standing")]

    def _held(self) -> IO[bytes]:
        """Lock the plan until the file that is returned is closed."""
        while True:
            try:
                return hold_lock(self._path.with_name(".locks") / "plan", fcntl.LOCK_EX)
            except BlockingIOError:
                time.sleep(0.01)

    def read(self, name: str) -> list[Any]:
        """Return a list; it is empty if this run has written none."""
        return list((self._content() or {}).get(name, ()))

    @property
    def problem(self) -> str | None:
        """Why nothing can be read, None if it can."""
        return None if self._content() else f"the plan of this run is not at {self._path} any more"

    def _content(self) -> dict[str, Any] | None:
        if self._written is not None:
            return self._written
        try:
            plan = read_json(self._path, RUN_BYTES)
        except (OSError, ValueError):
            return None
        ours = isinstance(plan, dict) and plan.get("run") == self._run
        return plan if ours else None


class Planned:
    """The part of a source that answers from its plan."""

    _plan: Plan

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need."""
        return self._plan.read("planned")

    def compared(self) -> Pairs:
        """Return which curves are compared with the baseline, each with a test file that does."""
        return self._plan.read("compared")

    @property
    def problem(self) -> str | None:
        """Why it is not known what the tests need, None if it is."""
        return self._plan.problem

    def staged(self, curve: str) -> StagedCurve | None:
        """Return None: only what is trained now gets its seeds one after another."""
        return None

    def standing(self) -> list[Standing]:
        """Return how far each curve is that gets its seeds one after another."""
        return self._plan.standing()

    def measured(self, request: Request) -> list[TrialRecord]:
        """Raise `RuntimeError`, because all records are those that `wait` returns."""
        raise RuntimeError(f"{request.curve} has no other records")
