"""Blurs: out of focus, through frosted glass, in motion."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.noise.corruptions.resampling import correlated, enlarged, moved_sum, smoothed
from noisecore.noise.families import FloatArray

EIGHT_BITS = np.float32(255)
# What float32 may lose of a whole number of grey levels.
_LOST = np.float32(1e-3)


def cut_down(images: FloatArray) -> FloatArray:
    """Return the images cut down to the grey level below, as a cast to uint8 does."""
    levels: FloatArray = np.clip(images, 0, 1) * EIGHT_BITS
    levels += _LOST
    np.floor(levels, out=levels)
    levels /= EIGHT_BITS
    return levels


def gaussian_blur(images: FloatArray, draws: FloatArray, sigma: float) -> FloatArray:
    """Blur with a Gaussian kernel of that width, in pixels."""
    return smoothed(images, sigma)


def defocus_blur(images: FloatArray, draws: FloatArray, radius: float, soft: float) -> FloatArray:
    """Blur with a disc of a radius in pixels, whose rim is softened by a Gaussian."""
    return correlated(images, _disc(radius, soft))


@lru_cache(maxsize=32)
def _disc(radius: float, soft: float) -> NDArray[np.float64]:
    from scipy.ndimage import correlate1d

    half, reach = (8, 1) if radius <= 8 else (int(radius), 2)
    line = np.arange(-half, half + 1)
    disc = (line[:, np.newaxis] ** 2 + line**2 <= radius**2).astype(np.float64)
    disc /= disc.sum()
    rim = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * soft**2))
    for axis in (0, 1):
        disc = correlate1d(disc, rim / rim.sum(), axis=axis, mode="mirror")
    disc[disc < 1e-9] = 0
    used = np.flatnonzero(disc.any(axis=0))
    return disc[used[0] : used[-1] + 1, used[0] : used[-1] + 1]


def glass_blur(
    images: FloatArray,
    draws: FloatArray,
    sigma: float,
    reach: int,
    rounds: int,
    upright: bool = False,
) -> FloatArray:
    """Blur, put pixels in each other's place within a reach, so many rounds, and blur again.

    Pixel after pixel, from the last to the first, a colour pixel takes the colour of one nearby,
    and a grey one changes places with it, as the published scripts do. upright: blur the columns
    alone, and let every second pixel stay, as MNIST-C does.
    """
    blurred = cut_down(smoothed(images, sigma, across=not upright))
    size, high, wide, channels = blurred.shape
    sources = _walked(draws, high, wide, reach, rounds, swap=channels == 1, half=upright)
    every = np.arange(size)[:, np.newaxis] * (high * wide)
    mixed = blurred.reshape(-1, channels).take(every + sources.T, axis=0)
    return smoothed(mixed.reshape(images.shape), sigma, across=not upright)


def _walked(
    draws: FloatArray, high: int, wide: int, reach: int, rounds: int, *, swap: bool, half: bool
) -> NDArray[np.intp]:
    """Return (pixels, n): from which pixel each one comes after the walks."""
    size = len(draws)
    steps, pixels = _wave(high, wide, reach)
    side = 2 * reach
    moves = draws.T.reshape(rounds, high * wide, size)
    sources = np.repeat(np.arange(high * wide)[:, np.newaxis], size, axis=1).ravel()
    every = np.arange(size)
    here = pixels[:, np.newaxis] * size + every
    for drawn in moves:
        code = (drawn[pixels] * np.float32(side * side * (1 + half))).astype(np.intp)
        row, column = np.divmod(code % (side * side), side)
        there = (row - reach) * wide + column - reach
        if half:
            there[code >= side * side] = 0
        there *= size
        there += here
        for first, last in steps:
            one, other = here[first:last], there[first:last]
            taken = sources[other]
            if swap:
                sources[other] = sources[one]
            sources[one] = taken
    return sources.reshape(-1, size)


@lru_cache(maxsize=16)
def _wave(high: int, wide: int, reach: int) -> tuple[list[tuple[int, int]], NDArray[np.intp]]:
    """Return the pixels of a walk in an order with the same result, and its steps, (first, last).

    The walk goes from the last pixel to the first. The pixels of a step are so far apart that they
    reach no pixel in common, so they may go at once: each row runs behind the one below it.
    """
    rows, columns = np.mgrid[high - reach : reach : -1, wide - reach : reach : -1]
    time = ((high - reach - rows) * (2 * reach) + wide - reach - columns).ravel()
    order = np.argsort(time, kind="stable")
    edges = np.flatnonzero(np.diff(time[order], prepend=-1, append=-1)).tolist()
    pixels = (rows * wide + columns).ravel()[order]
    return list(pairwise(edges)), pixels


def motion_blur(
    images: FloatArray,
    draws: FloatArray,
    radius: float,
    sigma: float,
    degrees: tuple[float, float] = (-45, 45),
) -> FloatArray:
    """Blur along a line that starts at the pixel, at an angle drawn between two."""
    return along(images, angles(draws[:, 0], degrees), radius, sigma)


def angles(draws: FloatArray, degrees: tuple[float, float]) -> NDArray[np.float64]:
    """Return angles in radians, drawn evenly between two in degrees."""
    low, high = degrees
    return np.deg2rad(low + (high - low) * draws.astype(np.float64))


def along(
    images: FloatArray, angle: NDArray[np.float64], radius: float, sigma: float
) -> FloatArray:
    """Return the images blurred along a line at an angle each."""
    step = np.arange(2 * math.ceil(radius) + 1)
    weights = np.exp(-(step**2) / (2 * sigma**2))
    used: Any = weights > 1e-7 * weights.sum()  # the others change no float32
    weights, step = (weights / weights.sum())[used].astype(np.float32), step[used]
    columns = np.ceil(step * np.cos(angle)[:, np.newaxis] - 0.5).astype(np.intp)
    rows = np.ceil(step * np.sin(angle)[:, np.newaxis] - 0.5).astype(np.intp)
    return moved_sum(images, weights, rows, columns)


def zoom_blur(images: FloatArray, draws: FloatArray, step: float, count: int) -> FloatArray:
    """Return the mean of the image and of its middle enlarged, by 1 to 1 + step * (count - 1).

    The image itself counts twice, as in the published scripts.
    """
    total = images * np.float32(2)
    for number in range(1, count):
        total += enlarged(images, 1 + number * (1 + step - 1))
    total /= np.float32(count + 1)
    return total
