"""The progress bar: what it counts, says and survives."""

from __future__ import annotations

import dataclasses
import io
import sys
import threading

import pytest
from records_factory import make_record
from tqdm.std import tqdm

from noisecore.running.events import Event
from noisecore.sweep.bar import progress_bar

RECORD = make_record("mlp", 1.0, recipe="quick")  # three epochs
EPOCH = RECORD.history[0]


def epoch(number, record=RECORD):
    """Return the event of an epoch."""
    return Event("epoch", record.trial, epoch=number, figures=EPOCH)


def lines(capfd):
    """Return what the bar showed, each time."""
    out, err = capfd.readouterr()
    assert out == ""
    return [line.strip() for line in err.split("\r") if line.strip()]


def test_moves_with_epochs(capfd) -> None:
    """The bar moves with each epoch, and the count with each trial."""
    with progress_bar("mlp/gaussian/quick", 2) as hear:
        hear(Event("started", RECORD.trial))
        for number in range(3):
            hear(epoch(number))
        hear(Event("finished", RECORD.trial, record=RECORD))
    first, *_, last = lines(capfd)
    assert first.startswith("mlp/gaussian/quick, 0/2 trials:   0%|")
    assert last.startswith("mlp/gaussian/quick, 1/2 trials:  50%|")
    assert last.endswith(", accuracy 0.8000 at scale 1]")


def test_run_again(capfd) -> None:
    """A trial that is run again after its worker was lost is counted once."""
    with progress_bar("mlp/gaussian/quick", 1) as hear:
        for number in (0, 1, 0, 1, 2):
            hear(epoch(number))
            if number == 1:
                hear(Event("retried", RECORD.trial, reason="lost"))
        hear(Event("finished", RECORD.trial, record=RECORD))
    assert lines(capfd)[-1].startswith("mlp/gaussian/quick, 1/1 trials: 100%|")


def test_failed(capfd) -> None:
    """A trial that failed is done, and said to have failed."""
    failed = make_record("mlp", 2.0, status="failed")
    with progress_bar("mlp/gaussian/quick", 1) as hear:
        hear(Event("finished", failed.trial, record=failed))
    assert lines(capfd)[-1].endswith(", failed at scale 2]")


def test_resumed_trials_took_no_time(capfd, monkeypatch) -> None:
    """The time left is that of the trials that are trained: what was there already took none."""
    now = [0.0]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)  # it would watch the clock
    other = dataclasses.replace(RECORD, trial=dataclasses.replace(RECORD.trial, seed=1))
    with progress_bar("mlp/gaussian/quick", 4) as hear:
        hear(Event("reused", RECORD.trial, record=RECORD))
        now[0] = 60.0
        hear(Event("finished", other.trial, record=other))
    assert "[01:00<02:00," in lines(capfd)[-1]


@pytest.mark.parametrize("closed", [True, False])
def test_nobody_reads(monkeypatch, closed) -> None:
    """What cannot be shown stops no training: the stream was closed, or its disk is full.

    Nor does it stop the next bar of any other thread.
    """

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    stream = io.StringIO() if closed else Full()
    if closed:
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar("mlp/gaussian/quick", 1) as hear:
        hear(epoch(0))
        hear(Event("finished", RECORD.trial, record=RECORD))
    assert lock_is_free()


def lock_is_free() -> bool:
    """Return whether another thread can show a bar: the thread that has the lock always can."""
    found: list[bool] = []

    def look() -> None:
        for lock in tqdm.get_lock().locks:
            found.append(lock.acquire(False))
            if found[-1]:
                lock.release()

    other = threading.Thread(target=look)
    other.start()
    other.join()
    return all(found)


def test_odd_name(capfd) -> None:
    """What is in a name stays in one line, and no brace of it is a field."""
    with progress_bar("{n}\n\x1b[2J/gaussian", 1):
        pass
    assert lines(capfd)[-1].startswith(r"{n}\n\x1b[2J/gaussian, 0/1 trials:")
