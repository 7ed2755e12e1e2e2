"""What a run asks of the place that its records come from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from noisecore.data import Dataset
from noisecore.plugin.declare import Request
from noisecore.records import TrialRecord, write_atomically

Pairs = Sequence[Sequence[str]]  # a curve and a test file each


class Source(Protocol):
    """What a run asks of the place that its records come from."""

    versions: dict[str, str]

    @property
    def dataset(self) -> Dataset | None:
        """The data set, if there is one at hand."""

    def prepare(self) -> None:
        """Make the artifact folder ready, once it is this run's alone."""

    def submit(self, requests: Sequence[Request], compared: Pairs, vanished: list[str]) -> None:
        """Make known what all tests need, which file compares which curve, and which vanished."""

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Work while the tests of the block wait, each for its own."""

    def wait(self, request: Request) -> list[TrialRecord]:
        """Return the records of one request when they are there."""

    def evaluate(self, curve: str, evaluate: Callable[[], list[TrialRecord]]) -> list[TrialRecord]:
        """Return the records of a curve of a model that was given, and keep them."""

    def records(self) -> list[TrialRecord]:
        """Return all records of the run, on disk already."""

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need; none before the work began."""

    set_aside: list[str]  # files among the records that were none, by their new names

    def compared(self) -> Pairs:
        """Return which curves are compared with the baseline, each with a test file that does."""

    def vanished(self) -> list[str]:
        """Return the curves of the baseline that no test compares any more."""


class Plan:
    """What a run's tests need, on disk: tells xdist's controller, which has not seen the tests."""

    def __init__(self, path: Path, run_id: str) -> None:
        self._path = path
        self._run = run_id

    def write(self, **lists: Sequence[Any]) -> None:
        """Keep some lists of plain values."""
        write_atomically(self._path, json.dumps({"run": self._run, **lists}))

    def read(self, name: str) -> list[Any]:
        """Return a list; it is empty if this run has written none."""
        try:
            plan = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return []
        return list(plan[name]) if plan.get("run") == self._run else []


class Planned:
    """The part of a source that answers from its plan."""

    _plan: Plan

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need."""
        return self._plan.read("planned")

    def compared(self) -> Pairs:
        """Return which curves are compared with the baseline, each with a test file that does."""
        return self._plan.read("compared")

    def vanished(self) -> list[str]:
        """Return the curves of the baseline that no test compares any more."""
        return self._plan.read("vanished")
