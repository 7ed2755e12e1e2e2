"""Noise is laid on images of any shape: it copies them, and bounds its memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from zeros import SAMPLES, STREAM, zeros

from noisecore.noise import (
    BLOCK,
    NOISES,
    Draw,
    NoiseError,
    Stream,
    apply_noise,
    gaussian,
)


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


@pytest.mark.parametrize(
    ("images", "got"),
    [
        (np.zeros((2, 4, 4), np.uint8), r"uint8 \(2, 4, 4\): .* cut"),
        (np.zeros((2, 4, 4), np.float64), r"float64 \(2, 4, 4\): .* cut"),
        (np.zeros((4, 4), np.float32), r"float32 \(4, 4\): one image is images\[None\]"),
        ([[[0.0]]], r"list: give numpy\.asarray"),
    ],
)
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_images_must_be_float32(images, got, scale):
    """Images of another dtype, a lone image or a list are refused, at scale 0 too, and why."""
    with pytest.raises(NoiseError, match=rf"images must be a float32 array .*, got {got}"):
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
