"""A curve as rows: what the plot, the table and results.json show at each scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from noisecore.judging.curves.curve import Curve
from noisecore.judging.statistics import image_interval, mean_interval


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean over the seeds that have a value, with its 95 % interval.

    The interval is Student's t over the seeds; with over_images, it is a given model's interval
    over its test images. seeds: how many seeds, or draws, have a value. deviation: their sample
    standard deviation. Mean is NaN without a seed; deviation, and bounds over seeds, are NaN with
    fewer than two.
    """

    mean: float
    low: float
    high: float
    deviation: float
    seeds: int
    over_images: bool = False

    @property
    def half(self) -> float:
        """Half the width of the interval: the number after a plus-minus sign."""
        return (self.high - self.low) / 2

    @property
    def arms(self) -> tuple[float, float]:
        """How far the interval reaches below the mean and above it: 0 if it is not known."""
        if math.isnan(self.low):
            return 0.0, 0.0
        over_seeds = self.half, self.half
        return (self.mean - self.low, self.high - self.mean) if self.over_images else over_seeds


@dataclass(frozen=True, kw_only=True)
class Row:
    """A curve at one scale; `missing` counts the seeds that should have a value there."""

    scale: float
    accuracy: Estimate
    loss: Estimate
    missing: int


def estimate(values: ArrayLike) -> Estimate:
    """Return the estimate of (S,) values; NaN and infinite ones do not count.

    The gates do not accept missing values; a picture or a table shows the values that exist, with
    the number of their seeds.
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


def curve_rows(curve: Curve) -> list[Row]:
    """Return the curve's rows, scales ascending, scale 0 included."""
    rows = []
    given = curve.replicates == "draws"
    for place, scale in enumerate(curve.scales.tolist()):
        # If all draws are the same measurement, it was made once and counts once.
        counted = slice(1) if scale in curve.once else slice(None)
        point = curve.at(scale)
        accuracy, loss = (estimate(each[counted]) for each in (point.accuracy, point.loss))
        if given:
            error = math.nan if curve.image_error is None else curve.image_error[place]
            bounds = image_interval(accuracy.mean, error, curve.images)
            low, high = float(bounds.low), float(bounds.high)
            accuracy = replace(accuracy, low=low, high=high, over_images=True)
            # Records do not hold the loss of each image, so its spread over images is unknown.
            loss = replace(loss, low=math.nan, high=math.nan)
        rows.append(
            Row(
                scale=scale,
                accuracy=accuracy,
                loss=loss,
                missing=len(point.accuracy[counted]) - accuracy.seeds,
            )
        )
    return rows
