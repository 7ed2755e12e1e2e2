"""A worker's process that hangs, grows or cannot be started is ended, and another takes over."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from records_factory import make_record

from noisecore.running import worker as workers
from noisecore.running.worker import LostWorkerError, Worker

RUN = "20250101-000000-test"

# A real process, whose work is made up.
FAKE = """
import json, os, sys, time
import noisecore
print(json.dumps({"noisecore": noisecore.__version__, "file": noisecore.__file__}), flush=True)
for line in sys.stdin:
    seed = json.loads(line)["trials"][0]["seed"]
    if seed == 0:
        time.sleep(600)
    if seed == 1:
        print(json.dumps({"error": "MemoryError: ", "memory_error": True}), flush=True)
    record = json.load(open(sys.argv[1]))
    print(json.dumps({"records": [record], "memory": 100 * seed}), flush=True)
"""


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Return a worker whose process is made up: seed 0 hangs, 1 runs out of memory."""
    (tmp_path / "fake.py").write_text(FAKE)
    (tmp_path / "record.json").write_text(json.dumps(make_record().to_dict()))
    popen = subprocess.Popen

    def start(command, **choices):
        return popen(
            [sys.executable, str(tmp_path / "fake.py"), str(tmp_path / "record.json")], **choices
        )

    monkeypatch.setattr(subprocess, "Popen", start)
    worker = Worker(("tiny", None), Path(tmp_path / "worker.log"), timeout=5.0)
    yield worker
    worker.close()


def ask(worker, seed: int):
    """Run a trial of this seed."""
    asked = {"run": RUN, "conditions": {"threads": 1}, "on_epoch": lambda *_: None}
    return worker.run([make_record("mlp", seed=seed).trial], **asked)[0]


def test_hanging_worker_is_ended(worker) -> None:
    """A trial beyond its time ends its worker, with the reason; the next one has a new worker."""
    ask(worker, 5)
    first = worker._process
    with pytest.raises(LostWorkerError, match=r"its trial took more than 5 s; see .*worker.log"):
        ask(worker, 0)
    assert first.poll() is not None
    ask(worker, 5)
    assert worker._process.pid != first.pid


def test_exhausted_worker_is_replaced(worker) -> None:
    """A trial that runs out of memory may do better in a new process."""
    with pytest.raises(LostWorkerError, match="MemoryError"):
        ask(worker, 1)
    assert worker._process is None


def test_creeping_worker_is_replaced(worker) -> None:
    """A process that grew by half since its first trial is replaced before the next one."""
    ask(worker, 10)
    first = worker._process
    ask(worker, 14)
    assert worker._process is first
    ask(worker, 16)
    assert worker._process is None
    assert first.poll() is not None


def test_timer_does_not_outlive_its_trial(worker) -> None:
    """A trial that was in time leaves no thread behind."""
    before = threading.active_count()
    ask(worker, 5)
    assert threading.active_count() <= before + 1


def test_process_that_cannot_be_started(worker, monkeypatch) -> None:
    """A machine out of memory or processes loses one attempt, and may do better a moment later."""
    monkeypatch.setattr(workers, "_PAUSE", 0.0)
    start = subprocess.Popen

    def refuse(*arguments, **choices):
        monkeypatch.setattr(subprocess, "Popen", start)
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(LostWorkerError, match="could not be started: Cannot allocate memory"):
        ask(worker, 5)
    ask(worker, 5)


def test_time_that_runs_out_before_the_start(worker, monkeypatch) -> None:
    """A process that starts when its trial's time is over already is ended all the same."""
    start = subprocess.Popen

    def slowly(*arguments, **choices):
        time.sleep(0.5)
        return start(*arguments, **choices)

    monkeypatch.setattr(subprocess, "Popen", slowly)
    worker._timeout = 0.1
    with pytest.raises(LostWorkerError, match=r"its trial took more than 0.1 s"):
        ask(worker, 0)


@pytest.mark.parametrize("how", ["hangs", "exhausted", "crept", "closed"])
def test_pipes_of_an_ended_worker_are_closed(worker, how) -> None:
    """Whoever ended it, a worker leaves no open file behind."""
    ask(worker, 10)
    process = worker._process
    if how == "closed":
        worker.close()
    elif how == "crept":
        ask(worker, 16)
    else:
        worker._timeout = 0.5
        with pytest.raises(LostWorkerError):
            ask(worker, 0 if how == "hangs" else 1)
    assert process.poll() is not None
    assert process.stdin.closed
    assert process.stdout.closed
