"""A few of a set's test images are always the same ones, and each class has its share."""

from __future__ import annotations

import re

import numpy as np
import pytest

from noisecore.data import DatasetError, choose

# Ten classes, of which one is rare.
UNEVEN = np.random.default_rng(0).choice(10, 5000, p=[0.19, 0.01, *[0.1] * 8])


def shares(labels, images: int) -> list[int]:
    """Return how many of each class are chosen."""
    return np.bincount(labels[choose(labels, images).places]).tolist()


@pytest.mark.parametrize(
    ("counts", "images", "expected"),
    [
        ([50, 30, 20], 10, [5, 3, 2]),
        ([34, 33, 33], 50, [17, 17, 16]),  # 17, 16.5 and 16.5: of two equal, the first class
        ([70, 20, 10], 9, [6, 2, 1]),  # 6.3, 1.8 and 0.9
        ([1, 1, 1], 2, None),
    ],
)
def test_shares(counts, images, expected) -> None:
    """Each class has its share, by the largest remainder, in whatever order the images are."""
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(3), counts))
    if expected is None:
        with pytest.raises(DatasetError):
            choose(labels, images)
        return
    assert shares(labels, images) == expected
    assert choose(labels, images).counts == (images, sum(counts))


def test_same_everywhere() -> None:
    """The places are these on every machine, in every version: baselines rest on them."""
    state = np.random.get_state()[1].copy()
    assert choose(np.arange(40) % 4, 8).places.tolist() == [0, 1, 6, 9, 32, 35, 38, 39]
    assert (np.random.get_state()[1] == state).all()


def test_nested() -> None:
    """So many images are among twice as many, whatever their classes are."""
    for images in range(90, 2500, 7):
        assert set(choose(UNEVEN, images).places) <= set(choose(UNEVEN, 2 * images).places)


def test_what_comes_after() -> None:
    """What a set has after its images changes nothing of which of them are taken."""
    one, two = np.zeros(100, np.int64), np.repeat([0, 1], 100)
    assert choose(one, 10).places.tolist() == choose(two, 20).places[:10].tolist()


@pytest.mark.parametrize("images", [None, 40, 41, 10**9])
def test_whole(images) -> None:
    """As many as there are, or more, are the whole set: nothing is chosen."""
    assert choose(np.arange(40) % 4, images) is None


def test_a_class_without_an_image() -> None:
    """So few that a class would have none are refused; the number that is named would do."""
    said = "20 of 5,000 test images would have none of class 1, "
    with pytest.raises(DatasetError, match=said) as refused:
        choose(UNEVEN, 20)
    line = str(refused.value)
    assert "\n" not in line
    least = int(re.search(r"choose ([\d,]+) images or more$", line)[1].replace(",", ""))
    assert min(shares(UNEVEN, least)) == 1
