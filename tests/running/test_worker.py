"""The child process: it answers in records and errors, and does not outlive its parent."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from needs import needs_tensorflow
from records_factory import make_record

import noisecore
from noisecore.data import load_dataset
from noisecore.running.worker import Worker, WorkerError

CONDITIONS = {"threads": 1}


class Abandoned(Exception):  # noqa: N818  # it is no error: the parent leaves in the middle
    """The parent gives a trial up while the worker runs it."""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Return what one worker said to a bad trial, a good one and one left in the middle."""
    folder = tmp_path_factory.mktemp("worker")
    path = folder / "tiny.npz"
    rng = np.random.default_rng(1)
    np.savez(
        path,
        x_train=rng.integers(0, 256, (60, 8, 8), np.uint8),
        y_train=np.arange(60) % 3,
        x_test=rng.integers(0, 256, (40, 8, 8), np.uint8),
        y_test=np.arange(40) % 3,
    )
    good = make_record(
        "mlp",
        recipe="quick+epochs=2,batch_size=16",
        dataset="tiny.npz",
        dataset_sha256=load_dataset(str(path)).sha256,
    ).trial
    bad = dataclasses.replace(good, model="perceptron")
    endless = dataclasses.replace(good, recipe=good.recipe.but(epochs=100_000))
    worker = Worker((str(path), None), folder / "logs" / "worker.log")
    epochs = []

    def run(trial, on_epoch=lambda epoch, figures: epochs.append((epoch, figures))):
        (record,) = worker.run([trial], run="a run", conditions=CONDITIONS, on_epoch=on_epoch)
        return record, worker._process.pid

    def leave(epoch, figures):
        raise Abandoned

    try:
        with pytest.raises(WorkerError) as error:
            run(bad)
        log = worker.log.read_text()
        first, first_pid = run(good)
        second, second_pid = run(good)
        with pytest.raises(Abandoned):
            run(endless, leave)
        # What a parent's end does, however it ends.
        worker._process.stdin.close()
        code = worker._process.wait(timeout=60)
    finally:
        worker.close()
    return SimpleNamespace(
        good=good,
        error=str(error.value),
        log=log,
        records=(first, second),
        pids={first_pid, second_pid},
        epochs=epochs,
        code=code,
    )


@needs_tensorflow
def test_trial_that_cannot_be_run_is_an_error_of_one_line(answers):
    """What went wrong is told in one line, with its kind; the traceback is in the log."""
    assert answers.error == "ModelError: unknown model 'perceptron': expected one of cnn, mlp"
    assert "Traceback" in answers.log
    assert answers.error in answers.log


@needs_tensorflow
def test_worker_goes_on_after_an_error(answers):
    """The process that answered with an error runs the next trial, and the next, to the end."""
    first, second = answers.records
    assert (first.status, first.trial, first.run) == ("complete", answers.good, "a run")
    assert first.key == answers.good.key(CONDITIONS)
    assert len(answers.pids) == 1
    assert second.numbers() == first.numbers()


@needs_tensorflow
def test_epochs_are_told_as_they_end(answers):
    """Each epoch's figures come on their own, and are those of the record."""
    first, second = answers.records
    assert answers.epochs == [*enumerate(first.history), *enumerate(second.history)]
    assert len(first.history) == 2


@needs_tensorflow
def test_worker_ends_with_its_parent(answers):
    """When its input closes the worker ends of itself, even in the middle of a training."""
    assert answers.code == 0


def test_worker_of_another_noisecore_is_refused(tmp_path, monkeypatch):
    """Parent and worker must be one noisecore: another version or file is named, nothing runs."""
    monkeypatch.setattr(noisecore, "__version__", "0.0.0+other")
    worker = Worker(("tiny.npz", None), tmp_path / "worker.log")
    for _ in range(2):  # the second trial is told the same
        with pytest.raises(
            WorkerError, match=r"another noisecore: expected .*0\.0\.0\+other.*, got "
        ):
            worker.run(
                [make_record().trial], run="a run", conditions=CONDITIONS, on_epoch=lambda *_: None
            )
    assert worker._process is None


def test_signals_to_the_group_do_not_end_a_worker():
    """Only its parent ends a worker: by closing its input, or for good."""
    with subprocess.Popen(
        [sys.executable, "-m", "noisecore.running.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout.readline()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.stdin.close()
        assert process.wait(timeout=60) == 0


PARENT = """
import subprocess, sys
with subprocess.Popen(
    [sys.executable, "-m", "noisecore.running.worker"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
) as process:
    process.stdout.readline()
    print(process.pid, flush=True)
    process.wait()
"""


def has_ended(pid: int) -> bool:
    """Return whether a process is gone, or waits for somebody to take note of its end."""
    try:
        state: str = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone ends a stopped process for that")
def test_stopped_worker_ends_with_its_parent():
    """A worker that is stopped, and so cannot read, does not outlive a parent that is killed."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        os.kill(pid, signal.SIGSTOP)
        parent.kill()
    end = time.monotonic() + 20
    while not has_ended(pid) and time.monotonic() < end:
        time.sleep(0.05)
    ended = has_ended(pid)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    assert ended


def test_worker_that_does_not_start_is_an_error(tmp_path, monkeypatch):
    """A worker that ends before it greets says how it ended, and where its log is."""
    monkeypatch.setenv("PYTHONHASHSEED", "no number")
    log = tmp_path / "worker.log"
    worker = Worker(("tiny.npz", None), log)
    with pytest.raises(WorkerError) as error:
        worker.run(
            [make_record().trial], run="a run", conditions=CONDITIONS, on_epoch=lambda *_: None
        )
    assert str(error.value).startswith("the worker exited ")
    assert str(error.value).endswith(f"; see {log}")
    assert "PYTHONHASHSEED" in log.read_text()
