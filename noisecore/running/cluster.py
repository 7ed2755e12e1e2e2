"""Trials on an existing Dask cluster: each Dask worker runs one of our own workers.

A trial runs in a child process there as it does here: a Dask worker's own threads draw from the
random generator that Keras takes its seeds from.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import noisecore
from noisecore import imports
from noisecore.errors import NoisecoreError
from noisecore.records import Epoch, Trial, TrialRecord
from noisecore.running import dask_worker
from noisecore.running.own import own_functions
from noisecore.running.scheduler import CONNECT, begin, meet, take, why_not, within
from noisecore.running.trials import training_source
from noisecore.running.worker import LostWorkerError, WorkerError

if TYPE_CHECKING:
    from distributed import Client, Future

INSTALL = "pip install 'noisecore[dask]'"
_CHECK = 60.0  # seconds for a Dask worker to say what it has: it reads the data set for that
# Seconds that a scheduler may be silent during a run: as long as distributed itself waits for an
# answer on a connection.
_SILENCE = 30.0
# Seconds to say goodbye: even without it, what runs there ends when the connection does.
_FAREWELL = 3.0
_PATIENCE = 60.0  # seconds that a slot waits for a Dask worker to come back, or for another one


class ClusterError(NoisecoreError, RuntimeError):
    """The cluster cannot run the trials; the message names the workers, the reason, the remedy."""


class Cluster:
    """A connection to a scheduler, and its workers that can run our trials.

    address: such as tcp://host:8786, or the path of a scheduler file. location: what `load_dataset`
    needs there, (name or path, folder or None). sha256: of the data set here. offset: which Dask
    worker is taken first, so that processes side by side begin with different ones. conditions:
    those that all Dask workers share, a part of each trial's key. surroundings: what else a cache
    needs them to share, None if they do not.
    Raises `ClusterError` if there is no such cluster, or it cannot run the same trials everywhere.
    """

    def __init__(
        self,
        address: str,
        location: tuple[str, str | None],
        sha256: str,
        *,
        threads: int,
        offset: int = 0,
    ) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterError(f"a Dask cluster needs the package distributed: {INSTALL}") from None
        self.address = address
        self.location = location
        self._sha256 = sha256
        self._offset = offset
        self.surroundings: str | None = None
        # What others run on the same Dask workers is not ours to end.
        self.owner = uuid.uuid4().hex
        self._taken: set[str] = set()
        self._fit: dict[str, bool] = {}  # which Dask workers can run our trials, as far as known
        # The arguments of `probe`. A function that returns the data imports there as it does here.
        self._asked: tuple[Any, ...] = (location, threads)
        if ":" in location[0]:
            self._asked += (imports.note(),)
        self._guard = threading.Lock()
        file = address if Path(address).is_file() else None
        try:
            meet(address, file)
            self.client: Client = within(
                CONNECT,
                lambda: Client(
                    None if file else address,
                    scheduler_file=file,
                    timeout=CONNECT,
                    set_as_default=False,
                ),
            )
        except Exception as error:  # any other answer can break distributed in any way
            raise ClusterError(
                f"no Dask scheduler answers at {address}: {why_not(error)}: start one with 'dask "
                "scheduler', and name its address, such as tcp://host:8786, or its scheduler file"
            ) from None
        try:
            self.conditions = self._check()
        except BaseException:
            self.disconnect()
            raise

    @property
    def dashboard(self) -> str | None:
        """The link to the scheduler's dashboard, None if it has none."""
        with suppress(Exception):  # the link is only a help
            info = within(CONNECT, self.client.scheduler_info)
            return self.client.dashboard_link if "dashboard" in info.get("services", {}) else None
        return None

    def workers(self) -> list[str]:
        """Return the addresses of the Dask workers that are there now.

        Raises `ClusterError` if the scheduler does not answer.
        """
        # Not scheduler_info(): its workers are a selection in some releases of distributed, and
        # a copy that is emptied now and then in others.
        try:
            if self.client.status == "running":
                return sorted(within(_SILENCE, self.client.nthreads))
        except OSError:  # the connection broke in the middle, or nobody answered in that time
            pass
        raise ClusterError(
            f"the Dask scheduler at {self.address} no longer answers: start it again, and go on "
            "with --noise-resume"
        )

    def _check(self) -> dict[str, Any]:
        """Return the conditions that all Dask workers share.

        Raises `ClusterError`, one line per worker, if one does not have noisecore, its data or the
        same versions and processor: the same trial would give other numbers there.
        """
        answers = self._ask(None)
        if not answers:
            raise ClusterError(
                f"the scheduler at {self.address} has no workers: start some with "
                f"'dask worker {self.address} --nthreads 1'"
            )
        problems = [
            problem
            for name, answer in sorted(answers.items())
            if (problem := self._problem(name, answer))
        ]
        if not problems:
            first, *others = sorted(answers)
            expected: dict[str, Any] = answers[first]["conditions"]
            for name in others:
                found = answers[name]["conditions"]
                problems += [
                    f"{name}: {key} is {found.get(key)}, {value} on {first}"
                    for key, value in expected.items()
                    if found.get(key) != value
                ]
        if problems:
            raise ClusterError(
                "\n  ".join(["the Dask workers cannot run the same trials:", *problems])
            )
        around = {answer["surroundings"] for answer in answers.values()}
        self.surroundings = around.pop() if len(around) == 1 else None
        self._fit = dict.fromkeys(answers, True)
        return expected

    def _ask(self, workers: list[str] | None) -> dict[str, Any]:
        """Return what each Dask worker has, by address; the exception if it cannot be found out.

        Each is asked separately, so that a silent one does not hide what the others say.
        """
        asked = {
            name: begin(
                lambda name=name: self.client.run(  # type: ignore[misc]
                    dask_worker.probe, *self._asked, workers=[name]
                )[name]
            )
            for name in (self.workers() if workers is None else workers)
        }
        end = time.monotonic() + _CHECK
        found: dict[str, Any] = {}
        for name, answers in asked.items():
            try:
                found[name] = take(answers, end - time.monotonic())
            except TimeoutError:
                found[name] = ClusterError(f"no answer within {_CHECK:g} s: start it again")
            except Exception as error:
                found[name] = error
        return found

    def _problem(self, name: str, answer: Any) -> str:
        """Return why a Dask worker cannot run our trials, empty if it can."""
        if isinstance(answer, ClusterError):
            return f"{name}: {answer}"
        if isinstance(answer, BaseException):
            why = f"{type(answer).__name__}: {answer}".splitlines()[0]
            return f"{name}: noisecore cannot be used there: {why}"
        if answer["noisecore"] != noisecore.__version__:
            return f"{name}: expected noisecore {noisecore.__version__}, got {answer['noisecore']}"
        if answer["conditions"]["source_sha256"] != training_source():
            return (
                f"{name}: its noisecore {noisecore.__version__} has another source than the one "
                "here: install the same one there"
            )
        if answer["sha256"] != self._sha256:
            return f"{name}: data set {self.location[0]}: {answer['data']}"
        return ""

    def _fits(self, address: str) -> bool:
        """Return whether a Dask worker, perhaps one that joined late, gives the same numbers."""
        if address not in self._fit:
            answer: Any = self._ask([address]).get(address)
            self._fit[address] = (
                answer is not None
                and not self._problem(address, answer)
                and answer["conditions"] == self.conditions
            )
            if self._fit[address] and answer["surroundings"] != self.surroundings:
                self.surroundings = None
        return self._fit[address]

    def slot(self, timeout: float | None) -> Slot:
        """Return a slot that drives one of the Dask workers; each has its own."""
        return Slot(self, timeout)

    def take(self, given_up: Callable[[], bool]) -> str | None:
        """Return the address of a Dask worker that no slot uses; None if none comes in a while."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and not given_up():
            with self._guard:
                free = [
                    address
                    for address in self.workers()
                    if address not in self._taken and self._fits(address)
                ]
                if free:
                    address = free[self._offset % len(free)]
                    self._taken.add(address)
                    return address
            time.sleep(0.5)
        return None

    def leave(self, address: str) -> None:
        """Let another slot have this Dask worker."""
        with self._guard:
            self._taken.discard(address)

    def disconnect(self) -> None:
        """End the connection; what others run on the cluster continues."""
        with suppress(Exception):
            within(_FAREWELL, lambda: self.client.close(timeout=_FAREWELL))

    def close(self) -> None:
        """End this run's work on the Dask workers, and the connection; the Dask workers stay."""
        # Only a goodbye: if it fails, that must not hide why the run ends.
        with suppress(Exception):
            if self.client.status == "running":
                run = self.client.run
                within(
                    _FAREWELL, lambda: run(dask_worker.end_worker, self.owner, on_error="ignore")
                )
        self.disconnect()


