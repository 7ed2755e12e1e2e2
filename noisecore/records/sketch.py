"""A sketch of images: a few numbers that rounding hardly changes, and that other images do change.

A hash tells whether two runs have seen the same images to the bit. Another processor may round
differently; then the sketch tells whether the images are the same but for that.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Image i adds to sum i % _GROUPS.
_GROUPS = 8

# How far two sums of the same images may lie apart, as a share of the standard deviation of the
# pixels. Rounding moves them by a millionth; where another JPEG library sets a hundredth of all
# pixels a grey level higher or lower, by a few thousandths. Noise from another file, or of half the
# strength, moves them by about the standard deviation of what differs.
_NEAR = 0.01


class Sketch:
    """Takes in images in groups of any size, and gives the same sketch whatever the size.

    The sums add some pixels and subtract the others. Which ones looks random, but is the same for
    all images. So a change shows in the sums, whether it is one of brightness or of noise.

    Example:
        >>> sketch = Sketch()
        >>> sketch.update(np.arange(32, dtype=np.float32).reshape(2, 4, 4, 1) % 2)
        >>> len(sketch.values), sketch.values[0]
        (9, 0.5)
    """

    def __init__(self) -> None:
        self._sums = np.zeros(_GROUPS)
        self._counts = np.zeros(_GROUPS)
        self._total: Any = 0.0
        self._squares: Any = 0.0
        self._images = 0

    def update(self, images: NDArray[Any]) -> None:
        """Take in the next images, (n, ...)."""
        flat = images.reshape(len(images), math.prod(images.shape[1:]))
        signs = _signs(flat.shape[1])
        for image in flat:  # one at a time, so that the sums do not depend on the groups
            pixels = image.astype(np.float64)
            group = self._images % _GROUPS
            self._sums[group] += pixels @ signs
            self._counts[group] += len(pixels)
            self._total += pixels.sum()
            self._squares += pixels @ pixels
            self._images += 1

    @property
    def values(self) -> tuple[float, ...]:
        """The standard deviation of all pixels; the sums, each over the root of its pixels."""
        sums = self._sums / np.sqrt(np.maximum(self._counts, 1))
        count = max(self._counts.sum(), 1)
        spread = math.sqrt(max(self._squares / count - (self._total / count) ** 2, 0))
        return tuple(float(f"{value:.9g}") for value in (spread, *sums))


def sketch_of(images: NDArray[Any]) -> tuple[float, ...]:
    """Return the sketch of images, (n, ...)."""
    sketch = Sketch()
    sketch.update(images)
    return sketch.values


def are_near(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether two sketches are of the same images, but for rounding."""
    if len(one) != len(other):
        return False
    spread = max(one[0], other[0])
    return all(abs(a - b) <= _NEAR * spread for a, b in zip(one, other, strict=True))


@lru_cache(maxsize=8)
def _signs(pixels: int) -> NDArray[np.float64]:
    """Return a sign for each pixel, 1 or -1, which are the same everywhere."""
    shaken = hashlib.shake_128(b"noisecore").digest(-(-pixels // 8))
    bits = np.unpackbits(np.frombuffer(shaken, np.uint8), count=pixels)
    return np.where(bits, 1.0, -1.0)
