"""Read images and labels in groups, whatever they come from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.data import class_numbers, load_test
from noisecore.noise import BLOCK
from noisecore.running.evaluation.arrays import as_array
from noisecore.running.evaluation.elements import elements_of
from noisecore.running.evaluation.frameworks import is_torch
from noisecore.running.evaluation.given import GivenError
from noisecore.running.evaluation.images import CHUNK, Labels
from noisecore.running.evaluation.layout import Layout

Group = tuple[NDArray[Any], Labels]


def group_sizes(batch: int, *, blocks: bool) -> list[int]:
    """Return how many images are held at once: the sizes of the groups that make up a chunk.

    A group is a batch; with `blocks` it is as few whole blocks of noise as hold whole batches.
    """
    ends = {CHUNK, *range(batch, CHUNK, batch)}
    if blocks:
        ends &= {CHUNK, *range(BLOCK, CHUNK, BLOCK)}
    ordered = sorted(ends)
    return [end - first for first, end in zip([0, *ordered], ordered, strict=False)]


def read_groups(x: Any, y: Any, layout: Layout, sizes: list[int]) -> Iterator[Group]:
    """Yield images, channels last, and class numbers, in groups of these sizes, over and over.

    Raises `GivenError` on what is neither.
    """
    elements = elements_of(x, layout)
    if (elements is not None or isinstance(x, str | Path)) and y is not None:
        raise GivenError("y must be left out where x brings the labels, got both")
    if elements is not None:
        parts = ((_checked(as_array(a, "x"), layout), _numbers(b)) for a, b in elements)
        yield from _regrouped(parts, sizes)
        return
    if isinstance(x, str | Path):
        x, y = load_test(str(x))
    if y is None:
        raise GivenError("y must be the labels of x, got none")
    # A tensor is converted piece by piece, just as a file on disk is read.
    images, labels = x if is_torch(x, "Tensor") else as_array(x, "x"), as_array(y, "y")
    if labels.ndim > 2 >= len(images.shape):
        raise GivenError(
            f"y must be labels, (n,), got {labels.dtype} {labels.shape}: are x and y swapped?"
        )
    if len(images.shape) == 0 or np.shape(labels)[:1] != images.shape[:1] or not len(images):
        raise GivenError(
            "x and y must hold as many labels as images, and at least one of each, "
            f"got {tuple(images.shape)} and {labels.shape}"
            + (": for one image give x[None] and [y]" if labels.ndim == 0 else "")
        )
    numbers = _numbers(labels)
    first = 0
    for size in cycle(sizes):
        if first >= len(images):
            return
        part = slice(first, first + size)
        yield _checked(as_array(images[part], "x"), layout), numbers[part]
        first += size


def _regrouped(parts: Iterator[Group], sizes: list[int]) -> Iterator[Group]:
    """Yield images and labels, which come in parts of any size, in groups of these."""
    held: list[Group] = []
    wanted = cycle(sizes)
    left = next(wanted)
    shape: tuple[int, ...] | None = None
    for images, labels in parts:
        shape = shape or images.shape[1:]
        if images.shape[1:] != shape:
            raise GivenError(
                f"all images must have one shape, got {shape} and then {images.shape[1:]}"
            )
        first = 0
        while len(images) - first >= left:
            held.append((images[first : first + left], labels[first : first + left]))
            yield _together(held)
            first, held, left = first + left, [], next(wanted)
        if first < len(images):
            held.append((images[first:], labels[first:]))
            left -= len(images) - first
    if held:
        yield _together(held)


def _together(parts: list[Group]) -> Group:
    if len(parts) == 1:
        return parts[0]
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _numbers(labels: Any) -> Labels:
    return class_numbers(as_array(labels, "y"), "y")[0]


def _checked(images: NDArray[Any], layout: Layout) -> NDArray[Any]:
    if images.ndim not in (3, 4) or 0 in images.shape:
        remedy = f": {layout.advice.for_rows(images.shape[1])}" if images.ndim == 2 else ""
        raise GivenError(
            "x must have the shape (n, height, width) or (n, height, width, channels), nothing "
            f"empty, got {images.shape}{remedy}"
        )
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise GivenError(
            f"x must be uint8 or floating, got {images.dtype}: give x.astype('uint8') for pixels "
            "of 0 to 255, else x.astype('float32') and value_range=(least, greatest)"
        )
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise GivenError("x must have finite pixels, got NaN or infinity")
    return layout.last(images)
