"""Corruptions of brightness and colour, each pixel for itself. Nothing is drawn at random."""

from __future__ import annotations

import numpy as np

from noisecore.noise.families import FloatArray


def brightness(images: FloatArray, draws: FloatArray, added: float) -> FloatArray:
    """Add to the value of each colour (the V of HSV), and keep its hue and saturation."""
    value = images.max(axis=-1, keepdims=True)
    brighter = np.minimum(value + np.float32(added), 1)
    factor = brighter / np.where(value > 0, value, 1)
    brightened: FloatArray = np.where(value > 0, images * factor, brighter)
    return brightened


def contrast(images: FloatArray, draws: FloatArray, factor: float) -> FloatArray:
    """Move each value towards the mean of its channel in the image."""
    size, channels = len(images), images.shape[-1]
    # One row for each mean, in the order that it is summed: so it depends on its image alone.
    planes = np.array(images.reshape(size, -1, channels).transpose(0, 2, 1), np.float64, order="C")
    means = planes.mean(axis=-1).astype(np.float32).reshape(size, 1, 1, channels)
    faded: FloatArray = images - means
    faded *= np.float32(factor)
    faded += means
    return faded


def saturate(images: FloatArray, draws: FloatArray, factor: float, added: float) -> FloatArray:
    """Multiply and add to the saturation of each colour (the S of HSV); grey has the hue of red."""
    value = images.max(axis=-1, keepdims=True)
    spread = value - images.min(axis=-1, keepdims=True)
    grey = spread == 0
    saturation = np.clip(
        spread / np.where(value > 0, value, 1) * np.float32(factor) + np.float32(added), 0, 1
    )
    # How far a channel is below the greatest, as a share of the spread.
    share = (value - images) / np.where(grey, 1, spread)
    share = np.where(grey, np.array([0, 1, 1], np.float32), share)
    saturated: FloatArray = value * (1 - saturation * share)
    return saturated


def gamma(images: FloatArray, draws: FloatArray, power: float) -> FloatArray:
    """Raise each value to a power: over 1 darkens the middle."""
    return images ** np.float32(power)


def quantise(images: FloatArray, draws: FloatArray, bits: int) -> FloatArray:
    """Keep so many bits of each value: 2 to that power levels from 0 to 1."""
    most = np.float32(2**bits - 1)
    levels: FloatArray = np.rint(images * most)
    return levels / most


def invert(images: FloatArray, draws: FloatArray, share: float) -> FloatArray:
    """Move each value towards 1 less the value: at a share of 1 it is the negative."""
    return images + (1 - 2 * images) * np.float32(share)
