"""What a noise is given and gives back is checked, in one line."""

from __future__ import annotations

import numpy as np
import pytest
from zeros import STREAM, zeros

from noisecore.noise import (
    NoiseError,
    Stream,
    apply_noise,
    check_scale,
    check_scales,
    gaussian,
    salt_and_pepper,
    try_noise,
    uniform,
)


def test_scales_that_a_noise_cannot_have():
    """A share over 1 is refused before anything is trained; other noises have no upper bound."""
    with pytest.raises(NoiseError, match="share of the pixels: it must be <= 1, got 4"):
        check_scales(salt_and_pepper, (0.5, 4.0))
    check_scales(salt_and_pepper, (0.0, 1.0))
    check_scales(gaussian, (0.0, 4.0))


@pytest.mark.parametrize("scale", [-1, -1e-9, np.inf, -np.inf, np.nan, "much", None, [1.0]])
def test_scale_must_be_a_finite_number_not_below_0(scale):
    """A scale that is negative, not finite or no number is refused, with what came."""
    with pytest.raises(NoiseError) as refusal:
        apply_noise(gaussian, zeros(1), scale, STREAM)
    assert str(refusal.value) == f"scale must be a finite number >= 0, got {scale!r}"


def test_scale_0_has_one_name():
    """Minus zero becomes zero, so that the identity has one key and one label."""
    assert str(check_scale(-0.0)) == "0.0"


@pytest.mark.parametrize(
    ("noise", "got"),
    [
        (lambda images, scale, *, rng: images.astype(np.float64), "float64"),
        (lambda images, scale, *, rng: images[..., 0], r"float32 \(256, 2, 2\)"),
        (lambda images, scale, *, rng: images[:1], r"float32 \(1, 2, 2, 1\)"),
    ],
    ids=["dtype", "dimensions", "samples"],
)
def test_noise_must_keep_dtype_and_shape(noise, got):
    """A noise that hands back another dtype or shape is refused, rather than cast or broadcast."""
    message = rf"a noise must return float32 \(256, 2, 2, 1\) as it was given, got {got}"
    with pytest.raises(NoiseError, match=message):
        apply_noise(noise, zeros(2), 1.0, STREAM)


class TestScales:
    """Scales are what a person reads."""

    @pytest.mark.parametrize(
        ("scale", "written"),
        [
            (0.1 + 0.2, 0.3),
            (np.arange(0.1, 0.5, 0.1)[2], 0.3),
            (np.float32(0.1), 0.1),
            (float(np.float32(0.1)), 0.1),
            (np.float16(0.1), 0.1),
            (np.float64(0.7) - 0.1 - 0.1, 0.5),
            (1, 1.0),
            (-0.0, 0.0),
            (0.25, 0.25),
            (1 / 3, 0.333333333333),
            (123456.789, 123456.789),
            (3e38, 3e38),
            (0.5019531250002274, 0.5019531),  # 12 digits of it are a number that float32 holds
        ],
    )
    def test_as_written(self, scale, written) -> None:
        """What arithmetic and short types leave behind a number is not a part of it."""
        assert check_scale(scale) == written
        assert check_scale(check_scale(scale)) == written


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        (lambda images, scale, *, rng: images[..., :1], "as it was given, got float32"),
        (lambda images, scale, *, rng: images.astype(float), "as it was given, got float64"),
        (lambda images, scale, *, rng: images.tolist(), "must return an array, got list"),
        (lambda images, scale, *, rng: None, "must return an array, got NoneType"),
        (lambda images, scale, *, rng: images @ np.zeros(5), "failed on images of the shape"),
        (lambda images, scale: images, r"failed on images .* unexpected keyword argument 'rng'"),
        (
            lambda images, scale, *, rng: 1 / 0,
            r"at scale 0.5: ZeroDivisionError: .*test_checks.py:",
        ),
    ],
)
def test_try_noise(noise, message) -> None:
    """A noise that fails on images of this shape is refused in one line that says how."""
    images = np.ones((1, 4, 4, 3), np.float32)
    with pytest.raises(NoiseError, match=message) as refused:
        try_noise(noise, images, [0.5])
    assert "\n" not in str(refused.value)
    assert (images == 1).all()


def tint(images, scale, *, rng):
    """Make images redder, and less blue."""
    out = images.copy()
    out[..., 0] += scale
    out[..., 2] -= scale
    return out


def brighten_first(images, scale, *, rng):
    """Brighten the first channel."""
    out = images.copy()
    out[..., 0] += scale
    return out


def rows_only(images, scale, *, rng):
    """Roll the rows of images without channels."""
    _, _, _ = images.shape
    return np.roll(images, 1, axis=1)


@pytest.mark.parametrize(
    ("noise", "message"),
    [(tint, "asks for channels that grey images do not have"), (brighten_first, "channel axis")],
)
def test_columns_are_no_channels(noise, message) -> None:
    """A noise for channels is refused on images without any, and not laid on their columns."""
    grey = np.random.default_rng(0).random((1, 8, 8), np.float32)
    with pytest.raises(NoiseError, match=message) as refused:
        try_noise(noise, grey, [0.5])
    assert "\n" not in str(refused.value)
    try_noise(noise, np.repeat(grey[..., np.newaxis], 3, axis=-1), [0.5])


@pytest.mark.parametrize("noise", [rows_only, uniform, salt_and_pepper])
def test_noises_for_images_without_channels(noise) -> None:
    """A noise that does the same with and without a channel axis, or refuses one, is tried."""
    try_noise(noise, np.random.default_rng(0).random((1, 8, 8), np.float32), [0.5])


def test_noise_that_draws_elsewhere() -> None:
    """A noise that does not draw from rng alone, or remembers its last call, is refused."""
    calls = []

    def remembers(images, scale, *, rng):
        calls.append(scale)
        return images + np.float32(scale * len(calls))

    def elsewhere(images, scale, *, rng):
        return images + np.random.standard_normal(images.shape).astype(np.float32)

    for noise in (remembers, elsewhere):
        with pytest.raises(NoiseError, match="gave two results"):
            try_noise(noise, np.ones((1, 4, 4, 1), np.float32), [0.5])


def test_pixels_that_are_no_numbers() -> None:
    """NaN from a noise is the noise's fault, when it is tried and when it is laid on images."""

    def late(images, scale, *, rng):
        return np.where(images > 0.5, np.float32(np.nan), images)

    with pytest.raises(NoiseError, match="late gave NaN or infinite pixels"):
        try_noise(late, np.ones((1, 4, 4, 1), np.float32), [0.5])
    with pytest.raises(NoiseError, match="late gave NaN or infinite pixels"):
        apply_noise(late, np.ones((3, 4, 4, 1), np.float32), 0.5, Stream(0, "test"))
