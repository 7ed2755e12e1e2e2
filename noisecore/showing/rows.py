"""A curve as rows for people: what the plot, the table and results.json show at each scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from noisecore.judging.curves import Curve
from noisecore.judging.statistics import mean_interval
from noisecore.showing.markdown import number


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean over the seeds that have a value, with its 95 % t interval.

    seeds: how many these are. deviation: their sample standard deviation. Mean is NaN without a
    seed; deviation, low and high are NaN with fewer than two.
    """

    mean: float
    low: float
    high: float
    deviation: float
    seeds: int

    @property
    def half(self) -> float:
        """Half the width of the interval: what stands behind a plus-minus sign."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, kw_only=True)
class Row:
    """A curve at one scale; `missing` seeds were asked for and have no value there."""

    scale: float
    accuracy: Estimate
    loss: Estimate
    missing: int


def estimate(values: ArrayLike) -> Estimate:
    """Return the estimate of (S,) values, of which NaN and infinite ones do not count.

    The gates do not accept what is missing; a picture or a table shows what there is, with the
    number of its seeds beside it.
    """
    data = np.asarray(values, np.float64)
    data = data[np.isfinite(data)]
    if not data.size:
        return Estimate(mean=math.nan, low=math.nan, high=math.nan, deviation=math.nan, seeds=0)
    interval = mean_interval(data)
    return Estimate(
        mean=float(interval.estimate),
        low=float(interval.low),
        high=float(interval.high),
        deviation=float(data.std(ddof=1)) if data.size > 1 else math.nan,
        seeds=data.size,
    )


def shown_estimate(estimate: Estimate) -> str:
    """Return a mean with what stands behind a plus-minus sign, where there is any."""
    half = estimate.half
    return number(estimate.mean) + ("" if math.isnan(half) else f" ± {half:.4f}")


def curve_rows(curve: Curve) -> list[Row]:
    """Return the curve's rows, scales ascending, scale 0 included."""
    rows = []
    for place, scale in enumerate(curve.scales.tolist()):
        # All draws of one measurement have its figures: it has been made once.
        counted = slice(1) if scale in curve.once else slice(None)
        accuracy = estimate(curve.accuracy[counted, place])
        rows.append(
            Row(
                scale=scale,
                accuracy=accuracy,
                loss=estimate(curve.loss[counted, place]),
                missing=len(curve.accuracy[counted]) - accuracy.seeds,
            )
        )
    return rows
