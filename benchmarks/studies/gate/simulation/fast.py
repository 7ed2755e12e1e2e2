"""The rule of the gate, for many pairs of a run and a baseline at once.

The formulas are those of `noisecore.judging.gates.rule` and `.outlook`; a row is the mean over the
noisy scales, then one a scale, then the mean since the first ancestor. `checks.py` lays both side
by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from noisecore.judging.gates.outlook import ENOUGH
from noisecore.judging.gates.rows import ROUNDING
from noisecore.judging.gates.rule import BLIND, CONFIDENCE, MISSED
from noisecore.judging.margins import Rule
from noisecore.judging.statistics import Floats

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Found:
    """What the gate says of a curve in each pair: (pairs, rows), or (pairs,) for the mean's."""

    estimate: Floats
    error: Floats
    failed_rows: Flags
    undecided: Flags
    bound_high: Floats
    half: Floats
    most: Floats

    @property
    def failed(self) -> Flags:
        """Which pairs fail, (pairs,)."""
        return np.asarray(self.failed_rows.any(axis=1))

    @property
    def passed(self) -> Flags:
        """Which pairs pass, (pairs,)."""
        return ~self.failed & ~self.undecided


def add_mean(accuracy: Floats, noisy: Flags) -> Floats:
    """Return the mean over the noisy scales, then each scale: (..., k) in, (..., 1 + k) out."""
    mean = accuracy[..., noisy].mean(axis=-1, keepdims=True)
    return np.concatenate([mean, accuracy], axis=-1)


