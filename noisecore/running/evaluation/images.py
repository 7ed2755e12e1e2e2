"""Images and labels in chunks, whatever they come from, and their way into the noise's units."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.data import class_numbers, load_dataset
from noisecore.noise import BLOCK, FloatArray
from noisecore.running.evaluation.arrays import as_array
from noisecore.running.evaluation.given import GivenError

Units = Literal["range", "own"]
Labels = NDArray[np.int64]

# Images that are held at once: memory follows them, and not the data.
CHUNK = 4 * BLOCK


def read_chunks(x: Any, y: Any) -> Iterator[tuple[NDArray[Any], Labels]]:
    """Yield images and class numbers, `CHUNK` at a time; raise `GivenError` on what is neither."""
    if hasattr(x, "as_numpy_iterator") or isinstance(x, str | Path):
        if y is not None:
            raise GivenError("y must be left out where x brings the labels, got both")
        if isinstance(x, str | Path):
            data = load_dataset(str(x))
            x, y = data.x_test, data.y_test
        else:
            yield from _regrouped(x)
            return
    if y is None:
        raise GivenError("y must be the labels of x, got none")
    images, labels = np.asanyarray(x), np.asarray(y)
    if len(images.shape) == 0 or len(images) != len(labels) or not len(images):
        raise GivenError(
            "x and y must be equally many images and labels, one at least, "
            f"got {images.shape} and {labels.shape}"
        )
    numbers = _numbers(labels)
    for first in range(0, len(images), CHUNK):
        part = slice(first, first + CHUNK)
        yield _checked(images[part]), numbers[part]


def _regrouped(dataset: Any) -> Iterator[tuple[NDArray[Any], Labels]]:
    """Yield the batches of a `tf.data.Dataset` in chunks of another size."""
    images: list[NDArray[Any]] = []
    labels: list[Labels] = []
    held = 0
    for element in dataset.as_numpy_iterator():
        if not isinstance(element, tuple) or len(element) != 2:
            raise GivenError("a tf.data.Dataset must hold (images, labels), got other elements")
        if np.ndim(element[0]) == 3 and np.ndim(element[1]) <= 1:
            element = tuple(np.asarray(part)[np.newaxis] for part in element)  # it is not batched
        images.append(_checked(element[0]))
        labels.append(_numbers(np.asarray(element[1])))
        held += len(images[-1])
        while held >= CHUNK:
            x, y = np.concatenate(images), np.concatenate(labels)
            yield x[:CHUNK], y[:CHUNK]
            images, labels, held = [x[CHUNK:]], [y[CHUNK:]], held - CHUNK
    if held:
        yield np.concatenate(images), np.concatenate(labels)


def _numbers(labels: NDArray[Any]) -> Labels:
    return class_numbers(labels, "y")[0]


def _checked(images: Any) -> NDArray[Any]:
    images = as_array(images, "x")
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise GivenError(
            "x must have the shape (n, height, width) or (n, height, width, channels), nothing "
            f"empty, got {images.shape}"
        )
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise GivenError(f"x must be uint8 or floating, got {images.dtype}: convert it first")
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise GivenError("x must have finite pixels, got NaN or infinity")
    return images


class Pixels:
    """The way from the values of the images to the noise's units, and back."""

    def __init__(self, units: Units, value_range: tuple[float, float] | None) -> None:
        if units not in ("range", "own"):
            raise GivenError(f"units must be 'range' or 'own', got {units!r}")
        if value_range is not None:
            if units == "own":
                raise GivenError("value_range has no meaning with units='own': leave one out")
            low, high = map(float, value_range)
            if not -np.inf < low < high < np.inf:
                raise GivenError(
                    f"value_range must be two ascending numbers such as (0, 255), got {value_range}"
                )
            value_range = low, high
        self._units = units
        self._range = value_range
        self._least, self._greatest = np.inf, -np.inf

    def enter(self, images: NDArray[Any], plain: FloatArray) -> FloatArray:
        """Return float32 images in the noise's units."""
        self._least = min(self._least, float(images.min()))
        self._greatest = max(self._greatest, float(images.max()))
        if self._units == "own":
            return plain
        if self._range is None:
            self._range = (0.0, 255.0) if images.dtype == np.uint8 else (0.0, 1.0)
        low, high = self._range
        if self._least < low or self._greatest > high:
            raise GivenError(
                f"pixels must lie in the value range {low:g} to {high:g}, got {self._least:g} to "
                f"{self._greatest:g}: declare value_range=(least, greatest); or, if the model "
                "takes standardised images, units='own'"
            )
        return (plain - np.float32(low)) / np.float32(high - low)

    def leave(self, noisy: FloatArray) -> FloatArray:
        """Return noisy images in the values that the model takes."""
        if self._units == "own" or self._range is None:
            return noisy
        low, high = self._range
        return noisy * np.float32(high - low) + np.float32(low)

    def check(self) -> None:
        """Raise `GivenError` if all images lie in a small part of their range: scaled twice."""
        if self._units == "range" and self._range is not None:
            low, high = self._range
            if self._greatest - low <= (high - low) / 255:
                raise GivenError(
                    f"pixels must go over the value range {low:g} to {high:g}, got at most "
                    f"{self._greatest:g}: were the images scaled twice? Or declare value_range"
                )

    @property
    def shown(self) -> str:
        """The value range in words."""
        return "own units" if self._range is None else "{:g} to {:g}".format(*self._range)
