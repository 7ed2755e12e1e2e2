"""What `.ci/smoke` runs with an installed noisecore: the plugin, a gate, the schemas."""

import numpy as np

from noisecore import assert_monotonic, assert_no_regression
from noisecore.judging.schemas import load_schema

rng = np.random.default_rng(0)
y = rng.integers(0, 3, 600)
x = rng.random((600, 9, 9), np.float32) / 2
for k in range(3):
    x[y == k, 3 * k : 3 * k + 3] += 0.4


def brightest(images):
    """Give as scores how bright each third of an image is."""
    return images.reshape(len(images), 3, -1).mean(axis=2)


def test_brightest(robustness, noise_baseline):
    """A plain function is evaluated, judged and compared with its baseline."""
    curve = robustness.evaluate(brightest, x, y, scales=[0.1, 1, 4])
    assert_monotonic(curve, slack=0.02)
    assert_no_regression(curve, noise_baseline)


def test_schemas():
    """The schemas are part of the package."""
    assert load_schema("results")["$defs"]["record"]
