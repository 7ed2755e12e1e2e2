"""What a gate would do: simulated from the spread of real seeds and images, before a run is paid.

Noisy scales alone are simulated: the margin of clean images is left out.

A false alarm is an unchanged model that does not pass; caught is a worse one that does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from noisecore.judging.baselines import Answers, Comparison
from noisecore.judging.gates.regression import ERRORS, Case, Mode, judge_no_regression
from noisecore.judging.gates.verdict import ALPHA, Verdict
from noisecore.judging.margins import Margins
from noisecore.judging.statistics import (
    Difference,
    Floats,
    holm,
    paired_difference,
    pooled_difference,
)


@dataclass(frozen=True, eq=False)
class Spread:
    """How a model's right answers vary: from image to image, and from seed to seed.

    scales: (k,). share: (k, images), how many of the seeds had each image right. skill: (k, k),
    the covariance over the scales of what moves a seed's whole accuracy, beyond the luck of its
    images.
    """

    scales: Floats
    share: Floats
    skill: Floats

    @property
    def deviation(self) -> Floats:
        """Standard deviation of accuracy over seeds at each scale, (k,)."""
        return np.sqrt(np.diag(self.skill) + _luck(self.share))


def fit_spread(scales: Floats, answers: Answers) -> Spread:
    """Return the spread of (seeds, k, images) right answers, of two seeds at least.

    The covariance of the seeds' accuracies is split: what independent answers with each image's
    own share would give, and the rest, which is taken for the seeds' skill (none where it would be
    negative). With few seeds both are as uncertain as a variance from few values is.
    """
    if len(answers) < 2:
        raise ValueError(f"a spread needs at least 2 seeds, got {len(answers)}")
    share = answers.mean(axis=0)
    covariance = np.atleast_2d(np.cov(answers.mean(axis=2), rowvar=False))
    values, vectors = np.linalg.eigh(covariance - np.diag(_luck(share)))
    skill = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return Spread(np.asarray(scales, np.float64), share, skill)


def _luck(share: Floats) -> Floats:
    """Return the variance of accuracy that independent answers have at each scale, (k,)."""
    return np.asarray((share * (1 - share)).mean(axis=1) / share.shape[1])


def draw_answers(
    spread: Spread, seeds: int, rng: np.random.Generator, drop: float = 0.0
) -> Answers:
    """Return right answers of fresh seeds, (seeds, k, images), of a model that is `drop` worse.

    drop: in accuracy, at each scale. Skill and drop move the images that some seeds have right and
    others wrong; where these are too few to bear it, the rest moves too.
    """
    scales = len(spread.scales)
    vectors = np.linalg.cholesky(spread.skill + 1e-15 * np.eye(scales))
    moves = rng.standard_normal((seeds, scales)) @ vectors.T - drop
    doubt = spread.share * (1 - spread.share)
    # A hundredth of doubt everywhere keeps the weight finite where all seeds agree on all images.
    weight = doubt + 0.01
    weight = weight / weight.mean(axis=1, keepdims=True)
    bound = moves
    for _ in range(4):  # what the bounds of a chance cut off is laid upon the others
        chance = np.clip(spread.share + bound[:, :, None] * weight, 0.0, 1.0)
        bound = bound + moves - (chance.mean(axis=2) - spread.share.mean(axis=1))
    return np.asarray(rng.random(chance.shape) < chance)


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How many of the simulated runs ended how; a run has its worst curve's verdict."""

    passed: int
    failed: int
    inconclusive: int

    @property
    def pairs(self) -> int:
        """How many runs were simulated."""
        return self.passed + self.failed + self.inconclusive

    @property
    def not_passed(self) -> float:
        """The share that did not pass: false alarms of an unchanged model, catches of a worse."""
        return 1 - self.passed / self.pairs


