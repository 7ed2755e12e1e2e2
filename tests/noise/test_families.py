"""Each noise has the moments, shares and kernels that it claims."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from zeros import STREAM, assert_uncorrelated, flat, zeros

from noisecore.callables import source_sha256
from noisecore.noise import (
    BLOCK,
    NOISES,
    NoiseError,
    apply_noise,
    gaussian,
    gaussian_blur,
    get_noise,
    salt_and_pepper,
    uniform,
)

SCALES = [0.1, 0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize("scale", SCALES)
def test_gaussian_has_its_exact_moments(scale):
    """Mean 0, variance scale squared, no skew, no excess kurtosis: each within 5 standard errors.

    The scale is the standard deviation and not the variance.
    """
    noise = flat(apply_noise(gaussian, zeros(40 * BLOCK, 4), scale, STREAM)).ravel()
    error = 5 / np.sqrt(noise.size)
    assert noise.mean() == pytest.approx(0, abs=error * scale)
    assert noise.var() == pytest.approx(scale**2, rel=error * np.sqrt(2))
    assert stats.skew(noise) == pytest.approx(0, abs=error * np.sqrt(6))
    assert stats.kurtosis(noise) == pytest.approx(0, abs=error * np.sqrt(24))


def test_gaussian_is_normal():
    """The whole distribution is the normal one, by Kolmogorov and Smirnov, tails included."""
    noise = flat(apply_noise(gaussian, zeros(40 * BLOCK, 4), 2.0, STREAM)).ravel()
    assert stats.kstest(noise, stats.norm(scale=2.0).cdf).pvalue > 0.001
    beyond = int((np.abs(noise) > 3 * 2.0).sum())
    assert stats.binomtest(beyond, noise.size, 2 * stats.norm.sf(3)).pvalue > 0.001


def test_pixels_are_independent():
    """No two pixels of an image share any of their noise."""
    assert_uncorrelated(flat(apply_noise(gaussian, zeros(40 * BLOCK, 5), 1.0, STREAM)).T)


def test_samples_are_independent_across_a_block_boundary():
    """No two samples share any of their noise, be they in one block or in two."""
    noise = flat(apply_noise(gaussian, zeros(2 * BLOCK, 64), 1.0, STREAM))
    assert_uncorrelated(np.vstack([noise[:4], noise[BLOCK - 4 : BLOCK + 4], noise[-4:]]))


@pytest.mark.parametrize(("scale", "pixel"), [(0.1, 0.0), (0.5, 0.25), (1.0, 0.5), (4.0, 1.0)])
def test_clipped_noise_has_the_moments_of_a_clipped_normal(scale, pixel):
    """Mean and mean square are those of a normal with its tails moved to the bounds, 0 and 1."""
    images = zeros(40 * BLOCK, 4) + np.float32(pixel)
    noisy = flat(apply_noise(gaussian, images, scale, STREAM, clip=(0.0, 1.0))).ravel()
    low, high = (0 - pixel) / scale, (1 - pixel) / scale
    inside = stats.norm.cdf(high) - stats.norm.cdf(low)
    slope = stats.norm.pdf(low) - stats.norm.pdf(high)
    above = stats.norm.sf(high)
    bend = low * stats.norm.pdf(low) - high * stats.norm.pdf(high)
    mean = above + pixel * inside + scale * slope
    square = above + pixel**2 * inside + 2 * pixel * scale * slope + scale**2 * (inside + bend)
    assert (noisy.min(), noisy.max()) == (0, 1) if scale >= 0.5 else noisy.min() == 0
    for values, exact in ((noisy, mean), (noisy**2, square)):
        assert values.mean() == pytest.approx(exact, abs=5 * values.std() / np.sqrt(noisy.size))


@pytest.mark.parametrize("scale", [0.1, 2.0])
def test_uniform_is_uniform(scale):
    """The scale is half of the width: by Kolmogorov and Smirnov, and never beyond it."""
    noise = flat(apply_noise(uniform, zeros(40 * BLOCK, 4), scale, STREAM)).ravel()
    assert stats.kstest(noise, stats.uniform(-scale, 2 * scale).cdf).pvalue > 0.001
    assert np.abs(noise).max() <= np.float32(scale)
    assert noise.std() == pytest.approx(scale / np.sqrt(3), rel=0.01)


@pytest.mark.parametrize("scale", [0.05, 0.5, 1.0])
def test_salt_and_pepper_replaces_its_share(scale):
    """The scale is the share of replaced pixels; half get the image's least, half its greatest."""
    images = np.tile(
        np.linspace(-0.4, 2.8, 16, dtype=np.float32).reshape(4, 4, 1), (40 * BLOCK, 1, 1, 1)
    )
    noisy = apply_noise(salt_and_pepper, images, scale, STREAM)[:, 1:3]
    before = images[:, 1:3]
    for value in (images.min(), images.max()):
        count = int((noisy == value).sum())
        assert stats.binomtest(count, noisy.size, scale / 2).pvalue > 0.001
    changed = noisy != before
    assert np.isin(noisy[changed], [images.min(), images.max()]).all()


