"""Images moved, turned, shrunk or sheared about their centre; black comes in from outside."""

from __future__ import annotations

import numpy as np

from noisecore.noise.corruptions.resampling import turned
from noisecore.noise.families import FloatArray


def _signs(draws: FloatArray) -> FloatArray:
    return np.where(draws < 0.5, np.float32(-1), np.float32(1))


def _matrices(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    return np.stack([a, b, c, d], axis=-1).reshape(-1, 2, 2)


def rotate(images: FloatArray, draws: FloatArray, angle: float) -> FloatArray:
    """Turn the image by an angle in radians, to the left or to the right."""
    turn = _signs(draws[:, 0]) * np.float32(angle)
    matrix = _matrices(np.cos(turn), -np.sin(turn), np.sin(turn), np.cos(turn))
    return turned(images, matrix, "zero")


def shear(images: FloatArray, draws: FloatArray, angle: float) -> FloatArray:
    """Lean the image by an angle in radians, to the left or to the right.

    Its columns get longer by 1 / cos(angle), as in the scikit-image that MNIST-C was made with.
    """
    lean = _signs(draws[:, 0]) * np.float32(angle)
    matrix = _matrices(np.ones_like(lean), -np.sin(lean), np.zeros_like(lean), np.cos(lean))
    return turned(images, matrix, "zero")


def scale(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Shrink the image to a share of its sides."""
    matrix = np.array([[[1 / share, 0], [0, 1 / share]]], np.float32)
    return turned(images, matrix, "zero")


def translate(images: FloatArray, draws: FloatArray, pixels: int) -> FloatArray:
    """Move the image by this many pixels, up or down, and to the left or to the right."""
    high, wide = images.shape[1:3]
    moved = np.zeros_like(images)
    kept = [
        (slice(pixels, None), slice(None, -pixels)),
        (slice(None, -pixels), slice(pixels, None)),
    ]
    down, right = (draws[:, :2] < 0.5).T
    for rows, below in zip(kept, (True, False), strict=True):
        for columns, beyond in zip(kept, (True, False), strict=True):
            chosen = np.flatnonzero((down == below) & (right == beyond))
            if pixels < min(high, wide):
                part = images[chosen][:, rows[1], columns[1]]
                moved[chosen, rows[0], columns[0]] = part
    return moved
