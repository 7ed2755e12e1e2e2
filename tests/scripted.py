"""Workers without a process, whose answers a test writes down."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar

from records_factory import make_record

from noisecore.running.worker import LostWorkerError, WorkerError

RUN = "20250101-000000-test"
LATER = "20250102T000000Z-later"
SLOW, QUICK = "cnn", "mlp"


class Scripted:
    """A worker without a process: it says of each trial what the test wrote down."""

    script: ClassVar[dict[int, list[str]]]
    order: ClassVar[list[tuple[str, int]]]
    made: ClassVar[list[Scripted]]
    calls: ClassVar[list[int]]

    def __init__(self, location, log, *, timeout, gpu) -> None:
        self.timeout, self.gpu = timeout, gpu
        self.made.append(self)

    def run(self, trials, *, run, conditions, on_epoch, weights):
        """Answer for the trials of a training."""
        self.calls.append(len(trials))
        return [self.answer(trial, run, conditions) for trial in trials]

    def answer(self, trial, run, conditions):
        """Answer for a trial."""
        self.order.append((trial.model, trial.seed))
        answers = self.script.get(trial.seed, [])
        answer = answers.pop(0) if answers else "good"
        if answer == "lost":
            raise LostWorkerError("the worker was ended by SIGKILL")
        if answer == "broken":
            raise WorkerError("ValueError: it cannot be")
        seconds = {SLOW: 9.0, QUICK: 1.0}[trial.model]
        accuracies = dict.fromkeys(trial.test_scales, 0.5)
        images = trial.subset[0] if trial.subset else 1000
        record = make_record(trial.model, trial.train_scale, trial.seed, accuracies, images=images)
        return dataclasses.replace(
            record,
            key=trial.key(conditions),
            run=run,
            trial=trial,
            environment={**record.environment, "device": "CPU"},
            cost={"seconds": seconds},
        )

    def close(self) -> None:
        """End nothing."""


def trials(*seeds: int, model: str = QUICK):
    """Return trials of a model, one a seed."""
    return [make_record(model, seed=seed).trial for seed in seeds]


def entries(tmp_path, folder="cache") -> list[Path]:
    """Return the entries of the cache."""
    return sorted((tmp_path / folder).glob("*/*.json"))


def note(records) -> str:
    """Return what the records say of the cache, all the same."""
    (said,) = {record.cost.get("cache_note", "") for record in records}
    return said
