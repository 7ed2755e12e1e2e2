"""Weather: snow, fog, and spatter of water or mud."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.noise.corruptions.blur import along, angles, cut_down
from noisecore.noise.corruptions.edges import coarse_edges
from noisecore.noise.corruptions.resampling import LUMA, enlarged, padded_by, smoothed
from noisecore.noise.families import FloatArray

# In grey levels; the last is the shade on a grey image: MNIST-C's mud, and the luma of the water.
_MUD = np.array([63, 42, 20, 63], np.float32) / np.float32(255)
_WATER = np.array([175, 238, 238, 219], np.float32) / np.float32(255)


def fog_map_side(high: int, wide: int, side: int) -> int:
    """Return the side of a map of fog: the next power of two over the image's, `side` at least."""
    return max(side, 1 << (max(high, wide) - 1).bit_length())


def fog(
    images: FloatArray, draws: FloatArray, amount: float, decay: float, side: int
) -> FloatArray:
    """Lay a cloud over the image, and dim both to the image's own brightest value."""
    high, wide = images.shape[1:3]
    cloud = _clouds(draws, fog_map_side(high, wide, side), decay, high, wide)[..., np.newaxis]
    brightest = images.max(axis=(1, 2, 3), keepdims=True)
    # A black image stays black: the cloud is as bright as the brightest value.
    factor = brightest / (brightest + np.float32(amount))
    foggy: FloatArray = (images + cloud * np.float32(amount)) * factor
    return foggy


def _clouds(draws: FloatArray, side: int, decay: float, high: int, wide: int) -> FloatArray:
    """Return corners of maps in [0, 1], (n, high, wide): sums of finer and fainter random slopes.

    The middles of squares, and then those of their edges, get the mean of their neighbours and a
    part drawn at random (diamond-square), on a map whose borders meet.
    """
    size = len(draws)
    clouds = np.zeros((size, side, side), np.float32)
    step, wobble, used = side, 100.0, 0
    while step >= 2:
        half, count = step // 2, side // step
        parts = draws[:, used : used + 3 * count * count].reshape(size, 3, count, count)
        used += 3 * count * count
        parts = parts * np.float32(2)
        parts -= 1
        parts *= np.float32(wobble * wobble)
        corners = clouds[:, ::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=1)
        centres = (pairs + np.roll(pairs, -1, axis=2)) / 4 + parts[:, 0]
        clouds[:, half::step, half::step] = centres
        sides = corners + np.roll(corners, -1, axis=2) + centres + np.roll(centres, 1, axis=1)
        clouds[:, ::step, half::step] = sides / 4 + parts[:, 1]
        above = pairs + centres + np.roll(centres, 1, axis=2)
        clouds[:, half::step, ::step] = above / 4 + parts[:, 2]
        step, wobble = half, wobble / decay
    least, most = (reach(axis=(1, 2), keepdims=True) for reach in (clouds.min, clouds.max))
    corner: FloatArray = clouds[:, :high, :wide] - least
    corner /= most - least
    return corner


def snow(
    images: FloatArray,
    draws: FloatArray,
    mean: float,
    sd: float,
    zoom: float,
    threshold: float,
    radius: float,
    sigma: float,
    mix: float,
) -> FloatArray:
    """Whiten the image, and let flakes fall over it, along a line at an angle drawn."""
    from scipy.special import ndtr

    size, high, wide, channels = images.shape
    layer = draws[:, 1:].reshape(size, high, wide, 1) * np.float32(sd) + np.float32(mean)
    layer = enlarged(layer, zoom)
    layer[layer < np.float32(threshold)] = 0
    # All numbers are normal: their distribution makes the first one even.
    angle = angles(ndtr(draws[:, 0].astype(np.float64)), (-135, -45))
    layer = cut_down(along(cut_down(layer), angle, radius, sigma))
    grey = images if channels == 1 else (images * LUMA).sum(axis=-1, keepdims=True)
    white = np.maximum(images, grey * np.float32(1.5) + np.float32(0.5))
    snowy: FloatArray = images * np.float32(mix) + white * np.float32(1 - mix)
    snowy += layer
    snowy += layer[:, ::-1, ::-1]
    return snowy


