"""The train-by-test matrix of a curve: every model at every test scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisecore.judging.statistics import Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Matrix:
    """Accuracy and loss of every model at every test scale, (S, train scales, test scales).

    NaN where a trial failed, is missing, or was not evaluated at that test scale.
    """

    name: str
    train_scales: Floats
    test_scales: Floats
    seeds: tuple[int, ...]
    accuracy: Floats
    loss: Floats

    @property
    def mean(self) -> Floats:
        """Mean accuracy over the seeds, (train scales, test scales); NaN where one is missing."""
        return np.asarray(self.accuracy.mean(axis=0))

    @property
    def diagonal(self) -> Floats:
        """The matched curve's accuracy, (S, train scales)."""
        diagonal = np.full(self.accuracy.shape[:2], np.nan)
        for i, scale in enumerate(self.train_scales):
            for j in np.flatnonzero(self.test_scales == scale):
                diagonal[:, i] = self.accuracy[:, i, j]
        return diagonal

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell and seed: train_scale, test_scale, seed, accuracy, loss."""
        cells: tuple[NDArray[Any], ...] = tuple(
            np.meshgrid(self.seeds, self.train_scales, self.test_scales, indexing="ij")
        )
        return pd.DataFrame(
            {
                "train_scale": cells[1].ravel(),
                "test_scale": cells[2].ravel(),
                "seed": cells[0].ravel(),
                "accuracy": self.accuracy.ravel(),
                "loss": self.loss.ravel(),
            }
        ).sort_values(["train_scale", "test_scale", "seed"], ignore_index=True)
