"""Noise: one plain function a family, and the keyed random streams that feed them.

A noise is `f(images, scale, *, rng) -> images`: float32 in, float32 out, the same shape. It draws
from `rng` alone, and what it draws depends on the shape of its input, never on the pixels or the
scale: so one draw serves every scale (common random numbers) and a curve's steps are compared
like for like.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from noisecore.callables import name_of, told
from noisecore.escaping import shown
from noisecore.functions import Functions

FloatArray = NDArray[np.float32]
Noise = Callable[..., FloatArray]

# Samples that share one random generator. Large enough that making the generator (about 15 µs)
# costs nothing beside its draws, small enough that a block of images stays in the cache.
BLOCK = 256


class NoiseError(ValueError):
    """A noise, or what was given to one, cannot be used; the message says why and what to do."""


def gaussian(images: FloatArray, scale: float, *, rng: np.random.Generator) -> FloatArray:
    """Add independent normal noise to every pixel, unclipped.

    `scale` is the standard deviation, in the units of `images`: the [0, 1] range for plain images,
    standard deviations of the data for standardised ones. Scale 0 adds nothing.
    """
    noisy = rng.standard_normal(images.shape, dtype=np.float32)
    noisy *= np.float32(scale)
    noisy += images
    return noisy


def uniform(images: FloatArray, scale: float, *, rng: np.random.Generator) -> FloatArray:
    """Add independent noise to every pixel, uniform between -scale and scale, unclipped.

    `scale` is half of the width of that range, in the units of `images`; the standard deviation is
    scale / √3. Scale 0 adds nothing.
    """
    noisy = rng.random(images.shape, dtype=np.float32)
    noisy -= np.float32(0.5)
    noisy *= np.float32(2 * scale)
    noisy += images
    return noisy


def salt_and_pepper(images: FloatArray, scale: float, *, rng: np.random.Generator) -> FloatArray:
    """Replace random pixels by the least or the greatest value of their image, as often either.

    `scale` is the share of the pixels that are replaced, from 0 to 1, all channels of a pixel at
    once. An image brings its own least and greatest value, so that the noise means the same for
    pixels in [0, 1] and for standardised ones. Raises `NoiseError` on a scale over 1.
    """
    if scale > 1:
        raise NoiseError(
            f"the scale of salt_and_pepper is a share of the pixels: it must be <= 1, got {scale:g}"
        )
    pixels = images.shape[:3] + (1,) * (images.ndim - 3)
    dice = rng.random(pixels, dtype=np.float32)
    inside = tuple(range(1, images.ndim))
    low, high = images.min(axis=inside, keepdims=True), images.max(axis=inside, keepdims=True)
    half = np.float32(scale / 2)
    return np.where(dice < half, low, np.where(dice >= 1 - half, high, images))


def gaussian_blur(images: FloatArray, scale: float, *, rng: np.random.Generator) -> FloatArray:
    """Blur every image and channel with a Gaussian kernel; draws nothing.

    `scale` is the standard deviation of the kernel, in pixels; beyond its edge an image goes on
    with its edge's pixels. Under about 0.2 pixels a blur changes nothing that float32 could hold.
    """
    from scipy.ndimage import gaussian_filter

    widths = (0.0, scale, scale) + (0.0,) * (images.ndim - 3)
    blurred: FloatArray = gaussian_filter(images, widths, mode="nearest", output=np.float32)
    return blurred


NOISES: dict[str, Noise] = {
    function.__name__: function for function in (gaussian, uniform, salt_and_pepper, gaussian_blur)
}


# The shipped ones and those that a user makes known.
FAMILIES = Functions("noise", NOISES, NoiseError)


def get_noise(name: str) -> Noise:
    """Return the noise of that name; raise `NoiseError` that lists the known ones."""
    return FAMILIES.get(name)


def check_scale(scale: float | str) -> float:
    """Return `scale` as a float; raise `NoiseError` unless it is a finite number >= 0."""
    try:
        value = float(scale)
    except Exception:  # whatever an odd object raises
        value = math.nan
    if not 0 <= value <= float(np.finfo(np.float32).max):
        raise NoiseError(f"scale must be a finite number >= 0, got {shown(scale)}")
    # -0.0 becomes 0.0: one name for the identity.
    return as_written(scale if isinstance(scale, np.floating) else value) + 0.0


def as_written(scale: float) -> float:
    """Return a scale as a person would write it: 0.1 + 0.2 is 0.3, and float32's 0.1 is 0.1.

    It has 12 digits, or those that tell it from its neighbours in a shorter type which holds it.
    What is not finite stays as it is.
    """
    value = float(scale)
    if isinstance(scale, np.float16):
        return float(str(scale))
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return float(str(single)) if float(single) == value else float(f"{value:.12g}")


def listed_scales(given: Iterable[float] | str) -> tuple[float, ...]:
    """Return the scales of a list, or of a text such as "0.1,1", each once, in their order.

    Raises `NoiseError` on anything else, and on what is no scale.
    """
    try:
        scales = given.split(",") if isinstance(given, str) else list(given)
    except Exception:  # whatever an odd object raises
        raise NoiseError(
            f"scales must be a list of numbers such as [0.1, 1], got {shown(given)}"
        ) from None
    return tuple(dict.fromkeys(check_scale(scale) for scale in scales))


def is_shipped(noise: Noise) -> bool:
    """Return whether a noise is one of noisecore's own."""
    return any(noise is each for each in NOISES.values())


