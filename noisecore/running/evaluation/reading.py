"""Read images and labels in groups, whatever they come from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.data import Subset, choose, class_numbers, load_test
from noisecore.noise import BLOCK
from noisecore.running.evaluation.arrays import as_array
from noisecore.running.evaluation.elements import Element, elements_of
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


def read_groups(
    x: Any, y: Any, layout: Layout, sizes: list[int], images: int | None = None
) -> tuple[Subset | None, Iterator[Group]]:
    """Return images, channels last, and class numbers, in groups of these sizes, over and over.

    images: how many are taken, None for all. Which they are is returned first, None for all; the
    labels decide it, so a data set is read twice, and is never held as a whole.
    Raises `GivenError`, also while they are read, on what is neither.
    """
    elements = elements_of(x, layout)
    if (elements is not None or isinstance(x, str | Path)) and y is not None:
        raise GivenError("y must be left out where x brings the labels, got both")
    if elements is not None:
        chosen = None
        if images is not None:
            numbers = np.concatenate([_numbers(labels) for _, labels in elements])
            chosen = choose(numbers, images)
            elements = _again(elements_of(x, layout) or iter(()), numbers, chosen)
        parts = ((_checked(as_array(a, "x"), layout), _numbers(b)) for a, b in elements)
        return chosen, _regrouped(parts, sizes)
    if isinstance(x, str | Path):
        x, y = load_test(str(x))
    if y is None:
        raise GivenError("y must be the labels of x, got none")
    # A tensor is converted piece by piece, just as a file on disk is read.
    pixels, labels = x if is_torch(x, "Tensor") else as_array(x, "x"), as_array(y, "y")
    if labels.ndim > 2 >= len(pixels.shape):
        raise GivenError(
            f"y must be labels, (n,), got {labels.dtype} {labels.shape}: are x and y swapped?"
        )
    if len(pixels.shape) == 0 or np.shape(labels)[:1] != pixels.shape[:1] or not len(pixels):
        raise GivenError(
            "x and y must hold as many labels as images, and at least one of each, "
            f"got {tuple(pixels.shape)} and {labels.shape}"
            + (": for one image give x[None] and [y]" if labels.ndim == 0 else "")
        )
    numbers = _numbers(labels)
    chosen = choose(numbers, images)
    return chosen, _sliced(pixels, numbers, chosen, layout, sizes)


def _sliced(
    pixels: Any, numbers: Labels, chosen: Subset | None, layout: Layout, sizes: list[int]
) -> Iterator[Group]:
    """Yield the chosen images of an array, and their class numbers, in groups of these sizes."""
    first, end = 0, len(numbers if chosen is None else chosen.places)
    for size in cycle(sizes):
        if first >= end:
            return
        part: Any = slice(first, first + size)
        part = part if chosen is None else chosen.places[part]
        yield _checked(as_array(pixels[part], "x"), layout), numbers[part]
        first += size


def _again(
    elements: Iterator[Element], numbers: Labels, chosen: Subset | None
) -> Iterator[Element]:
    """Yield the chosen images of a data set that is read again; numbers: its labels of before.

    Raises `GivenError` if it cannot be read again, or gives other labels.
    """
    places = np.arange(len(numbers)) if chosen is None else chosen.places
    first = 0
    try:
        for pixels, labels in elements:
            start, end = np.searchsorted(places, (first, first + len(labels)))
            here = places[start:end] - first
            if not np.array_equal(_numbers(labels)[here], numbers[places[start:end]]):
                raise GivenError("the labels have changed")
            if len(here):
                yield pixels[here], labels[here]
            first += len(labels)
            if first > places[-1]:
                return
        raise GivenError(f"it ended after {first} images")
    except GivenError as error:
        raise GivenError(
            "images= reads a data set twice, because its labels decide which images are taken, got "
            f"one that differs when read again ({error}): leave images out, or give arrays"
        ) from None


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
