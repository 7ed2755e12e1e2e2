"""Corruptions act on pixels in [0, 1]: before standardising, and on given images in their range."""

from __future__ import annotations

import numpy as np
import pytest

from noisecore import evaluate
from noisecore.data import load_dataset, unit_images
from noisecore.noise import Stream, apply_noise
from noisecore.noise.corruptions import corrupt
from noisecore.running.evaluation import GivenError
from noisecore.running.images import splits_of
from noisecore.running.training import standardise

STREAM = Stream(0, "test")
PLACES = np.array([7, 2, 30])


@pytest.fixture
def data(tiny):
    """Return a tiny data set."""
    return load_dataset(str(tiny.path))


@pytest.mark.parametrize("standardisation", ["none", "train", "notebook"])
def test_corrupted_then_standardised(data, standardisation) -> None:
    """The pixels are corrupted, and standardised with the moments of the clean images."""
    for split, pixels in zip(
        splits_of(data, standardisation), (data.x_train, data.x_test), strict=True
    ):
        plain = unit_images(pixels)
        wanted = corrupt(plain, "fog", 1, suite="mnist-c")
        if split.scaling is not None:
            wanted = (wanted - split.scaling.mean) / split.scaling.std
        np.testing.assert_array_equal(split.noisy("mnist-c/fog", 1, STREAM), wanted)
        some = split.noisy("mnist-c/fog", 1, STREAM, places=PLACES, clip=(-0.1, 0.2))
        np.testing.assert_array_equal(some, wanted[PLACES].clip(-0.1, 0.2))
        np.testing.assert_array_equal(split.noisy("mnist-c/fog", 0, STREAM), split.images)


@pytest.mark.parametrize("standardisation", ["none", "train", "notebook"])
def test_other_noises_act_on_what_the_model_gets(data, standardisation) -> None:
    """Gaussian noise is laid over the standardised images, as before."""
    both = standardise(unit_images(data.x_train), unit_images(data.x_test), standardisation)
    for split, images in zip(splits_of(data, standardisation), both, strict=True):
        np.testing.assert_array_equal(split.images, images)
        wanted = apply_noise("gaussian", images, 0.7, STREAM)
        np.testing.assert_array_equal(split.noisy("gaussian", 0.7, STREAM), wanted)


def test_blank_images_are_blank_before_a_corruption(data) -> None:
    """The control without a signal has none under a corruption either."""
    train, test = splits_of(data, "none", blank=True)
    assert not train.images.any()
    bright = test.noisy("mnist-c/brightness", 1, STREAM)
    np.testing.assert_array_equal(bright, np.full_like(bright, 0.5))


RNG = np.random.default_rng(0)
Y = np.arange(300) % 3
X = (RNG.random((300, 8, 8)) / 2).astype(np.float32)
X[np.arange(300), 2 * Y] += 0.4


class Model:
    """Knows the bright row, of images from low to high; keeps the images that it got."""

    def __init__(self, low=0.0, high=1.0) -> None:
        self.low, self.high = low, high
        self.seen: list[np.ndarray] = []

    def __call__(self, images) -> np.ndarray:
        """Return a score for each class."""
        self.seen.append(images)
        plain = (images - self.low) / (self.high - self.low)
        return np.stack([plain[:, 2 * k].mean(axis=1) for k in range(3)], 1)


def test_given_images_in_any_range() -> None:
    """The images come back in the range that was declared, standardised ones and bytes too."""
    for low, high in ((0.0, 1.0), (-0.4242129, 2.8214867), (0.0, 255.0)):
        model, x = Model(low, high), (X * (high - low) + low).astype(np.float32)
        curve = evaluate(
            model, x, Y, noise="mnist-c/fog", scales=[1], draws=1, value_range=(low, high)
        )
        assert curve.name == "Model/mnist-c/fog"
        assert curve.scales.tolist() == [0, 1]
        wanted = corrupt(X, "fog", 1, suite="mnist-c") * (high - low) + low
        np.testing.assert_allclose(model.seen[-1], wanted, atol=2e-6 * (high - low))


def test_standardised_images_are_refused() -> None:
    """With units='own' a pixel beyond [0, 1] is refused, and the line says what to declare."""
    with pytest.raises(GivenError, match=r"in \[0, 1\], got .* declare value_range=") as error:
        evaluate(Model(), 3 * X - 1, Y, noise="gamma", scales=[1], units="own")
    assert "\n" not in str(error.value)
    evaluate(Model(), X, Y, noise="gamma", scales=[1], units="own")


def test_severities_are_checked_before_the_model_is_called() -> None:
    """A scale that is no severity is refused in one line, before anything runs."""
    model = Model()
    with pytest.raises(ValueError, match=r"mnist-c/fog must be one of 0, 1, got 0\.5"):
        evaluate(model, X, Y, noise="mnist-c/fog", scales=[0.5])
    assert not model.seen