def simulate(
    spreads: Mapping[str, Spread],
    *,
    seeds: int,
    baseline_seeds: int,
    mode: Mode,
    margins: Margins,
    pairs: int,
    drops: Mapping[str, float] | None = None,
    also: Callable[[Comparison], Iterable[Verdict]] = lambda comparison: (),
    key: int = 0,
) -> Rates:
    """Return how the gate of all curves together ends, over pairs of a baseline and a run.

    drops: how much worse a curve is than the baseline's model, in accuracy; others are unchanged.
    also: the other checks of a curve, which count too. key: of the random numbers; the same call
    gives the same rates.
    """
    rng = np.random.default_rng(key)
    counts = {"pass": 0, "fail": 0, "inconclusive": 0}
    for _ in range(pairs):
        comparisons = draw_pair(spreads, seeds, baseline_seeds, rng, drops or {})
        found = set()
        for name, comparison in comparisons.items():
            case = Case(curve=name, comparisons=comparisons, mode=mode, margins=margins)
            found.add(judge_no_regression(case).verdict)
            found.update(verdict.verdict for verdict in also(comparison))
        worst = next(word for word in ("fail", "inconclusive", "pass") if word in found)
        counts[worst] += 1
    return Rates(passed=counts["pass"], failed=counts["fail"], inconclusive=counts["inconclusive"])


def draw_pair(
    spreads: Mapping[str, Spread],
    seeds: int,
    baseline_seeds: int,
    rng: np.random.Generator,
    drops: Mapping[str, float],
) -> dict[str, Comparison]:
    """Return a comparison of each curve: a run of fresh seeds with a baseline of fresh seeds."""
    return {
        name: Comparison(
            curve=name,
            scales=spread.scales,
            new=draw_answers(spread, seeds, rng, drops.get(name, 0.0)),
            baseline=draw_answers(spread, baseline_seeds, rng),
        )
        for name, spread in spreads.items()
    }


def least_margins(comparisons: Mapping[str, Comparison], mode: Mode) -> tuple[float, float]:
    """Return the least margins, (mean, scale) in points, with which these curves all pass.

    For the mean in rigorous mode Bonferroni's bound stands for Holm's steps, which may allow less.
    """
    means: list[float] = []
    scales: list[float] = []
    p_values: list[float] = []
    for comparison in comparisons.values():
        ours, theirs = comparison.new_accuracy, comparison.baseline_accuracy
        if mode == "simple":
            images = comparison.images
            mean = pooled_difference(ours.mean(axis=1), theirs.mean(axis=1), images)
            each = pooled_difference(ours, theirs, images)
            means.append(_beyond(mean))
            scales.append(_beyond(each))
            continue
        mean = paired_difference(comparison.new.mean(axis=1), comparison.baseline.mean(axis=1))
        means.append(-float(mean.bound(1 - ALPHA / len(comparisons), upper=False)))
        for place in range(len(comparison.scales)):
            one = paired_difference(comparison.new[:, place], comparison.baseline[:, place])
            scales.append(-float(one.estimate))
            p_values.append(float(one.p_below(0.0)))
    if mode == "rigorous":
        significant = holm(p_values) < ALPHA
        scales = [drop for drop, counts in zip(scales, significant, strict=True) if counts]
    return 100 * max([0.0, *means]), 100 * max([0.0, *scales])


def _beyond(difference: Difference) -> float:
    """Return the greatest drop that exceeds its errors, 0 if none does."""
    drops = -difference.estimate
    return float(np.where(drops > ERRORS * difference.error, drops, 0.0).max())


def recommend_margins(
    spreads: Mapping[str, Spread],
    *,
    seeds: int,
    baseline_seeds: int,
    mode: Mode,
    pairs: int,
    rate: float = 0.01,
    key: int = 0,
) -> Margins:
    """Return the least margins with which an unchanged run does not pass at most at this rate.

    Half of the rate is given to the mean and half to the scales; each margin is rounded up to a
    tenth of a point.
    """
    rng = np.random.default_rng(key)
    needed = [
        least_margins(draw_pair(spreads, seeds, baseline_seeds, rng, {}), mode)
        for _ in range(pairs)
    ]
    means, scales = (
        np.quantile(np.array(column), 1 - rate / 2, method="higher")
        for column in zip(*needed, strict=True)
    )
    return Margins(mean=_tenth_above(means), scale=_tenth_above(scales))


def _tenth_above(points: float) -> float:
    return max(0.1, math.ceil(points * 10 - 1e-9) / 10)


def binomial_interval(count: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Clopper and Pearson's exact interval of a share. Source: Biometrika 26 (1934), 404."""
    found = stats.binomtest(count, of).proportion_ci(confidence, method="exact")
    return float(found.low), float(found.high)
