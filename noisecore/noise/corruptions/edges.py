"""Edges of images, by Canny's method: slopes, their crests, and what hangs together with them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.noise.families import FloatArray

Mask = NDArray[np.bool_]


def fine_edges(images: FloatArray, sigma: float, low: float, high: float) -> Mask:
    """Return the edges of grey images (n, height, width), smoothed first.

    Crests are found by interpolating between neighbours, as scikit-image does; none is on the rim.
    """
    from scipy.ndimage import gaussian_filter

    widths = (0.0, sigma, sigma)
    smooth = gaussian_filter(images, widths, mode="constant", output=np.float32)
    # Beyond the edge there is nothing: what is missing there is no darkness.
    share = gaussian_filter(np.ones_like(images[:1]), widths, mode="constant", output=np.float32)
    down, right = _slopes(smooth / share, "reflect")
    slope = np.sqrt(down * down + right * right)
    crest = np.zeros(images.shape, bool)
    inside = (slice(None), slice(1, -1), slice(1, -1))
    steep = np.abs(down) >= np.abs(right)
    along = np.where(steep, down, right)
    across = np.where(steep, right, down)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.abs(across / along)[inside]
    same = ((along >= 0) == (across >= 0))[inside]
    upright, middle = steep[inside], slope[inside]
    ahead = np.where(upright, _at(slope, 1, 0), _at(slope, 0, 1))
    behind = np.where(upright, _at(slope, -1, 0), _at(slope, 0, -1))
    other = np.where(upright, _at(slope, 1, -1), _at(slope, -1, 1))
    other_behind = np.where(upright, _at(slope, -1, 1), _at(slope, 1, -1))
    corner = np.where(same, _at(slope, 1, 1), other)
    corner_behind = np.where(same, _at(slope, -1, -1), other_behind)
    crest[inside] = (
        (corner * share + ahead * (1 - share) <= middle)
        & (corner_behind * share + behind * (1 - share) <= middle)
        & (middle > 0)
    )
    return _connected(crest & (slope >= low), crest & (slope >= high))


def coarse_edges(levels: FloatArray, low: float, high: float) -> Mask:
    """Return the edges of images of grey levels in 0..255, (n, height, width), not smoothed.

    Crests are found among whole pixels in four directions, as OpenCV does.
    """
    down, right = _slopes(levels, "nearest")
    slope = np.zeros((len(levels), levels.shape[1] + 2, levels.shape[2] + 2), np.float32)
    middle = slope[:, 1:-1, 1:-1]
    middle[...] = np.abs(down) + np.abs(right)
    flat = np.abs(down) < np.abs(right) * np.float32(np.tan(np.pi / 8))
    upright = np.abs(down) > np.abs(right) * np.float32(np.tan(3 * np.pi / 8))
    falling = (down < 0) == (right < 0)
    sideways = (middle > _at(slope, 0, -1)) & (middle >= _at(slope, 0, 1))
    up = (middle > _at(slope, -1, 0)) & (middle >= _at(slope, 1, 0))
    one = (middle > _at(slope, -1, -1)) & (middle > _at(slope, 1, 1))
    other = (middle > _at(slope, -1, 1)) & (middle > _at(slope, 1, -1))
    crest = np.where(flat, sideways, np.where(upright, up, np.where(falling, one, other)))
    return _connected(crest & (middle > low), crest & (middle > high))


def _at(slope: FloatArray, row: int, column: int) -> FloatArray:
    """Return the neighbours in a direction of all pixels but those of the rim."""
    high, wide = slope.shape[1:]
    return slope[:, 1 + row : high - 1 + row, 1 + column : wide - 1 + column]


def _slopes(images: FloatArray, border: Any) -> tuple[FloatArray, FloatArray]:
    """Return the slopes down and to the right, by Sobel's weights."""
    from scipy.ndimage import correlate1d

    def slope(axis: int, other: int) -> FloatArray:
        change = correlate1d(images, [-1, 0, 1], axis=axis, mode=border)
        return np.asarray(correlate1d(change, [1, 2, 1], axis=other, mode=border), np.float32)

    return slope(1, 2), slope(2, 1)


def _connected(weak: Mask, strong: Mask) -> Mask:
    """Return the weak pixels that hang together with a strong one of the same image."""
    from scipy.ndimage import label

    neighbours = np.zeros((3, 3, 3), int)
    neighbours[1] = 1
    parts: Any
    parts, count = label(weak, neighbours)
    kept = np.zeros(count + 1, bool)
    kept[parts[strong]] = True
    kept[0] = False
    connected: Mask = kept[parts]
    return connected
