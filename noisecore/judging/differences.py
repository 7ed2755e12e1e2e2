"""How two sides differ in accuracy: the estimate, its error, and what the error rests on.

S is the number of seeds, D that of draws, n that of images; both sides have the same images in the
same order. Every function takes the share of right answers by seed (or draw) and image: 0 or 1 at
one scale, or a mean over scales if the mean is compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from noisecore.judging.statistics import Floats, residual_variance


@dataclass(frozen=True)
class Difference:
    """A new mean minus a baseline's, its standard error, and the error's degrees of freedom.

    error and freedom are NaN if there are too few seeds or images to estimate them. least: the
    least error that there must be, whatever the seeds show, because seeds may agree by luck.
    images: for a difference between two given models, how many images it is averaged over; None if
    it is over seeds.
    """

    estimate: float
    error: float
    freedom: float
    least: float = 0.0
    images: int | None = None

    def after(self, drop: float) -> Difference:
        """Return the difference of a model that lost this much more.

        Over seeds, its error stays the same. Over images, it grows: a loss means that the answers
        to some images changed and those to others did not, which has a variance of
        drop (1 - drop), at most 1/4.
        """
        if self.images is None:
            return self
        drop = min(drop, 0.5)
        error = math.sqrt(self.error**2 + drop * (1 - drop) / self.images)
        return replace(self, error=error)

    def lower(self, confidence: float) -> float:
        """Return the one-sided bound that the true difference exceeds with this confidence."""
        return self.estimate - self.distance(1 - confidence)

    def lower_after_loss(self, confidence: float) -> float:
        """Return the same bound, but with the error of a model that lost that much (`after`).

        Over images, this allows for losses that these images may not show: if no image changed, it
        is Wilson's bound for 0 of n. Source: Tango, Statistics in Medicine 17 (1998), 891; Wilson,
        Journal of the American Statistical Association 22 (1927), 209.
        """
        distance = self.distance(1 - confidence)
        if self.images is None or math.isnan(distance):
            return self.estimate - distance
        # The root of d^2 = t^2 (error^2 + d (1 - d) / n).
        each = _quantile(1 - confidence, self.freedom) ** 2 / self.images
        root = math.sqrt(each**2 + 4 * (1 + each) * distance**2)
        return self.estimate - (each + root) / (2 * (1 + each))

    def upper(self, confidence: float) -> float:
        """Return the one-sided bound that the true difference stays below with this confidence."""
        return self.estimate + self.distance(1 - confidence)

    def distance(self, alpha: float) -> float:
        """Return how far from the truth, on one side, an estimate lies with a chance of alpha."""
        if math.isnan(self.error):
            return math.nan
        # Sides that agree exactly have no error, whatever its degrees of freedom.
        shown = 0.0 if self.error == 0 else _quantile(alpha, self.freedom) * self.error
        return max(shown, _quantile(alpha, math.inf) * self.least)


@lru_cache(maxsize=10_000)  # SciPy takes longer for one quantile than all else here
def _quantile(alpha: float, freedom: float) -> float:
    """Return the upper alpha quantile of Student's t; of the normal if freedom is infinite."""
    return -float(special.ndtri(alpha) if freedom == math.inf else special.stdtrit(freedom, alpha))


def pooled_difference(new: ArrayLike, baseline: ArrayLike) -> Difference:
    """Return how mean accuracy differs on these very images, if only the seeds are random.

    new: (S_new, n) answers, one row per seed; baseline: (S_baseline, n). Their seeds are drawn
    independently of each other. The spread of the seeds' means is pooled over both sides, s^2 =
    (sum of squares about the two means) / (S_new + S_baseline - 2). The error is s * sqrt(1/S_new +
    1/S_baseline). The least error is what independent answers would give: s^2 is replaced by the
    residual variance of seed by image, divided by n, which is known as well as n images allow. The
    choice of the images adds nothing, because both sides have the same ones. NaN if both have one
    seed.
    Source: Student's t with pooled variance (`scipy.stats.ttest_ind`); the residual of a two-way
    table without replication, as in Scheffe, The Analysis of Variance (1959), section 4.2.
    """
    ours, theirs = _sides(new, baseline)
    luck = residual_variance(ours, theirs) / ours.shape[1]
    return difference_of_means(ours.mean(axis=1), theirs.mean(axis=1), luck)


