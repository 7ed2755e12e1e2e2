"""Samples: a few images that show something, whatever the groups that they come in."""

from __future__ import annotations

import numpy as np
import pytest

from noisecore.noise import Sampler, Samples, most_contrast, reduced, some_scales


def images_of(contrasts):
    """Return images of two halves, which differ by the contrasts."""
    images = np.zeros((len(contrasts), 4, 4, 1), np.float32)
    images[:, :2] = np.array(contrasts, np.float32)[:, None, None, None]
    return images


def test_most_contrast() -> None:
    """Of each class the image with the greatest contrast is chosen, and no blank one before it."""
    images = images_of([0.0, 0.9, 0.3, 1.0, 0.0, 0.4])
    assert most_contrast(images, np.array([0, 0, 1, 1, 2, 2])) == [1, 3, 5]
    assert most_contrast(images, np.arange(6)) == [1, 3, 5]
    assert most_contrast(images, np.zeros(6, np.int64)) == [3]


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_groups(size) -> None:
    """The same images are chosen however they are grouped, each with its own noise."""
    rng = np.random.default_rng(1)
    images, labels = images_of(rng.random(40)), np.arange(40) % 7
    noisy = {scale: images + np.float32(scale) for scale in (0.1, 0.2)}
    sampler = Sampler([0.1])
    for first in range(0, 40, size):
        part = slice(first, first + size)
        sampler.choose(images[part], labels[part])
        for scale, each in noisy.items():
            sampler.take(scale, each[part])
    samples = sampler.samples("pixels")
    chosen = most_contrast(images, labels)
    np.testing.assert_array_equal(samples.clean, images[chosen])
    np.testing.assert_array_equal(samples.noisy[0.1], noisy[0.1][chosen])
    assert list(samples.noisy) == [0.1]


def test_memory() -> None:
    """What is held does not grow with the images, their classes or their size."""
    sampler = Sampler([1.0])
    rng = np.random.default_rng(0)
    for n in range(40):
        images = rng.random((20, 700, 9, 3), dtype=np.float32)
        sampler.choose(images, np.arange(20) + 20 * n)
        sampler.take(1.0, images)
    samples = sampler.samples("pixels")
    assert samples.clean.shape == samples.noisy[1.0].shape == (3, 140, 2, 3)


def test_files() -> None:
    """Samples come back from their bytes; other bytes are refused."""
    clean = images_of([0.5, 1.0])
    samples = Samples(clean=clean, noisy={0.1: clean + 1, 2.0: clean + 2}, unit="pixels")
    again = Samples.from_bytes(samples.to_bytes())
    np.testing.assert_array_equal(again.clean, clean)
    np.testing.assert_array_equal(again.noisy[2.0], clean + 2)
    assert (list(again.noisy), again.unit) == ([0.1, 2.0], "pixels")
    for content in (b"", b"x", samples.to_bytes()[:-50]):
        with pytest.raises(ValueError, match="no samples"):
            Samples.from_bytes(content)


def test_few() -> None:
    """Of many scales a few are shown, the least and the greatest among them; images stay small."""
    assert some_scales([1.0, 2.0]) == [1.0, 2.0]
    assert some_scales([float(n) for n in range(1, 12)]) == [1, 3, 5, 7, 9, 11]
    assert reduced(np.zeros((1, 28, 28), np.float32)).shape == (1, 28, 28)
    assert reduced(np.zeros((1, 500, 300, 3), np.float32)).shape == (1, 125, 75, 3)
