"""Corruptions of single pixels: noise that is added, multiplied in, or put in their place.

A corruption takes images, float32 (n, height, width, channels) in [0, 1], and what was drawn for
each of them, (n, numbers); what it returns is clipped afterwards.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.noise.families import FloatArray

_STEPS = 1020  # brightnesses in [0, 1] that Poisson noise tells apart: four to a grey level
_BINS = 1024


def gaussian_noise(images: FloatArray, draws: FloatArray, sd: float) -> FloatArray:
    """Add independent normal noise of a standard deviation to every value."""
    return images + draws.reshape(images.shape) * np.float32(sd)


def uniform_noise(images: FloatArray, draws: FloatArray, half: float) -> FloatArray:
    """Add independent uniform noise between -half and half to every value."""
    return images + (draws.reshape(images.shape) - np.float32(0.5)) * np.float32(2 * half)


def speckle_noise(images: FloatArray, draws: FloatArray, sd: float) -> FloatArray:
    """Add independent normal noise in proportion to the value itself."""
    factor = draws.reshape(images.shape) * np.float32(sd)
    factor += 1
    factor *= images
    return factor


def impulse_noise(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Replace a share of the values, half by 0 and half by 1, each channel for itself."""
    dice = draws.reshape(images.shape)
    return _replaced(images, dice, share)


def salt_and_pepper(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Replace a share of the pixels, half by black and half by white."""
    dice = draws.reshape(*images.shape[:3], 1)
    return _replaced(images, dice, share)


def _replaced(images: FloatArray, dice: FloatArray, share: float) -> FloatArray:
    half = np.float32(share / 2)
    replaced = np.where(dice < half, np.float32(0), images)
    np.copyto(replaced, np.float32(1), where=dice >= 1 - half)
    return replaced


def shot_noise(images: FloatArray, draws: FloatArray, count: float) -> FloatArray:
    """Replace each value by a Poisson number of mean count * value, divided by count.

    The number is the quantile that was drawn: one draw serves every count, and the result grows
    with it. Values are told apart in steps of a quarter of a grey level.
    """
    below, guide, clear = _poisson(count)
    dice = draws.reshape(images.shape)
    level = np.rint(images * np.float32(_STEPS)).astype(np.int32)
    at = level * _BINS + (dice * np.float32(_BINS)).astype(np.int32)
    found = guide.take(at)
    # In most bins of the guide there is one answer; in the others count on from the least.
    places = np.flatnonzero(~clear.take(at))
    levels, numbers, wanted = level.flat[places], found.flat[places], dice.flat[places]
    left = np.arange(len(places))
    while len(left):
        more = below[levels[left], numbers[left]] <= wanted[left]
        left = left[more]
        numbers[left] += 1
    found.flat[places] = numbers
    noisy: FloatArray = found.astype(np.float32)
    noisy /= np.float32(count)
    return noisy


@lru_cache(maxsize=5)
def _poisson(count: float) -> tuple[FloatArray, NDArray[np.int16], NDArray[np.bool_]]:
    """Return the Poisson distribution of each brightness, and a guide to its quantiles.

    Cumulated, (levels, numbers), its last column above 1; for each of `_BINS` bins of probability
    the least number in it, and whether it is the only one.
    """
    from scipy.special import pdtr

    means = np.arange(_STEPS + 1) * (count / _STEPS)
    most = int(count + 8 * np.sqrt(count) + 16)
    below: Any = pdtr(np.arange(most)[np.newaxis], means[:, np.newaxis]).astype(np.float32)
    below[:, -1] = 2
    edges = np.arange(_BINS + 1, dtype=np.float32) / _BINS
    least: Any = np.stack([np.searchsorted(row, edges, side="right") for row in below])
    least = np.minimum(least, most - 1).astype(np.int16)
    return below, least[:, :-1].ravel(), (least[:, :-1] == least[:, 1:]).ravel()
