"""Data sets that hold images and labels together: those of `tf.data` and of PyTorch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from noisecore.callables import told
from noisecore.running.evaluation.arrays import as_array
from noisecore.running.evaluation.frameworks import is_torch
from noisecore.running.evaluation.given import GivenError
from noisecore.running.evaluation.images import CHUNK
from noisecore.running.evaluation.layout import COLOURS, Channels, Layout

# For a set without a length: how many elements are remembered, how many images in a row, the same
# as at the start, show that it begins again, and after how many images it is taken as endless.
_REMEMBERED = 2000
_REPEATED = 1000
_ENDLESS = 2_000_000

Shape = Sequence[int | None]
Element = tuple[Any, Any]


@dataclass(frozen=True)
class _Set:
    """A data set of either library.

    name: what it is called. read: gives its elements, again each time. batched: whether an element
    is a batch, None if only the first one shows it. endless, shuffled: whether it is, as far as
    the set itself knows; both are refused. sized: whether it knows how many elements it has.
    """

    name: str
    read: Callable[[], Iterator[Any]]
    batched: bool | None
    endless: bool = False
    shuffled: bool = False
    sized: bool = True
    shapes: Callable[[], Sequence[Shape]] | None = None


def elements_of(x: Any, layout: Layout) -> Iterator[Element] | None:
    """Return a data set's batches of images and labels, None if it is not a data set.

    A single image becomes a batch of one. Raises `GivenError`, while it is read, on a set that
    never ends, changes when it is read again, or holds other things.
    """
    held = _set_of(x)
    return None if held is None else _read(held, layout)


def _set_of(x: Any) -> _Set | None:
    if hasattr(x, "as_numpy_iterator"):
        count = int(x.cardinality()) if hasattr(x, "cardinality") else -2
        return _Set(
            "tf.data.Dataset", x.as_numpy_iterator, None, count == -1, sized=count >= 0,
            shapes=lambda: [tuple(part.shape) for part in x.element_spec],
        )  # fmt: skip
    if is_torch(x, "utils.data.DataLoader"):
        shuffled = is_torch(x.sampler, "utils.data.RandomSampler")
        batched = x.batch_sampler is not None
        sized = not is_torch(x.dataset, "utils.data.IterableDataset")
        return _Set("DataLoader", lambda: iter(x), batched, shuffled=shuffled, sized=sized)
    if is_torch(x, "utils.data.IterableDataset"):
        return _Set("Dataset", lambda: iter(x), False, sized=False)
    if is_torch(x, "utils.data.Dataset"):
        return _Set("Dataset", lambda: (x[i] for i in range(len(x))), False)
    return None


def _read(held: _Set, layout: Layout) -> Iterator[Element]:
    if held.endless:
        raise GivenError(
            f"a {held.name} must have an end, got one that repeats for ever: leave .repeat() "
            "out, or give the number of its elements that are tested, .take(n)"
        )
    end = None if held.sized else _End(held.name)
    if held.shuffled:
        raise _other_order(held.name)
    seen: list[bytes] = []
    total = 0
    batched = held.batched
    # Nothing is read before the real pass: a set that can be read only once loses no element.
    for element in _elements(held):
        if not isinstance(element, tuple | list) or len(element) != 2:
            raise GivenError(f"a {held.name} must hold (images, labels), got {_described(element)}")
        if batched is None:
            batched = is_batched(*_shapes(held, element), layout.data)
        if total < CHUNK:
            seen.append(_digest(element))
        x, y = _batch(element, batched=batched, name=held.name)
        total += len(x)
        if end is not None:
            end.look(_digest(element), len(x))
        yield x, y
    if not total:
        raise GivenError(
            f"a {held.name} must hold one image at least, got an empty one: was it read before?"
        )
    _check_order(held, seen, total)


def _elements(held: _Set) -> Iterator[Any]:
    """Yield the elements of a set; raise `GivenError` in one line if it fails itself."""
    try:
        yield from held.read()
    except GivenError:
        raise
    except Exception as error:  # whatever a user's own set raises
        raise GivenError(f"the {held.name} could not give its images: {told(error)}") from error


class _End:
    """Looks for the end of a set that does not know its length: does it begin again?"""

    def __init__(self, name: str) -> None:
        self._name = name
        self._first: list[bytes] = []
        self._images = self._repeated = self._place = 0

    def look(self, digest: bytes, images: int) -> None:
        """Raise `GivenError` if the set repeats its beginning, or does not come to an end."""
        self._images += images
        if self._place < len(self._first) and digest == self._first[self._place]:
            self._place += 1
            self._repeated += images
        else:
            again = bool(self._first) and digest == self._first[0]
            self._place, self._repeated = int(again), images * again
        if len(self._first) < _REMEMBERED:
            self._first.append(digest)
        if self._repeated >= _REPEATED or self._images > _ENDLESS:
            what = "begins again" if self._repeated >= _REPEATED else "goes on"
            raise GivenError(
                f"a {self._name} must have an end, got one that {what} after {self._images} "
                "images: end it after its last image"
            )


def _batch(element: Sequence[Any], *, batched: bool, name: str) -> Element:
    x, y = as_array(element[0], "x"), as_array(element[1], "y")
    if not batched:
        x, y = x[np.newaxis], y[np.newaxis]
    if x.shape[:1] != y.shape[:1]:
        raise GivenError(
            f"each batch of a {name} must hold as many labels as images, "
            f"got {y.shape} and {x.shape}"
        )
    return x, y


def _described(element: Any) -> str:
    if isinstance(element, tuple | list):
        return f"{len(element)} things in one element"
    if isinstance(element, dict):
        return f"a dict of {', '.join(map(str, element))}: map it to such pairs"
    return f"elements of {type(element).__name__}"


def is_batched(images: Shape, labels: Shape, channels: Channels) -> bool:
    """Return whether a `tf.data.Dataset` of elements of these shapes holds batches.

    None is a length that the set does not know, as is usual for the length of its batches.
    """
    if len(images) != 3:
        return len(images) != 2
    if len(labels) != 1:
        return len(labels) > 1
    both_unknown = images[0] is None and labels[0] is None
    if images[-1 if channels == "last" else 0] in COLOURS:
        return both_unknown  # an image with its channels, and a one-hot label or one of shape (1,)
    return images[0] == labels[0]


def _shapes(held: _Set, element: Any) -> tuple[Shape, Shape]:
    """Return the shapes that a set gives for its elements, or those of `element` if it has none."""
    try:
        if held.shapes is not None:
            images, labels = held.shapes()
            return images, labels
    except (AttributeError, TypeError, ValueError):
        pass  # a set of unknown shapes
    return np.shape(element[0]), np.shape(element[1])


def _check_order(held: _Set, seen: list[bytes], images: int) -> None:
    """Raise `GivenError` if the first elements of a set differ when it is read again.

    A few elements may be in their old order by chance, so they are read several times. A set that
    is now empty, or fails, can be read only once, and is accepted.
    """
    count = len(seen) if len(seen) > 1 else images
    for _ in range(1 if count > 5 else 7):
        try:
            again = [_digest(each) for each in islice(held.read(), len(seen))]
        except Exception:  # whatever a set raises that can be read once
            return  # all elements were read: that there is no second pass is not a mistake
        if not again:
            return
        if again != seen:
            raise _other_order(held.name)


def _other_order(name: str) -> GivenError:
    return GivenError(
        f"a {name} must give the same images in the same order each time, got "
        "other images when read again: noise and baseline know an image by its place, so leave "
        "shuffle and random augmentation out"
    )


def _digest(element: Any) -> bytes:
    digest = hashlib.sha256()
    for part in (as_array(each, "x") for each in element):
        digest.update(f"{part.dtype} {part.shape}".encode() + part.tobytes())
    return digest.digest()
