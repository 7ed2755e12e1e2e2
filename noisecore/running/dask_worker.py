"""What runs on a Dask worker: first a check of what it has, then one child process of ours."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import noisecore
from noisecore.models import ModelError
from noisecore.noise import NoiseError
from noisecore.records import trial_from_dict
from noisecore.running.apart import read_apart
from noisecore.running.own import use_functions
from noisecore.running.worker import LostWorkerError, Worker, WorkerError

_lock = threading.Lock()
_worker: Worker | None = None
_kind: tuple[Any, ...] = ()  # what the worker was made for: the owner, the data, the time limit
_idle: threading.Timer | None = None

_READ = 50.0  # seconds that a user's function may take: less than the run waits for an answer
_LOOK = 2.0  # seconds between looks at whether somebody still waits for the trial
_REST = 60.0  # seconds that the child process waits for another trial


def probe(
    location: tuple[str, str | None], threads: int, told: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what this Dask worker has: noisecore, its conditions and surroundings, the data set.

    told: how the run imports, if a user's function returns the data.
    """
    from noisecore.data import DatasetError, load_dataset
    from noisecore.running.surroundings import surroundings
    from noisecore.running.trials import conditions

    answer: dict[str, Any] = {
        "noisecore": noisecore.__version__,
        "conditions": conditions(threads),
        "surroundings": surroundings(),
        "sha256": None,
        "data": "another content",
    }
    if told is not None:
        answer["sha256"], why = read_apart(location, told, _READ)
        return answer | ({"data": why} if why else {})
    try:
        answer["sha256"] = load_dataset(*location).sha256
    except DatasetError as error:
        answer["data"] = " ".join(str(error).split())
    return answer


def run_there(
    trials: list[dict[str, Any]],
    location: tuple[str, str | None],
    run: str,
    conditions: dict[str, Any],
    timeout: float | None,
    owner: str,
    own: dict[str, Any],
) -> tuple[str, Any]:
    """Run the trials of a training in this Dask worker's one child; say how they ended."""
    global _worker, _kind, _idle
    with _lock:  # a Dask worker with several threads still has only one child
        if _idle is not None:
            _idle.cancel()
        kind = (owner, location[0], location[1], timeout)
        if _worker is None or kind != _kind:
            if _worker is not None:
                _worker.close()
            log = Path(tempfile.mkdtemp(prefix="noisecore-")) / "worker.log"
            _worker = Worker((location[0], location[1]), log, timeout=timeout)
            _kind = kind
        worker = _worker
        try:
            use_functions(own)
            with _wanted(worker):
                records = worker.run(
                    [trial_from_dict(trial) for trial in trials],
                    run=run,
                    conditions=conditions,
                    on_epoch=lambda *_: None,
                )
        except LostWorkerError as error:
            return "lost", str(error)
        except (ModelError, NoiseError, WorkerError) as error:
            return "error", str(error)
        finally:
            # A run that was killed cannot say goodbye: its child must not wait for it for ever.
            _idle = threading.Timer(_REST, _end_idle, (worker,))
            _idle.daemon = True
            _idle.start()
        return "records", [record.to_dict() for record in records]


@contextmanager
def _wanted(worker: Worker) -> Iterator[None]:
    """End a worker in the middle of its trial once nobody waits for the result any more."""
    from distributed import get_worker

    there = get_worker()
    key, done = there.get_current_task(), threading.Event()

    def look() -> None:
        while not done.wait(_LOOK):
            if _is_forsaken(there, key):
                _end(worker)
                return

    threading.Thread(target=look, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _is_forsaken(there: Any, key: Any) -> bool:
    """Return whether the scheduler has withdrawn a task because its client is gone.

    The scheduler does so when the client's connection breaks, but not while a client is slow or
    stopped. If distributed cannot tell, somebody may still wait.
    """
    with suppress(AttributeError):
        task = there.state.tasks.get(key)
        left = task is None or task.state in ("cancelled", "released", "forgotten")
        return left or there.status.name in ("closing", "closed", "failed")
    return False


def _end_idle(worker: Worker) -> None:
    """End a worker unless it was given another trial in the meantime."""
    if _lock.acquire(blocking=False):
        try:
            if _idle is threading.current_thread():
                _end(worker)
        finally:
            _lock.release()


def _end(worker: Worker) -> None:
    global _worker
    if _worker is worker:
        _worker = None
    worker.close()


def end_worker(owner: str) -> None:
    """End the child process, whatever it is doing, if it belongs to this owner."""
    worker = _worker
    if worker is not None and _kind[:1] == (owner,):
        _end(worker)
