"""The first ancestor of a baseline: what it was before it was ever renewed.

A baseline that is renewed after each release never sees a slow decline: each step is within its
margin. So a renewed baseline keeps the figures of its first ancestor, and every run is judged
against these as well.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from noisecore.judging.curves import evaluation_at
from noisecore.judging.differences import Difference, difference_of_means, matched_difference
from noisecore.judging.statistics import Floats, residual_variance
from noisecore.records import Amount, Evaluation, RecordError, Share, Trial, TrialRecord


@dataclass(frozen=True, kw_only=True)
class First:
    """The figures of a curve's first ancestor: only the mean over its noisy scales.

    date, commit: when and at which commit it was made. same: a hash of what must be the same for
    its figures to be compared: the data set, the noise, its scales, the recipe. accuracy: one
    figure per seed (or draw). luck: the least variance that such a figure can have: the residual
    variance of seed by image, divided by the number of images. images: for a given model only, the
    mean answer at each test image, as base64 of float16; None for a trained model, because its
    seeds are compared and not its images.
    """

    date: str
    commit: str | None
    same: str
    accuracy: tuple[Share, ...]
    luck: Amount
    images: str | None = None

    def __post_init__(self) -> None:
        answers = np.zeros(0) if self.images is None else self.answers()
        if not self.accuracy or not ((answers >= 0) & (answers <= 1)).all():
            raise RecordError("the figures of the first ancestor are not all from 0 to 1")

    def answers(self) -> Floats:
        """Return the mean answer of a given model at each test image, (images,)."""
        packed = base64.b64decode(self.images or "", validate=True)
        return np.frombuffer(packed, np.float16).astype(np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class SinceFirst:
    """A run compared with a first ancestor: both means, by seed or draw, and their difference.

    when: the day that the ancestor was made. answers: of the run, (seeds or draws, images). before,
    luck: the ancestor's answers and luck, as in `First`.
    """

    when: str
    new: Floats
    old: Floats
    difference: Difference
    answers: Floats
    before: Floats | None
    luck: float


def first_of(records: Sequence[TrialRecord], *, date: str, commit: str | None) -> First | None:
    """Return the figures by which a curve is remembered; None if no scale is above 0."""
    means = _answers(records)
    if not means.size:
        return None
    given = not isinstance(records[0].trial, Trial)
    images = None
    if given:
        images = base64.b64encode(means.mean(axis=0).astype(np.float16).tobytes()).decode()
    return First(
        date=date,
        commit=commit,
        same=what_is_the_same(records),
        accuracy=tuple(float(value) for value in means.mean(axis=1)),
        luck=0.0 if given else residual_variance(means) / means.shape[1],
        images=images,
    )


def what_is_the_same(records: Sequence[TrialRecord]) -> str:
    """Return a hash of what a curve's figures mean: two curves with the same can be compared."""
    trials = [record.trial for record in records]
    scales = sorted({scale for trial in trials for scale in trial.curve_scales if scale > 0})
    one = trials[0]
    content: dict[str, Any] = {
        "curve": one.curve,
        "dataset_sha256": sorted({trial.dataset_sha256 for trial in trials}),
        "scales": scales,
    }
    if one.subset is not None:
        content["subset"] = one.subset
    if isinstance(one, Trial):
        content |= {"recipe": one.recipe.values(), "test_draw": one.test_draw}
    else:
        content |= {"units": one.units, "draws": sorted({trial.seed for trial in trials})}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def since_first(first: First, records: Sequence[TrialRecord]) -> SinceFirst | None:
    """Return a run compared with a first ancestor; None if its figures mean something else."""
    if first.same != what_is_the_same(records):
        return None
    means, old = _answers(records), np.array(first.accuracy)
    if not means.size:
        return None
    before = None if first.images is None else first.answers()
    if before is not None and len(before) != means.shape[1]:
        return None
    return _since(first.date[:10], means, old, before, first.luck)


def mean_since_first(found: Sequence[SinceFirst]) -> SinceFirst | None:
    """Return how the mean over several curves of one model changed; None if there are none.

    The luck of a mean is at most the mean luck.
    """
    if len({each.answers.shape[1] for each in found}) != 1:
        return None
    seeds, old_seeds = (min(len(each.new) for each in found), min(len(each.old) for each in found))
    befores = [each.before for each in found if each.before is not None]
    return _since(
        min(each.when for each in found),
        np.mean([each.answers[:seeds] for each in found], axis=0),
        np.mean([each.old[:old_seeds] for each in found], axis=0),
        np.mean(befores, axis=0) if befores else None,
        float(np.mean([each.luck for each in found])),
    )


def _since(when: str, means: Floats, old: Floats, before: Floats | None, luck: float) -> SinceFirst:
    """Return the run's answers compared with the ancestor's, or with its accuracy by seed."""
    if before is not None:
        difference = matched_difference(means.mean(axis=0)[None], before[None])
    else:
        least = max(luck, residual_variance(means) / means.shape[1])
        difference = difference_of_means(means.mean(axis=1), old, least)
    return SinceFirst(
        when=when,
        new=means.mean(axis=1),
        old=old,
        difference=difference,
        answers=means,
        before=before,
        luck=luck,
    )


def _answers(records: Sequence[TrialRecord]) -> Floats:
    """Return the mean answer over the noisy scales, (seeds or draws, images).

    Empty if no scale is above 0, or a figure is missing.
    """
    found: dict[int, list[Floats]] = {}
    for record in records:
        for scale in filter(None, record.trial.curve_scales):
            each = evaluation_at(record, scale)
            if not isinstance(each, Evaluation):
                return np.zeros((0, 0))
            found.setdefault(record.trial.seed, []).append(each.right.astype(np.float64))
    if len({len(each) for each in found.values()}) != 1:
        return np.zeros((0, 0))
    return np.stack([np.mean(found[seed], axis=0) for seed in sorted(found)])
