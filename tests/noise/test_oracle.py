"""Corruptions agree with those of imagecorruptions-imaug, the port that most people use.

It has ImageNet-C's parameters at each size. Where it differs from the published scripts, this says
so, and undoes the difference: golden.py has what the scripts themselves do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from golden import ROUNDED, changes, is_drawn, picture

from noisecore.noise.corruptions import SUITES, corrupt

port = pytest.importorskip("imagecorruptions", reason="needs imagecorruptions-imaug")

SUITE = "imagenet-c"
DRAWS = {32: 60, 224: 20}
LEVEL = 1.01 / 255  # one grey level: who adds up in float64 cuts down at other values
OTHER = "elastic_transform"
SEEDED = ("glass_blur", "impulse_noise")  # the others draw from NumPy's global generator


@pytest.fixture(autouse=True)
def as_published(monkeypatch) -> None:
    """Undo what the port does otherwise than the scripts, but for its elastic transform.

    Left are differences too small to be seen here: motion blur ends where it is longer than the
    image (32 pixels, severity 5), and snow's layer is rounded, not cut down.
    """
    functions = port.corruptions
    # Frost: one of six photographs, where the scripts never take the last. (The port also enlarges
    # them by a tenth, which changes no mean.)
    draw = np.random.randint
    monkeypatch.setattr(
        np.random, "randint", lambda low, high=None: draw(5 if high is None else low, high)
    )
    # Snow: the corner of the enlarged layer, where the scripts take its middle.
    enlarged = functions.clipped_zoom

    def middle(image, factor):
        large = enlarged(image, factor)
        top, left = ((large.shape[axis] - image.shape[axis]) // 2 for axis in (0, 1))
        return large[top : top + image.shape[0], left : left + image.shape[1]]

    monkeypatch.setattr(functions, "clipped_zoom", middle)
    # Fog: a map as small as the image allows, where ImageNet-C has 256 pixels. The port keeps its
    # own here, and ours gets it.
    smallest = tuple((*row[:2], 1) for row in SUITES[SUITE]["fog"])
    monkeypatch.setitem(SUITES[SUITE], "fog", smallest)


def ported(image: np.ndarray, family: str, severity: int, draws: int) -> np.ndarray:
    """Return the port's draws of a picture, as floats."""
    np.random.seed(0)
    levels = np.rint(image * 255).astype(np.uint8)
    noisy = []
    for draw in range(draws):
        seed = {"seed": draw} if family in SEEDED else {}
        try:
            with np.errstate(invalid="raise"):
                noisy.append(port.corrupt(levels, severity, family, **seed))
        except FloatingPointError:  # spatter without a drop: it divides by 0, and ours is clean
            noisy.append(levels)
    return np.stack(noisy) / 255


def ours(image: np.ndarray, family: str, severity: int, draws: int) -> np.ndarray:
    """Return our draws of a picture."""
    images = np.repeat(image[np.newaxis], draws, axis=0)
    ice = Path(port.__file__).parent / "frost"
    return corrupt(images, family, severity, suite=SUITE, quantise=True, photographs=ice)


@pytest.mark.parametrize("side", DRAWS)
@pytest.mark.parametrize("family", [each for each in SUITES[SUITE] if each != OTHER])
def test_agrees_with_the_port(family, side) -> None:
    """What draws nothing is the port's, to a grey level; the rest in size, to 4 errors of both."""
    image = picture(side)
    drawn = is_drawn(SUITE, family)
    draws = DRAWS[side] if drawn else 1
    for severity in range(1, 6):
        mine, theirs = (make(image, family, severity, draws) for make in (ours, ported))
        found, other = changes(mine, image), changes(theirs, image)
        error = np.sqrt((found.var(ddof=1) + other.var(ddof=1)) / draws) if drawn else 0
        assert found.mean() == pytest.approx(other.mean(), abs=4 * error + ROUNDED), severity
        if not drawn:
            assert np.abs(mine - theirs).max() <= LEVEL, severity


def test_the_port_has_another_elastic_transform() -> None:
    """The port skews nothing and has other strengths: ours, as published, changes far more."""
    image = picture(224)
    for severity in (1, 2):
        mine, theirs = (changes(make(image, OTHER, severity, 5), image) for make in (ours, ported))
        assert mine.mean() > 2 * theirs.mean()


def test_the_port_has_every_family() -> None:
    """Each of our families of ImageNet-C is compared, and the port has no other."""
    assert set(port.get_corruption_names("all")) == set(SUITES[SUITE])
