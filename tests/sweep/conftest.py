"""Sweeps on a data set as small as can be, in workers without a process, or in real ones."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from records_factory import make_record

from noisecore import train_sweep
from noisecore.running import engine as engines
from noisecore.running.worker import WorkerError

TINY = "quick+epochs=1,batch_size=32"


def tiny_arrays():
    """Return 60 and 30 images of 8 x 8, of three classes that are easy to tell."""
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    images = rng.integers(0, 100, (90, 8, 8), np.uint8)
    images[np.arange(90), 2 * labels] += 120
    return (images[:60], labels[:60]), (images[60:], labels[60:])


@pytest.fixture(scope="session")
def arrays():
    """Return the tiny data set as arrays."""
    return tiny_arrays()


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Return the path of the tiny data set."""
    (x_train, y_train), (x_test, y_test) = tiny_arrays()
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return str(path)


@pytest.fixture
def workers(monkeypatch):
    """Let workers without a process answer: with 1 / (1 + scale), and as the test says.

    asked: the first trial of each training. fails: the scales whose trials fail. at: called with
    each of these while it is trained. notes: what is added to the cost of a record. closed: how
    many workers were; over: set when one is. answer: makes the records.
    """
    found = SimpleNamespace(asked=[], fails=set(), at=lambda trial: None, closed=0, notes={})
    found.over = threading.Event()

    def answer(trials, run, conditions):
        return [answer_one(trial, run, conditions) for trial in trials]

    def answer_one(trial, run, conditions):
        accuracies = {scale: 1 / (1 + scale) for scale in trial.test_scales}
        images = trial.subset[0] if trial.subset else 30
        made = make_record(
            "mlp", trial.train_scale, accuracies=accuracies, images=images, recipe=trial.recipe
        )
        cost = {"seconds": 1.0, **found.notes}
        key = trial.key(conditions)
        where = {**made.environment, "device": "CPU"}
        return dataclasses.replace(
            made, key=key, run=run, trial=trial, cost=cost, environment=where
        )

    found.answer = answer

    class Worker:
        def __init__(self, location, log, *, timeout, gpu) -> None:
            pass

        def run(self, trials, *, run, conditions, on_epoch, weights):
            trial = trials[0]
            found.asked.append(trial)
            found.at(trial)
            if trial.train_scale in found.fails:
                raise WorkerError(f"ValueError: no model at {trial.train_scale:g}")
            records = found.answer(trials, run, conditions)
            for epoch, figures in enumerate(records[0].history):
                on_epoch(epoch, figures)
            return records

        def close(self) -> None:
            found.closed += 1
            found.over.set()

    monkeypatch.setattr(engines, "Worker", Worker)
    monkeypatch.setattr(engines, "conditions", lambda threads: {"threads": threads})
    return found


@pytest.fixture
def sweep(data, tmp_path, monkeypatch):
    """Return a function that sweeps the tiny data set; what is left out is as small as can be."""
    monkeypatch.chdir(tmp_path)

    def sweep(build="mlp", given=data, **choices):
        small = {"scales": [1], "seeds": 1, "recipe": TINY, "workers": 1, "progress": False}
        return train_sweep(build, given, **{**small, **choices})

    return sweep


@pytest.fixture
def script(data, tmp_path):
    """Return a function that runs a script in a folder of its own, and returns how it ended."""

    def script(text, *arguments, name="script.py"):
        (tmp_path / name).write_text(text)
        return subprocess.run(
            [sys.executable, name, data, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return script


@pytest.fixture
def side_by_side():
    """Return a function that calls a function for each argument, all at once, in threads."""

    def side_by_side(function, *given):
        found = {}
        threads = [
            threading.Thread(target=lambda each=each: found.update({each: function(each)}))
            for each in given
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        return [found[each] for each in given]

    return side_by_side
