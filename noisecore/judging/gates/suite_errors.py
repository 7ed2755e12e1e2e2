"""Mean corruption error: a suite's errors in relation to the baseline's, or to published ones."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from noisecore.judging.baselines import Answers, Comparison
from noisecore.judging.gates.suite_rows import CorruptionErrorRow
from noisecore.judging.statistics import Floats
from noisecore.judging.suites import Suite
from noisecore.noise.corruptions import SUITES

SURE = 3  # standard errors that a denominator must be above 0, or the ratio says nothing

# The mean error of AlexNet on ImageNet-C over the five severities of each family; from
# github.com/google-research/augmix (imagenet.py), Apache-2.0.
ALEXNET = dict(
    zip(
        SUITES["imagenet-c"],
        (
            0.886428, 0.894468, 0.922640, 0.819880, 0.826268, 0.785948, 0.798360, 0.866816,
            0.826572, 0.819324, 0.564592, 0.853204, 0.646056, 0.717840, 0.606500,
        ),
        strict=False,
    )
)  # fmt: skip


def error_rows(suite: Suite, families: Mapping[str, Comparison]) -> list[CorruptionErrorRow]:
    """Return the corruption errors of a suite against its baseline, and the published one.

    A family's is 100 times the sum of its errors over the severities, divided by the baseline's;
    the relative one is of what corruption adds to the error on clean images. The mean is over the
    families that count; where the baseline's sum is less than three of its standard errors over
    the images, a family has none, and is left out.
    """
    counted = {family: one for family, one in families.items() if family in suite.counted}
    rows = []
    for relative in (False, True):
        ratios = {family: _ratio(one, relative=relative) for family, one in counted.items()}
        rows.append(_row(suite, "relative" if relative else "mean", "the baseline", ratios))
    return [*rows, *published_rows(suite)]


def published_rows(suite: Suite) -> list[CorruptionErrorRow]:
    """Return the mean corruption error against AlexNet, of a suite of ImageNet-C as a whole."""
    whole = all(
        curve.scales[curve.scales > 0].tolist() == [1, 2, 3, 4, 5] for curve in suite.values()
    )
    if suite.suite != "imagenet-c" or not whole:
        return []
    means = suite.mean_accuracies
    ratios = {family: 100 * (1 - means[family]) / ALEXNET[family] for family in suite.counted}
    return [_row(suite, "mean", "AlexNet", ratios)]


def _ratio(one: Comparison, *, relative: bool) -> float:
    """Return a family's error in percent of the baseline's, NaN if that is not known to be > 0."""
    if not one.noisy.any() or (relative and one.noisy.all()):
        return math.nan
    new, old = (_wrong(side, one, relative=relative) for side in (one.new, one.baseline))
    error = float(old.std(ddof=1)) / math.sqrt(len(old)) if len(old) > 1 else math.inf
    least = float(old.mean())
    return 100 * float(new.mean()) / least if least > 0 and least >= SURE * error else math.nan


def _wrong(answers: Answers, one: Comparison, *, relative: bool) -> Floats:
    """Return at how many severities each image is wrong, (images,), over the seeds or draws."""
    wrong = (~answers).mean(axis=0)  # (scales, images)
    noisy = wrong[one.noisy]
    found: Floats = noisy.sum(axis=0)
    return found - len(noisy) * wrong[~one.noisy][0] if relative else found


def _row(suite: Suite, kind: str, against: str, ratios: Mapping[str, float]) -> CorruptionErrorRow:
    known = {family: ratio for family, ratio in ratios.items() if math.isfinite(ratio)}
    return CorruptionErrorRow(
        corruption_error="relative" if kind == "relative" else "mean",
        against=against,
        value=float(np.mean(list(known.values()))) if known else None,
        families=tuple(known),
        without=(*suite.left_out, *(family for family in ratios if family not in known)),
    )
