"""Statistics of curves over seeds: arrays in, numbers out.

S is the number of seeds, always axis 0; k the number of scales. A missing value is NaN, and every
number computed from it is NaN too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # scipy.stats takes three times as long to import

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Interval:
    """An estimate and the bounds around it, float64 arrays of one shape (0-d for one figure)."""

    estimate: Floats
    low: Floats
    high: Floats

    @property
    def half_width(self) -> Floats:
        """Half the distance between the bounds: the number after a plus-minus sign."""
        return np.asarray((self.high - self.low) / 2)


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return Student's t interval of the mean over seeds: mean ± t(S-1) * s / sqrt(S).

    values: (S,) or (S, k). With one seed the bounds are NaN.
    Source: Student (1908), Biometrika 6, 1; NIST/SEMATECH e-Handbook, section 1.3.5.2.
    """
    data = _by_seed(values)
    return _t_interval(data, confidence, 1 / math.sqrt(len(data)))


def prediction_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the prediction interval of one further value: mean ± t(S-1) * s * sqrt(1 + 1/S).

    values: (S,) or (S, k), taken to be normal. With one seed the bounds are NaN.
    Source: Hahn and Meeker, Statistical Intervals (1991), section 4.7, with one further value.
    """
    data = _by_seed(values)
    return _t_interval(data, confidence, math.sqrt(1 + 1 / len(data)))


def prediction_p_value(values: ArrayLike, single: ArrayLike) -> Floats:
    """Return the two-sided p value of one further value lying as far off as `single`.

    values: (S,) or (S, k); single: a number, or (k,). The statistic
    (single - mean) / (s * sqrt(1 + 1/S)) follows t(S-1) when `single` comes from the same normal
    distribution; it inverts `prediction_interval`. NaN with one seed. If all seeds agree exactly,
    p is 1 if `single` agrees too and 0 if not.
    """
    data = _by_seed(values)
    seeds = len(data)
    off = np.abs(np.asarray(single, np.float64) - data.mean(axis=0))
    # The mean of equal numbers differs from them in the last digit.
    off = np.where(off <= 1e-12 * np.abs(data).max(axis=0), 0.0, off)
    if seeds == 1:
        return np.full(off.shape, np.nan)
    error = _deviation(data) * math.sqrt(1 + 1 / seeds)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where((off == 0) & (error == 0), 0.0, off / error)
    return np.asarray(2 * special.stdtr(seeds - 1, -distance), np.float64)


def holm(p_values: ArrayLike) -> Floats:
    """Return p values adjusted for multiple tests, in the order given: (m,) in, (m,) out.

    The i-th smallest of m is multiplied by m - i + 1, never falls below its predecessor and never
    exceeds 1; comparing them with alpha keeps the chance of any false alarm at alpha or less.
    Raises `ValueError` unless every p lies in [0, 1].
    Source: Holm (1979), Scandinavian Journal of Statistics 6, 65.
    """
    p = np.asarray(p_values, np.float64)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"p_values must be a row of numbers in [0, 1], got {p_values!r}")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    steps = p[order] * np.arange(len(p), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def wilson_interval(right: ArrayLike, n: int, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval of a share: `right` of `n` independent images.

    right: a number or an array; it need not be whole (a mean over seeds: the images are the same
    ones for every seed, so n is not multiplied by S). Source: Wilson (1927), Journal of the
    American Statistical Association 22, 209; Brown, Cai and DasGupta (2001), equation 4.
    """
    count = np.asarray(right, np.float64)
    if n < 1 or np.any((count < 0) | (count > n)):
        raise ValueError(f"right must lie between 0 and n, n at least 1, got {right!r} of {n}")
    return _wilson(count / n, np.asarray(n, np.float64), confidence)