def check_scales(noise: Noise, scales: Iterable[float]) -> None:
    """Raise `NoiseError` if a scale is none, or one that a noise of noisecore's cannot be had at.

    A user's own noise may ask for images of a shape that is not known here: see `try_noise`.
    """
    for scale in map(check_scale, scales):
        if is_shipped(noise):
            noise(np.zeros((1, 2, 2, 1), np.float32), scale, rng=np.random.default_rng(0))


def try_noise(noise: Noise, images: FloatArray, scales: Iterable[float]) -> None:
    """Raise `NoiseError` if a noise cannot be had on such images, at one of these scales.

    images: float32, (n, height, width, ...), of the very shape that it will be asked for; they
    stay as they are.
    """
    for scale in scales:
        call_noise(noise, images.copy(), check_scale(scale), np.random.default_rng(0))


def call_noise(
    noise: Noise, images: FloatArray, scale: float, rng: np.random.Generator
) -> FloatArray:
    """Return what a noise makes of images; raise `NoiseError` if it fails, or gives others."""
    try:
        noisy: Any = noise(images, scale, rng=rng)
    except NoiseError:
        raise
    except Exception as error:  # whatever a user's noise raises
        raise NoiseError(
            f"noise {name_of(noise)} failed on images of the shape {images.shape[1:]} at scale "
            f"{scale:g}: {told(error)}"
        ) from error
    if not isinstance(noisy, np.ndarray):
        raise NoiseError(
            f"a noise must return an array, got {type(noisy).__name__} from {name_of(noise)}"
        )
    if noisy.shape != images.shape or noisy.dtype != np.float32:
        raise NoiseError(
            f"a noise must return float32 {images.shape} as it was given, "
            f"got {noisy.dtype} {noisy.shape} from {name_of(noise)}"
        )
    return noisy


def check_bounds(given: object, what: str) -> tuple[float, float]:
    """Return two ascending numbers, given as a pair or as the text `0:1`.

    Raises `NoiseError` that names `what` was given.
    """
    pair: Any = given.split(":") if isinstance(given, str) else given
    try:
        low, high = (float(bound) for bound in pair)
    except Exception:  # whatever an odd object raises
        low = high = math.nan
    if not -math.inf < low < high < math.inf:  # JSON has no infinity
        raise NoiseError(
            f"{what} must be two ascending numbers such as (0, 1), or 0:1 as text, got "
            f"{shown(given)}"
        )
    return low, high


def check_images(images: FloatArray) -> None:
    """Raise `NoiseError` unless `images` is a float32 array of (samples, height, width, ...)."""
    if not isinstance(images, np.ndarray) or images.dtype != np.float32 or images.ndim < 3:
        got = (
            f"{images.dtype} {images.shape}"
            if isinstance(images, np.ndarray)
            else type(images).__name__
        )
        raise NoiseError(
            f"images must be a float32 array (samples, height, width, ...), got {got}: "
            "noise on integers would be cut off and biased, so convert them first"
        )


@dataclass(frozen=True)
class Stream:
    """The random stream of one draw: which realisation, for which split, in which epoch.

    `draw` is a whole number >= 0: the training seed for the training split, the profile's test
    draw for the test split. "order" is no noise, but the order of an epoch's training images.
    `epoch` counts from 0; None is a draw that is frozen, the same in
    every epoch. Equal streams give equal noise, whatever else is drawn before or beside them.
    """

    draw: int
    split: Literal["train", "test", "order"]
    epoch: int | None = None

    def generator(self, block: int) -> np.random.Generator:
        """Return the generator of one block of `BLOCK` samples."""
        split = ("train", "test", "order").index(self.split)
        epoch = 0 if self.epoch is None else self.epoch + 1
        seeds = np.random.SeedSequence(self.draw, spawn_key=(split, epoch, block))
        # Named, not default_rng(): NumPy may change its default, and every number with it.
        return np.random.Generator(np.random.PCG64(seeds))


