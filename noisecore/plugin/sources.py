"""Where a run's records come from: it trains them, or it is given them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from noisecore.data import Dataset, DatasetError, load_dataset
from noisecore.plugin.declare import Request
from noisecore.plugin.options import Choices
from noisecore.plugin.progress import Progress
from noisecore.records import TrialRecord, write_atomically

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from noisecore.running.engine import Event


class Source(Protocol):
    """What a run asks of the place that its records come from."""

    versions: dict[str, str]

    @property
    def dataset(self) -> Dataset | None:
        """The data set, if there is one at hand."""

    def submit(self, requests: Sequence[Request]) -> None:
        """Make known what all tests together need."""

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Work while the tests of the block wait, each for its own."""

    def wait(self, request: Request) -> list[TrialRecord]:
        """Return the records of one request when they are there."""

    def records(self) -> list[TrialRecord]:
        """Return all records of the run, on disk already."""

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need."""


class Trained:
    """Records that this run's own workers make.

    Making one checks all that can be checked before the first trial: TensorFlow, the data set,
    the artifact folder. Raises `TensorFlowError`, `DatasetError` or `StoreError`.
    """

    def __init__(self, choices: Choices, run_id: str) -> None:
        from noisecore.running import compat
        from noisecore.running.engine import Engine
        from noisecore.running.store import Store

        self.versions = compat.versions()
        self._location = (choices.profile.dataset, choices.data_dir)
        self.dataset = load_dataset(*self._location)
        self._store = Store(choices.artifacts / "trials", run_id)
        self._store.prepare()
        # Tells the controller of xdist, which has not seen the tests, what was asked for.
        self._plan = choices.artifacts / "trials" / ".plan"
        self._workers = choices.workers
        self._engine: Engine | None = None
        self._progress: Progress | None = None

    def submit(self, requests: Sequence[Request]) -> None:
        """Make the trials of all requests known, each once; nothing is trained yet."""
        from noisecore.running.engine import Engine, available_workers

        trials = list(
            dict.fromkeys(trial for request in requests for trial in request.trials(self.dataset))
        )
        workers = available_workers(len(trials)) if self._workers is None else self._workers
        if "PYTEST_XDIST_WORKER" in os.environ:
            workers = min(1, workers)  # xdist has the workers side by side already
        self._engine = Engine(
            trials,
            store=self._store,
            location=self._location,
            workers=workers,
            listener=self._hear,
        )
        plan = {"run": self._store.run, "planned": [trial.label for trial in trials]}
        write_atomically(self._plan, json.dumps(plan))

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Train side by side while the tests of the block wait, each for its own."""
        from noisecore.running.compat import TensorFlowError

        if self._engine is None:
            yield
            return
        reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and "PYTEST_XDIST_WORKER" not in os.environ:
            self._progress = Progress(reporter, len(self._engine.trials), clock=time.monotonic)
        try:
            self._engine.start()
        except TensorFlowError as error:
            raise pytest.UsageError(f"noisecore: {error}") from None
        try:
            yield
        finally:
            self._engine.close()
            self._clear()

    def wait(self, request: Request) -> list[TrialRecord]:
        """Return the records of one request when they are there."""
        if self._engine is None:
            raise RuntimeError("no trials were submitted")
        try:
            return self._engine.wait(request.trials(self.dataset))
        finally:
            self._clear()

    def records(self) -> list[TrialRecord]:
        """Return all records that this run has made so far."""
        return self._store.records()

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need."""
        try:
            plan = json.loads(self._plan.read_text())
        except (OSError, ValueError):
            return []
        return list(plan["planned"]) if plan.get("run") == self._store.run else []

    def _hear(self, event: Event) -> None:
        if self._progress is not None:
            self._progress(event)

    def _clear(self) -> None:
        if self._progress is not None:
            self._progress.clear()


class Given:
    """Records of earlier runs, judged anew: nothing is trained, TensorFlow is not needed.

    Raises `RecordError` if the folder or file holds what is no record.
    """

    def __init__(self, choices: Choices, path: Path) -> None:
        from noisecore.showing.results import read_records

        self.versions: dict[str, str] = {}
        self._path = path
        self._all = read_records(path)
        self._used: dict[str, TrialRecord] = {}
        self._planned: list[str] = []
        self.dataset: Dataset | None
        try:
            self.dataset = load_dataset(choices.profile.dataset, choices.data_dir)
        except DatasetError:
            self.dataset = None  # only the noise pictures need it

    def submit(self, requests: Sequence[Request]) -> None:
        """Note what the tests need."""
        labels = (label for request in requests for label in request.labels())
        self._planned = list(dict.fromkeys(labels))

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Do nothing: the records are there."""
        yield

    def wait(self, request: Request) -> list[TrialRecord]:
        """Return the records of one request; fail the test if one is not among those given."""
        by_label = {record.trial.label: record for record in self._all if request.fits(record)}
        missing = [label for label in request.labels() if label not in by_label]
        if missing:
            pytest.fail(
                f"{len(missing)} records are not in {self._path}:\n  " + "\n  ".join(missing),
                pytrace=False,
            )
        found = [by_label[label] for label in request.labels()]
        self._used |= {record.key: record for record in found}
        return found

    def records(self) -> list[TrialRecord]:
        """Return the records that the tests have used."""
        return list(self._used.values())

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need."""
        return self._planned
