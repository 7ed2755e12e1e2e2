"""The sketch of images is the same but for rounding, and another one for other images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_suites import images, nearest

import noisecore
from noisecore.records.sketch import Sketch, are_near, sketch_of

RNG = np.random.default_rng(0)
IMAGES = (RNG.random((203, 9, 7, 3)) * 0.8 + 0.1).astype(np.float32)
NOISE = RNG.normal(0, 1, IMAGES.shape).astype(np.float32)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_groups_of_any_size_give_one_sketch(size) -> None:
    """How many images are taken in at once changes nothing."""
    sketch = Sketch()
    for first in range(0, len(IMAGES), size):
        sketch.update(IMAGES[first : first + size])
    assert sketch.values == sketch_of(IMAGES)


def test_rounding_stays_near() -> None:
    """The last bits, and a hundredth of the pixels a grey level higher or lower, are rounding."""
    assert are_near(sketch_of(IMAGES), sketch_of(np.nextafter(IMAGES, np.float32(9))))
    levels = np.where(RNG.random(IMAGES.shape) < 0.01, RNG.choice([-1, 1], IMAGES.shape), 0)
    assert are_near(sketch_of(IMAGES), sketch_of((IMAGES + levels / 255).astype(np.float32)))


@pytest.mark.parametrize(
    "other",
    [
        IMAGES + 0.5 * NOISE,
        IMAGES + RNG.permutation(NOISE),
        IMAGES + NOISE + 0.02,
        IMAGES[::-1] + NOISE,
        (IMAGES + NOISE)[:-1],
        np.clip(IMAGES + NOISE, 0, 1),
    ],
    ids=["half the noise", "other noise", "brighter", "another order", "one less", "clipped"],
)
def test_other_images_are_not_near(other) -> None:
    """Images that differ by more than rounding have sketches that are not near."""
    assert not are_near(sketch_of(IMAGES + NOISE), sketch_of(other.astype(np.float32)))


def test_bright_images_hide_no_noise() -> None:
    """What counts is how far pixels lie from each other, and not how bright all of them are."""
    bright, less = (7000 + part * NOISE for part in (20, 10))
    assert not are_near(sketch_of(bright), sketch_of(less))
    assert are_near(sketch_of(bright), sketch_of(np.nextafter(bright, np.float32(9e9))))


def test_no_images_have_a_sketch() -> None:
    """Nothing is divided by 0 where a group has no image."""
    assert sketch_of(IMAGES[:0]) == (0.0,) * 9
    assert np.isfinite(sketch_of(IMAGES[:3])).all()


def test_noise_from_another_file_is_no_rounding(tmp_path) -> None:
    """A noise that reads another file on another machine has the same code, and is found out."""
    kept = tmp_path / "grain.npy"

    def grain(images, scale, *, rng):
        return images + np.float32(scale) * np.load(kept)

    def measured(seed, processor):
        np.save(kept, np.random.default_rng(seed).normal(0, 1, (12, 12, 1)).astype(np.float32))
        curve = noisecore.evaluate(nearest, *images(), noise=grain, scales=[0.1], name="bars")
        return [
            replace(each, environment=each.environment | {"processor": processor})
            for each in curve.records
        ]

    old = measured(0, "here")
    (same,) = noisecore.compare(measured(0, "there"), old).values()
    assert same.verdict == "pass"
    (other,) = noisecore.compare(measured(1, "there"), old).values()
    assert other.verdict == "fail"
    assert "the noisy test images differ by more than rounding" in other.sentence
