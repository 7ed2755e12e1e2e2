"""Parts of the image that are missing: a covered square, dead and hot pixels, dropped rows.

What a severity covers, every greater one covers too.
"""

from __future__ import annotations

import numpy as np

from noisecore.noise.families import FloatArray


def cutout(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Cover a square of mid grey whose side is a share of the shorter side of the image."""
    high, wide = images.shape[1:3]
    half = share * min(high, wide) / 2
    # The middle is anywhere, so that at the rim a part of the square is outside.
    middle = draws[:, :2].astype(np.float64) * (high, wide)
    row = np.abs(np.arange(high) + 0.5 - middle[:, :1]) < half
    column = np.abs(np.arange(wide) + 0.5 - middle[:, 1:]) < half
    covered = row[:, :, np.newaxis] & column[:, np.newaxis]
    return np.where(covered[..., np.newaxis], np.float32(0.5), images)


def dead_pixels(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Turn a share of the pixels black, in all channels."""
    return _filled(images, draws.reshape(*images.shape[:3], 1) < share, 0)


def hot_pixels(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Turn a share of the pixels white, in all channels."""
    return _filled(images, draws.reshape(*images.shape[:3], 1) < share, 1)


def dropped_rows(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Turn a share of the rows black."""
    return _filled(images, draws.reshape(len(images), -1, 1, 1) < share, 0)


def _filled(images: FloatArray, where: np.ndarray, value: float) -> FloatArray:
    return np.where(where, np.float32(value), images)
