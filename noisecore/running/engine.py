"""Many trainings: workers run them side by side; a record is in the store before it is used."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from noisecore import imports
from noisecore.data import Dataset, load_dataset
from noisecore.memory import available_memory
from noisecore.recipes import Recipe
from noisecore.records import Epoch, Trial, TrialRecord
from noisecore.running import compat, machine
from noisecore.running.cluster import Cluster, ClusterError, Slot
from noisecore.running.store import Store
from noisecore.running.trials import conditions, run_trials
from noisecore.running.worker import LostWorkerError, Worker, WorkerError

# One thread a worker: a second thread makes a step 1.0 to 1.75 times as fast, depending on the
# machine, a second worker does twice the work.
THREADS = 1


@dataclass(frozen=True)
class Event:
    """Something happened to a trial.

    It started, finished an epoch, is tried again for a `reason`, has its record, or was there
    already, from an earlier run.
    """

    kind: Literal["started", "epoch", "retried", "finished", "reused"]
    trial: Trial
    epoch: int | None = None
    figures: Epoch | None = None
    record: TrialRecord | None = None
    reason: str = ""


def needed_memory(dataset: Dataset) -> int:
    """Return about how many bytes a worker takes: TensorFlow's own, and the images as float32.

    Measured on a CPU, at the most: 0.96 GB for 6,000 images of 28 x 28, 1.21 GB for 70,000.
    """
    images = dataset.x_train.size + dataset.x_test.size
    return int(0.85 * machine.GIB) + 6 * images


def available_workers(trials: int, memory: int, gpus: int) -> int:
    """Return how many workers `auto` means: one a GPU, else one a processor that has the memory.

    memory: bytes that a worker needs.
    """
    if gpus:
        return max(1, min(gpus, trials))
    room = available_memory()
    fit = trials if room is None else room // memory
    return max(1, min(machine.available_processors(), fit, trials))


class Engine:
    """Runs the trials of a run, each training once, whoever else shares its store.

    workers: how many child processes run them side by side; 0 runs each in this process, when it
    is first waited for. location: what `load_dataset` needs, (name or path, folder or None).
    listener: hears of every event, from any thread, one at a time. timeout: seconds that a trial
    may take in a worker, None for any. retries: how often a trial is run again whose worker was
    lost. gpus: given out one a worker, by their names in CUDA_VISIBLE_DEVICES. cluster: runs the
    workers instead of this machine.
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
    ) -> None:
        self.store = store
        self.location = location
        self.workers = workers
        imports.note()  # now, for a test may change it for itself
        self._timeout = timeout
        self._retries = retries
        self._gpus = gpus
        self._cluster = cluster
        self._conditions = cluster.conditions if cluster else conditions(THREADS)
        self.trials = {trial.key(self._conditions): trial for trial in trials}
        self._keys = {trial: key for key, trial in self.trials.items()}
        # What is trained once, by the hash of the training, and the keys of its trials.
        self.trainings: dict[str, list[str]] = {}
        self._training_of: dict[str, str] = {}
        for key, trial in self.trials.items():
            training = self._training_of[key] = trial.training.key(self._conditions)
            self.trainings.setdefault(training, []).append(key)
        self._listener = listener
        self._records: dict[str, TrialRecord] = {}
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
        wanted = [self._keys[trial] for trial in trials]
        if self.workers == 0:
            self._run_all(wanted, self._run_here)
        with self._change:
            while not self._change.wait_for(
                lambda: (
                    self._error or self._stopping or all(key in self._records for key in wanted)
                ),
                timeout=1,
            ):
                if self._interrupted:
                    raise KeyboardInterrupt
            if self._error:
                raise self._error
            if self._stopping:
                raise RuntimeError("the engine was closed before all trials had run")
            return [self._records[key] for key in wanted]

    def interrupt(self) -> None:
        """Let `wait` raise `KeyboardInterrupt` soon; safe to call from a signal's handler."""
        self._interrupted = True

    def finish(self) -> None:
        """Wait for the trials that the workers are at, and begin no others.

        Under xdist a process whose own tests are done may be at a trial of another's test.
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
        """Run what is left of the trainings in `worker`, beside others who do the same."""

        def run(trials: list[Trial]) -> list[TrialRecord]:
            return worker.run(
                trials,
                run=self.store.run,
                conditions=self._conditions,
                on_epoch=lambda epoch, figures: self._tell(
                    Event("epoch", trials[0], epoch=epoch, figures=figures)
                ),
            )

        rest = worker.rest if isinstance(worker, Slot) else None
        try:
            self._run_all(list(self.trials), run, rest)
        except ClusterError as error:
            with self._change:
                self._left_alone += 1
                if self._left_alone == self.workers:  # the others go on without this one
                    self._error = self._error or error
                    self._change.notify_all()
        except BaseException as error:  # the waiting tests raise it: it must not die with a thread
            with self._change:
                self._error = self._error or error
                self._change.notify_all()

    def _run_here(self, trials: list[Trial]) -> list[TrialRecord]:
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
        )

    def _run_all(
        self,
        keys: list[str],
        run: Callable[[list[Trial]], list[TrialRecord]],
        rest: Callable[[], None] | None = None,
    ) -> None:
        """Run the trials that nobody else runs, until the records of all of them are there.

        rest: called while others run all that is left.
        """
        while not (self._stopping or self._finishing):
            left = [key for key in keys if key not in self._records]
            if not left:
                return
            left.sort(key=self._expected_seconds, reverse=True)
            trainings = dict.fromkeys(self._training_of[key] for key in left)
            if not any(self._run_one(training, run) for training in trainings):
                if rest is not None:
                    rest()
                time.sleep(0.1)  # others run all that is left: look again soon

    def _expected_seconds(self, key: str) -> float:
        """Return how long a trial will take, as far as is known; the unknown come first.

        Longest first: so no worker is left alone with a long one at the end.
        """
        trial = self.trials[key]
        return self._seconds.get((trial.model, trial.recipe), math.inf)

    def _run_one(self, training: str, run: Callable[[list[Trial]], list[TrialRecord]]) -> bool:
        """Run the trials of a training unless somebody else has them or had them.

        Return whether their records are here.
        """
        keys = self.trainings[training]
        with self.store.claim(training) as mine:
            there = all(key in self._records for key in keys)
            if self._stopping or self._finishing or there or not mine:
                return there
            found: dict[str, tuple[Literal["finished", "reused"], TrialRecord]] = {}
            for key in keys:
                record = self.store.read(key)
                if record is not None:
                    found[key] = "finished", record
                elif self.store.resume and (record := self.store.take_over(key, self.trials[key])):
                    found[key] = "reused", record
            left = [self.trials[key] for key in keys if key not in found]
            if left:
                self._tell(Event("started", left[0]))
                records = self._run_to_records(left, run)
                if self._stopping:
                    return False
                for record in records:
                    self.store.write(record)
                    found[record.key] = "finished", record
        for key in keys:
            self._keep(key, *found[key])
        return True

    def _keep(self, key: str, kind: Literal["finished", "reused"], record: TrialRecord) -> None:
        """Tell of a record, and let those have it who wait for it."""
        trial = self.trials[key]
        if record.status == "complete":
            kinds = trial.model, trial.recipe
            seconds = record.cost.get("seconds", 0.0)
            self._seconds[kinds] = max(seconds, self._seconds.get(kinds, 0.0))
        with self._change:
            if key not in self._records:  # another thread may have read it since the claim ended
                self._tell(Event(kind, trial, record=record))
                self._records[key] = record
                self._change.notify_all()

    def _run_to_records(
        self, trials: list[Trial], run: Callable[[list[Trial]], list[TrialRecord]]
    ) -> list[TrialRecord]:
        """Run the trials of a training, again if the worker is lost.

        What gives no record gives a failed one.
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
            times = f" ({len(reasons)} attempts)" if len(reasons) > 1 else ""
            return [
                TrialRecord(
                    key=self._keys[trial],
                    run=self.store.run,
                    trial=trial,
                    status="failed",
                    reason=reasons[-1] + times,
                    environment=dict(self._conditions),
                    cost={"lost": reasons},
                )
                for trial in trials
            ]

    def _tell(self, event: Event) -> None:
        with self._change:
            self._listener(event)
