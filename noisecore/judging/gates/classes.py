"""Which classes fell most against a baseline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from noisecore.judging.baselines import Comparison

_NAMED = 3


def fallen_classes(comparison: Comparison, labels: NDArray[np.int64] | None) -> list[str]:
    """Return a line with the classes that fell most; empty if none fell, or none are known.

    labels: (images,), the class number of each test image. What counts is the mean over the noisy
    scales, or accuracy on clean images if there are no noisy scales.
    """
    if labels is None or not comparison.new.size or len(labels) != comparison.images:
        return []
    at = comparison.noisy if comparison.noisy.any() else slice(None)
    new, old = (side[:, at].mean(axis=(0, 1)) for side in (comparison.new, comparison.baseline))
    changes = {int(k): float((new - old)[labels == k].mean()) for k in np.unique(labels)}
    worst = sorted((change, k) for k, change in changes.items() if change < 0)[:_NAMED]
    if not worst or len(changes) < 2:
        return []
    named = ", ".join(f"class {k} by {-100 * change:.2f}" for change, k in worst)
    return [f"fell most: {named} points of accuracy"]