def apply_noise(
    noise: Noise,
    images: FloatArray,
    scale: float,
    stream: Stream,
    *,
    indices: ArrayLike | None = None,
    clip: tuple[float, float] | None = None,
    out: FloatArray | None = None,
) -> FloatArray:
    """Return a copy of `images` under `noise` at `scale`, drawn block by block from `stream`.

    images: float32, (samples, height, width, ...). `indices`, (samples,), says which samples of
    the split these are; left out, they are all of it from the first on. A sample's noise depends
    on its index and the stream alone: not on the batch, the subset or the order. `clip` bounds
    the result; left out, it is not bounded. Scale 0 is the identity, clipping included. `out` is
    the array for the result, float32 of the images' shape; it may be `images` itself.

    Memory beyond the result is about three blocks of `BLOCK` samples. Raises `NoiseError` on a
    scale that is negative or not finite, images that are not float32, indices that do not fit or
    come twice, and a noise that changes shape or dtype.
    """
    scale = check_scale(scale)
    check_images(images)
    places = np.arange(len(images)) if indices is None else np.asarray(indices)
    if places.shape != (len(images),) or places.dtype.kind not in "iu" or (places < 0).any():
        raise NoiseError(
            f"indices must be one whole number >= 0 for each of the {len(images)} images, "
            f"got {places.dtype} {places.shape}"
        )
    if len(np.unique(places)) < len(places):
        raise NoiseError("indices must differ from each other, got one twice")
    noisy = np.empty_like(images) if out is None else out
    if scale == 0:
        np.copyto(noisy, images)
        return noisy
    # Every block is drawn whole, whatever stands in the places of absent samples: a noise that
    # draws twice would otherwise give a sample other noise in a part of a block than in all of it.
    block_images = np.zeros((BLOCK, *images.shape[1:]), np.float32)
    blocks = places // BLOCK
    for block in np.unique(blocks):
        chosen = np.flatnonzero(blocks == block)
        inside = places[chosen] - block * BLOCK
        block_images[inside] = images[chosen]
        result = call_noise(noise, block_images, scale, stream.generator(int(block)))
        noisy[chosen] = result[inside]
    if clip is not None:
        np.clip(noisy, *clip, out=noisy)
    return noisy


class Draw:
    """One draw of a noise over a row of images, taken group by group from the first image on.

    It gives what `apply_noise` gives for all of them at once. A noise of noisecore's goes on where
    the last group ended, so that a group may be small: memory beyond the result is that of a group.
    A noise of a user's own is drawn for whole blocks of `BLOCK` images.
    """

    def __init__(
        self, noise: Noise, stream: Stream, *, clip: tuple[float, float] | None = None
    ) -> None:
        self._noise = noise
        self._stream = stream
        self._clip = clip
        self._place = 0
        self._generator = self._after = stream.generator(0)

    def noisy(self, images: FloatArray, scale: float) -> FloatArray:
        """Return the next images under the noise; at several scales if it is asked again."""
        if not is_shipped(self._noise):
            places = np.arange(self._place, self._place + len(images))
            return apply_noise(
                self._noise, images, scale, self._stream, indices=places, clip=self._clip
            )
        parts = [call_noise(self._noise, *each) for each in self._pieces(images, scale)]
        noisy = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if self._clip is not None:
            np.clip(noisy, *self._clip, out=noisy)
        return noisy

    def _pieces(
        self, images: FloatArray, scale: float
    ) -> Iterator[tuple[FloatArray, float, np.random.Generator]]:
        """Yield the images of each block, and the generator where its last images left it."""
        generator = copy.deepcopy(self._generator)
        first = 0
        while first < len(images):
            place = self._place + first
            if place % BLOCK == 0:
                generator = self._stream.generator(place // BLOCK)
            last = min(len(images), first + BLOCK - place % BLOCK)
            yield images[first:last], scale, generator
            first = last
        self._after = generator

    def advance(self, images: int) -> None:
        """Go on behind so many images, those that were made noisy last."""
        self._place += images
        self._generator = self._after
