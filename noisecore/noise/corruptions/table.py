"""The table of families: what each one is, what it draws, and what is claimed for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from noisecore.noise.corruptions import additive as add
from noisecore.noise.corruptions import blur, digital, frost, geometric, marks, occlusion, weather
from noisecore.noise.corruptions import photometric as photo
from noisecore.noise.corruptions.draws import Kind
from noisecore.noise.families import FloatArray

Shape = tuple[int, int, int]  # height, width, channels
Count = Callable[..., int]  # of (shape, *parameters)

HENDRYCKS = "Hendrycks and Dietterich 2019, arXiv:1903.12261"
MNIST_C = "Mu and Gilmer 2019, arXiv:1906.02337"
OWN = "noisecore"


def nothing(shape: Shape, *parameters: Any) -> int:
    """Count the numbers of a family that draws none."""
    return 0


def values(shape: Shape, *parameters: Any) -> int:
    """Count one number for each value."""
    return shape[0] * shape[1] * shape[2]


def pixels(shape: Shape, *parameters: Any) -> int:
    """Count one number for each pixel."""
    return shape[0] * shape[1]


def rows(shape: Shape, *parameters: Any) -> int:
    """Count one number for each row."""
    return shape[0]


def one(shape: Shape, *parameters: Any) -> int:
    """Count one number."""
    return 1


def two(shape: Shape, *parameters: Any) -> int:
    """Count two numbers."""
    return 2


def three(shape: Shape, *parameters: Any) -> int:
    """Count three numbers."""
    return 3


def _of_glass(shape: Shape, sigma: float, reach: int, rounds: int, *rest: Any) -> int:
    return rounds * pixels(shape)


def _of_fog(shape: Shape, amount: float, decay: float, side: int) -> int:
    return weather.fog_map_side(shape[0], shape[1], side) ** 2 - 1


def _of_elastic(shape: Shape, *parameters: Any) -> int:
    return 6 + 2 * pixels(shape)


def _of_snow(shape: Shape, *parameters: Any) -> int:
    return 1 + pixels(shape)


@dataclass(frozen=True)
class Family:
    """One family of corruptions.

    apply: the function, of (images, draws, *parameters). unit: of its parameters, in words.
    reference: who defined it. count: how many numbers an image takes, by its shape and the
    parameters; a greater severity's begin with those of a smaller one. draws: of which kind.
    monotone: whether accuracy is claimed to fall with the severity. space: "pixels", in [0, 1]
    and clipped to it. colour: it needs three channels. nearest: in 8 bits it is rounded, where the
    others are cut down. photographs: it needs a folder of them.
    """

    apply: Callable[..., FloatArray]
    unit: str
    reference: str
    count: Count = nothing
    draws: Kind = "uniform"
    monotone: bool = True
    space: str = "pixels"
    colour: bool = False
    nearest: bool = False
    photographs: bool = False

    @property
    def name(self) -> str:
        """The name, which is that of the function."""
        return self.apply.__name__

    @property
    def kind(self) -> str:
        """The kind: "additive", "blur", "weather" and so on, the module of the function."""
        return self.apply.__module__.rpartition(".")[2]


_TABLE = (
    Family(add.gaussian_noise, "standard deviation", HENDRYCKS, values, "normal"),
    Family(add.uniform_noise, "half of the width", OWN, values),
    Family(add.shot_noise, "photons at white", HENDRYCKS, values),
    Family(add.impulse_noise, "share of the values", HENDRYCKS, values),
    Family(add.speckle_noise, "standard deviation at white", HENDRYCKS, values, "normal"),
    Family(add.salt_and_pepper, "share of the pixels", OWN, pixels),
    Family(blur.gaussian_blur, "width, pixels", HENDRYCKS),
    Family(blur.defocus_blur, "radius and softness, pixels", HENDRYCKS),
    Family(
        blur.glass_blur,
        "width and reach, pixels; rounds",
        HENDRYCKS,
        _of_glass,
        monotone=False,
    ),
    Family(blur.motion_blur, "radius and width, pixels", HENDRYCKS, one, monotone=False),
    Family(blur.zoom_blur, "step and number of the factors", HENDRYCKS),
    Family(weather.snow, "seven numbers", HENDRYCKS, _of_snow, "normal"),
    Family(
        frost.frost,
        "share, ice, scale of the photograph",
        HENDRYCKS,
        three,
        photographs=True,
        monotone=False,
    ),
    Family(weather.fog, "amount, decay, side of the map in pixels", HENDRYCKS, _of_fog),
    Family(weather.spatter, "six numbers", HENDRYCKS, pixels, "normal", monotone=False),
    Family(photo.brightness, "added to the value", HENDRYCKS),
    Family(photo.contrast, "factor", HENDRYCKS),
    Family(photo.saturate, "factor, and added", HENDRYCKS, monotone=False, colour=True),
    Family(photo.gamma, "power", OWN),
    Family(photo.quantise, "bits", OWN),
    Family(photo.invert, "share", OWN, monotone=False),
    Family(digital.jpeg_compression, "quality", HENDRYCKS, nearest=True),
    Family(digital.pixelate, "share of the side", HENDRYCKS, nearest=True),
    Family(
        digital.elastic_transform,
        "strength, width and shift, pixels",
        HENDRYCKS,
        _of_elastic,
        monotone=False,
    ),
    Family(geometric.shear, "angle, radians", MNIST_C, one),
    Family(geometric.rotate, "angle, radians", MNIST_C, one),
    Family(geometric.scale, "share of the side", MNIST_C),
    Family(geometric.translate, "pixels", MNIST_C, two),
    Family(marks.stripe, "share of the columns, twice", MNIST_C),
    Family(marks.dotted_line, "period, pixels", MNIST_C, two),
    Family(marks.zigzag, "period, pixels", MNIST_C, two),
    Family(marks.canny_edges, "width, pixels; thresholds", MNIST_C),
    Family(occlusion.cutout, "share of the side", OWN, two),
    Family(occlusion.dead_pixels, "share of the pixels", OWN, pixels),
    Family(occlusion.hot_pixels, "share of the pixels", OWN, pixels),
    Family(occlusion.dropped_rows, "share of the rows", OWN, rows),
)

CORRUPTIONS: dict[str, Family] = {family.name: family for family in _TABLE}
