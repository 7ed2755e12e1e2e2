"""Records that a run's own workers make."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest

from noisecore.data import choose, load_dataset, locate
from noisecore.errors import NoisecoreError
from noisecore.judging.margins import Margins, parse_margins
from noisecore.noise import NoiseError
from noisecore.paths import repository
from noisecore.plugin.marker import Request
from noisecore.plugin.progress import Progress
from noisecore.plugin.settings import Settings
from noisecore.plugin.signals import SIGNALS
from noisecore.plugin.sources.evaluation import Stored
from noisecore.plugin.sources.source import Pairs, Plan
from noisecore.plugin.sources.stages import StagedCurve, Stages, Standing
from noisecore.plugin.watching import watching
from noisecore.records import Trial, TrialRecord

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from noisecore.running.cache import Cache
    from noisecore.running.engine import Engine
from noisecore.running.events import Event


class TrainingSource(Stored):
    """Records that this run's own workers make.

    place: which one of xdist's workers this process is, None if it is not one.

    Creating one checks what can be checked before the first trial: TensorFlow, the data set, the
    cluster; `prepare` checks the artifact folder. Both may raise `TensorFlowError`, `DatasetError`,
    `ClusterError`, `StoreError` or `RecordError`.
    """

    def __init__(self, settings: Settings, run_id: str, place: int | None) -> None:
        from noisecore.running import compat
        from noisecore.running.cluster import Cluster
        from noisecore.running.sizing import THREADS
        from noisecore.running.store import Store

        self._place = place
        name, folder = settings.profile.dataset, settings.data_dir
        self.dataset = load_dataset(name, folder)
        choose(self.dataset.y_test, settings.profile.images)  # can it be done?
        # A Dask worker has a folder of its own, and a test may go to another one.
        self._location = locate(name, folder)
        self._cluster: Cluster | None = None
        if settings.scheduler is None:
            self.versions = compat.versions()
        else:
            self._cluster = Cluster(
                settings.scheduler,
                self._location,
                self.dataset.sha256,
                threads=THREADS,
                offset=place or 0,
            )
            self.versions = {k: self._cluster.conditions[k] for k in ("tensorflow", "keras")}
        self._store = Store(settings.artifacts / "trials", run_id, resume=settings.resume)
        self._plan = Plan(settings.artifacts / "trials" / ".plan", run_id)
        self._settings = settings
        self._engine: Engine | None = None
        self._progress: Progress | None = None
        self._compared: Pairs = ()
        self._stages = Stages((), ())
        self._told: list[Standing] = []  # as the plan has it
        # Tests wait in their call phase, where pytest captures what is written and hides it.
        self._uncaptured: Callable[[], AbstractContextManager[None]] = nullcontext

    def prepare(self) -> None:
        """Make the artifact folder ready: rename files there that are not valid records.

        When resuming, also rename such files of earlier runs.
        """
        self._store.prepare()
        if self._settings.resume:
            for path in self._store.damaged():
                self._store.set_aside(path)
        self._store.records()

    def submit(
        self, requests: Sequence[Request], compared: Pairs, staged: Sequence[StagedCurve] = ()
    ) -> None:
        """Register the trials of all requests, each once; nothing is trained yet."""
        from noisecore.running.engine import Engine
        from noisecore.running.request import try_noises
        from noisecore.running.sizing import auto_workers, usable_gpus

        self._compared = compared
        trials = list(
            dict.fromkeys(trial for request in requests for trial in request.trials(self.dataset))
        )
        fixed = [t for each in requests if not each.staged for t in each.trials(self.dataset)]
        self._stages = Stages(list(dict.fromkeys(fixed)), staged)
        if self._place is None:  # an xdist worker's usage error looks like a crash
            try:
                try_noises(requests, self.dataset)
            except NoiseError as error:
                raise pytest.UsageError(f"noisecore: {error}") from None
        gpus = usable_gpus()
        workers = self._settings.workers
        if workers is None and self._cluster is not None:
            workers = max(1, len(self._cluster.workers()))
        if workers is None:
            workers = auto_workers(len(trials), self.dataset, len(gpus))
        if self._place is not None:
            workers = min(1, workers)  # xdist runs its own workers in parallel already
            first = self._place % len(gpus) if gpus else 0
            gpus = gpus[first:] + gpus[:first]
        self._engine = Engine(
            trials,
            store=self._store,
            location=self._location,
            workers=workers,
            listener=self._hear,
            timeout=self._settings.timeout,
            retries=self._settings.retries,
            gpus=gpus,
            cluster=self._cluster,
            keep_models=self._settings.keep_models,
            cache=self._cache(requests, workers),
            wanted=self._wanted if staged else None,
        )

    def _cache(self, requests: Sequence[Request], workers: int) -> Cache | None:
        """Return the cache of the run, None without one."""
        from noisecore.running.cache import Cache
        from noisecore.running.surroundings import surroundings

        settings, cluster = self._settings, self._cluster
        if settings.cache is None:
            return None
        margins = [parse_margins(each.margins) for each in requests if each.margins]
        return Cache(
            settings.cache,
            size=settings.cache_size,
            run=self._store.run,
            root=repository(settings.root),
            location=self._location,
            unfit=_unfit(workers, [settings.baseline.rule.margins, *margins]),
            around=surroundings if cluster is None else lambda: cluster.surroundings,
        )

    def _wanted(self, found: Mapping[Trial, TrialRecord]) -> list[Trial]:
        """Return the trials that are wanted by now; write the plan anew if they have changed."""
        trials = self._stages.wanted(found)
        standing = self._stages.standing()
        if standing != self._told:
            self._told = standing
            self._write_plan()
        return trials

    def _write_plan(self) -> None:
        assert self._engine is not None
        planned = [trial.label for trial in self._engine.planned()]
        if self._stages:
            self._plan.grow(planned, self._stages.standing(), compared=self._compared)
        else:
            self._plan.write(planned=planned, compared=self._compared)

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Train in parallel while the tests of the block wait, each for its own trials."""
        if self._engine is None:
            if self._cluster is not None:
                self._cluster.disconnect()  # xdist's controller only checks it
            with watching(config, self._store, self.planned, self.standing):
                yield
            return
        reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self._place is None:
            self._progress = Progress(reporter, len(self._engine.trials), clock=time.monotonic)
            self._show_standing()
            capture = config.pluginmanager.get_plugin("capturemanager")
            if capture is not None:
                self._uncaptured = capture.global_and_fixture_disabled
        if self._cluster is not None and self._progress is not None:
            where = f"{self._engine.workers} Dask workers at {self._cluster.address}"
            dashboard = self._cluster.dashboard
            self._progress.say(f"{where}, dashboard {dashboard}" if dashboard else where)
        signals = config.stash[SIGNALS]
        signals.catch(self._engine.interrupt)
        try:
            try:
                self._write_plan()
                self._engine.start()
            except NoisecoreError as error:
                raise pytest.UsageError(f"noisecore: {error}") from None
            except OSError as error:
                raise pytest.UsageError(
                    f"noisecore: the artifacts cannot be written: {error.strerror or error}"
                ) from None
            yield
            if self._place is not None:
                self._engine.finish()  # others may wait for what this process is training
        finally:
            signals.hold()
            self._engine.close()

    def wait(self, request: Request) -> list[TrialRecord]:
        """Wait for the records of one request, and return them; see `Source.wait`."""
        if self._engine is None:
            raise RuntimeError("no trials were submitted")
        curve = self.staged(request.curve) if request.staged else None
        with self._uncaptured(), self._progress.waiting() if self._progress else nullcontext():
            if curve is None:
                return self._engine.wait(request.trials(self.dataset))
            found: dict[Trial, TrialRecord] = {}
            while not curve.final:
                trials = curve.wanted()
                found |= zip(trials, self._engine.wait(trials), strict=True)
                self._wanted(found)
            return curve.claimed(request, self._records(curve.of(request)))

    def measured(self, request: Request) -> list[TrialRecord]:
        """Return the records of a request that were made, once `wait` has returned."""
        curve = self.staged(request.curve)
        assert curve is not None
        return list(self._records(curve.of(request)).values())

    def _records(self, trials: Sequence[Trial]) -> dict[Trial, TrialRecord]:
        assert self._engine is not None
        return dict(zip(trials, self._engine.wait(trials), strict=True))

    def staged(self, curve: str) -> StagedCurve | None:
        """Return a curve that gets its seeds one after another, None for any other."""
        return self._stages.curve(curve)

    def _hear(self, event: Event) -> None:
        if self._progress is not None:
            if event.record is not None and self._stages:
                self._show_standing()
            self._progress(event)

    def _show_standing(self) -> None:
        """Tell the progress how many trials are wanted, and how much is decided."""
        if self._stages and self._progress is not None and self._engine is not None:
            planned = self._engine.planned()  # this takes the decisions that are due
            self._progress.settle(len(planned), self._stages.standing())


def _unfit(workers: int, margins: Sequence[Margins]) -> str:
    """Return why no training of a run can be cached; empty if that depends on the training."""
    if workers == 0:
        return "--noise-workers=0 trains in pytest's own process, whatever was done there before"
    if any(each.seconds or each.memory for each in margins):
        return "the margins are of seconds or memory, which must be measured now"
    return ""
