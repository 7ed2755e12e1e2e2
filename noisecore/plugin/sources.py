"""Where a run's records come from: it trains them, or it is given them."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from noisecore.data import Dataset, DatasetError, load_dataset
from noisecore.plugin.choices import Choices
from noisecore.plugin.declare import Request
from noisecore.plugin.progress import Progress
from noisecore.records import TrialRecord, write_atomically

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from noisecore.running.engine import Engine, Event


Pairs = Sequence[Sequence[str]]  # a curve and a test file each


class Source(Protocol):
    """What a run asks of the place that its records come from."""

    versions: dict[str, str]

    @property
    def dataset(self) -> Dataset | None:
        """The data set, if there is one at hand."""

    def submit(self, requests: Sequence[Request], compared: Pairs, vanished: list[str]) -> None:
        """Make known what all tests need, which file compares which curve, and which vanished."""

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Work while the tests of the block wait, each for its own."""

    def wait(self, request: Request) -> list[TrialRecord]:
        """Return the records of one request when they are there."""

    def records(self) -> list[TrialRecord]:
        """Return all records of the run, on disk already."""

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need; none before the work began."""

    set_aside: list[str]  # files among the records that were none, by their new names

    def compared(self) -> Pairs:
        """Return which curves are compared with the baseline, each with a test file that does."""

    def vanished(self) -> list[str]:
        """Return the curves of the baseline that no test compares any more."""


class Trained:
    """Records that this run's own workers make.

    Making one checks all that can be checked before the first trial: TensorFlow, the data set,
    the artifact folder, the cluster. Raises `TensorFlowError`, `DatasetError`, `StoreError` or
    `ClusterError`.
    """

    def __init__(self, choices: Choices, run_id: str) -> None:
        from noisecore.running import compat
        from noisecore.running.cluster import Cluster
        from noisecore.running.engine import THREADS
        from noisecore.running.store import Store

        self.set_aside: list[str] = []
        name, folder = choices.profile.dataset, choices.data_dir
        if choices.scheduler is not None:  # a Dask worker has a folder of its own
            name = os.path.abspath(name) if os.path.isfile(name) else name
            folder = os.path.abspath(folder) if folder is not None else None
        self._location = (name, folder)
        self.dataset = load_dataset(*self._location)
        self._cluster: Cluster | None = None
        if choices.scheduler is None:
            self.versions = compat.versions()
        else:
            self._cluster = Cluster(
                choices.scheduler,
                self._location,
                self.dataset.sha256,
                threads=THREADS,
                offset=_xdist_place() or 0,
            )
            self.versions = {k: self._cluster.conditions[k] for k in ("tensorflow", "keras")}
        self._store = Store(choices.artifacts / "trials", run_id, resume=choices.resume)
        self._store.prepare()
        if choices.resume:
            self.set_aside = [str(self._store.set_aside(path)) for path in self._store.damaged()]
        self._store.records()  # a file there that is no record would break the report
        self._plan = _Plan(choices.artifacts / "trials" / ".plan", run_id)
        self._choices = choices
        self._engine: Engine | None = None
        self._progress: Progress | None = None
        self._plan_of_baseline: dict[str, Sequence[Any]] = {}
        # Tests wait in their call, where what is written counts as their own and is not shown.
        self._uncaptured: Callable[[], AbstractContextManager[None]] = nullcontext

    def submit(self, requests: Sequence[Request], compared: Pairs, vanished: list[str]) -> None:
        """Make the trials of all requests known, each once; nothing is trained yet."""
        from noisecore.running import compat
        from noisecore.running.engine import Engine, available_workers, needed_memory
        from noisecore.running.machine import available_gpus

        self._plan_of_baseline = {"compared": compared, "vanished": vanished}
        trials = list(
            dict.fromkeys(trial for request in requests for trial in request.trials(self.dataset))
        )
        gpus = available_gpus() if compat.can_use_gpus() else []
        workers = self._choices.workers
        if workers is None and self._cluster is not None:
            workers = len(self._cluster.workers())
        if workers is None:
            workers = available_workers(len(trials), needed_memory(self.dataset), len(gpus))
        if (place := _xdist_place()) is not None:
            workers = min(1, workers)  # xdist has the workers side by side already
            place = place % len(gpus) if gpus else 0
            gpus = gpus[place:] + gpus[:place]
        self._engine = Engine(
            trials,
            store=self._store,
            location=self._location,
            workers=workers,
            listener=self._hear,
            timeout=self._choices.timeout,
            retries=self._choices.retries,
            gpus=gpus,
            cluster=self._cluster,
        )

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Train side by side while the tests of the block wait, each for its own."""
        from noisecore.running.compat import TensorFlowError

        if self._engine is None:
            if self._cluster is not None:
                self._cluster.disconnect()  # xdist's controller has seen that all is well
            yield
            return
        reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and "PYTEST_XDIST_WORKER" not in os.environ:
            self._progress = Progress(reporter, len(self._engine.trials), clock=time.monotonic)
            capture = config.pluginmanager.get_plugin("capturemanager")
            if capture is not None:
                self._uncaptured = capture.global_and_fixture_disabled
        if self._cluster is not None and self._progress is not None:
            where = f"{self._engine.workers} Dask workers at {self._cluster.address}"
            dashboard = self._cluster.dashboard
            self._progress.say(f"{where}, dashboard {dashboard}" if dashboard else where)
        planned = [trial.label for trial in self._engine.trials.values()]
        self._plan.write(planned=planned, **self._plan_of_baseline)
        try:
            self._engine.start()
        except TensorFlowError as error:
            raise pytest.UsageError(f"noisecore: {error}") from None
        try:
            with _interruptible(self._engine):
                yield
        except BaseException:
            self._engine.close()
            raise
        self._engine.finish()

    def wait(self, request: Request) -> list[TrialRecord]:
        """Return the records of one request when they are there."""
        if self._engine is None:
            raise RuntimeError("no trials were submitted")
        trials = request.trials(self.dataset)
        with self._uncaptured(), self._progress.waiting() if self._progress else nullcontext():
            return self._engine.wait(trials)

    def records(self) -> list[TrialRecord]:
        """Return all records that this run has made so far."""
        return self._store.records()

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need."""
        return self._plan.read("planned")

    def compared(self) -> Pairs:
        """Return which curves are compared with the baseline, each with a test file that does."""
        return self._plan.read("compared")

    def vanished(self) -> list[str]:
        """Return the curves of the baseline that no test compares any more."""
        return self._plan.read("vanished")

    def _hear(self, event: Event) -> None:
        if self._progress is not None:
            self._progress(event)


def _xdist_place() -> int | None:
    """Return which one of xdist's workers this process is, None outside xdist."""
    name = os.environ.get("PYTEST_XDIST_WORKER")
    return None if name is None else int(name.removeprefix("gw"))


