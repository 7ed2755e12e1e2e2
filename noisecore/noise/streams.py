"""The keyed random streams that feed a noise, and images under noise drawn from one."""

from __future__ import annotations

import copy
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from noisecore.escaping import shown
from noisecore.noise.checks import (
    as_noise,
    call_noise,
    check_bounds,
    check_finite,
    check_images,
    check_scale,
)
from noisecore.noise.families import (
    FloatArray,
    Noise,
    NoiseError,
    is_shipped,
    keyed,
)

# Samples that share one random generator. Large enough that making the generator (about 15 µs)
# costs nothing compared with its draws, small enough that a block of images stays in the cache.
BLOCK = 256


@dataclass(frozen=True)
class Stream:
    """The random stream of one draw: which realisation, for which split, in which epoch.

    `draw` is a whole number >= 0: the training seed for the training split, the profile's test
    draw for the test split. Two are not noises: "order" is the order of an epoch's training images,
    and "images" decides which test images are taken if not all are.
    `epoch` counts from 0; None is a draw that is frozen, the same in every epoch. Equal streams
    give equal noise, whatever else is drawn before them or at the same time.
    """

    draw: int
    split: Literal["train", "test", "order", "images"]
    epoch: int | None = None

    def generator(self, block: int) -> np.random.Generator:
        """Return the generator of one block of `BLOCK` samples."""
        split = ("train", "test", "order", "images").index(self.split)
        epoch = 0 if self.epoch is None else self.epoch + 1
        seeds = np.random.SeedSequence(self.draw, spawn_key=(split, epoch, block))
        # Named, not default_rng(): NumPy may change its default, and every number with it.
        return np.random.Generator(np.random.PCG64(seeds))


def apply_noise(
    noise: str | Noise,
    images: FloatArray,
    scale: float,
    stream: Stream | int = 0,
    *,
    indices: ArrayLike | None = None,
    clip: tuple[float, float] | None = None,
    out: FloatArray | None = None,
) -> FloatArray:
    """Return a copy of `images` under `noise` at `scale`, drawn block by block.

    A sample's noise depends only on its index and the draw: not on the batch, the subset or the
    order. Memory beyond the result is about three blocks of `BLOCK` samples; a corruption is drawn
    for the given samples alone.

    Args:
        noise: A name, such as "gaussian" or "cifar-10-c/fog", or a function
            `f(images, scale, *, rng) -> images`.
        images: float32, (samples, height, width) or (samples, height, width, channels).
        scale: The strength, in the noise's unit and that of the images. Scale 0 is the identity.
        stream: Which realisation: the number of a draw of test noise, or a `Stream`.
        indices: (samples,), which samples of the split these are. Left out, they are all of it,
            from the first on.
        clip: Bounds of the result, such as (0, 1). Left out, it is not bounded.
        out: The array for the result, float32 of the images' shape; it may be `images` itself.

    Returns:
        The noisy images, float32, of the same shape.

    Raises:
        NoiseError: The scale is negative or not finite, the images are not float32, the indices do
            not fit or come twice, or the noise is unknown or changes shape or dtype.

    Example:
        >>> noisy = apply_noise("gaussian", x, 0.3)
        >>> noisy.shape == x.shape
        True
    """
    noise = as_noise(noise)
    stream = as_stream(stream)
    scale = check_scale(scale)
    check_images(images)
    clip = None if clip is None else check_bounds(clip, "clip")
    if out is not None and not _fits(out, images):
        raise NoiseError(
            f"out must be a float32 array {images.shape} that may be written to, got "
            f"{shown(out) if not isinstance(out, np.ndarray) else f'{out.dtype} {out.shape}'}"
        )
    places = check_indices(indices, len(images))
    noisy = np.empty_like(images) if out is None else out
    if scale == 0:
        np.copyto(noisy, images)
        return noisy
    if (by_key := keyed(noise)) is not None:
        keys = [divmod(int(place), BLOCK) for place in places]
        noisy[...] = by_key.by_key(images, scale, stream.generator, keys)
        return noisy if clip is None else np.clip(noisy, *clip, out=noisy)
    # Every block is drawn whole, whatever is in the places of absent samples: otherwise a noise
    # that draws twice would give a sample other noise in a part of a block than in all of it.
    block_images = np.zeros((BLOCK, *images.shape[1:]), np.float32)
    blocks = places // BLOCK
    for block in np.unique(blocks):
        chosen = np.flatnonzero(blocks == block)
        inside = places[chosen] - block * BLOCK
        block_images[inside] = images[chosen]
        result = call_noise(noise, block_images, scale, stream.generator(int(block)))
        if not is_shipped(noise):  # what is in the places of absent samples does not count
            check_finite(noise, result[inside], scale)
        noisy[chosen] = result[inside]
    if clip is not None:
        np.clip(noisy, *clip, out=noisy)
    return noisy


def check_indices(indices: ArrayLike | None, size: int) -> NDArray[np.intp]:
    """Return the places of so many images in their split; raise `NoiseError` if they do not fit."""
    places: Any = np.arange(size) if indices is None else np.asarray(indices)
    if places.shape != (size,) or places.dtype.kind not in "iu" or (places < 0).any():
        raise NoiseError(
            f"indices must be one whole number >= 0 for each of the {size} images, "
            f"got {places.dtype} {places.shape}"
        )
    if len(np.unique(places)) < len(places):
        raise NoiseError("indices must differ from each other, got one twice")
    return np.asarray(places, np.intp)


def as_stream(given: Stream | int) -> Stream:
    """Return a stream, given as itself or as a draw's number; raise `NoiseError` otherwise."""
    if isinstance(given, Stream):
        return given
    try:
        draw = -1 if isinstance(given, bool) else operator.index(given)
    except TypeError:
        draw = -1
    if draw < 0:
        raise NoiseError(
            f"stream must be a whole number >= 0, the number of a draw, got {shown(given)}"
        )
    return Stream(draw, "test")


def _fits(out: object, images: FloatArray) -> bool:
    if not isinstance(out, np.ndarray):
        return False
    return out.shape == images.shape and out.dtype == np.float32 and bool(out.flags.writeable)


class Draw:
    """One draw of a noise over a row of images, taken group by group from the first image on.

    It gives what `apply_noise` gives for all of them at once. noisecore's own noises continue where
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

    def noisy(
        self, images: FloatArray, scale: float, places: NDArray[np.intp] | None = None
    ) -> FloatArray:
        """Return the next images under the noise; several calls give several scales.

        places: where the images are in the row, if some of it is left out.
        """
        one_by_one = not is_shipped(self._noise) or keyed(self._noise) is not None
        if places is not None or one_by_one:
            if places is None:
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
        """Move past this many images, those that were made noisy last."""
        self._place += images
        self._generator = self._after