def image_interval(
    share: ArrayLike, error: ArrayLike, images: float, confidence: float = 0.95
) -> Interval:
    """Return the interval of a given model's accuracy: only its test images are random.

    share: its mean accuracy, () or (k,). error: the standard error over images, as `image_error`
    gives it; bounds are NaN if it is. It is Wilson's interval with the number of images at which
    answers of 0 and 1 would have this error, share * (1 - share) / error^2: `images` with one draw
    of the noise, up to D times as many with D draws. If all images are alike, it is `images`.
    For that number only, half an image that is always right and half an image that never is are
    added, because a few wrong answers say little about how alike images are (noisecore's own
    choice; for 200 images at 0.99 it covers 96 %, and 91 % without).
    Source: Kish (1965), Survey Sampling, section 8.2, for the effective number; Korn and Graubard
    (1998), Survey Methodology 24, 193, for its use in an interval of a share; Franco, Little, Louis
    and Slud (2019), Journal of Survey Statistics and Methodology 7, 334, for Wilson's interval.
    """
    # A mean of ones can exceed 1 in the last digit.
    mean, error = np.clip(np.asarray(share, np.float64), 0, 1), np.asarray(error, np.float64)
    first = (images * mean + 0.5) / (images + 1)
    second = (images * (images * error**2 + mean**2) + 0.5) / (images + 1)
    effective = images * first * (1 - first) / (second - first**2)
    return _wilson(mean, np.where(error == 0, max(images, 1), effective), confidence)


def image_error(right: ArrayLike) -> float:
    """Return the standard error over images of mean accuracy; NaN for no draw or no image.

    right: (D, n), whether the answer of each draw to each image was right. It is s_v / sqrt(n),
    where v is the share of an image's draws that were right, and s_v^2 = mean (v - mean v)^2.
    """
    data = np.asarray(right, np.float64)
    return float(data.mean(axis=0).std() / math.sqrt(data.shape[1])) if data.size else math.nan


def _wilson(share: Floats, n: Floats, confidence: float) -> Interval:
    z = float(special.ndtri(_upper(confidence)))
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # Rounding could move a bound past the share itself if no answer or every answer is right.
    low = np.minimum(np.maximum(centre - half, 0.0), share)
    high = np.maximum(np.minimum(centre + half, 1.0), share)
    return Interval(share, np.asarray(low), np.asarray(high))


def rise_allowance(accuracy: ArrayLike, images: int, slack: float) -> Floats:
    """Return how much mean accuracy may rise from each scale to the next, (k - 1,).

    accuracy: (S, k), scales ascending. The allowance is the greater of `slack` and three standard
    errors of the difference of two means, 3 * sqrt((s_i^2 + s_{i+1}^2) / S), where s is the
    standard deviation over seeds, and at least the binomial sqrt(p(1-p)/images), because a few
    seeds may agree by luck. With one seed, only the binomial one is used. Source: the rule of three
    sigma with the binomial variance of a share; it is noisecore's own choice, and the tests
    simulate its false alarms.
    """
    data = _by_seed(accuracy)
    if data.ndim != 2:
        raise ValueError(f"accuracy must have the shape (seeds, scales), got {data.shape}")
    if images < 1:
        raise ValueError(f"images must be a whole number >= 1, got {images}")
    if not (math.isfinite(slack) and slack >= 0):
        raise ValueError(f"slack must be a finite number >= 0, got {slack}")
    seeds, mean = len(data), data.mean(axis=0)
    # A mean of ones can exceed 1 in the last digit.
    variance = np.maximum(mean * (1 - mean), 0.0) / images
    if seeds > 1:
        variance = np.maximum(variance, _deviation(data) ** 2)
    error = np.sqrt((variance[:-1] + variance[1:]) / seeds)
    return np.asarray(np.maximum(slack, 3 * error), np.float64)


def residual_variance(*sides: Floats) -> float:
    """Return the variance of (S, n) tables beyond that of their rows and columns, pooled over them.

    0 if it cannot be known, with one row in each, or one column.
    Source: Scheffe, The Analysis of Variance (1959), section 4.2.
    """
    squares, freedom = 0.0, 0
    for data in sides:
        rest = data - data.mean(axis=0) - data.mean(axis=1, keepdims=True) + data.mean()
        squares += float((rest**2).sum())
        freedom += (data.shape[0] - 1) * (data.shape[1] - 1)
    return squares / freedom if freedom else 0.0


@dataclass(frozen=True, eq=False)
class Isotonic:
    """A falling fit to a curve: fitted (k,), the curve's greatest distance from it, and p."""

    fitted: Floats
    distance: float
    p: float


