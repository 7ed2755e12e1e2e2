"""The parameters of each family by suite and severity: they do not transfer from one to another.

A row has one tuple for each severity, the first for severity 1, in the order of the arguments of
the family's function. The numbers are those of the published scripts:
github.com/hendrycks/robustness (ImageNet-C at 224 pixels, Tiny-ImageNet-C at 64, CIFAR-10-C at 32)
and github.com/google-research/mnist-c (28); those of "noisecore" are its own, shares of the image.
"""

from __future__ import annotations

from typing import Any

Rows = dict[str, tuple[tuple[Any, ...], ...]]


def _row(*values: Any) -> tuple[tuple[Any, ...], ...]:
    return tuple(each if isinstance(each, tuple) else (each,) for each in values)


_BRIGHTNESS_AND_CONTRAST = {
    "brightness": _row(0.1, 0.2, 0.3, 0.4, 0.5),
    "contrast": _row(0.4, 0.3, 0.2, 0.1, 0.05),
}
_SMALL_ZOOM = _row((0.01, 7), (0.01, 12), (0.01, 16), (0.01, 21), (0.01, 26))
_SMALL_SNOW = (
    (0.1, 0.2, 1, 0.6, 8, 3),
    (0.1, 0.2, 1, 0.5, 10, 4),
    (0.15, 0.3, 1.75, 0.55, 10, 4),
    (0.25, 0.3, 2.25, 0.6, 12, 6),
    (0.3, 0.3, 1.25, 0.65, 14, 12),
)

