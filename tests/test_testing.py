"""The contract that a noise's author can check."""

from __future__ import annotations

import functools
import linecache
import random

import numpy as np
import pytest

from noisecore.noise import NOISES, NoiseError
from noisecore.testing import check_noise

SCALES = (0.25, 0.5, 1.0)


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 12), (32, 32, 3)])
def test_shipped_noises(noise, shape) -> None:
    """Every noise that comes with noisecore keeps to the contract, whatever the images."""
    check_noise(noise, SCALES, shape=shape)


def halves(images, scale, *, rng):
    """Give float64."""
    return images.astype(np.float64) + scale


def thinner(images, scale, *, rng):
    """Lose a row."""
    return images[:, 1:] + np.float32(scale)


def endless(images, scale, *, rng):
    """Divide by zero."""
    return images / np.float32(0 * scale)


def in_place(images, scale, *, rng):
    """Change what came in."""
    images += np.float32(scale)
    return images


def always(images, scale, *, rng):
    """Change images at scale 0 too."""
    return images + np.float32(scale + 1)


def weaker(images, scale, *, rng):
    """Grow weaker with the scale."""
    return images + np.float32(scale and 1 / scale)


def from_anywhere(images, scale, *, rng):
    """Draw from NumPy's global state."""
    return images + np.float32(scale) * np.random.rand(*images.shape).astype(np.float32)


def from_python(images, scale, *, rng):
    """Draw from Python's global state."""
    return images + np.float32(scale * random.random())


def of_the_batch(images, scale, *, rng):
    """Depend on the other samples."""
    return images + np.float32(scale) * images.mean()


@pytest.mark.parametrize(
    ("noise", "broken"),
    [
        (halves, "expected float32, got float64"),
        (thinner, r"expected the shape \(264, 28, 28, 1\) as it was given"),
        (endless, "expected finite pixels"),
        (in_place, "the images that came in were changed"),
        (always, "scale 0 must be the identity"),
        (weaker, "the mean squared change must grow with the scale, got 4 at 0.5 after 16"),
        (from_anywhere, "draw from rng alone"),
        (from_python, "draw from rng alone"),
        (of_the_batch, "must not depend on the other samples"),
        (lambda images, scale, *, rng: None, "expected an array, got <class 'NoneType'>"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_broken_noises(noise, broken) -> None:
    """Each way to break the contract is named."""
    with pytest.raises(AssertionError, match=broken):
        check_noise(noise, SCALES)


def test_a_noise_may_be_out_of_order() -> None:
    """Where it is declared so, more scale need not change more, but each must change something."""
    check_noise(weaker, SCALES, monotone=False)
    with pytest.raises(AssertionError, match="must grow with the scale, got 0 at"):
        check_noise(lambda images, scale, *, rng: images.copy(), SCALES, monotone=False)


class Fog:
    """A noise with a density of its own."""

    def __init__(self, density):
        self.density = density

    def __call__(self, images, scale, *, rng):
        """Add it."""
        return images + np.float32(scale * self.density)


def one_argument(images):
    """Take nothing else."""
    return images


def two_lines(images, scale, *, rng):
    """Fail in two lines."""
    raise ValueError("no\nnumber")


@pytest.mark.parametrize(
    ("noise", "broken"),
    [
        (one_argument, r"one_argument at scale 0\.25: .* TypeError: .* 'rng' \(testing"),
        (two_lines, r"two_lines .* it raised ValueError: no \(test_testing\.py:\d+\)"),
        (Fog(None), r"Fog .* it raised TypeError: .*test_testing\.py"),
        (functools.partial(halves, fog=object()), "halves: it cannot be kept: "),
    ],
)
def test_noises_that_fail(noise, broken) -> None:
    """A noise that cannot be called, or fails itself, is one line that names it."""
    with pytest.raises(AssertionError, match=broken) as caught:
        check_noise(noise, SCALES)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("noise", "scales", "shape", "message"),
    [
        (Fog, SCALES, (8, 8), "must be an object, got its class Fog: make one"),
        (3, SCALES, (8, 8), r"must be a function f\(images, scale, .* got 3"),
        ("gaussian", SCALES, (8, 8), "must be a function .* got 'gaussian'"),
        (Fog(1), [], (8, 8), r"ascending numbers > 0 .* got \[\]"),
        (Fog(1), [0, 1], (8, 8), r"ascending numbers > 0 .* got \[0\.0, 1\.0\]"),
        (Fog(1), [2, 1], (8, 8), "ascending numbers > 0"),
        (Fog(1), 1, (8, 8), r"a list of numbers such as \[0\.1, 1\], got 1"),
        (Fog(1), ["much"], (8, 8), "a finite number >= 0, got 'much'"),
        (Fog(1), SCALES, 8, r"shape must be \(height, width\) or .* got 8"),
        (Fog(1), SCALES, (8,), "shape must be .*"),
        (Fog(1), SCALES, (8, 0), "shape must be .* >= 1, got"),
    ],
)
def test_arguments_that_cannot_be_meant(noise, scales, shape, message) -> None:
    """Each is one line that says what came and what to do."""
    with pytest.raises(NoiseError, match=message) as caught:
        check_noise(noise, scales, shape=shape)
    assert "\n" not in str(caught.value)


def test_an_object() -> None:
    """An object is a noise, and scales may come as a text."""
    check_noise(Fog(0.5), "0.25,1")


# Python 3.13 notes the text of `python -c` under the name that eval gives to all that it reads.
@pytest.mark.parametrize("noted", [{}, {"<string>": (1, None, ["\n"], "<string>")}])
def test_source_that_cannot_be_read(monkeypatch, noted) -> None:
    """A noise whose text is nowhere cannot be told from its next version, and is refused."""
    monkeypatch.setattr(linecache, "cache", noted)
    noise = eval("lambda images, scale, *, rng: images + scale")
    with pytest.raises(AssertionError, match="its source cannot be read: define it in a file"):
        check_noise(noise, SCALES)


@pytest.mark.parametrize("noise", ["thinner", "always"])
def test_message_stands_alone(pytester, noise) -> None:
    """Under pytest, which rewrites assert statements, a failure is its one line and no array."""
    body = {"thinner": "images[:, 1:]", "always": "images + np.float32(scale + 1)"}[noise]
    pytester.makepyfile(
        f"""
        import numpy as np
        from noisecore.testing import check_noise

        def {noise}(images, scale, *, rng):
            return {body}

        def test_it():
            check_noise({noise}, [0.5, 1])
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:hypothesispytest")
    result.assert_outcomes(failed=1)
    lines = [line for line in result.outlines if line.startswith("E ")]
    assert len(lines) == 1
    assert lines[0].startswith(f"E       AssertionError: {noise}")
    assert not any("noisecore/testing.py" in line for line in result.outlines)