def spatter(
    images: FloatArray,
    draws: FloatArray,
    mean: float,
    sd: float,
    width: float,
    threshold: float,
    strength: float,
    mud: bool,
) -> FloatArray:
    """Spatter the image with drops of water, of a strength, or with mud blurred by `strength`.

    The water is close to that of the published scripts, not equal: they use OpenCV's distances.
    """
    layer = draws.reshape(*images.shape[:3], 1) * np.float32(sd) + np.float32(mean)
    layer = smoothed(layer, width)
    layer[layer < np.float32(threshold)] = 0
    if mud:
        cover = smoothed((layer > np.float32(threshold)).astype(np.float32), strength)
        cover[cover < np.float32(0.8)] = 0
        return _added(images * (1 - cover), cover[..., 0], _MUD)
    water: Any = _drops(layer[..., 0])
    most = water.max(axis=(1, 2), keepdims=True)
    water *= np.float32(strength) / np.where(most > 0, most, 1)
    return _added(images, water, _WATER)


def _added(images: FloatArray, cover: FloatArray, colour: FloatArray) -> FloatArray:
    """Return the images with a share of a colour for each pixel, (n, height, width), added.

    colour: red, green, blue, and what it is on grey images. Each channel for itself, since NumPy
    is slow where the last axis has three values.
    """
    sums = np.empty_like(images)
    for channel, shade in enumerate(colour[:3] if images.shape[-1] == 3 else colour[3:]):
        np.add(images[..., channel], cover * shade, out=sums[..., channel])
    return sums


def _drops(layer: FloatArray) -> FloatArray:
    """Return how much water is at each pixel: a bright rim about each drop, in relief."""
    grey: FloatArray = np.floor(np.clip(layer, 0, 1) * 255)
    edges = coarse_edges(grey, 50, 150)
    rim = np.floor(_mean3(_distances(edges, 20)))
    rim = _equalised(rim.astype(np.intp))
    padded = padded_by(rim[..., np.newaxis], 1, 1, "mirror")[..., 0]
    high, wide = layer.shape[1:]
    relief = np.zeros_like(rim)
    for (row, column), weight in np.ndenumerate(((-2, -1, 0), (-1, 1, 1), (0, 1, 2))):
        if weight:
            relief += padded[:, row : row + high, column : column + wide] * np.float32(weight)
    return layer * np.rint(_mean3(np.clip(relief, 0, 255)))


def _distances(edges: NDArray[np.bool_], most: int) -> FloatArray:
    """Return how far each pixel is from the nearest edge in its image, `most` at most."""
    high = edges.shape[1]
    row = np.arange(high)[:, np.newaxis]
    above = np.maximum.accumulate(np.where(edges, row, -most), axis=1)
    below = np.minimum.accumulate(np.where(edges, row, high + most)[:, ::-1], axis=1)[:, ::-1]
    upright = np.minimum(np.minimum(row - above, below - row), most).astype(np.int32) ** 2
    nearest = upright.copy()
    for step in range(1, most):  # columns to the edge
        for here, there in ((slice(step, None), slice(-step)), (slice(-step), slice(step, None))):
            part = nearest[:, :, here]
            np.minimum(part, upright[:, :, there] + step * step, out=part)
    return np.sqrt(nearest, dtype=np.float32)


def _mean3(grey: FloatArray) -> FloatArray:
    """Return the mean of three by three pixels, mirrored about the edge."""
    padded = padded_by(grey[..., np.newaxis], 1, 1, "mirror")[..., 0]
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    mean: FloatArray = (rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]) / np.float32(9)
    return mean


def _equalised(levels: NDArray[np.intp]) -> FloatArray:
    """Return grey levels spread so that each is as common as any; the darkest becomes 0."""
    size = len(levels)
    flat = levels.reshape(size, -1)
    every = np.arange(size)[:, np.newaxis]
    counts = np.bincount((flat + 256 * every).ravel(), minlength=256 * size).reshape(size, 256)
    darkest = flat.min(axis=1)
    total = counts.cumsum(axis=1)
    first = counts[every[:, 0], darkest][:, np.newaxis]
    rest = flat.shape[1] - first
    spread = np.clip(np.rint((total - first) * (255 / np.maximum(rest, 1))), 0, 255)
    spread = np.where(rest > 0, spread, np.arange(256))
    return spread[every, flat].reshape(levels.shape).astype(np.float32)
