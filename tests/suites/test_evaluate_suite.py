"""`evaluate(..., suite=)`: one curve for each family, as if each had been asked for alone."""

from __future__ import annotations

import numpy as np
import pytest
from made_suites import images, nearest
from PIL import Image

import noisecore
from noisecore import Suite, evaluate
from noisecore.noise.corruptions import EXTRAS, SUITES, CorruptionSuite


class Counted:
    """The model, which counts how often it is called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, given):
        """Answer."""
        self.calls += 1
        return nearest(given)


def test_each_family_has_the_curve_that_it_has_alone() -> None:
    """A family's records are the same, to the bit, whether a suite or its noise is asked for."""
    x, y = images()
    suite = evaluate(nearest, x, y, suite="mnist-c", name="bars")
    assert isinstance(suite, Suite)
    assert list(suite) == list(SUITES["mnist-c"])
    assert suite.name == "bars/mnist-c"
    for family in ("fog", "stripe"):
        alone = evaluate(nearest, x, y, noise=f"mnist-c/{family}", scales=[1], name="bars")
        curve = suite[family]
        assert curve.name == alone.name == f"bars/mnist-c/{family}"
        for one, other in zip(curve.records, alone.records, strict=True):
            assert (one.key, one.trial, one.evaluations) == (
                other.key,
                other.trial,
                other.evaluations,
            )
        assert curve.samples is not None
        assert np.array_equal(curve.samples.noisy[1.0], alone.samples.noisy[1.0])


def test_clean_images_are_evaluated_once() -> None:
    """All families share their answers to clean images; what draws nothing is asked for once."""
    x, y = images(20)
    model = Counted()
    suite = evaluate(model, x, y, suite="mnist-c", name="bars", draws=2)
    random = ("shot_noise", "impulse_noise", "glass_blur", "motion_blur", "shear", "rotate")
    random += ("translate", "fog", "spatter", "dotted_line", "zigzag")
    assert model.calls == 1 + len(SUITES["mnist-c"]) + len(random)
    clean, *others = [curve.records[0].at(0) for curve in suite.values()]
    assert all(each == clean for each in others)
    assert clean.accuracy == suite.clean_accuracy


@pytest.mark.filterwarnings("ignore:.*without frost")
def test_some_severities() -> None:
    """Scales name severities; without them all are tested."""
    x, y = images(16, channels=3)
    suite = evaluate(nearest, x, y, suite="cifar-10-c", scales=[5, 1], name="bars", draws=1)
    assert suite["fog"].scales.tolist() == [0, 1, 5]
    assert CorruptionSuite("cifar-10-c").severities == (1, 2, 3, 4, 5)
    with pytest.raises(ValueError, match="severity of mnist-c/shot_noise must be one of 0, 1"):
        evaluate(nearest, x, y, suite="mnist-c", scales=[2], name="bars")


def test_frost_needs_photographs(tmp_path) -> None:
    """Without photographs frost is left out, which a note says; with them it is there."""
    x, y = images(16, channels=3)
    with pytest.warns(UserWarning, match="cifar-10-c is without frost.*CorruptionSuite"):
        suite = evaluate(nearest, x, y, suite="cifar-10-c", scales=[1], name="bars", draws=1)
    assert suite.note == "without frost"
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "ice.png")
    chosen = CorruptionSuite("cifar-10-c", tmp_path, extras=False)
    suite = evaluate(nearest, x, y, suite=chosen, scales=[1], name="bars", draws=1)
    assert "frost" in suite
    assert suite.note == ""
    assert not set(suite) & set(EXTRAS)


def test_grey_images_and_a_colour_suite() -> None:
    """Grey images are refused in one line, and are tested without the extras."""
    x, y = images(16)
    with pytest.raises(ValueError, match=r"saturate needs colour images.*extras=False") as caught:
        evaluate(nearest, x, y, suite="cifar-10-c", name="bars")
    assert "\n" not in str(caught.value)
    chosen = CorruptionSuite("cifar-10-c", extras=False, quantise=True)
    with pytest.warns(UserWarning, match="without frost"):
        suite = evaluate(nearest, x, y, suite=chosen, scales=[1], name="bars", draws=1)
    assert len(suite) == 14
    assert suite["fog"].name == "bars/cifar-10-c/fog/uint8"
    assert suite.name == "bars/cifar-10-c/uint8"


def test_a_family_that_changes_nothing_is_noted() -> None:
    """Colours that are grey have no saturation to change: a note says so, and the rest stands."""
    x, y = images(16)
    with pytest.warns(UserWarning, match="cifar-10-c/saturate changes none of the images at scale"):
        evaluate(
            nearest, np.repeat(x, 3, -1), y, suite="cifar-10-c", scales=[1], name="bars", draws=1
        )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"suite": "mnist-c", "noise": "gaussian"}, "noise must be left out where suite is given"),
        ({"suite": "mnits-c"}, "unknown suite 'mnits-c'.*did you mean 'mnist-c'"),
        ({"suite": "mnist-c/fog"}, "unknown suite 'mnist-c/fog'"),
        ({"suite": 3}, "suite must be a name, such as 'mnist-c', or a .*CorruptionSuite, got 3"),
        ({"suite": "mnist-c", "draws": 0}, "draws must be a whole number"),
        ({}, r"scales must be given, such as scales=\[0.1, 1\]"),
    ],
)
def test_what_is_refused(given, says) -> None:
    """A mistake is answered in one line, before the model is called."""
    model = Counted()
    with pytest.raises(noisecore.NoisecoreError, match=says) as caught:
        evaluate(model, *images(16), name="bars", **given)
    assert "\n" not in str(caught.value)
    assert model.calls == 0


def test_a_suite_is_saved_and_read(tmp_path) -> None:
    """Its file holds the curves of all families, with their names in a baseline."""
    x, y = images(20)
    suite = evaluate(nearest, x, y, suite="mnist-c", name="bars", draws=1)
    suite.save(tmp_path / "bars.json")
    read = noisecore.read_curves(tmp_path / "bars.json")
    assert sorted(read) == sorted(curve.name for curve in suite.values())
    assert np.array_equal(read["bars/mnist-c/fog"].labels, y)
    held = noisecore.write_baseline(tmp_path / "quick.json", suite)
    assert len(held.origins) == len(suite)


TESTS = """
from made_suites import images, nearest

def test_suite(robustness):
    suite = robustness.evaluate(nearest, *images(20), suite="mnist-c", name="bars", draws=1)
    assert suite.name == "bars/mnist-c"
    assert len(robustness.curves) == len(suite) == 15
    assert suite["fog"].records == robustness.curves[list(suite).index("fog")].records

def test_both(robustness):
    robustness.evaluate(nearest, *images(20), suite="mnist-c", noise="uniform")

def test_unknown(robustness):
    robustness.evaluate(nearest, *images(20), suite="mnits-c")
"""


def test_the_fixture(pytester, monkeypatch) -> None:
    """The fixture keeps the records of each family, judges saved ones, and fails in one line."""
    monkeypatch.setattr("noisecore.showing.report._pictures", lambda *given: iter(()))
    pytester.makepyfile(test_suites=TESTS)
    result = pytester.runpytest("-rf")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["noisecore: noise must be left out where*", "noisecore: unknown suite 'mnits-c'*"]
    )
    folder = pytester.path / "noisecore-results" / "quick"
    assert len(noisecore.read_curves(folder)) == 15
    again = pytester.runpytest(
        f"--noise-records={folder}", "--noise-artifacts=again", "-k", "not both and not unknown"
    )
    again.assert_outcomes(passed=1, deselected=2)
