"""Trainings that take no time: each trial gets a record with made-up answers.

The answers depend on the scale and the seed, and on knobs in the file knobs.json of the current
folder. Each training is noted in begun.txt, in whichever process it was.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import numpy as np

from noisecore.records import Evaluation, TrialRecord, pack_right
from noisecore.running import compat, dask_worker, engine, sizing, trials

IMAGES = 1000
CONFTEST = "import fake_trainings\n\nfake_trainings.install(setattr)\n"


def install(patch) -> None:
    """Put the made-up trainings in place; patch: works as `setattr` does."""
    patch(engine, "run_trials", run_trials)
    patch(engine, "conditions", lambda threads: {"threads": threads})
    patch(compat, "settle", lambda threads: None)
    patch(compat, "versions", lambda: {"tensorflow": "none"})
    patch(sizing, "usable_gpus", lambda: [])
    patch(engine, "Worker", Worker)


def dask_setup(worker) -> None:
    """Put them in place in a Dask worker that preloads this module."""
    known = {"tensorflow": "none", "keras": "none", "source_sha256": trials.training_source()}
    trials.conditions = lambda threads: {"threads": threads, **known}
    dask_worker.Worker = Worker


class Worker:
    """A worker without a process of its own."""

    def __init__(self, *given, **named) -> None:
        pass

    def run(self, trials, *, run, conditions, on_epoch, weights=None):
        """Return the records of a training."""
        return run_trials(trials, None, run=run, conditions=conditions, on_epoch=on_epoch)

    def close(self) -> None:
        """Do nothing."""


def turn(folder: Path, **knobs) -> None:
    """Set the knobs of a folder's trainings.

    lost: accuracy lost, by scale. other: scales whose answers are other ones, as many of them
    right. fail: scales at which training fails. sleep: seconds that a training takes. stop: the
    label of a training at which the user interrupts the run; kill: at which its process is killed.
    lasts: the labels of two trainings: the first fails unless the other begins while it lasts.
    """
    (folder / "knobs.json").write_text(json.dumps(knobs))


def begun(folder: Path) -> list[str]:
    """Return the labels of the trainings so far, once for each time."""
    path = folder / "begun.txt"
    return path.read_text().splitlines() if path.exists() else []


def run_trials(trials, dataset, *, run, conditions, on_epoch, weights=None):
    """Return a record for each trial of a training, as `noisecore.running.trials` does."""
    path = Path("knobs.json")
    knobs = json.loads(path.read_text()) if path.exists() else {}
    if trials[0].label == knobs.get("stop"):
        raise KeyboardInterrupt
    if trials[0].label == knobs.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    with open("begun.txt", "a") as file:
        file.write(trials[0].label + "\n")
    time.sleep(knobs.get("sleep", 0))
    if trials[0].label == knobs.get("lasts", [""])[0]:
        _wait_for(knobs["lasts"][1])
    return [_record(trial, knobs, run, conditions) for trial in trials]


def _wait_for(label: str) -> None:
    """Wait until another training has begun."""
    end = time.monotonic() + 20
    while label not in begun(Path()):
        if time.monotonic() > end:
            raise RuntimeError(f"{label} has not begun")
        time.sleep(0.01)


def _record(trial, knobs, run, conditions) -> TrialRecord:
    failed = f"{trial.train_scale:g}" in knobs.get("fail", ())
    tests = [_tested(trial, scale, knobs) for scale in trial.test_scales]
    return TrialRecord(
        key=trial.key(conditions),
        run=run,
        trial=trial,
        status="failed" if failed else "complete",
        reason="loss became NaN" if failed else None,
        environment=dict(conditions),
        evaluations=() if failed else tuple(tests),
        cost={"seconds": 2.0, "train_seconds": 1.0},
    )


def _tested(trial, scale: float, knobs) -> Evaluation:
    luck = np.random.default_rng([trial.seed, round(100 * trial.train_scale)]).normal()
    accuracy = 0.95 - 0.08 * scale + 0.003 * luck
    accuracy -= knobs.get("lost", {}).get(f"{trial.train_scale:g}", 0)
    images = trial.subset[0] if trial.subset else IMAGES
    right = np.arange(images) < round(accuracy * images)
    other = f"{trial.train_scale:g}" in knobs.get("other", ())
    right = np.roll(right, 1 + trial.seed) if other else right
    return Evaluation(
        scale=scale,
        loss=1 - float(right.mean()),
        accuracy=float(right.mean()),
        images=images,
        correct=pack_right(right),
        images_sha256="c" * 64,
    )
