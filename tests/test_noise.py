"""Noise has the moments it claims, and a sample's noise depends on its key alone."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import stats
from zeros import SAMPLES, STREAM, assert_uncorrelated, flat, zeros

from noisecore.callables import source_sha256
from noisecore.noise import (
    BLOCK,
    NOISES,
    Draw,
    NoiseError,
    Stream,
    apply_noise,
    check_scale,
    check_scales,
    gaussian,
    gaussian_blur,
    get_noise,
    salt_and_pepper,
    try_noise,
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


def test_scales_that_a_noise_cannot_have():
    """A share over 1 is refused before anything is trained; other noises have no upper bound."""
    with pytest.raises(NoiseError, match="share of the pixels: it must be <= 1, got 4"):
        check_scales(salt_and_pepper, (0.5, 4.0))
    check_scales(salt_and_pepper, (0.0, 1.0))
    check_scales(gaussian, (0.0, 4.0))


def test_noise_is_added_to_the_images_unclipped():
    """The result is image plus noise, in float32, and reaches beyond the images' own range."""
    images = np.random.default_rng(1).random((SAMPLES, 3, 3, 1), np.float32)
    noisy = apply_noise(gaussian, images, 1.0, STREAM)
    noise = apply_noise(gaussian, np.zeros_like(images), 1.0, STREAM)
    assert noisy.dtype == np.float32
    np.testing.assert_array_equal(noisy, images + noise)
    assert noisy.min() < 0
    assert noisy.max() > 1


def test_images_that_came_in_stay_as_they_are():
    """Noise goes into a new array: the clean images serve the next scale."""
    images = np.random.default_rng(1).random((SAMPLES, 2, 2), np.float32)
    before = images.copy()
    images.setflags(write=False)
    apply_noise(gaussian, images, 1.0, STREAM)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("scale", [0, 0.7])
def test_noise_can_replace_the_images(scale):
    """With `out` the result is put there and returned, and that may be the images themselves."""
    images = np.linspace(0, 1, (BLOCK + 3) * 4, dtype=np.float32).reshape(-1, 2, 2, 1)
    expected = apply_noise(gaussian, images, scale, Stream(0, "test"), clip=(0, 1))
    assert (
        apply_noise(gaussian, images, scale, Stream(0, "test"), clip=(0, 1), out=images) is images
    )
    np.testing.assert_array_equal(images, expected)


@pytest.mark.parametrize("scale", [0, 0.0, -0.0])
def test_scale_0_is_the_identity_and_a_copy(scale):
    """Scale 0 changes nothing, out of clipping's reach too, and hands back an array of its own."""
    images = np.array([[[-3.0, 0.5], [0.25, 7.0]]], np.float32)
    same = apply_noise(gaussian, images, scale, STREAM, clip=(0.0, 1.0))
    np.testing.assert_array_equal(same, images)
    assert not np.shares_memory(same, images)


@pytest.mark.parametrize("shape", [(0, 4, 4, 1), (3, 5, 7), (2, 4, 4, 3), (2, 2, 2, 2, 2)])
def test_any_image_shape(shape):
    """Images of any size, number of channels or none, and no images at all, keep their shape."""
    noisy = apply_noise(gaussian, np.zeros(shape, np.float32), 1.0, STREAM)
    assert noisy.shape == shape
    assert (noisy != 0).all()


