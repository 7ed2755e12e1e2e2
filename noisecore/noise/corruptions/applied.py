"""Images under a corruption of a suite: each image's draw is known by its key."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from noisecore.escaping import shown
from noisecore.functions import unknown
from noisecore.noise.checks import check_images
from noisecore.noise.corruptions.blur import EIGHT_BITS, cut_down
from noisecore.noise.corruptions.draws import Rows, move_on
from noisecore.noise.corruptions.frost import load_photographs, photographs_sha256
from noisecore.noise.corruptions.hashes import family_sha256
from noisecore.noise.corruptions.suites import SUITES
from noisecore.noise.corruptions.table import CORRUPTIONS, Family
from noisecore.noise.families import FloatArray, Keyed, NoiseError
from noisecore.noise.streams import BLOCK, Stream, as_stream, check_indices

LEAST_SIDE = 8
TOGETHER = 2**21  # bytes of images, or of their numbers, that are corrupted at a time


def corrupt(
    images: FloatArray,
    family: str,
    severity: int,
    *,
    suite: str,
    stream: Stream | int = 0,
    indices: ArrayLike | None = None,
    quantise: bool = False,
    photographs: str | PathLike[str] | None = None,
) -> FloatArray:
    """Return a copy of `images` under a corruption of a suite at a severity.

    A sample's draw depends only on its index and the stream: not on the batch, the subset or the
    order. Memory beyond the result is about 20 MB, or some ten times that of a large image.

    Args:
        images: float32 in [0, 1], (samples, height, width) or (samples, height, width, channels)
            with 1 or 3 channels; no side under 8 pixels.
        family: A name, such as "fog".
        severity: A whole number from 0, the identity, to 5; of "mnist-c" 0 or 1.
        suite: Whose parameters: "mnist-c", "cifar-10-c", "tiny-imagenet-c" or "imagenet-c", which
            are made for images of 28, 32, 64 and 224 pixels, or "noisecore".
        stream: Which realisation: the number of a draw of test noise, or a `Stream`.
        indices: (samples,), which samples of the split these are. Left out, they are all of it,
            from the first on.
        quantise: Cut the result down to 8 bits, as the published files are.
        photographs: A folder of photographs of ice, for "frost" alone: noisecore ships none.
            PyPI's imagecorruptions-imaug has those of the published scripts.

    Returns:
        The corrupted images, float32 in [0, 1], of the same shape.

    Raises:
        NoiseError: The suite, the family or the severity is unknown, or the images or the indices
            do not fit.

    Example:
        >>> foggy = corrupt(np.zeros((2, 32, 32, 3), np.float32), "fog", 3, suite="cifar-10-c")
        >>> foggy.shape
        (2, 32, 32, 3)
    """
    corruption = Corruption(suite, family, photographs, quantise)
    check_images(images)
    keys = [divmod(int(place), BLOCK) for place in check_indices(indices, len(images))]
    return corruption.by_key(images, severity, as_stream(stream).generator, keys)


@dataclass(frozen=True)
class Corruption(Keyed):
    """A family of a suite as a noise: `f(images, severity, *, rng) -> images`.

    `apply_noise` and `corrupt` give the same images, to the bit. The name "cifar-10-c/fog" stands
    for one wherever a noise is named.

    Example:
        >>> fog = Corruption("cifar-10-c", "fog")
        >>> fog(np.zeros((2, 32, 32, 3), np.float32), 3, rng=np.random.default_rng(0)).shape
        (2, 32, 32, 3)
    """

    suite: str
    family: str
    photographs: str | PathLike[str] | None = None
    quantise: bool = False

    def __post_init__(self) -> None:
        """Raise `NoiseError` if the suite, or the family in it, is unknown."""
        if not isinstance(self.suite, str) or self.suite not in SUITES:
            raise NoiseError(unknown("suite", str(self.suite), SUITES))
        known = SUITES[self.suite]
        if not isinstance(self.family, str) or self.family not in known:
            raise NoiseError(unknown(f"family of {self.suite}", str(self.family), known))
        if not isinstance(self.photographs, str | PathLike | None):
            raise NoiseError(f"photographs must be a folder, got {shown(self.photographs)}")
        if self.photographs is not None:  # text can be told to a worker
            object.__setattr__(self, "photographs", fspath(self.photographs))
        if not isinstance(self.quantise, bool):
            raise NoiseError(f"quantise must be True or False, got {shown(self.quantise)}")
        if self.declared.photographs and self.photographs is None:
            raise NoiseError(
                f"{self.family} needs photographs of ice, which noisecore does not ship: give a "
                "folder, such as that of imagecorruptions-imaug, in "
                f"noisecore.noise.corruptions.Corruption({self.suite!r}, {self.family!r}, FOLDER)"
            )

    @property
    def __name__(self) -> str:
        """The name, "suite/family", or "suite/family/uint8" if it is cut down to 8 bits."""
        return f"{self.suite}/{self.family}" + "/uint8" * self.quantise

    @property
    def severities(self) -> tuple[int, ...]:
        """The severities other than 0."""
        return tuple(range(1, len(SUITES[self.suite][self.family]) + 1))

    @property
    def declared(self) -> Family:
        """What is declared of the family."""
        return CORRUPTIONS[self.family]

    @property
    def monotone(self) -> bool:
        """Whether accuracy is claimed to fall with the severity."""
        return self.declared.monotone

    @property
    def shipped_identity(self) -> dict[str, str | None]:
        """The hash of the family's code and parameters, and that of its photographs, if any."""
        photographs = None
        if self.photographs is not None and self.declared.photographs:
            photographs = photographs_sha256(fspath(self.photographs))
        return {"code": family_sha256(self.declared, self.suite), "photographs": photographs}

    def check_scale(self, scale: float) -> None:
        """Raise `NoiseError` unless it is a severity of the suite."""
        self._severity(scale)

    def __call__(self, images: FloatArray, scale: float, *, rng: np.random.Generator) -> FloatArray:
        """Return the images under the corruption; `scale` is its severity."""
        keys = [(0, place) for place in range(len(images))]
        result = self.by_key(images, scale, lambda block: rng, keys)
        move_on(rng, len(images))
        return result

    def by_key(
        self,
        images: FloatArray,
        scale: float,
        generator_of: Callable[[int], np.random.Generator],
        keys: Sequence[tuple[int, int]],
    ) -> FloatArray:
        """Return the images under the corruption, drawn by the key of each."""
        parameters = self._parameters(scale)
        numbers = Rows(generator_of)
        _check(images, self.declared)
        if parameters is None:
            return images.copy()
        family = self.declared
        planes = images if images.ndim == 4 else images[..., np.newaxis]
        count = family.count(planes.shape[1:], *parameters)
        result = np.empty_like(planes)
        for part in _parts(planes, count):
            draws = numbers.drawn(keys[part], count, family.draws)
            made = family.apply(planes[part], draws, *parameters)
            if self.quantise and family.nearest:
                made = np.rint(made * EIGHT_BITS) / EIGHT_BITS
            elif self.quantise:
                made = cut_down(made)
            np.clip(made, 0, 1, out=result[part])
        return result.reshape(images.shape)

    def _severity(self, severity: float) -> int:
        """Return a severity as a whole number; raise `NoiseError` if it is none of the suite."""
        known = (0, *self.severities)
        try:
            at = -1 if isinstance(severity, bool | np.bool_) else known.index(severity)
        except Exception:  # whatever an odd object raises
            at = -1
        if at < 0:
            raise NoiseError(
                f"severity of {self.__name__} must be one of {', '.join(map(str, known))}, got "
                f"{shown(severity)}"
            )
        return at

    def _parameters(self, severity: float) -> tuple[Any, ...] | None:
        """Return the parameters at a severity, None at 0."""
        if not (at := self._severity(severity)):
            return None
        parameters = SUITES[self.suite][self.family][at - 1]
        if self.photographs is not None and self.declared.photographs:
            return *parameters, load_photographs(fspath(self.photographs), parameters[-1])
        return parameters


