"""Marks on the image: stripes, lines, and nothing but its edges."""

from __future__ import annotations

import numpy as np

from noisecore.noise.corruptions.edges import fine_edges
from noisecore.noise.families import FloatArray

_REACH = np.float32(2.3)  # pixels from a line's middle to where it ends


def stripe(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Turn a share of the columns at the left and at the right into their negative."""
    wide = round(images.shape[2] * share)
    striped = images.copy()
    for part in (slice(0, wide), slice(images.shape[2] - wide, None)):
        striped[:, :, part] = 1 - images[:, :, part]
    return striped


def dotted_line(images: FloatArray, draws: FloatArray, period: int) -> FloatArray:
    """Draw a dotted line from the left edge to the right one, between two rows drawn at random.

    period: columns from one dot to the next; a dot has half of them.
    """
    high, wide = images.shape[1:3]
    left, right = np.floor(draws[:, :2].T * np.float32(high - 1))
    column = np.arange(wide, dtype=np.float32)
    rows = left[:, np.newaxis] + (right - left)[:, np.newaxis] * (column / np.float32(wide - 1))
    line = _ink(np.abs(np.arange(high, dtype=np.float32)[:, np.newaxis] - rows[:, np.newaxis]))
    line[..., np.arange(wide) // (period // 2) % 2 == 0] = 0
    line[..., -1] = 0  # a line ends before its last column
    return images + line[..., np.newaxis]


def _ink(distance: FloatArray) -> FloatArray:
    """Return how dark a line is at a vertical distance from its middle."""
    with np.errstate(divide="ignore"):
        ink = np.log(1 - np.minimum(distance, _REACH) / _REACH) + 1
    clipped: FloatArray = np.clip(ink, 0, 1)
    return clipped


def zigzag(images: FloatArray, draws: FloatArray, tooth: int) -> FloatArray:
    """Draw a zigzag line from left to right, from a row drawn at random to one nearby.

    tooth: columns from one tooth to the next; a tooth is half as high.
    """
    high, wide = images.shape[1:3]
    start = np.floor(draws[:, 0] * np.float32(high - 1))
    rise = np.floor(draws[:, 1] * np.float32(10)) - 5
    columns, rows = _corners(rise.astype(np.float64), wide - 5, tooth)
    rows += start
    columns += 2
    drawing = np.zeros((len(images), high, wide + 1), np.float32)
    every = np.arange(len(images))[:, np.newaxis]
    row = np.arange(high)
    for piece in range(len(columns) - 1):
        (x, next_x), (y, next_y) = columns[piece : piece + 2], rows[piece : piece + 2]
        first, last = np.floor(x), np.ceil(next_x)
        at = first[:, np.newaxis] + np.arange(int((last - first).max()))
        slope = (next_y - y) / np.where(next_x > x, next_x - x, 1)
        middle = y[:, np.newaxis] + slope[:, np.newaxis] * (at - x[:, np.newaxis])
        drawn = (next_x > x)[:, np.newaxis] & (at < last[:, np.newaxis]) & (at >= 0) & (at < wide)
        into = np.where(drawn, at, wide).astype(np.intp)  # the rest goes beyond the edge
        ink = _ink(np.abs(row - middle[..., np.newaxis]).astype(np.float32))
        drawing[every, :, into] += ink
    return images + np.minimum(drawing[:, :, :wide], 1)[..., np.newaxis]


def _corners(rise: np.ndarray, run: int, tooth: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns and rows (points, n) of the corners, from the line's start.

    A line may have a corner less than another: its last point is then there twice.
    """
    angle = np.arctan2(rise, run)
    length = run / np.cos(angle)
    half = tooth / 2
    most = int((length.max() - half) // tooth)
    along, aside = [np.zeros_like(rise)], [np.zeros_like(rise)]
    end_aside = np.zeros_like(rise)
    for number in range(most + 1):
        side = half * (-1) ** number
        here = tooth * number + half
        inside = here <= length
        end_aside = np.where(inside, side, end_aside)
        along.append(np.where(inside, here, length))
        aside.append(np.where(inside, side, np.nan))
    # As published; but where the line ends at the end of a tooth, no farther out than a corner.
    end_aside = end_aside / np.maximum(2 * (length % tooth), 1)
    aside = [np.where(np.isnan(each), end_aside, each) for each in [*aside, end_aside]]
    x, y = np.stack([*along, length]), np.stack(aside)
    return x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)


def canny_edges(
    images: FloatArray, draws: FloatArray, sigma: float, low: float, high: float
) -> FloatArray:
    """Keep nothing but the edges, white on black: Canny's method on the mean of the channels."""
    grey = images[..., 0] if images.shape[-1] == 1 else images.mean(axis=-1)
    edges = fine_edges(grey, sigma, low, high).astype(np.float32)
    return np.repeat(edges[..., np.newaxis], images.shape[-1], axis=-1)
