"""Images with a bright band where their class says, and a model that sees it."""

import numpy as np
import pytest

from noisecore.running.evaluation import evaluate_given

CLASSES = 3


def make_images(count: int = 300, seed: int = 0, side: int = 8):
    """Return images in [0, 1] with a bright band where their class says, and the classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, count)
    images = rng.random((count, side, side, 1)).astype(np.float32) / 2
    for label in range(CLASSES):
        images[labels == label, 2 * label : 2 * label + 2] += 0.4
    return images, labels


X, Y = make_images()


def bands(images):
    """Return the brightness of each class's band: a model of three scores."""
    return np.stack([images[:, 2 * k : 2 * k + 2].mean(axis=(1, 2, 3)) for k in range(CLASSES)], 1)


def sharp(images):
    """Return the same as probabilities."""
    powers = np.exp(20 * bands(images))
    return powers / powers.sum(axis=1, keepdims=True)


def evaluate(model=sharp, x=X, y=Y, **changes):
    """Evaluate with little to say."""
    return evaluate_given(model, x, y, **{"name": "mine", "scales": [0.5, 2.0]} | changes)


# What `bands` computes, as one matrix: of flat images to three scores.
WEIGHTS = np.zeros((64, CLASSES), np.float32)
for _k in range(CLASSES):
    WEIGHTS.reshape(8, 8, CLASSES)[2 * _k : 2 * _k + 2, :, _k] = 1 / 16


def linear(images):
    """Answer with scores."""
    return images.reshape(len(images), -1) @ WEIGHTS


def same(found, wanted) -> None:
    """Assert that two evaluations saw the same images and gave the same answers."""
    for one, other in zip(found, wanted, strict=True):
        for mine, theirs in zip(one.evaluations, other.evaluations, strict=True):
            assert mine.images_sha256 == theirs.images_sha256
            assert mine.correct == theirs.correct
            assert mine.loss == pytest.approx(theirs.loss, rel=1e-4)


def first(records):
    """Return the environment of the first record."""
    return records[0].environment
