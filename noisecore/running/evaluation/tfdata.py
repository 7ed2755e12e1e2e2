"""Images and labels of a `tf.data.Dataset`: whether it is batched, and how long, is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.running.evaluation.given import GivenError

_ENDLESS = -1  # tf.data.INFINITE_CARDINALITY
_ELEMENTS = 64  # how many elements are looked at a second time

Pair = tuple[NDArray[Any], NDArray[Any]]


def read_dataset(dataset: Any) -> Iterator[Pair]:
    """Yield batches of images and labels of a `tf.data.Dataset`, in its order.

    Raises `GivenError` in one line on a set that never ends, holds something else, is empty, or
    gives its first elements in another order when it is asked again.
    """
    cardinality = getattr(dataset, "cardinality", None)
    if cardinality is not None and int(cardinality()) == _ENDLESS:
        raise GivenError(
            "a tf.data.Dataset must end, got one that repeats for ever: leave repeat() out, or "
            "end it with .take(n)"
        )
    first: list[Pair] = []
    batched: bool | None = None
    for element in dataset.as_numpy_iterator():
        pair = _pair(element)
        if batched is None:
            batched = _is_batched(dataset, pair)
        if len(first) < _ELEMENTS:
            first.append(pair)
        x, y = pair
        yield (x, y) if batched else (x[np.newaxis], y[np.newaxis])
    if not first:
        raise GivenError("a tf.data.Dataset must hold one image at least, got none")
    # Only now: a set that can be read once would have lost what was looked at before.
    for old, element in zip(first, dataset.as_numpy_iterator(), strict=False):
        if not all(map(np.array_equal, old, _pair(element))):
            raise GivenError(
                "a tf.data.Dataset must give the same images in the same order each time, got "
                "another first part when it was read again: leave shuffle() and random changes "
                "out, for noise and baseline go by the place of an image"
            )


def _pair(element: Any) -> Pair:
    if not isinstance(element, tuple) or len(element) != 2:
        raise GivenError("a tf.data.Dataset must hold (images, labels), got other elements")
    return np.asarray(element[0]), np.asarray(element[1])


def _is_batched(dataset: Any, pair: Pair) -> bool:
    """Return whether an element is a batch, by the shapes that the set declares."""
    spec = getattr(dataset, "element_spec", None)
    shapes = []
    for place, array in enumerate(pair):
        declared: Any = getattr(spec[place], "shape", None) if isinstance(spec, tuple) else None
        known = declared is not None and declared.rank is not None
        shapes.append(tuple(declared) if known else array.shape)  # an unknown axis is None
    x, y = shapes
    if len(x) != 3:
        return len(x) > 3
    if len(y) != 1:
        return len(y) > 1
    if x[0] is None and y[0] is None:
        return True
    # One image with a one-hot label, or a batch of grey images: the last axis of the one are its
    # colours.
    return x[2] not in (1, 3, 4) and x[0] == y[0]
