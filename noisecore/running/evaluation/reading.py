"""Images and labels in chunks, whatever they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.data import class_numbers, load_dataset
from noisecore.running.evaluation.arrays import as_array, is_torch
from noisecore.running.evaluation.given import GivenError
from noisecore.running.evaluation.images import CHUNK, Labels
from noisecore.running.evaluation.layout import COLOURS, Channels, Layout

Shape = Sequence[int | None]


def read_chunks(x: Any, y: Any, layout: Layout) -> Iterator[tuple[NDArray[Any], Labels]]:
    """Yield images, channels last, and class numbers, `CHUNK` at a time.

    Raises `GivenError` on what is neither.
    """
    if hasattr(x, "as_numpy_iterator") or isinstance(x, str | Path):
        if y is not None:
            raise GivenError("y must be left out where x brings the labels, got both")
        if isinstance(x, str | Path):
            data = load_dataset(str(x))
            x, y = data.x_test, data.y_test
        else:
            yield from _regrouped(x, layout)
            return
    if y is None:
        raise GivenError("y must be the labels of x, got none")
    # A tensor is converted piece by piece, as what lies on a disk is read.
    images, labels = x if is_torch(x, "Tensor") else as_array(x, "x"), as_array(y, "y")
    if len(images.shape) == 0 or np.shape(labels)[:1] != images.shape[:1] or not len(images):
        raise GivenError(
            "x and y must be equally many images and labels, one at least, "
            f"got {tuple(images.shape)} and {labels.shape}"
        )
    numbers = _numbers(labels)
    for first in range(0, len(images), CHUNK):
        part = slice(first, first + CHUNK)
        yield _checked(images[part], layout), numbers[part]


def _regrouped(dataset: Any, layout: Layout) -> Iterator[tuple[NDArray[Any], Labels]]:
    """Yield the elements of a `tf.data.Dataset` in chunks of another size."""
    if hasattr(dataset, "cardinality") and int(dataset.cardinality()) == -1:
        raise GivenError(
            "a tf.data.Dataset must have an end, got one that repeats for ever: leave .repeat() "
            "out, or give the number of its elements that are tested, .take(n)"
        )
    images: list[NDArray[Any]] = []
    labels: list[Labels] = []
    seen: list[bytes] = []
    held = total = 0
    batched = None
    # Nothing is read before the pass itself: what can be read only once loses no element.
    for element in dataset.as_numpy_iterator():
        if not isinstance(element, tuple) or len(element) != 2:
            raise GivenError("a tf.data.Dataset must hold (images, labels), got other elements")
        if batched is None:
            batched = is_batched(*_shapes(dataset, element), layout.data)
        if total < CHUNK:
            seen.append(_digest(element))
        x, y = (np.asarray(part) if batched else np.asarray(part)[np.newaxis] for part in element)
        if x.shape[:1] != y.shape[:1]:
            raise GivenError(
                "each batch of a tf.data.Dataset must be equally many images and labels, "
                f"got {x.shape} and {y.shape}"
            )
        images.append(_checked(x, layout))
        labels.append(_numbers(y))
        held, total = held + len(x), total + len(x)
        while held >= CHUNK:
            x, y = np.concatenate(images), np.concatenate(labels)
            yield x[:CHUNK], y[:CHUNK]
            images, labels, held = [x[CHUNK:]], [y[CHUNK:]], held - CHUNK
    if not total:
        raise GivenError(
            "a tf.data.Dataset must hold one image at least, got an empty one: was it read before?"
        )
    if held:
        yield np.concatenate(images), np.concatenate(labels)
    _check_order(dataset, seen, total)


def is_batched(images: Shape, labels: Shape, channels: Channels) -> bool:
    """Return whether a `tf.data.Dataset` of elements of these shapes holds batches.

    None is a length that the set does not know, as that of its batches mostly is.
    """
    if len(images) != 3:
        return len(images) != 2
    if len(labels) != 1:
        return len(labels) > 1
    both_unknown = images[0] is None and labels[0] is None
    if images[-1 if channels == "last" else 0] in COLOURS:
        return both_unknown  # an image with its channels, and a one-hot label or one of shape (1,)
    return images[0] == labels[0]


def _shapes(dataset: Any, element: Any) -> tuple[Shape, Shape]:
    """Return what a set says of its elements' shapes; if it does not know, those of `element`."""
    try:
        images, labels = (tuple(part.shape) for part in dataset.element_spec)
    except (AttributeError, TypeError, ValueError):
        images, labels = (np.shape(part) for part in element)
    return images, labels


def _check_order(dataset: Any, seen: list[bytes], images: int) -> None:
    """Raise `GivenError` if the first elements of a set are others when it is read again.

    Few elements fall into their old order by chance, so that they are read several times. A set
    that is empty by now, or fails, can be read only once, and is taken as it is.
    """
    count = len(seen) if len(seen) > 1 else images
    for _ in range(1 if count > 5 else 7):
        try:
            again = [_digest(each) for each in islice(dataset.as_numpy_iterator(), len(seen))]
        except Exception:
            return  # all elements were had: that there is no second pass is no fault of theirs
        if not again:
            return
        if again != seen:
            raise GivenError(
                "a tf.data.Dataset must give the same images in the same order each time, got "
                "others when read again: noise and baseline know an image by its place, so leave "
                "shuffle and random augmentation out"
            )


def _digest(element: Any) -> bytes:
    digest = hashlib.sha256()
    for part in map(np.asarray, element):
        digest.update(f"{part.dtype} {part.shape}".encode() + part.tobytes())
    return digest.digest()


def _numbers(labels: NDArray[Any]) -> Labels:
    return class_numbers(labels, "y")[0]


def _checked(given: Any, layout: Layout) -> NDArray[Any]:
    images = as_array(given, "x")
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise GivenError(
            "x must have the shape (n, height, width) or (n, height, width, channels), nothing "
            f"empty, got {images.shape}"
        )
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise GivenError(f"x must be uint8 or floating, got {images.dtype}: convert it first")
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise GivenError("x must have finite pixels, got NaN or infinity")
    return layout.last(images)
