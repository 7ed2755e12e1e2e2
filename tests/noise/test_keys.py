"""Noise is keyed: it depends on nothing but its stream and a sample's index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zeros import SAMPLES, STREAM, assert_uncorrelated, flat, zeros

from noisecore.noise import (
    BLOCK,
    Stream,
    apply_noise,
    gaussian,
)


@pytest.fixture(scope="module")
def whole() -> np.ndarray:
    """Return the noise of a whole split of `SAMPLES` samples."""
    return apply_noise(gaussian, zeros(SAMPLES), 1.0, STREAM)


@given(st.lists(st.integers(0, SAMPLES - 1), min_size=1, max_size=60, unique=True))
@settings(deadline=None)
def test_noise_does_not_depend_on_subset_or_order(whole, indices):
    """Any samples, in any order, get the noise that they get in the whole."""
    chosen = np.array(indices)
    some = apply_noise(gaussian, zeros(len(chosen)), 1.0, STREAM, indices=chosen)
    np.testing.assert_array_equal(some, whole[chosen])


@given(st.integers(1, SAMPLES))
@settings(deadline=None, max_examples=25)
def test_noise_does_not_depend_on_the_batch(whole, size):
    """A split that is made noisy batch by batch is the one that is made noisy at once."""
    batches = [
        apply_noise(gaussian, zeros(len(batch)), 1.0, STREAM, indices=batch)
        for batch in np.array_split(np.arange(SAMPLES), -(-SAMPLES // size))
    ]
    np.testing.assert_array_equal(np.concatenate(batches), whole)


@pytest.mark.parametrize("samples", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_noise_does_not_depend_on_the_number_of_samples(whole, samples):
    """The first samples of a split get the same noise however many follow, at a block's end too."""
    np.testing.assert_array_equal(
        apply_noise(gaussian, zeros(samples), 1.0, STREAM), whole[:samples]
    )


def test_noise_that_draws_twice_keeps_its_key():
    """Of a noise of several draws, too, a sample's part does not depend on who is beside it."""

    def spots(images, scale, *, rng):
        where = rng.random(images.shape, np.float32) < 0.5
        return np.where(where, scale * rng.random(images.shape, np.float32), images)

    every = apply_noise(spots, zeros(SAMPLES), 1.0, STREAM)
    some = np.array([SAMPLES - 1, 3, BLOCK])
    np.testing.assert_array_equal(
        apply_noise(spots, zeros(3), 1.0, STREAM, indices=some), every[some]
    )


def test_draws_splits_and_epochs_are_independent():
    """Every draw, split and epoch has noise of its own; a frozen draw is not that of any epoch."""
    streams = [
        Stream(draw, split, epoch)
        for draw in (0, 1)
        for split in ("train", "test")
        for epoch in (None, 0, 1)
    ]
    noise = [flat(apply_noise(gaussian, zeros(BLOCK, 16), 1.0, s)).ravel() for s in streams]
    assert_uncorrelated(np.vstack(noise))


def test_equal_streams_give_equal_noise():
    """Noise is known by its key, whatever was drawn before it and from wherever."""
    first = apply_noise(gaussian, zeros(BLOCK), 1.0, Stream(3, "test"))
    np.random.seed(5)
    apply_noise(gaussian, zeros(BLOCK), 1.0, Stream(4, "test"))
    np.testing.assert_array_equal(
        apply_noise(gaussian, zeros(BLOCK), 1.0, Stream(3, "test")), first
    )


def test_global_random_state_is_left_alone():
    """Noise neither draws from NumPy's global generator nor seeds it."""
    before = np.random.get_state()[1].copy()
    apply_noise(gaussian, zeros(SAMPLES), 1.0, STREAM)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_known_noise():
    """The noise behind every kept record stays what it was: a new value makes them all old."""
    train = apply_noise(gaussian, zeros(BLOCK + 45), 1.0, Stream(0, "train"))
    expected = [-0.8343318, 1.409255, -0.8610171, -0.7263803]
    np.testing.assert_allclose(train[0].ravel(), expected, rtol=1e-6)
    expected = [1.9478197, 2.8488200, 0.8909236, 2.1534588]
    np.testing.assert_allclose(train[BLOCK + 44].ravel(), expected, rtol=1e-6)
    test = apply_noise(gaussian, zeros(1), 1.0, Stream(7, "test", 3), indices=np.array([1023]))
    expected = [-1.1503242, 0.3908868, 1.0985081, -1.4899932]
    np.testing.assert_allclose(test.ravel(), expected, rtol=1e-6)


@pytest.mark.parametrize(("less", "more"), [(0.5, 1.0), (1.0, 2.0), (2.0, 4.0)])
def test_one_draw_serves_every_scale(less, more):
    """On zero images noise at twice the scale is exactly twice the noise, to the bit."""
    np.testing.assert_array_equal(
        apply_noise(gaussian, zeros(SAMPLES), more, STREAM),
        2 * apply_noise(gaussian, zeros(SAMPLES), less, STREAM),
    )