def _parts(images: FloatArray, count: int) -> Iterator[slice]:
    """Yield groups of images, as many at a time as their bytes and numbers allow, and one at least.

    A group of small images is large enough that the cost of calling NumPy does not matter.
    """
    each = max(math.prod(images.shape[1:]), count) * images.itemsize
    size = min(max(TOGETHER // each, 1), BLOCK)
    for first in range(0, len(images), size):
        yield slice(first, first + size)


def _check(images: FloatArray, family: Family) -> None:
    """Raise `NoiseError` unless a family can be applied to such images."""
    check_images(images)
    shape = images.shape
    if images.ndim > 4 or (images.ndim == 4 and shape[3] not in (1, 3)):
        raise NoiseError(
            "a corruption needs grey images (samples, height, width) or (..., 1), or colour ones "
            f"(..., 3), channels last, got {shape}"
        )
    if min(shape[1:3]) < LEAST_SIDE:
        raise NoiseError(
            f"a corruption needs images of {LEAST_SIDE} x {LEAST_SIDE} pixels or more, got "
            f"{shape[1]} x {shape[2]}"
        )
    if family.colour and (images.ndim == 3 or shape[3] == 1):
        raise NoiseError(
            f"{family.name} needs colour images (..., 3): grey has no saturation; a suite leaves "
            "it out with noisecore.noise.corruptions.CorruptionSuite(..., extras=False)"
        )
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise NoiseError(
            f"a corruption needs pixels in [0, 1], got {images.min():g} to {images.max():g}: "
            "corrupt images before they are standardised, and divide 8-bit ones by 255"
        )
