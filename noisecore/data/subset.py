"""A few of a set's test images: always the same ones, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noisecore.data.dataset import Dataset, DatasetError
from noisecore.noise import Stream


@dataclass(frozen=True, eq=False)
class Subset:
    """Some of the images of a set.

    places: (k,), where they are in the set, ascending. whole: how many images the set has.
    """

    places: NDArray[np.intp]
    whole: int

    @property
    def counts(self) -> tuple[int, int]:
        """How many images there are, of how many: what records keep."""
        return len(self.places), self.whole


def choose(labels: NDArray[np.int64], images: int | None) -> Subset | None:
    """Return so many of a set's images; None for the whole set, if it has no more of them.

    Each class has its share, by the largest remainder. Within a class, the images with the least
    keys are taken: so they are among twice as many. (Among a few more they may not be, because
    rounding can take an image back from a class.) An image's key depends on its place alone, as its
    noise does: not on its pixels, which differ where one model takes bytes and another standardised
    images, and not on what the set has after it.

    labels: (n,), the class numbers. Raises `DatasetError` if a class would have no image.
    """
    if images is None or images >= len(labels):
        return None
    classes, members, counts = np.unique(labels, return_inverse=True, return_counts=True)
    taken, rest = np.divmod(images * counts, len(labels))
    taken[np.argsort(-rest, kind="stable")[: images - taken.sum()]] += 1
    if not taken.all():
        lacking = int(taken.argmin())
        raise DatasetError(
            f"{images:,} of {len(labels):,} test images would have none of class "
            f"{classes[lacking]}, which has {counts[lacking]:,}: choose "
            f"{-(-len(labels) // int(counts.min())):,} images or more"
        )
    # Raw numbers of the generator: NumPy promises that these stay the same.
    keys = Stream(0, "images").generator(0).bit_generator.random_raw(len(labels))
    order = np.lexsort((keys, members))  # class by class
    ranks = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return Subset(np.sort(order[ranks < np.repeat(taken, counts)]), len(labels))


def labels_of(dataset: Dataset | None, counts: tuple[int, int] | None) -> NDArray[np.int64] | None:
    """Return the labels of the images of a subset, or of all; None without a data set."""
    if dataset is None:
        return None
    chosen = choose(dataset.y_test, counts and counts[0])
    return dataset.y_test if chosen is None else dataset.y_test[chosen.places]
