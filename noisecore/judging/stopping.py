"""When seeds that come one after another are enough: the boundary of `--noise-seeds=auto`.

A scale has n seeds of the `final` ones (ten, or as many as the baseline has) that the fixed design
would train. They are nested: more seeds are the same ones and further ones. So what is still to
come can be foretold: with the spread of a seed's accuracies over the scales, C (k, k), the means at
two scales have the covariance C_st / max(n_s, n_t), and what they will yet move by has

    C_st (1 / max(n_s, n_t) - 1 / final).

The estimate is the mean over the scales of the differences at each, whatever seeds each has; its
weights are those of the fixed design, because the scales do not share one true difference, and
weights by spread would answer another question. With w of these weights, the estimate will move by
no more than its *reach*, t sqrt(w' (what is to come) w), where t is Student's quantile at `DOUBT`
with the baseline's degrees of freedom. A row passes when the estimate lies above what is allowed by
its reach, and fails when it lies below what makes the fixed design fail by its reach; otherwise it
is open, and more seeds are trained. With all seeds the reach is 0, and the fixed design decides.

C is the baseline's covariance, known before the run. Where both sides together spread more, that
counts: then a seed that learns late leaves a row open and decides nothing. Negative covariances
count as 0, and no variance is less than the luck of answers (`residual_variance`), because ten
seeds may agree by luck.

Sources: stochastic curtailment, Lan, Simon and Halperin, Communications in Statistics C 1 (1982),
207; its predictive form, Spiegelhalter, Freedman and Blackburn, Controlled Clinical Trials 7
(1986), 8; covariances of nested means, Jennison and Turnbull, Group Sequential Methods (2000),
chapters 3 and 10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from noisecore.judging.baselines import Answers, Comparison
from noisecore.judging.differences import Difference
from noisecore.judging.statistics import Floats

# With fewer seeds nothing is decided but *identical*: one seed in sixty learns late.
LEAST = 3

# How often, on one side and at one look, the final seeds may decide otherwise than fewer did.
DOUBT = 0.005


@dataclass(frozen=True, kw_only=True)
class Early:
    """A difference of which some seeds are still to come.

    now: the difference with its error now. final: the same with the error that it will have.
    reach: how far the estimate may yet move.
    """

    now: Difference
    final: Difference
    reach: float


def early_difference(comparison: Comparison, at: NDArray[np.bool_] | slice) -> Early | None:
    """Return the difference over some scales; None if these have all of their seeds."""
    counts, final = comparison.counts[at], comparison.final
    if not comparison.by_scale or (counts >= final).all():
        return None
    old = len(comparison.baseline)
    weights = np.full(len(counts), 1 / len(counts))
    spread = seed_covariance(comparison)[np.ix_(*[np.arange(len(comparison.scales))[at]] * 2)]
    means = np.array([each.mean() for each in comparison.by_scale])[at]
    estimate = float(means.mean() - comparison.baseline_accuracy[:, at].mean())
    before = quadratic(spread, weights) / old
    now = math.sqrt(quadratic(spread / later(counts), weights) + before)
    then = math.sqrt(quadratic(spread, weights) / final + before)
    left = float(reach(quadratic(to_come(spread, counts, final), weights), old))
    return Early(
        now=Difference(estimate, now, float(counts.min() + old - 2)),
        final=Difference(estimate, then, float(final + old - 2)),
        reach=left if counts.min() >= min(LEAST, final) else math.inf,
    )


def reach(variance: float | Floats, baseline_seeds: int) -> Floats:
    """Return how far an estimate may yet move, of which this variance is still to come."""
    return np.asarray(-special.stdtrit(baseline_seeds - 1, DOUBT) * np.sqrt(variance))


def to_come(spread: Floats, counts: NDArray[np.int64], final: int) -> Floats:
    """Return the covariance of what the means at the scales will yet move by, (..., k, k)."""
    return np.asarray(spread * np.maximum(1 / later(counts) - 1 / final, 0.0))


def later(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the greater count of each two scales, (..., k, k): two means share the fewer seeds."""
    return np.maximum(counts[..., :, None], counts[..., None, :])


def quadratic(covariance: Floats, weights: Floats) -> float | Floats:
    """Return the variance of a weighted sum, of (..., k, k) and (k,)."""
    found = np.einsum("...st,s,t->...", covariance, weights, weights)
    return float(found) if np.ndim(found) == 0 else np.asarray(found)


def seed_covariance(comparison: Comparison) -> Floats:
    """Return the covariance of a seed's accuracies over the scales, (k, k), as said above."""
    new = [each.mean(axis=1) for each in comparison.by_scale]
    return pooled_covariance(new, comparison.baseline_accuracy, luck_of(comparison.baseline))


def pooled_covariance(new: list[Floats], old: Floats, luck: Floats) -> Floats:
    """Return that covariance of accuracies.

    new: (n_s,) of each scale. old: (baseline seeds, k). luck: (k, k), the least that it can be.
    """
    ours, freedom = np.zeros(luck.shape), np.zeros(luck.shape)
    for s, first in enumerate(new):
        for t, second in enumerate(new):
            n = min(len(first), len(second))
            ours[s, t] = (first[:n] - first[:n].mean()) @ (second[:n] - second[:n].mean())
            freedom[s, t] = n - 1
    off = old - old.mean(axis=0)
    theirs, known = off.T @ off, len(old) - 1
    pooled = (ours + theirs) / (freedom + known)
    return np.asarray(np.maximum(np.maximum(theirs / known, pooled), luck))


def luck_of(answers: Answers) -> Floats:
    """Return the covariance that independent answers of a seed would have, (k, k), at least 0.

    answers: (seeds, k, images) of the baseline. It is that of the residual of seed by image.
    """
    data = answers.astype(np.float64)
    means = data.mean(axis=2, keepdims=True)
    rest = data - data.mean(axis=0) - means + means.mean(axis=0)
    freedom = max((len(data) - 1) * (data.shape[2] - 1), 1)
    products = np.einsum("sai,sbi->ab", rest, rest, optimize=True)
    return np.asarray(np.maximum(products / freedom, 0.0) / data.shape[2])
