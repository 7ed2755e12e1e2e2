"""Run many trainings in workers, side by side; each record is stored before it is used."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from noisecore import imports
from noisecore.data import Dataset, load_dataset
from noisecore.recipes import Recipe
from noisecore.records import Trial, TrialRecord
from noisecore.running import compat
from noisecore.running.cache import Cache
from noisecore.running.cluster import Cluster, ClusterError, Slot
from noisecore.running.events import Event
from noisecore.running.lost import lost_records
from noisecore.running.sizing import THREADS
from noisecore.running.store import Store
from noisecore.running.trials import conditions, run_trials
from noisecore.running.weights import Weights, find_weights, of_training
from noisecore.running.worker import LostWorkerError, Worker, WorkerError

_TRAINED_AGAIN = (
    "models of earlier runs were trained again for more tests, because their weights were not "
    "kept: --noise-keep-models keeps them"
)


# Runs the trials of a training; returns one record for each.
_Run = Callable[[list[Trial], Weights | None], list[TrialRecord]]


class Engine:
    """Runs the trials of a run; each training is done once, even if others share the store.

    workers: how many child processes run them side by side; 0 runs each in this process, when it
    is first waited for. location: what `load_dataset` needs, (name or path, folder or None).
    listener: called with every event, from any thread, one at a time. timeout: seconds that a trial
    may take in a worker, None for no limit. retries: how often a trial is run again if its worker
    was lost. gpus: one for each worker, by their names in CUDA_VISIBLE_DEVICES. cluster: runs the
    workers instead of this machine. keep_models: whether the weights of each training are kept, in
    the folder `models` next to that of the records. cache: has records of other runs, None if
    there is none. wanted: returns, of the records so far, the trials that are wanted by now, in the
    order to run them; without it, all are.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        *,
        store: Store,
        location: tuple[str, str | None],
        workers: int,
        listener: Callable[[Event], None] = lambda event: None,
        timeout: float | None = None,
        retries: int = 1,
        gpus: Sequence[str] = (),
        cluster: Cluster | None = None,
        keep_models: bool = False,
        cache: Cache | None = None,
        wanted: Callable[[Mapping[Trial, TrialRecord]], Sequence[Trial]] | None = None,
    ) -> None:
        self.store = store
        self.location = location
        self.workers = workers
        imports.note()  # now, because a test may change it for itself
        self._timeout, self._retries, self._gpus = timeout, retries, gpus
        self._cluster = cluster
        self._keep_models = keep_models
        self._cache = cache
        self._wanted = wanted
        self._conditions = cluster.conditions if cluster else conditions(THREADS)
        self.trials = tuple(trials)
        # Each training, by its key, and the trials that need it.
        self.trainings: dict[str, list[Trial]] = {}
        self._keys: dict[Trial, str] = {}
        for trial in self.trials:
            key = self._keys[trial] = trial.key(self._conditions)
            self.trainings.setdefault(key, []).append(trial)
        self._listener = listener
        self._records: dict[Trial, TrialRecord] = {}
        self._seconds: dict[tuple[str, Recipe], float] = {}
        self._change = threading.Condition()
        self._stopping = False
        self._finishing = False
        self._interrupted = False
        self._left_alone = 0  # slots without a Dask worker
        self._error: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self._workers: list[Worker | Slot] = []
        self._dataset: Dataset | None = None

    def start(self) -> None:
        """Start the workers; with none, check that trials can run in this process."""
        self.store.prepare()
        if self.workers == 0:
            compat.settle(THREADS)
        for number in range(self.workers):
            worker = self._make_worker(number)
            self._workers.append(worker)
            thread = threading.Thread(target=self._drive, args=(worker,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _make_worker(self, number: int) -> Worker | Slot:
        if self._cluster is not None:
            return self._cluster.slot(self._timeout)
        log = self.store.folder / ".logs" / f"worker-{os.getpid()}-{number}.log"
        gpu = self._gpus[number % len(self._gpus)] if self._gpus else None
        return Worker(self.location, log, timeout=self._timeout, gpu=gpu)

    def wait(self, trials: Iterable[Trial]) -> list[TrialRecord]:
        """Return the records of these trials, in their order, when all of them are there."""
        wanted = list(trials)
        if self.workers == 0:
            self._run_all(lambda: wanted, self._run_here)
        with self._change:
            while not self._change.wait_for(
                lambda: (
                    self._error or self._stopping or all(each in self._records for each in wanted)
                ),
                timeout=1,
            ):
                if self._interrupted:
                    raise KeyboardInterrupt
            if self._error:
                raise self._error
            if self._stopping:
                raise RuntimeError("the engine was closed before all trials had run")
            return [self._records[trial] for trial in wanted]

    def interrupt(self) -> None:
        """Let `wait` raise `KeyboardInterrupt` soon; safe to call from a signal's handler."""
        self._interrupted = True

    def finish(self) -> None:
        """Wait for the trials that the workers are running, and start no others.

        Under xdist a process whose own tests are done may still run a trial for another's test.
        """
        self._finishing = True
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """End the workers; trials that are still running leave no record."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        for worker in self._workers:
            worker.close()
        if self._cluster is not None:
            self._cluster.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _drive(self, worker: Worker | Slot) -> None:
        """Run the remaining trainings in `worker`; other threads do the same at the same time."""

        def run(trials: list[Trial], weights: Weights | None) -> list[TrialRecord]:
            how: dict[str, Any] = {} if isinstance(worker, Slot) else {"weights": weights}
            return worker.run(
                trials,
                run=self.store.run,
                conditions=self._conditions,
                on_epoch=lambda epoch, figures: self._tell(
                    Event("epoch", trials[0], epoch=epoch, figures=figures)
                ),
                **how,
            )

        rest = worker.rest if isinstance(worker, Slot) else None
        try:
            self._run_all(self._by_now, run, rest)
        except ClusterError as error:
            with self._change:
                self._left_alone += 1
                if self._left_alone == self.workers:  # the others go on without this one
                    self._error = self._error or error
                    self._change.notify_all()
        except BaseException as error:  # the waiting tests raise it: not lost with the thread
            with self._change:
                self._error = self._error or error
                self._change.notify_all()

    def _run_here(self, trials: list[Trial], weights: Weights | None) -> list[TrialRecord]:
        if self._dataset is None:
            self._dataset = load_dataset(*self.location)
        return run_trials(
            trials,
            self._dataset,
            run=self.store.run,
            conditions=self._conditions,
            on_epoch=lambda epoch, figures: self._tell(
                Event("epoch", trials[0], epoch=epoch, figures=figures)
            ),
            weights=weights,
        )

    def _by_now(self) -> Sequence[Trial]:
        return self.trials if self._wanted is None else self._wanted(self._records)

    def planned(self) -> list[Trial]:
        """Return the trials that are wanted by now, and all that their trainings are for."""
        keys = {self._keys[trial] for trial in self._by_now()}
        return [trial for trial in self.trials if self._keys[trial] in keys]

    def _run_all(
        self,
        trials: Callable[[], Sequence[Trial]],
        run: _Run,
        rest: Callable[[], None] | None = None,
    ) -> None:
        """Run the trials that nobody else runs, until the records of all of them are there.

        rest: called while others run all that is left.
        """
        while not (self._stopping or self._finishing):
            left = [trial for trial in trials() if trial not in self._records]
            if not left:
                return
            if self._wanted is None:
                left.sort(key=self._expected_seconds, reverse=True)
            keys = dict.fromkeys(self._keys[trial] for trial in left)
            if not any(self._run_one(key, run) for key in keys):
                if rest is not None:
                    rest()
                time.sleep(0.1)  # others run all that is left: look again soon

    def _expected_seconds(self, trial: Trial) -> float:
        """Return how long a trial will take, if that is known; the unknown come first.

        The longest come first, so that no worker is left alone with a long one at the end.
        """
        return self._seconds.get((trial.model, trial.recipe), math.inf)

    def _run_one(self, key: str, run: _Run) -> bool:
        """Run the trials of a training unless somebody else runs them or has run them.

        Return whether their records are here.
        """
        trials = self.trainings[key]
        with self.store.claim(key) as mine:
            there = all(trial in self._records for trial in trials)
            if self._stopping or self._finishing or there or not mine:
                return there
            found = {record.trial: record for record in self.store.read(key)}
            left = [trial for trial in trials if trial not in found]
            earlier: list[TrialRecord] = []
            weights = None
            if left and self.store.resume:
                earlier = self.store.earlier(key, left[0].training)
                if self._cluster is None:
                    weights = find_weights(self._weights(key), earlier)
                taken = self.store.made_own(earlier, left)
                # A record belongs to one training: without its weights, all of it is made again.
                if taken and (weights is not None or len(taken) == len(left)):
                    self.store.write(taken)
                    found |= {record.trial: record for record in taken}
                    left = [trial for trial in left if trial not in found]
            if left and self._cache and (taken := self._cache.take(key, left)):
                self.store.write(taken)
                found |= {record.trial: record for record in taken}
                left = []
            reused = {trial for trial, record in found.items() if record.is_earlier}
            if left:
                self._tell(Event("started", left[0]))
                records = self._run_with(weights, key, left, run, earlier)
                if self._stopping:
                    return False
                if self._cache and weights is None:  # before a kill could part the two
                    records = self._cache.put(key, records)
                self.store.write(records)
                found |= {record.trial: record for record in records}
        for trial in trials:
            self._keep("reused" if trial in reused else "finished", found[trial])
        return True

    def _keep(self, kind: Literal["finished", "reused"], record: TrialRecord) -> None:
        """Report a record, and pass it to those who wait for it."""
        trial: Any = record.trial
        if record.status == "complete":
            kinds = trial.model, trial.recipe
            seconds = record.cost.get("seconds", 0.0)
            self._seconds[kinds] = max(seconds, self._seconds.get(kinds, 0.0))
        with self._change:
            if trial not in self._records:  # another thread may have read it since the claim ended
                self._records[trial] = record
                self._tell(Event(kind, trial, record=record))
                self._change.notify_all()

    def _weights(self, key: str) -> Path:
        """Return where the weights of a training are kept."""
        return self.store.folder.parent / "models" / f"{key}.weights.h5"

    def _run_with(
        self,
        weights: Weights | None,
        key: str,
        trials: list[Trial],
        run: _Run,
        earlier: list[TrialRecord],
    ) -> list[TrialRecord]:
        """Run the trials of a training, with the weights that an earlier run kept if there are any.

        earlier: the records that earlier runs have of the training; they do not have all cells of
        these trials.
        """
        if weights is not None:
            tested = self._run_to_records(trials, lambda trials: run(trials, weights))
            return [of_training(record, earlier[0]) for record in tested]
        goal = Weights(path=str(self._weights(key))) if self._keep_models else None
        records = self._run_to_records(trials, lambda trials: run(trials, goal))
        if not earlier:
            return records
        return [replace(each, cost={"note": _TRAINED_AGAIN, **each.cost}) for each in records]

    def _run_to_records(
        self, trials: list[Trial], run: Callable[[list[Trial]], list[TrialRecord]]
    ) -> list[TrialRecord]:
        """Run the trials of a training; run them again if the worker is lost.

        A trial that gives no record gets a failed one.
        """
        reasons: list[str] = []
        while True:
            try:
                records = run(trials)
            except LostWorkerError as error:
                reasons.append(str(error))
                if len(reasons) <= self._retries and not self._stopping:
                    self._tell(Event("retried", trials[0], reason=reasons[-1]))
                    continue
            except WorkerError as error:
                reasons.append(str(error))
            else:
                if not reasons:
                    return records
                return [replace(each, cost={**each.cost, "lost": reasons}) for each in records]
            return lost_records(trials, reasons, run=self.store.run, conditions=self._conditions)

    def _tell(self, event: Event) -> None:
        with self._change:
            self._listener(event)