def pooled(new: Floats, old: Floats) -> tuple[Floats, float, int]:
    """Return the seeds' variance over both sides, 1/S_new + 1/S_old, and the freedom.

    new, old: (pairs, seeds, rows).
    """
    freedom = new.shape[1] + old.shape[1] - 2
    squares = sum(
        ((side - side.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) for side in (new, old)
    )
    return squares / freedom, 1 / new.shape[1] + 1 / old.shape[1], freedom


def judge_seeds(
    new: Floats,
    old: Floats,
    noisy: Flags,
    luck: Floats,
    rule: Rule,
    *,
    first: Floats | None = None,
    columns: Floats | None = None,
    images: int = 1000,
) -> Found:
    """Judge a trained model: accuracies (pairs, seeds, k) of a run and of a baseline.

    luck: the residual variance over the number of images, (1 + k,) or (pairs, 1 + k). first: the
    means of the first ancestor's seeds, (pairs, seeds). columns: for rigorous mode, the variance of
    the images' differences over the number of images, (pairs, 1 + k).
    """
    ours, theirs = add_mean(new, noisy), add_mean(old, noisy)
    spread, each, freedom = pooled(ours, theirs)
    if rule.mode_for("seeds") == "rigorous":
        seeds, excess = spread * each, luck * each
        variance = np.maximum(np.maximum(seeds + columns - excess, seeds), columns)
        below = seeds**2 / freedom + columns**2 / (images - 1)
        free = np.maximum(variance**2 / below, freedom)
    else:
        variance = spread * each
        free = np.full(variance.shape, float(freedom))
    estimate, error = ours.mean(axis=1) - theirs.mean(axis=1), np.sqrt(variance)
    least = np.sqrt(np.broadcast_to(luck, variance.shape) * each)
    if first is not None:
        since = ours[:, :, :1], first[:, :, None]
        spread, each, freedom = pooled(*since)
        estimate = np.hstack([estimate, since[0].mean(axis=1) - since[1].mean(axis=1)])
        error = np.hstack([error, np.sqrt(spread * each)])
        first_luck = np.broadcast_to(luck, variance.shape)[:, :1]
        least = np.hstack([least, np.sqrt(first_luck * each)])
        free = np.hstack([free, np.full((len(free), 1), float(freedom))])
    rigorous = rule.mode_for("seeds") == "rigorous"
    if rigorous:
        least = np.zeros_like(error)
    calm = None
    if not rigorous:
        each = 1 / new.shape[1] + 1 / old.shape[1]
        count = new.shape[1] + old.shape[1]
        calm_error = np.sqrt(without_stray(ours[:, :, 0], theirs[:, :, 0]) * each)
        calm = calm_error, count - 2.0 - (count >= ENOUGH)
    return judge_rows(
        estimate,
        error,
        free,
        noisy,
        rule,
        rigorous=rigorous,
        since=first is not None,
        least=least,
        calm=calm,
    )


def without_stray(new: Floats, old: Floats) -> Floats:
    """Return the pooled variance of the seeds' means without the one farthest off, (pairs,)."""
    sides = [side - side.mean(axis=1, keepdims=True) for side in (new, old)]
    freedom = sum(side.shape[1] - 1 for side in sides)
    squares = np.stack([(side**2).sum(axis=1) for side in sides], axis=1)
    if new.shape[1] + old.shape[1] < ENOUGH:
        return squares.sum(axis=1) / freedom
    # Without one of n values, of deviation d, a sum of squares falls by d^2 n / (n - 1).
    worst = np.stack(
        [
            np.abs(side).max(axis=1) if side.shape[1] > 2 else np.full(len(side), -1.0)
            for side in sides
        ],
        axis=1,
    )
    place = worst.argmax(axis=1)
    count = np.array([side.shape[1] for side in sides])[place]
    fall = worst.max(axis=1) ** 2 * count / (count - 1)
    return (squares.sum(axis=1) - fall) / (freedom - 1)


def judge_rows(
    estimate: Floats,
    error: Floats,
    free: Floats,
    noisy: Flags,
    rule: Rule,
    *,
    rigorous: bool,
    since: bool = False,
    least: Floats | None = None,
    calm: tuple[Floats, float] | None = None,
    images: int | None = None,
) -> Found:
    """Judge differences with their errors and degrees of freedom, (pairs, rows).

    least: the errors that are known to be there. calm: the error of the mean without the seed that
    strayed farthest, (pairs,), and its freedom: what a gate is called blind by. images: of given
    models, whose losses widen their own error.
    """
    limit, alphas = _limits_and_alphas(noisy, rule, since=since)
    floor = np.zeros_like(error) if least is None else least
    distance = np.maximum(_quantile(alphas, free) * error, stats.norm.isf(alphas) * floor)
    half = np.maximum(limit, distance)
    failed = -estimate > half + ROUNDING
    missed = np.maximum(
        _quantile(np.array([MISSED]), free[:, :1])[:, 0] * error[:, 0],
        stats.norm.isf(MISSED) * floor[:, 0],
    )
    mean_half = half[:, 0]
    undecided = np.zeros(len(estimate), bool)
    if rigorous:
        one_sided = _quantile(np.array([1 - CONFIDENCE]), free[:, :1])[:, 0] * error[:, 0]
        if images is not None:
            one_sided = _below(error[:, 0], images, 1 - CONFIDENCE)
        low = estimate[:, 0] - one_sided
        high = estimate[:, 0] + distance[:, 0]
        within = low > -limit[0] - ROUNDING
        failed[:, 0] = ~within & (high < -limit[0] - ROUNDING)
        undecided = ~within & ~failed[:, 0]
        mean_half = np.maximum(limit[0] - one_sided, 0.0)
    most = np.maximum(limit[0] - one_sided + missed, 0.0) if rigorous else mean_half + missed
    seen = most
    if images is not None:
        if rigorous:
            after = np.sqrt(error[:, 0] ** 2 + limit[0] * (1 - limit[0]) / images)
            far = stats.t.isf(1 - CONFIDENCE, images - 1) * after
            mean_half, most = np.maximum(limit[0] - far, 0.0), np.full(len(error), limit[0])
        else:
            mean_half, most = (
                _caught(error[:, 0], images, limit[0], alphas[0], sure) for sure in (0.0, 1.0)
            )
        seen = most
    if not rigorous:
        if calm is not None:
            seen = _seen_in_calm(*calm, floor[:, 0], limit[0], alphas[0])
        undecided = undecided | (~failed[:, 0] & (seen > BLIND * limit[0] + ROUNDING))
    undecided &= ~failed.any(axis=1)
    return Found(estimate, error, failed, undecided, estimate + distance, mean_half, most)


def _limits_and_alphas(noisy: Flags, rule: Rule, *, since: bool) -> tuple[Floats, Floats]:
    """Return the margin of each row, as a share, and the rate of false alarms that it may have."""
    margins = rule.margins
    limits = [margins.mean, *np.where(noisy, margins.scale, margins.clean)]
    since_judged = since and margins.since_first is not None
    others = len(noisy) + since_judged
    limits += [margins.since_first or np.inf] * since
    alphas = [rule.mean_alpha] + [rule.mean_alpha / others] * (len(limits) - 1)
    return np.array(limits, np.float64) / 100, np.array(alphas)


def _seen_in_calm(error: Floats, free: float, floor: Floats, limit: float, alpha: float) -> Floats:
    """Return the drop of the mean that is mostly caught where no seed strays, (pairs,)."""
    caught, missed = (
        np.maximum(stats.t.isf(each, free) * error, stats.norm.isf(each) * floor)
        for each in (alpha, MISSED)
    )
    return np.asarray(np.maximum(limit, caught) + missed)


def _caught(error: Floats, images: int, limit: float, alpha: float, sure: float) -> Floats:
    """Return the drop of a given model that is caught half of the time, or mostly, (pairs,)."""
    drop = np.zeros_like(error)
    for _ in range(50):
        most = np.minimum(drop, 0.5)
        after = np.sqrt(error**2 + most * (1 - most) / images)
        needed = np.maximum(limit, stats.t.isf(alpha, images - 1) * after)
        drop = needed + sure * stats.t.isf(MISSED, images - 1) * after
    return drop


def _below(error: Floats, images: int, alpha: float) -> Floats:
    """Return how far below the estimate of a given model its lower bound lies."""
    t = stats.t.isf(alpha, images - 1)
    each = t**2 / images
    root = np.sqrt(each**2 + 4 * (1 + each) * (t * error) ** 2)
    return np.asarray((each + root) / (2 * (1 + each)))


def _quantile(alphas: Floats, free: Floats) -> Floats:
    """Return Student's quantiles, (pairs, rows); one row of them where the freedom is one."""
    if (free == free[:1]).all():
        return np.broadcast_to(stats.t.isf(alphas, free[0]), free.shape)
    return np.asarray(stats.t.isf(alphas, free))