@pytest.mark.parametrize("blocks", [5, 20])
def test_memory_beyond_the_result_is_a_few_blocks(blocks):
    """However many images there are, no more than four blocks are held beside the result."""
    images = zeros(blocks * BLOCK, 32)
    block = images.nbytes / blocks
    apply_noise(gaussian, images[:1], 1.0, STREAM)  # what NumPy loads on first use is not counted
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        noisy = apply_noise(gaussian, images, 1.0, STREAM, clip=(0.0, 1.0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before - noisy.nbytes < 4 * block


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
    ("images", "got"),
    [
        (np.zeros((2, 4, 4), np.uint8), r"uint8 \(2, 4, 4\)"),
        (np.zeros((2, 4, 4), np.float64), r"float64 \(2, 4, 4\)"),
        (np.zeros((4, 4), np.float32), r"float32 \(4, 4\)"),
        ([[[0.0]]], "list"),
    ],
)
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_images_must_be_float32(images, got, scale):
    """Images of another dtype, a lone image or a list are refused, at scale 0 too, and why."""
    with pytest.raises(NoiseError, match=rf"images must be a float32 array .*, got {got}: .* cut"):
        apply_noise(gaussian, images, scale, STREAM)


def test_an_index_comes_once():
    """Two images that claim the same place in the split are refused."""
    with pytest.raises(NoiseError, match="indices must differ from each other"):
        apply_noise(gaussian, zeros(2), 1.0, STREAM, indices=[3, 3])


@pytest.mark.parametrize("indices", [[0], [0, 1, 2], [0, -1], [[0, 1]]])
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_indices_must_fit(indices, scale):
    """Indices that are too few, too many, negative or nested are refused, at scale 0 too."""
    with pytest.raises(NoiseError, match="indices must be one whole number >= 0 for each of the 2"):
        apply_noise(gaussian, zeros(2), scale, STREAM, indices=np.array(indices))


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


def test_noise_is_found_by_name():
    """The name in a profile is that of the function itself."""
    assert get_noise("gaussian") is gaussian
    assert {name: noise.__name__ for name, noise in NOISES.items()} == {n: n for n in NOISES}


@pytest.mark.parametrize(("name", "hint"), [("gausian", "; did you mean 'gaussian'?"), ("fog", "")])
def test_unknown_noise_lists_the_known_ones(name, hint):
    """An unknown name is answered with all known ones and, if there is one, the near miss."""
    with pytest.raises(NoiseError) as refusal:
        get_noise(name)
    known = ", ".join(sorted(NOISES))
    assert str(refusal.value) == f"unknown noise {name!r}: expected one of {known}{hint}"


def test_source_sha256_follows_the_source():
    """Functions of other source have other sums, and the same function has the same."""
    assert source_sha256(gaussian) == source_sha256(get_noise("gaussian"))
    assert source_sha256(gaussian) != source_sha256(apply_noise)


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
        ],
    )
    def test_as_written(self, scale, written) -> None:
        """What arithmetic and short types leave behind a number is not a part of it."""
        assert check_scale(scale) == written
        assert check_scale(check_scale(scale)) == written


class TestDraw:
    """Noise that is taken group by group."""

    @pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
    @pytest.mark.parametrize("sizes", [[1] * 520, [16] * 33, [500, 20], [256, 256, 8], [100] * 6])
    def test_as_for_all_at_once(self, noise, sizes) -> None:
        """Groups of any size, at any number of scales, get the noise of the whole to the bit."""
        images = np.random.default_rng(0).random((520, 3, 4, 2), np.float32)
        wanted = apply_noise(noise, images, 0.7, Stream(1, "test"), clip=(0, 1))
        draw, got, first = Draw(noise, Stream(1, "test"), clip=(0, 1)), [], 0
        for size in sizes:
            group = images[first : first + size]
            draw.noisy(group, 0.2)
            got.append(draw.noisy(group, 0.7))
            draw.advance(len(group))
            first += size
        np.testing.assert_array_equal(np.concatenate(got), wanted)

    def test_own_noise_is_drawn_for_blocks(self) -> None:
        """A noise of one's own is always asked for whole blocks, and draws the same for a group."""
        shapes = []

        def own(images, scale, *, rng):
            shapes.append(images.shape)
            return images + scale * rng.standard_normal(images.shape, dtype=np.float32)[::-1]

        images = np.zeros((300, 2, 2, 1), np.float32)
        wanted = apply_noise(own, images, 1, Stream(0, "test"))
        draw = Draw(own, Stream(0, "test"))
        first = draw.noisy(images[:256], 1)
        draw.advance(256)
        np.testing.assert_array_equal(np.concatenate([first, draw.noisy(images[256:], 1)]), wanted)
        assert set(shapes) == {(256, 2, 2, 1)}


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        (lambda images, scale, *, rng: images[..., :1], "as it was given, got float32"),
        (lambda images, scale, *, rng: images.astype(float), "as it was given, got float64"),
        (lambda images, scale, *, rng: images.tolist(), "must return an array, got list"),
        (lambda images, scale, *, rng: None, "must return an array, got NoneType"),
        (lambda images, scale, *, rng: images @ np.zeros(5), "failed on images of the shape"),
        (lambda images, scale: images, r"failed on images .* unexpected keyword argument 'rng'"),
        (lambda images, scale, *, rng: 1 / 0, r"at scale 0.5: ZeroDivisionError: .*test_noise.py:"),
    ],
)
def test_try_noise(noise, message) -> None:
    """A noise that fails on images of this shape is refused in one line that says how."""
    images = np.ones((1, 4, 4, 3), np.float32)
    with pytest.raises(NoiseError, match=message) as refused:
        try_noise(noise, images, [0.5])
    assert "\n" not in str(refused.value)
    assert (images == 1).all()