def test_salt_and_pepper_takes_all_channels_of_a_pixel():
    """A pixel is replaced in all of its channels or in none."""
    images = np.random.default_rng(0).random((BLOCK, 5, 5, 3), np.float32)
    changed = apply_noise(salt_and_pepper, images, 0.3, STREAM) != images
    shares = changed.mean(axis=-1)
    assert 0.2 < (shares > 0).mean() < 0.4
    assert (shares[shares > 0] > 0.6).all()  # a channel may have had that value before


def test_salt_and_pepper_grows_by_adding_pixels():
    """What a scale replaces, every greater scale replaces too, by the same value."""
    images = np.random.default_rng(0).random((BLOCK, 5, 5, 1), np.float32)
    less, more = (apply_noise(salt_and_pepper, images, s, STREAM) for s in (0.2, 0.6))
    replaced = less != images
    np.testing.assert_array_equal(less[replaced], more[replaced])


@pytest.mark.parametrize("scale", [0.7, 1.5])
def test_blur_of_a_point_is_the_kernel(scale):
    """A single bright pixel becomes a normal density of that width, in pixels."""
    images = zeros(1, 25)
    images[0, 12, 12] = 1
    blurred = flat(apply_noise(gaussian_blur, images, scale, STREAM)).reshape(25, 25)
    line = stats.norm.pdf(np.arange(-12, 13), scale=scale)
    kernel = np.outer(line, line)
    np.testing.assert_allclose(blurred, kernel / kernel.sum(), atol=2e-4)


def test_blur_keeps_channels_apart_and_flat_images_flat():
    """Nothing flows from one channel to the next, or in from beyond the edge."""
    images = np.zeros((3, 9, 9, 3), np.float32)
    images[..., 1] = 0.75
    blurred = apply_noise(gaussian_blur, images, 2.0, STREAM)
    np.testing.assert_allclose(blurred, images, atol=1e-6)


def test_noise_is_found_by_name():
    """The name in a profile is that of the function itself."""
    assert get_noise("gaussian") is gaussian
    assert {name: noise.__name__ for name, noise in NOISES.items()} == {n: n for n in NOISES}


@pytest.mark.parametrize(
    ("name", "hint"), [("gausian", "; did you mean 'gaussian'?"), ("mist", "")]
)
def test_unknown_noise_lists_the_known_ones(name, hint):
    """An unknown name is answered with all known ones and, if there is one, the near miss."""
    with pytest.raises(NoiseError) as refusal:
        get_noise(name)
    known = ", ".join(sorted(NOISES))
    also = "; or a corruption, such as cifar-10-c/fog: `noisecore noises` lists them"
    assert str(refusal.value) == f"unknown noise {name!r}: expected one of {known}{hint}{also}"


def test_source_sha256_follows_the_source():
    """Functions of other source have other sums, and the same function has the same."""
    assert source_sha256(gaussian) == source_sha256(get_noise("gaussian"))
    assert source_sha256(gaussian) != source_sha256(apply_noise)
