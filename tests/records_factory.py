"""Make trial records without training: for tests of what judges, draws and stores them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Literal

import numpy as np

from noisecore.judging.baselines import compare_records
from noisecore.judging.gates import Rule
from noisecore.judging.gates.case import Case
from noisecore.recipes import get_recipe
from noisecore.records import Epoch, Evaluation, Trial, TrialRecord, join_trials, pack_right

_TRIAL_FIELDS = {field.name for field in fields(Trial)}


def make_record(
    model: str = "cnn",
    scale: float = 1.0,
    seed: int = 0,
    accuracies: Mapping[float, float] | None = None,
    *,
    losses: Mapping[float, float] | None = None,
    images: int = 1000,
    status: Literal["complete", "failed"] = "complete",
    reason: str | None = None,
    **overrides: Any,
) -> TrialRecord:
    """Return a record of a trial that never ran.

    accuracies: by test scale (left out: 0.9 at 0 and 0.8 at `scale`), rounded to whole images.
    losses: by test scale; left out, -ln of the accuracy. A failed record has no evaluations.
    overrides: any further field of `Trial` or `TrialRecord`; `recipe` may be a recipe's name.
    """
    accuracies = {0.0: 0.9, scale: 0.8} if accuracies is None else accuracies
    evaluations = tuple(
        _evaluation(float(at), accuracies[at], (losses or {}).get(at), images)
        for at in sorted(accuracies)
    )
    if isinstance(recipe := overrides.get("recipe", "quick"), str):
        overrides["recipe"] = get_recipe(recipe)
    values: dict[str, Any] = {
        "dataset": "mnist-5k",
        "dataset_sha256": "d" * 64,
        "model": model,
        "model_source": "a" * 64,
        "noise": "gaussian",
        "noise_source": "b" * 64,
        "train_scale": float(scale),
        "test_scales": tuple(evaluation.scale for evaluation in evaluations),
        "seed": seed,
    } | {name: value for name, value in overrides.items() if name in _TRIAL_FIELDS}
    trial = Trial(**values)
    failed = status == "failed"
    rest: dict[str, Any] = {
        "key": trial.key({}),
        "run": "20250101-000000-test",
        "environment": {"python": "3.11.0", "numpy": "2.0.0", "threads": 1},
        "parameters": 1000,
        "history": () if failed else _history(evaluations, trial),
        "evaluations": () if failed else evaluations,
        "cost": {"train_seconds": 1.5 + seed},
        "reason": (reason or "loss became NaN in epoch 2") if failed else reason,
    } | {name: value for name, value in overrides.items() if name not in _TRIAL_FIELDS}
    return TrialRecord(trial=trial, status=status, **rest)


def make_sweep(
    accuracies: Mapping[float, float] | None = None,
    *,
    model: str = "cnn",
    seeds: Iterable[int] = (0, 1, 2),
    spread: float = 0.004,
    **overrides: Any,
) -> list[TrialRecord]:
    """Return a whole sweep: a record a train scale and seed, each evaluated at every scale.

    accuracies: of the matched curve, by scale (left out: a falling curve over the notebook's
    scales and 0). The seeds lie `spread` apart from each other, centred on that accuracy. Off the
    matched diagonal a model loses a hundredth for each scale that it is away from its own.
    """
    if accuracies is None:
        accuracies = {0.0: 0.96, 0.1: 0.96, 0.5: 0.95, 1.0: 0.94, 2.0: 0.85, 4.0: 0.6}
    scales, seeds = sorted(accuracies), tuple(seeds)
    records = []
    for i, scale in enumerate(scales):
        for j, seed in enumerate(seeds):
            shift = spread * (j - (len(seeds) - 1) / 2)
            row = {
                at: min(1.0, max(0.0, accuracies[at] + shift - 0.01 * abs(i - k)))
                for k, at in enumerate(scales)
            }
            records.append(make_record(model, scale, seed, row, **overrides))
    return records


def _evaluation(scale: float, accuracy: float, loss: float | None, images: int) -> Evaluation:
    right = np.arange(images) < round(accuracy * images)
    share = float(right.mean())
    return Evaluation(
        scale=scale,
        loss=-math.log(max(share, 1e-7)) if loss is None else loss,
        accuracy=share,
        images=images,
        correct=pack_right(right),
        images_sha256="c" * 64,
    )


def _history(evaluations: tuple[Evaluation, ...], trial: Trial) -> tuple[Epoch, ...]:
    """Return the recipe's epochs, which end at the evaluation of the train scale."""
    end = next((e for e in evaluations if e.scale == trial.train_scale), None)
    if end is None:
        return ()
    epochs = trial.recipe.epochs
    return tuple(
        Epoch(
            loss=end.loss * (epochs + 1 - i),
            accuracy=end.accuracy * i / epochs,
            test_loss=end.loss * (epochs + 1 - i),
            test_accuracy=end.accuracy * i / epochs,
        )
        for i in range(1, epochs + 1)
    )


def old_schema(data):
    """Return a record's dict as schema 1 had it, before there were checksums."""
    return {name: value for name, value in data.items() if name != "checksum"} | {"schema": 1}


def save(folder, records):
    """Write records as files of a folder, as a run leaves them; return it."""
    folder.mkdir()
    for number, record in enumerate(join_trials(records)):
        path = folder / f"{record.key}.json"
        path = folder / f"{number}.json" if path.exists() else path
        path.write_text(json.dumps(record.to_dict()))
    return str(folder)


def make_case(new, old, *, curve="cnn/gaussian/quick", mode="simple", **choices) -> Case:
    """Return the case of a curve in two lists of records.

    What `Rule` takes is taken out of `choices`; the mode is the one for few seeds.
    """
    rule = {name: choices.pop(name) for name in ("margins", "alpha", "curves") if name in choices}
    comparison = compare_records(new, old).get(curve)
    return Case(curve=curve, comparison=comparison, rule=Rule(mode=mode, **rule), **choices)
