"""Training steps in a loop are those of one call for each, to the bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from needs import needs_tensorflow

from noisecore.running import compat, steps

CASES = (
    "mlp",
    "batches of 5",
    "fewer images than a batch",
    "mlp, bfloat16",
    "cnn",
    "cnn, bfloat16",
    "random numbers with a state",
    "a step of its own",
    "a metric of its own",
    "Python before each step",
    "eager",
    "XLA",
    "a loss in float64",
)


@pytest.fixture(scope="module")
def found():
    """What `loop_cases.py` says of each case, and how late a signal was."""
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("loop_cases.py"))],
        env={
            **os.environ,
            **compat.settings(1),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@needs_tensorflow
@pytest.mark.parametrize("case", CASES)
def test_a_loop_gives_the_same_to_the_bit(found, case):
    """Weights and figures of each epoch are those of steps one by one; so are the steps' own acts.

    What cannot be looped over is taken one by one.
    """
    assert found["cases"][case] == {"same": True, "learns": True, "as_expected": True}


@needs_tensorflow
def test_every_case_is_tested(found):
    """The cases of the script are those of this file."""
    assert set(found["cases"]) == set(CASES)


@needs_tensorflow
def test_a_signal_acts_within_seconds(found):
    """Ctrl-C ends a training in this process in the middle of an epoch."""
    assert found["late"] is not None
    assert found["late"] < 5


class Loop:
    """A loop whose steps take their time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.taken: list[int] = []

    def __call__(self, images, labels):
        """Note how many steps there are, and take so long."""
        self.taken.append(len(labels))
        time.sleep(self.seconds * len(labels))
        return np.zeros((len(labels), 2), np.float32)


def taken(monkeypatch, loop, count, size, pixels):
    """Take steps with a loop; return how many each of its calls had."""
    monkeypatch.setattr(compat, "training_step", lambda model: None)
    monkeypatch.setattr(compat, "training_loop", lambda *arguments: loop)
    order = np.arange(count * size).reshape(count, size)
    images = np.zeros((count * size, pixels), np.float32)
    figures = list(steps.Steps(None).take(images, np.zeros(count * size, np.int64), order))
    assert len(figures) == count == sum(loop.taken)
    return loop.taken


def test_a_call_is_short(monkeypatch):
    """Steps of a tenth of a second come by a few in a call: a signal waits for one call."""
    monkeypatch.setattr(steps, "SECONDS", 0.05)
    calls = taken(monkeypatch, Loop(0.01), 20, 2, 1)
    assert calls[0] == 1
    assert 1 < max(calls) <= 6


def test_a_call_is_small(monkeypatch):
    """What is handed over at once is bounded, whatever the size of images; a step at least."""
    monkeypatch.setattr(steps, "BYTES", 4000)
    assert max(taken(monkeypatch, Loop(0), 60, 10, 10)) == 10
    assert max(taken(monkeypatch, Loop(0), 5, 10, 1000)) == 1
