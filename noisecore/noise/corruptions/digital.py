"""Corruptions by storing and resizing: JPEG, coarse pixels, and the elastic transform."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.noise.corruptions.resampling import between
from noisecore.noise.families import FloatArray


def jpeg_compression(images: FloatArray, draws: FloatArray, quality: int) -> FloatArray:
    """Store the image as JPEG of a quality, and read it again. Its bits depend on libjpeg."""
    from PIL import Image

    shown: FloatArray = np.empty_like(images)
    grey = images.shape[-1] == 1
    for image, result in zip(images, shown, strict=True):
        levels = image * np.float32(255)
        levels = np.rint(levels, out=levels).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(levels[..., 0] if grey else levels).save(file, "JPEG", quality=quality)
        with Image.open(file, formats=["JPEG"]) as read:
            stored = np.asarray(read).reshape(result.shape)
        np.divide(stored, np.float32(255), out=result, dtype=np.float32)
    return shown


def pixelate(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Shrink each side to a share of it by means over whole pixels, and enlarge it again."""
    size, high, wide, channels = images.shape
    small = images.reshape(size, high, wide * channels)
    backs = []
    for axis, side, values in ((1, high, 1), (2, wide, channels)):
        first, counts, back = _boxes(side, max(1, int(side * share)), values)
        shape = (-1,) + (1,) * (2 - axis)
        total: Any = 0
        # The first pixel comes last: another order of the sum would give other bits than before.
        for number in (*range(1, int(counts.max())), 0):
            # A box that has no pixel of this number gets another's, times 0.
            part = small.take(np.minimum(first + number * values, side * values - 1), axis=axis)
            if (counts <= number).any():
                part *= (counts > number).reshape(shape)
            part += total
            total = part
        small = total
        small /= counts.reshape(shape)
        backs.append(back)
    return small.take(backs[1], axis=2).take(backs[0], axis=1).reshape(images.shape)


@lru_cache(maxsize=64)
def _boxes(
    size: int, small: int, values: int
) -> tuple[NDArray[np.intp], FloatArray, NDArray[np.intp]]:
    """Return the boxes of a shrunk side whose pixels have so many values, for each value of each.

    Where its first pixel is, how many it has, and for each pixel of the side the nearest box. The
    sums are Pillow's own, which say where a pixel on the edge of two boxes is.
    """
    step = size / small
    middle = ((np.arange(small) + 0.5) * step)[:, np.newaxis]
    pixel = np.arange(size)
    place = (pixel - middle + 0.5) * (1 / step)
    within = (place > -0.5) & (place <= 0.5)
    within &= (pixel >= np.trunc(middle - step / 2 + 0.5)) & (
        pixel < np.trunc(middle + step / 2 + 0.5)
    )
    nearest = ((pixel + 0.5) * (small / size)).astype(np.intp)
    value = np.arange(values)
    first, back = (
        (pixels[:, np.newaxis] * values + value).ravel()
        for pixels in (within.argmax(axis=1), nearest)
    )
    return first, within.sum(axis=1).repeat(values).astype(np.float32), back


def elastic_transform(
    images: FloatArray, draws: FloatArray, strength: float, width: float, shift: float
) -> FloatArray:
    """Skew the image, and move each pixel by a smooth field; all three numbers are in pixels.

    Three corners of its middle move by up to `shift`. The field is uniform noise of that strength
    under a Gaussian filter of that width.
    """
    size, high, wide, _ = images.shape
    wobble = draws * np.float32(2) - 1
    skewed = between(images, *_skewed(wobble[:, :6], high, wide, shift), "mirror")
    if not strength:
        return skewed
    field = _smooth_fields(wobble[:, 6:].reshape(size, 2, high, wide), width)
    field *= np.float32(strength)
    field += np.mgrid[:high, :wide].astype(np.float32)
    return between(skewed, field[:, 0], field[:, 1], "reflect")


def _skewed(
    wobble: FloatArray, high: int, wide: int, shift: float
) -> tuple[FloatArray, FloatArray]:
    """Return the rows and columns (n, height, width) that a skewed image takes its pixels from."""
    middle = np.array([wide // 2, high // 2])
    arm = min(high, wide) // 3
    corners = middle + arm * np.array([[1, 1], [1, -1], [-1, -1]])
    moved = corners + wobble.reshape(-1, 3, 2).astype(np.float64) * shift
    # The map carries the corners to where they moved; its inverse says where a pixel comes from.
    one, other = (moved[:, 1] - moved[:, 2]) / (2 * arm), (moved[:, 0] - moved[:, 1]) / (2 * arm)
    size = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    size = np.where(np.abs(size) < 1e-9, 1e-9, size).reshape(-1, 1, 1)
    row, column = np.mgrid[:high, :wide]
    here = moved[:, 1].reshape(-1, 2, 1, 1)
    column, row = column - here[:, 0], row - here[:, 1]
    a, c = (each.reshape(-1, 1, 1) for each in one.T)
    b, d = (each.reshape(-1, 1, 1) for each in other.T)
    columns = (d * column - b * row) / size + corners[1, 0]
    rows = (a * row - c * column) / size + corners[1, 1]
    return rows.astype(np.float32), columns.astype(np.float32)


def _smooth_fields(fields: FloatArray, width: float) -> FloatArray:
    """Return fields (n, 2, height, width) under a Gaussian filter cut at three widths, reflected.

    In the cosine transform such a filter is one factor for each wave, whatever its width.
    """
    from scipy import fft

    high, wide = fields.shape[2:]
    factor = (_waves(high, width)[:, np.newaxis] * _waves(wide, width)).astype(np.float32)
    smooth = np.empty_like(fields)
    for field, result in zip(fields, smooth, strict=True):
        waves: Any = fft.dctn(field, axes=(1, 2))
        waves *= factor
        result[...] = fft.idctn(waves, axes=(1, 2))
    return smooth


@lru_cache(maxsize=64)
def _waves(size: int, width: float) -> NDArray[np.float64]:
    reach = int(3 * width + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-(offsets**2) / (2 * width**2)) if width else np.ones(1)
    weights /= weights.sum()
    waves = np.cos(np.pi * np.arange(size)[:, np.newaxis] * offsets / size)
    factors: NDArray[np.float64] = waves @ weights
    return factors
