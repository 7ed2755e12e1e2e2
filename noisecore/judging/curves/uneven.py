"""A curve whose scales have different seeds: a run trained as many as the verdict on it needed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisecore.judging.curves.curve import Curve, Point
from noisecore.judging.curves.fields import takes_nothing
from noisecore.judging.statistics import Floats, Interval, mean_interval


@dataclass(frozen=True, eq=False, kw_only=True)
class UnevenCurve(Curve):
    """A curve of which some scales have fewer seeds than others (`--noise-seeds=auto`).

    unwanted: (S, k), the trials that the run did without: their NaN is no failure, and no figure
    counts them.
    """

    unwanted: NDArray[np.bool_]

    @property
    def mean_accuracy(self) -> Floats:
        """Mean accuracy over the seeds of each scale, (k,); NaN where one is missing."""
        return np.array([point.mean for point in self._points])

    @property
    def mean_loss(self) -> Floats:
        """Mean loss over the seeds of each scale, (k,); NaN where one is missing."""
        return np.array([point.mean_loss for point in self._points])

    @property
    def interval(self) -> Interval:
        """The 95 % interval of mean accuracy, (k,): Student's t over the seeds of each scale."""
        each = [mean_interval(point.accuracy) for point in self._points]
        low, high = (np.array([getattr(one, name) for one in each]) for name in ("low", "high"))
        return Interval(self.mean_accuracy, low, high)

    @property
    def complete(self) -> bool:
        """Whether every trial that the run wanted gave its figures."""
        there = np.isfinite(self.accuracy) & np.isfinite(self.loss)
        return bool((there | self.unwanted).all())

    @property
    def _points(self) -> list[Point]:
        return [self.at(scale) for scale in self.scales.tolist()]

    def at(self, scale: float) -> Point:
        """Return the figures of the seeds at one scale; raise as `Curve.at` does."""
        point = super().at(scale)
        there = ~self.unwanted[:, self.scales == point.scale][:, 0]
        return replace(
            point,
            seeds=tuple(seed for seed, here in zip(self.seeds, there, strict=True) if here),
            accuracy=point.accuracy[there],
            loss=point.loss[there],
        )

    def without_zero(self) -> Curve:
        """Return the curve without scale 0; raise as `Curve.without_zero` does."""
        found = super().without_zero()
        assert isinstance(found, UnevenCurve)  # `replace` keeps the class
        return replace(found, unwanted=self.unwanted[:, np.isin(self.scales, found.scales)])

    @takes_nothing("write the frame, curve.to_frame().to_csv(path)")
    def to_frame(self) -> pd.DataFrame:
        """Return one row per scale and seed of it: scale, seed, accuracy, loss."""
        frame = super().to_frame()
        return frame[~self.unwanted.T.ravel()].reset_index(drop=True)