_IMAGENET: Rows = {
    "gaussian_noise": _row(0.08, 0.12, 0.18, 0.26, 0.38),
    "shot_noise": _row(60, 25, 12, 5, 3),
    "impulse_noise": _row(0.03, 0.06, 0.09, 0.17, 0.27),
    "defocus_blur": _row((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)),
    "glass_blur": _row((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)),
    "motion_blur": _row((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)),
    "zoom_blur": _row((0.01, 12), (0.01, 16), (0.02, 11), (0.02, 13), (0.03, 11)),
    "snow": _row(
        (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
        (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
        (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
        (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
        (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
    ),
    "frost": _row((1, 0.4, 1), (0.8, 0.6, 1), (0.7, 0.7, 1), (0.65, 0.7, 1), (0.6, 0.75, 1)),
    "fog": _row((1.5, 2, 256), (2, 2, 256), (2.5, 1.7, 256), (2.5, 1.5, 256), (3, 1.4, 256)),
    **_BRIGHTNESS_AND_CONTRAST,
    "elastic_transform": _row(
        (488, 170.8, 24.4),
        (488, 19.52, 48.8),
        (12.2, 2.44, 4.88),
        (17.08, 2.44, 4.88),
        (29.28, 2.44, 4.88),
    ),
    "pixelate": _row(0.6, 0.5, 0.4, 0.3, 0.25),
    "jpeg_compression": _row(25, 18, 15, 10, 7),
    "speckle_noise": _row(0.15, 0.2, 0.35, 0.45, 0.6),
    "gaussian_blur": _row(1, 2, 3, 4, 6),
    "spatter": _row(
        (0.65, 0.3, 4, 0.69, 0.6, False),
        (0.65, 0.3, 3, 0.68, 0.6, False),
        (0.65, 0.3, 2, 0.68, 0.5, False),
        (0.65, 0.3, 1, 0.65, 1.5, True),
        (0.67, 0.4, 1, 0.65, 1.5, True),
    ),
    "saturate": _row((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)),
}

_TINY: Rows = {
    "gaussian_noise": _row(0.04, 0.08, 0.12, 0.15, 0.18),
    "shot_noise": _row(250, 100, 50, 30, 15),
    "impulse_noise": _row(0.01, 0.02, 0.05, 0.08, 0.14),
    "defocus_blur": _row((0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)),
    "glass_blur": _row((0.1, 1, 1), (0.5, 1, 1), (0.6, 1, 2), (0.7, 2, 1), (0.9, 2, 2)),
    "motion_blur": _row((10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3)),
    "zoom_blur": _SMALL_ZOOM,
    "snow": tuple(
        (*row, mix) for row, mix in zip(_SMALL_SNOW, (0.8, 0.8, 0.7, 0.65, 0.6), strict=True)
    ),
    "frost": _row(
        (1, 0.3, 0.3), (0.9, 0.4, 0.3), (0.8, 0.45, 0.3), (0.75, 0.5, 0.3), (0.7, 0.55, 0.3)
    ),
    "fog": _row((0.4, 3, 64), (0.7, 3, 64), (1, 2.5, 64), (1.5, 2, 64), (2, 1.75, 64)),
    **_BRIGHTNESS_AND_CONTRAST,
    "elastic_transform": _row(
        (0, 0, 5.12), (3.2, 19.2, 3.84), (6.4, 5.12, 3.84), (6.4, 1.92, 1.92), (10.24, 1.92, 1.28)
    ),
    "pixelate": _row(0.9, 0.8, 0.7, 0.6, 0.5),
    "jpeg_compression": _row(65, 58, 50, 40, 25),
    "speckle_noise": _row(0.15, 0.2, 0.25, 0.3, 0.35),
    "gaussian_blur": _row(0.5, 0.75, 1, 1.25, 1.5),
    "spatter": _row(
        (0.62, 0.1, 0.7, 0.7, 0.6, False),
        (0.65, 0.1, 0.8, 0.7, 0.6, False),
        (0.65, 0.3, 1, 0.69, 0.6, False),
        (0.65, 0.1, 0.7, 0.68, 0.6, True),
        (0.65, 0.1, 0.5, 0.67, 0.6, True),
    ),
    "saturate": _row((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (30, 0.2)),
}

_CIFAR: Rows = {
    "gaussian_noise": _row(0.04, 0.06, 0.08, 0.09, 0.1),
    "shot_noise": _row(500, 250, 100, 75, 50),
    "impulse_noise": _row(0.01, 0.02, 0.03, 0.05, 0.07),
    "defocus_blur": _row((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)),
    "glass_blur": _row((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)),
    "motion_blur": _row((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)),
    "zoom_blur": _SMALL_ZOOM,
    "snow": tuple(
        (*row, mix) for row, mix in zip(_SMALL_SNOW, (0.95, 0.9, 0.9, 0.85, 0.8), strict=True)
    ),
    "frost": _row(
        (1, 0.2, 0.2), (1, 0.3, 0.2), (0.9, 0.4, 0.2), (0.85, 0.4, 0.2), (0.75, 0.45, 0.2)
    ),
    "fog": _row((0.2, 3, 32), (0.5, 3, 32), (0.75, 2.5, 32), (1, 2, 32), (1.5, 1.75, 32)),
    "brightness": _row(0.05, 0.1, 0.15, 0.2, 0.3),
    "contrast": _row(0.75, 0.5, 0.4, 0.3, 0.15),
    "elastic_transform": _row(
        (0, 0, 2.56), (1.6, 6.4, 2.24), (2.56, 1.92, 1.92), (3.2, 1.28, 1.6), (3.2, 0.96, 0.96)
    ),
    "pixelate": _row(0.95, 0.9, 0.85, 0.75, 0.65),
    "jpeg_compression": _row(80, 65, 58, 50, 40),
    "speckle_noise": _row(0.06, 0.1, 0.12, 0.16, 0.2),
    "gaussian_blur": _row(0.4, 0.6, 0.7, 0.8, 1),
    "spatter": _row(
        (0.62, 0.1, 0.7, 0.7, 0.5, False),
        (0.65, 0.1, 0.8, 0.7, 0.5, False),
        (0.65, 0.3, 1, 0.69, 0.5, False),
        (0.65, 0.1, 0.7, 0.69, 0.6, True),
        (0.65, 0.1, 0.5, 0.68, 0.6, True),
    ),
    "saturate": _row((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)),
}

_MNIST: Rows = {
    "shot_noise": _row(3),
    "impulse_noise": _row(0.17),
    "glass_blur": _row((0.7, 1, 2, True)),
    "motion_blur": _row((10, 3)),
    "shear": _row(0.4),
    "scale": _row(0.7),
    "rotate": _row(0.4),
    "brightness": _row(0.5),
    "translate": _row(3),
    "stripe": _row(0.25),
    "fog": _row((3, 1.4, 256)),
    "spatter": _row((0.65, 0.3, 1, 0.65, 1.5, True)),
    "dotted_line": _row(4),
    "zigzag": _row(4),
    "canny_edges": _row((1, 0.1, 0.2)),
}

_OWN: Rows = {
    "uniform_noise": _row(0.05, 0.1, 0.2, 0.3, 0.5),
    "salt_and_pepper": _row(0.01, 0.03, 0.06, 0.12, 0.24),
    "gamma": _row(1.25, 1.5, 2, 3, 4),
    "quantise": _row(5, 4, 3, 2, 1),
    "invert": _row(0.2, 0.4, 0.6, 0.8, 1),
    "cutout": _row(0.1, 0.2, 0.3, 0.4, 0.5),
    "dead_pixels": _row(0.01, 0.03, 0.06, 0.12, 0.24),
    "hot_pixels": _row(0.01, 0.03, 0.06, 0.12, 0.24),
    "dropped_rows": _row(0.03, 0.06, 0.12, 0.2, 0.3),
}

# The four that ImageNet-C, CIFAR-10-C and Tiny-ImageNet-C have in addition to the benchmark's
# fifteen.
EXTRAS = ("speckle_noise", "gaussian_blur", "spatter", "saturate")

SUITES: dict[str, Rows] = {
    "mnist-c": _MNIST,
    "cifar-10-c": _CIFAR,
    "imagenet-c": _IMAGENET,
    "tiny-imagenet-c": _TINY,
    "noisecore": _OWN,
}


def extras_of(suite: str) -> tuple[str, ...]:
    """Return the families of a suite that do not count in its mean."""
    return EXTRAS if set(EXTRAS) <= set(SUITES[suite]) else ()  # spatter counts in mnist-c