def isotonic_test(accuracy: ArrayLike, images: int, *, draws: int = 2000) -> Isotonic:
    """Return the falling curve nearest to mean accuracy, and the p value of "the curve falls".

    accuracy: (S, k), scales ascending, S at least 2. The fit minimises sum w (mean - fit)^2 with
    w = S/s^2, s at least the binomial sqrt(p(1-p)/images); that sum is the statistic. Its null
    distribution is drawn at the flat curve, which rises most by chance of all falling curves. Each
    draw has its own true variances, as far from the estimates as S seeds allow (s^2 (S-1) / chi^2,
    at least the binomial one), and its normal means and estimates follow from these. A p of 1 says
    that the curve already falls. Random numbers have a fixed seed: one curve always gives one p.
    Source: Robertson, Wright and Dykstra (1988), Order Restricted Statistical Inference, ch. 2,
    theorem 2.3.1 for the flat curve; the draws replace its tables, which need known variances.
    """
    from scipy.optimize import isotonic_regression

    data = _by_seed(accuracy)
    if data.ndim != 2 or len(data) < 2:
        raise ValueError(
            f"accuracy must have the shape (2 or more seeds, scales), got {data.shape}"
        )
    seeds, mean = len(data), data.mean(axis=0)
    floor = np.maximum(mean * (1 - mean), 1e-12) / images
    variance = np.maximum(_deviation(data) ** 2, floor) / seeds
    fitted = isotonic_regression(mean, weights=1 / variance, increasing=False).x
    distance = float(np.abs(mean - fitted).max())
    if distance == 0:
        return Isotonic(fitted, 0.0, 1.0)
    statistic = float(((mean - fitted) ** 2 / variance).sum())
    rng, shape = np.random.default_rng(0), (draws, len(mean))
    spread = rng.chisquare(seeds - 1, (2, *shape)) / (seeds - 1)
    true = np.maximum(variance / spread[0], floor / seeds)
    weights = 1 / np.maximum(true * spread[1], floor / seeds)
    means = np.sqrt(true) * rng.standard_normal(shape)
    drawn = (weights * (means - _falling_fits(means, weights)) ** 2).sum(axis=1)
    return Isotonic(fitted, distance, (1 + int((drawn >= statistic).sum())) / (1 + draws))


def _falling_fits(means: Floats, weights: Floats) -> Floats:
    """Return the falling curve nearest to each row, (draws, k); weights: of the same shape.

    The fit at scale i is a minimum over all starts up to i: of the greatest mean from the start to
    an end at i or later. Source: Robertson, Wright and Dykstra (1988), theorem 1.4.4.
    """
    fits = np.full(means.shape, np.inf)
    for start in range(means.shape[1]):
        sums = np.cumsum((weights * means)[:, start:], axis=1)
        ahead = (sums / np.cumsum(weights[:, start:], axis=1))[:, ::-1]
        greatest = np.maximum.accumulate(ahead, axis=1)[:, ::-1]
        fits[:, start:] = np.minimum(fits[:, start:], greatest)
    return fits


def _t_interval(data: Floats, confidence: float, factor: float) -> Interval:
    mean = np.asarray(data.mean(axis=0))
    upper = _upper(confidence)
    if len(data) == 1:
        unknown = np.full(mean.shape, np.nan)
        return Interval(mean, unknown, unknown)
    half = special.stdtrit(len(data) - 1, upper) * _deviation(data) * factor
    return Interval(mean, np.asarray(mean - half), np.asarray(mean + half))


def _deviation(data: Floats) -> Floats:
    """Return the sample standard deviation over seeds; exactly 0 where all seeds agree."""
    return np.where(np.ptp(data, axis=0) == 0, 0.0, data.std(axis=0, ddof=1))


def _by_seed(values: ArrayLike) -> Floats:
    data = np.asarray(values, np.float64)
    if data.ndim not in (1, 2) or len(data) == 0:
        raise ValueError(
            f"values must have the shape (seeds,) or (seeds, scales), got {data.shape}"
        )
    return data


def _upper(confidence: float) -> float:
    return (1 + _checked(confidence)) / 2


def _checked(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    return confidence
