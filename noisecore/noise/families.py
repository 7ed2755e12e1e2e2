"""The noises that noisecore ships, one plain function each, and the table of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.callables import Named
from noisecore.errors import NoisecoreError
from noisecore.functions import Functions

FloatArray = NDArray[np.float32]
Noise = Callable[..., FloatArray]


class NoiseError(NoisecoreError, ValueError):
    """A noise, or what it was given, cannot be used; the message says why and what to do."""


class Keyed(ABC):
    """A noise that can be drawn for single images, by the key of each.

    It acts on pixels in [0, 1], before these are standardised, and its result lies there too. The
    key of an image is its block, and its place there.
    """

    @property
    @abstractmethod
    def monotone(self) -> bool:
        """Whether accuracy is claimed to fall with the scale."""

    @property
    @abstractmethod
    def shipped_identity(self) -> dict[str, str | None]:
        """What counts in its hash besides its attributes, or in place of those of these names.

        Raises `NoiseError` if what it needs cannot be read.
        """

    @abstractmethod
    def check_scale(self, scale: float) -> None:
        """Raise `NoiseError` if it has no such scale."""

    @abstractmethod
    def by_key(
        self,
        images: FloatArray,
        scale: float,
        generator_of: Callable[[int], np.random.Generator],
        keys: Sequence[tuple[int, int]],
    ) -> FloatArray:
        """Return the images under the noise; generator_of: of a block, by its number."""


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
    """Replace random pixels by the least or the greatest value of their image, equally often.

    `scale` is the share of the pixels that are replaced, from 0 to 1, all channels of a pixel at
    once. Each image uses its own least and greatest value, so that the noise means the same for
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
    """Blur every image and channel with a Gaussian kernel; nothing is drawn at random.

    `scale` is the standard deviation of the kernel, in pixels; beyond its edge an image is
    continued with the edge's pixels. Under about 0.2 pixels a blur changes nothing that float32 can
    hold.
    """
    from scipy.ndimage import gaussian_filter

    widths = (0.0, scale, scale) + (0.0,) * (images.ndim - 3)
    blurred: FloatArray = gaussian_filter(images, widths, mode="nearest", output=np.float32)
    return blurred


NOISES: dict[str, Noise] = {
    function.__name__: function for function in (gaussian, uniform, salt_and_pepper, gaussian_blur)
}


@cache
def _corruption(name: str) -> Any:
    """Return the corruption of a name, None if it is the name of none."""
    from noisecore.noise.corruptions.names import named_corruption

    return named_corruption(name)


# The shipped noises, those that a user adds, and corruptions, which are made when they are named.
FAMILIES: Functions[Noise] = Functions(
    "noise",
    NOISES,
    NoiseError,
    _corruption,
    "; or a corruption, such as cifar-10-c/fog: `noisecore noises` lists them",
)


def get_noise(name: str) -> Noise:
    """Return the noise of that name; raise `NoiseError` that lists the known ones."""
    return FAMILIES.get(name)


def is_shipped(noise: Noise) -> bool:
    """Return whether a noise is one of noisecore's own."""
    return keyed(noise) is not None or any(noise is each for each in NOISES.values())


def keyed(noise: Noise) -> Keyed | None:
    """Return the noise itself, if it can be drawn for single images, otherwise None."""
    while isinstance(noise, Named):
        noise = noise.call
    return noise if isinstance(noise, Keyed) else None
