"""Tidy tables of records: what curve.csv and matrix.csv hold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisecore.judging.curves.checks import evaluation_at
from noisecore.records import Evaluation, Trial, TrialRecord

_TRIAL = ["curve", "dataset", "model", "noise", "recipe", "blank"]
_FIGURES = ["seed", "accuracy", "loss", "test_images", "train_seconds", "key", "status"]


def curve_frame(records: Iterable[TrialRecord]) -> pd.DataFrame:
    """Return one row per trial, tested at its train scale; failed ones keep a row without figures.

    A trial of a model that was given, or trained with a noise once, has one row per test scale.
    """
    rows = [
        _row(record, {"scale": scale}, scale)
        for record in _sorted(records)
        for scale in record.trial.curve_scales
    ]
    return _frame(rows, ["scale"])


def matrix_frame(records: Iterable[TrialRecord]) -> pd.DataFrame:
    """Return one row per training and test scale of a noise; failed ones have rows without figures.

    Trials with another training noise are left out: its scales have another unit.
    """
    rows = [
        _row(record, {"train_scale": record.trial.train_scale, "test_scale": test}, test)
        for record in _sorted(records)
        if isinstance(record.trial, Trial) and record.trial.trained_with is None
        for test in sorted(record.trial.test_scales)
    ]
    return _frame(rows, ["train_scale", "test_scale"])


def class_frame(records: Iterable[TrialRecord], labels: NDArray[np.int64]) -> pd.DataFrame:
    """Return one row per curve, scale, seed and class: its accuracy, and its number of images.

    labels: (n,), the class numbers of the test images. Trials that failed, and those with another
    number of images, are left out.
    """
    rows = []
    for record in _sorted(records):
        for scale in record.trial.curve_scales:
            found = evaluation_at(record, scale)
            if not isinstance(found, Evaluation) or found.images != len(labels):
                continue
            for number in np.unique(labels):
                right = found.right[labels == number]
                trial = record.trial
                rows.append((trial.curve, scale, trial.seed, int(number), right.mean(), len(right)))
    return pd.DataFrame(rows, columns=["curve", "scale", "seed", "class", "accuracy", "images"])


def _row(record: TrialRecord, scales: dict[str, float], test: float) -> dict[str, Any]:
    trial, found = record.trial, evaluation_at(record, test)
    there = found if isinstance(found, Evaluation) else None
    return scales | {
        "curve": trial.curve,
        "dataset": trial.dataset,
        "model": trial.model,
        "noise": trial.noise,
        "recipe": trial.recipe.name if isinstance(trial, Trial) else "",
        "blank": isinstance(trial, Trial) and trial.blank,
        "seed": trial.seed,
        "accuracy": there.accuracy if there else math.nan,
        "loss": there.loss if there else math.nan,
        "test_images": there.images if there else None,
        "train_seconds": record.cost.get("train_seconds", math.nan),
        "key": record.key,
        "status": record.status,
    }


def _sorted(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    return sorted(records, key=lambda r: (r.trial.curve, r.trial.curve_scales, r.trial.seed, r.key))


def _frame(rows: list[dict[str, Any]], scales: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*_TRIAL, *scales, *_FIGURES])
    # Counts stay whole numbers even if failed trials have none; an empty table has these types too.
    types = {"test_images": "Int64", "train_seconds": "float64"}
    return frame.astype(types)