class Slot:
    """Runs one trial at a time on one Dask worker; on another one if that is lost."""

    def __init__(self, cluster: Cluster, timeout: float | None) -> None:
        self._cluster = cluster
        self._timeout = timeout
        self._address: str | None = None
        self._future: Future | None = None
        self._closed = False

    def run(
        self,
        trials: Sequence[Trial],
        *,
        run: str,
        conditions: dict[str, Any],
        on_epoch: Callable[[int, Epoch], None],
    ) -> list[TrialRecord]:
        """Run the trials of one training and return their records; no epochs are reported.

        Raises `LostWorkerError` if the worker or its Dask worker is lost, `WorkerError` if the
        trial itself breaks, `ClusterError` if no Dask worker is left.
        """
        if self._address is None:
            self._address = self._cluster.take(lambda: self._closed)
        if self._address is None:
            raise ClusterError(f"no Dask worker is left at {self._cluster.address}")
        self._future = self._cluster.client.submit(
            dask_worker.run_there,
            [asdict(trial) for trial in trials],
            self._cluster.location,
            run,
            conditions,
            self._timeout,
            self._cluster.owner,
            own_functions(trials),
            workers=[self._address],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )
        kind, answer = self._wait(self._future)
        if kind == "records":
            source = f"Dask worker {self._address}"
            return [TrialRecord.from_dict(each, source=source) for each in answer]
        raise (LostWorkerError if kind == "lost" else WorkerError)(answer)

    def _wait(self, future: Future) -> tuple[str, Any]:
        """Return the Dask worker's answer; do not wait for ever for a worker that is gone."""
        from distributed import CancelledError

        while not self._closed:
            try:
                answer: tuple[str, Any] = future.result(timeout=2)
            except TimeoutError:
                if self._address not in self._cluster.workers():
                    break
            except (CancelledError, OSError):
                self._cluster.workers()  # raises if it is the scheduler that is gone
                break
            except Exception as error:  # the Dask worker's own, such as one that was killed
                return self._lost(f"{type(error).__name__}: {error}".splitlines()[0])
            else:
                return answer
        future.cancel()
        return self._lost("it left the cluster")

    def _lost(self, why: str) -> tuple[str, str]:
        address = self._address
        self.rest()
        return "lost", f"the Dask worker {address} was lost: {why}"

    def rest(self) -> None:
        """Let another slot, one that lost its own, have the Dask worker until the next trial."""
        address, self._address = self._address, None
        if address is not None:
            self._cluster.leave(address)

    def close(self) -> None:
        """Stop waiting; `Cluster.close` ends what still runs."""
        self._closed = True
