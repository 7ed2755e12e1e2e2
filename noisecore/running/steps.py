"""The training steps of a model: many in one call where that is possible, else one by one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.noise import FloatArray
from noisecore.running import compat

# What one call takes at most: nothing can be interrupted before it returns, and its images are
# copied. The numbers do not depend on it.
SECONDS = 0.5
BYTES = 2**23


class Steps:
    """Takes the training steps of a compiled model, with the numbers of `train_on_batch`.

    A step in Python costs 0.9 ms more than in a loop of TensorFlow: more than a small network's
    arithmetic.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._step = compat.training_step(model)
        self._loop: compat.Loop | None = None
        self._size: int | None = None  # images in a batch of the loop
        self._most = 1

    def take(
        self, images: FloatArray, labels: NDArray[np.int64], batches: NDArray[np.int64]
    ) -> Iterator[tuple[float, float]]:
        """Yield loss and accuracy of a step for each batch; batches, (steps, images), by index."""
        bound = max(1, BYTES // (images[:1].nbytes * batches.shape[1]))
        while len(batches):
            start = time.perf_counter()
            taken, batches = batches[: self._most], batches[self._most :]
            yield from self._take(images[taken], labels[taken])
            seconds = time.perf_counter() - start
            self._most = min(bound, int(len(taken) * SECONDS / seconds) + 1)

    def _take(self, images: FloatArray, labels: NDArray[np.int64]) -> Iterator[tuple[float, float]]:
        size = labels.shape[1]
        if self._size is None:
            self._size = size
            self._loop = compat.training_loop(self._model, images, labels)
        if size == self._size and self._loop is not None:
            yield from self._loop(images, labels).tolist()
            return
        for batch in zip(images, labels, strict=True):
            self._model.reset_metrics()  # some versions of Keras do it at every batch, others never
            figures = self._step(*batch)
            yield float(figures["loss"]), float(figures["accuracy"])