def difference_of_means(new: Floats, baseline: Floats, luck: float) -> Difference:
    """Return how mean accuracy differs, given that of each seed: (S_new,) and (S_baseline,).

    luck: the least variance that a seed's accuracy can have. See `pooled_difference`.
    """
    estimate = float(new.mean() - baseline.mean())
    spread, freedom = _pooled_spread(new, baseline)
    if not freedom:
        return Difference(estimate, math.nan, math.nan)
    each = math.sqrt(1 / len(new) + 1 / len(baseline))
    return Difference(estimate, math.sqrt(spread) * each, float(freedom), math.sqrt(luck) * each)


def paired_difference(new: ArrayLike, baseline: ArrayLike) -> Difference:
    """Return how mean accuracy differs if seeds and images are both random.

    new: (S_new, n) answers, one row per seed; baseline: (S_baseline, n). Their seeds are drawn
    independently of each other. The variance is that of a two-way table, s^2 (1/S_new +
    1/S_baseline) + s_d^2/n - e/n (1/S_new + 1/S_baseline), with s the spread of the seeds' means,
    pooled over both sides, s_d that of the images' differences, and e the residual variance of seed
    by image, which the other terms both contain. Resampling seeds and images together converges to
    this variance; the formula leaves nothing to the luck of the resampling. Degrees of freedom by
    Satterthwaite. NaN if both sides have one seed, or there is one image.
    Source: Owen (2007), Annals of Applied Statistics 1, 386, section 3; Satterthwaite (1946),
    Biometrics Bulletin 2, 110.
    """
    ours, theirs = _sides(new, baseline)
    estimate = float(ours.mean() - theirs.mean())
    images = ours.shape[1]
    spread, freedom = _pooled_spread(ours.mean(axis=1), theirs.mean(axis=1))
    if not freedom or images < 2:
        return Difference(estimate, math.nan, math.nan)
    each = 1 / len(ours) + 1 / len(theirs)
    seeds = spread * each
    columns = float((ours.mean(axis=0) - theirs.mean(axis=0)).var(ddof=1)) / images
    excess = residual_variance(ours, theirs) / images * each
    variance = max(seeds + columns - excess, seeds, columns)
    below = seeds**2 / freedom + columns**2 / (images - 1)
    # All equal: no variance, and nothing that could make the error uncertain.
    found = variance**2 / below if below > 0 else float(images - 1)
    return Difference(estimate, math.sqrt(variance), max(found, float(freedom)))


def matched_difference(new: ArrayLike, baseline: ArrayLike) -> Difference:
    """Return how mean accuracy differs between two given models on the very same noisy images.

    new, baseline: (D, n), with the same draws in the same order. Only the images are random,
    because neither side was trained again. The error is that of the mean over images of the
    difference, s_d / sqrt(n), with n - 1 degrees of freedom; NaN for one image.
    Source: the paired t test; `scipy.stats.ttest_rel`.
    """
    ours, theirs = _sides(new, baseline)
    if len(ours) != len(theirs):
        raise ValueError(
            "new and baseline must have one shape, (draws, images), "
            f"got {ours.shape} and {theirs.shape}"
        )
    each = ours.mean(axis=0) - theirs.mean(axis=0)
    if each.size < 2:
        return Difference(float(each.mean()), math.nan, math.nan)
    error = float(each.std(ddof=1)) / math.sqrt(each.size)
    return Difference(float(each.mean()), error, each.size - 1.0, images=each.size)


def _sides(new: ArrayLike, baseline: ArrayLike) -> tuple[Floats, Floats]:
    ours, theirs = np.asarray(new, np.float64), np.asarray(baseline, np.float64)
    if ours.ndim != 2 or theirs.ndim != 2 or ours.shape[1] != theirs.shape[1] or not ours.size:
        raise ValueError(
            "new and baseline must have the shapes (seeds or draws, images) with the same images, "
            f"got {ours.shape} and {theirs.shape}"
        )
    return ours, theirs


def _pooled_spread(*sides: Floats) -> tuple[float, int]:
    """Return the seeds' variance of accuracy, pooled over the sides, and its degrees of freedom."""
    squares = sum(float(((side - side.mean()) ** 2).sum()) for side in sides)
    freedom = sum(len(side) - 1 for side in sides)
    return squares / freedom if freedom else math.nan, freedom
