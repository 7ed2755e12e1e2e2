"""What runs on a Dask worker: one child process of ours, and what is asked of it before."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Any

import noisecore
from noisecore.models import ModelError
from noisecore.noise import NoiseError
from noisecore.records import trial_from_dict
from noisecore.running.worker import LostWorkerError, Worker, WorkerError, use_functions

_lock = threading.Lock()
_worker: Worker | None = None
_kind: tuple[Any, ...] = ()  # what the worker was made for: the owner, the data, the time limit


def probe(location: tuple[str, str | None], threads: int) -> dict[str, Any]:
    """Return what this Dask worker has: noisecore, its conditions, the data set."""
    from noisecore.data import DatasetError, load_dataset
    from noisecore.running.trials import conditions

    answer: dict[str, Any] = {
        "noisecore": noisecore.__version__,
        "conditions": conditions(threads),
        "sha256": None,
        "data": "another content",
    }
    try:
        answer["sha256"] = load_dataset(*location).sha256
    except DatasetError as error:
        answer["data"] = " ".join(str(error).split())
    return answer


def run_there(
    trial: dict[str, Any],
    location: tuple[str, str | None],
    run: str,
    conditions: dict[str, Any],
    timeout: float | None,
    owner: str,
    own: dict[str, Any],
) -> tuple[str, Any]:
    """Run a trial in this Dask worker's one child process; say how it ended."""
    global _worker, _kind
    with _lock:  # a Dask worker of several threads still drives one of ours
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
            record = worker.run(
                trial_from_dict(trial), run=run, conditions=conditions, on_epoch=lambda *_: None
            )
        except LostWorkerError as error:
            return "lost", str(error)
        except (ModelError, NoiseError, WorkerError) as error:
            return "error", str(error)
        return "record", record.to_dict()


def end_worker(owner: str) -> None:
    """End the child process, if it is the owner's; whatever it is doing."""
    global _worker
    if _worker is not None and _kind[:1] == (owner,):
        worker, _worker = _worker, None
        worker.close()
