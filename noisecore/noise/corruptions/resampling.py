"""Images taken at other places: between pixels, enlarged, moved, smoothed."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.noise.families import FloatArray

Border = Literal["zero", "nearest", "mirror", "reflect"]
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # how bright red, green and blue look
_FAR = np.float32(1e6)  # pixels: farther than any image is wide, and whole in float32


def between(
    images: FloatArray, rows: FloatArray, columns: FloatArray, border: Border
) -> FloatArray:
    """Return the images at these places, which lie between pixels (bilinear).

    rows, columns: (n or 1, height, width), the same places for all channels. border: what is beyond
    the edge: 0, the edge's pixels, or the image mirrored about its last pixel ("mirror") or behind
    it ("reflect").
    """
    size, high, wide, channels = images.shape
    flat = images.reshape(-1, channels)
    first = (np.arange(size) * (high * wide)).reshape(-1, 1, 1)
    out = np.zeros((size, *rows.shape[1:], channels), np.float32)
    around = _neighbours(columns, wide, border)
    for row_at, row_weight in _neighbours(rows, high, border):
        start = row_at * wide + first
        for column_at, column_weight in around:
            part = flat.take(start + column_at, axis=0)
            part *= (row_weight * column_weight)[..., np.newaxis]
            out += part
    return out


def _neighbours(places: FloatArray, size: int, border: Border) -> list[tuple[Any, FloatArray]]:
    """Return the pixels before and after places on a side, and how much of each is seen there."""
    near: FloatArray = np.clip(places, -_FAR, _FAR)
    whole = np.floor(near)
    near -= whole
    first = whole.astype(np.intp)
    found = []
    for at, weight in ((first, 1 - near), (first + 1, near)):
        seen = weight * ((at >= 0) & (at < size)) if border == "zero" else weight
        found.append((_folded(at, size, border), seen))
    return found


def _folded(at: NDArray[np.intp], size: int, border: Border) -> Any:
    """Return places folded back into 0..size-1."""
    if border in ("zero", "nearest"):
        return np.clip(at, 0, size - 1)
    period = 2 * (size - 1) if border == "mirror" else 2 * size
    if at.size and (at.min() < -size or at.max() >= period):
        at = at % period  # it is slow, and few images are moved so far
    if border == "mirror":
        at = np.abs(at)
        return np.minimum(at, period - at)
    at = np.where(at < 0, -1 - at, at)
    return np.minimum(at, period - 1 - at)


def turned(images: FloatArray, matrix: FloatArray, border: Border) -> FloatArray:
    """Return the images under a linear map about their centre.

    matrix: (n or 1, 2, 2), from (column, row) of the result, less the centre, to that of the image.
    """
    high, wide = images.shape[1:3]
    row, column = _grid(high, wide)
    middle_row, middle_column = (high - 1) / 2, (wide - 1) / 2
    row, column = row - np.float32(middle_row), column - np.float32(middle_column)
    m = matrix.astype(np.float32)[..., np.newaxis, np.newaxis]
    columns = m[:, 0, 0] * column + m[:, 0, 1] * row + np.float32(middle_column)
    rows = m[:, 1, 0] * column + m[:, 1, 1] * row + np.float32(middle_row)
    return between(images, rows, columns, border)


def _grid(high: int, wide: int) -> tuple[FloatArray, FloatArray]:
    row = np.arange(high, dtype=np.float32).reshape(1, -1, 1)
    column = np.arange(wide, dtype=np.float32).reshape(1, 1, -1)
    return row, column


def enlarged(images: FloatArray, factor: float) -> FloatArray:
    """Return the middle of the images, enlarged by a factor to their size."""
    high = _stretch(images.shape[1], factor)
    wide = _stretch(images.shape[2], factor)
    return _mixed(_mixed(images, *high, axis=1), *wide, axis=2)


@lru_cache(maxsize=256)
def _stretch(size: int, factor: float) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
    """Return for each pixel of an enlarged side its two neighbours, and the second's weight.

    The first and last pixel of the part that is enlarged stay the first and last.
    """
    part = math.ceil(size / factor)
    grown = round(part * factor)
    place = (np.arange(size) + (grown - size) // 2) * ((part - 1) / max(grown - 1, 1))
    first = np.minimum(place.astype(np.intp), max(part - 2, 0))
    start = (size - part) // 2
    second = np.minimum(first + 1, part - 1)
    return start + first, start + second, (place - first).astype(np.float32)


def _mixed(images: FloatArray, first: Any, second: Any, weight: Any, *, axis: int) -> FloatArray:
    shape = (-1,) + (1,) * (images.ndim - 1 - axis)
    low = images.take(first, axis=axis)
    part: FloatArray = images.take(second, axis=axis)
    part -= low
    part *= weight.reshape(shape)
    part += low
    return part


def smoothed(
    images: FloatArray, sigma: float, *, truncate: float = 4.0, across: bool = True
) -> FloatArray:
    """Return the images under a Gaussian filter of that width, continued by their edge's pixels.

    across: filter the rows too, not the columns alone.
    """
    from scipy.ndimage import gaussian_filter

    widths = (0.0, sigma, sigma if across else 0.0, 0.0)
    blurred: FloatArray = gaussian_filter(
        images, widths, mode="nearest", truncate=truncate, output=np.float32
    )
    return blurred


def correlated(images: FloatArray, kernel: NDArray[np.float64]) -> FloatArray:
    """Return the images correlated with an odd kernel, mirrored about their edge's pixels."""
    up, left = (size // 2 for size in kernel.shape)
    if np.count_nonzero(kernel) > 60:
        return _transformed(images, kernel)
    high, wide = images.shape[1:3]
    padded = padded_by(images, up, left, "mirror")
    out = np.zeros_like(images)
    for row, column in zip(*np.nonzero(kernel), strict=True):
        part = padded[:, row : row + high, column : column + wide]
        out += part * np.float32(kernel[row, column])
    return out


def _transformed(images: FloatArray, kernel: NDArray[np.float64]) -> FloatArray:
    """Correlate by Fourier transform, image by image: so no image depends on its neighbours."""
    from scipy import fft

    up, left = (size // 2 for size in kernel.shape)
    high, wide = images.shape[1:3]
    size = [fft.next_fast_len(high + 2 * up, True), fft.next_fast_len(wide + 2 * left, True)]
    factor = np.conj(fft.rfft2(kernel.astype(np.float32), size))
    out = np.empty_like(images)
    for clean, result in zip(images, out, strict=True):
        padded = padded_by(clean[np.newaxis], up, left, "mirror")[0]
        planes = np.ascontiguousarray(padded.transpose(2, 0, 1))
        done = fft.irfft2(fft.rfft2(planes, size) * factor, size)
        result[...] = done[:, :high, :wide].transpose(1, 2, 0)
    return out


def padded_by(images: FloatArray, rows: int, columns: int, border: Border) -> FloatArray:
    """Return the images continued by this many rows and columns on every side."""
    high, wide = images.shape[1:3]
    row_at = _folded(np.arange(-rows, high + rows), high, border)
    column_at = _folded(np.arange(-columns, wide + columns), wide, border)
    continued: FloatArray = images.take(row_at, axis=1).take(column_at, axis=2)
    return continued


def moved_sum(
    images: FloatArray, weights: FloatArray, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> FloatArray:
    """Return the weighted sum of the images moved by whole pixels, each by moves of its own.

    weights: (k,). rows, columns: (n, k), where the pixel is that comes in. Beyond the edge an image
    is continued by the edge's pixels.
    """
    size, high, wide, channels = images.shape
    up, left = int(np.abs(rows).max()), int(np.abs(columns).max())
    lines = padded_by(images, up, left, "nearest").reshape(size, high + 2 * up, -1)
    views: Any = np.lib.stride_tricks.sliding_window_view(
        lines, (high, wide * channels), axis=(1, 2)
    )
    every = np.arange(size)
    out = np.zeros((size, high, wide * channels), np.float32)
    for weight, row, column in zip(weights, (rows + up).T, (columns + left).T, strict=True):
        part = views[every, row, column * channels]
        part *= weight
        out += part
    return out.reshape(images.shape)