@contextmanager
def _interruptible(engine: Engine) -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does: the run ends with its report, and leaves no worker.

    Python drops an exception that a signal raises inside a destructor: so the engine is told too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        engine.interrupt()
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.signal(number, interrupt) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Given:
    """Records of earlier runs, judged anew: nothing is trained, TensorFlow is not needed.

    Raises `RecordError` if the folder or file holds what is no record.
    """

    def __init__(self, choices: Choices, path: Path, run_id: str) -> None:
        from noisecore.showing.results import read_records

        self.versions: dict[str, str] = {}
        self.set_aside: list[str] = []
        inside = path.resolve().is_relative_to(choices.artifacts.resolve())
        if inside or (choices.artifacts / "trials").exists():
            raise pytest.UsageError(
                f"noisecore: the report of the given records would replace that of the run in "
                f"{choices.artifacts}: choose another folder with --noise-artifacts"
            )
        self._path = path
        self._all = read_records(path)
        self._plan = _Plan(choices.artifacts / ".plan", run_id)
        self.dataset: Dataset | None
        try:
            self.dataset = load_dataset(choices.profile.dataset, choices.data_dir)
        except DatasetError:
            self.dataset = None  # only the noise pictures need it

    def submit(self, requests: Sequence[Request], compared: Pairs, vanished: list[str]) -> None:
        """Note what the tests need."""
        planned = dict.fromkeys(label for request in requests for label in request.labels())
        found = [record for request in requests for record in self._find(request)]
        keys = [record.key for record in found]
        self._plan.write(planned=list(planned), keys=keys, compared=compared, vanished=vanished)

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Do nothing: the records are there."""
        yield

    def wait(self, request: Request) -> list[TrialRecord]:
        """Return the records of one request; fail the test if one is not among those given."""
        found: dict[str, TrialRecord] = {}
        for record in self._find(request):
            first = found.setdefault(record.trial.label, record)
            # Which of two records is the right one, nobody knows here.
            if first.trial != record.trial or first.evaluations != record.evaluations:
                pytest.fail(
                    f"{self._path} holds two records of {record.trial.label} that differ, "
                    f"{first.key} and {record.key}: name a folder with the records of one run",
                    pytrace=False,
                )
            if self.dataset and record.trial.dataset_sha256 != self.dataset.sha256:
                pytest.fail(
                    f"{record.trial.label} was made with another {request.dataset}: expected "
                    f"SHA-256 {self.dataset.sha256}, got {record.trial.dataset_sha256}",
                    pytrace=False,
                )
        missing = [label for label in request.labels() if label not in found]
        if missing:
            what = f"{len(missing)} records of data set {request.dataset} are not in {self._path}"
            pytest.fail("\n  ".join([f"{what}:", *missing]), pytrace=False)
        return [found[label] for label in request.labels()]

    def _find(self, request: Request) -> list[TrialRecord]:
        """Return all records that could be those of a request."""
        labels = set(request.labels())
        return [
            record for record in self._all if request.fits(record) and record.trial.label in labels
        ]

    def records(self) -> list[TrialRecord]:
        """Return the records that the tests need."""
        by_key = {record.key: record for record in self._all}
        return [by_key[key] for key in dict.fromkeys(self._plan.read("keys"))]

    def planned(self) -> list[str]:
        """Return the labels of all trials that the tests need."""
        return self._plan.read("planned")

    def compared(self) -> Pairs:
        """Return which curves are compared with the baseline, each with a test file that does."""
        return self._plan.read("compared")

    def vanished(self) -> list[str]:
        """Return the curves of the baseline that no test compares any more."""
        return self._plan.read("vanished")


class _Plan:
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
