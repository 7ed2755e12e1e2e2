"""The other gates over a suite: each family that is claimed is judged, and the worst is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_suites import suite_of

import noisecore
from noisecore import (
    Verdict,
    assert_floor,
    assert_monotonic,
    assert_noise_bites,
    judge_floor,
    judge_monotonic,
    judge_noise_bites,
)

FALLING = [0.9, 0.8, 0.7, 0.6]
RISING = [0.9, 0.5, 0.8, 0.6]


def with_noises(suite):
    """Return a suite whose curves know their noises."""
    curves = {f: replace(c, noise=f"{suite.suite}/{f}") for f, c in suite.items()}
    return replace(suite, curves=curves)


def made(**accuracies):
    """Return a suite of CIFAR-10-C by accuracies."""
    return with_noises(suite_of(accuracies))


def test_monotonic() -> None:
    """Families whose severities are in order are judged; a rise in one of them fails the suite."""
    good = judge_monotonic(made(fog=FALLING, snow=FALLING, glass_blur=RISING))
    assert good.verdict == "pass"
    assert "2 of 2 families pass; no claim is made for glass_blur" in good.sentence
    bad = judge_monotonic(made(fog=FALLING, snow=RISING, glass_blur=RISING))
    assert bad.verdict == "fail"
    assert bad.sentence.startswith("accuracy of digits/cifar-10-c/snow rises from scale 1 to 2")
    assert "1 of 2 families fail" in bad.sentence
    assert "snow" in str(bad).partition("\n")[2]
    assert Verdict.from_dict(bad.to_dict()) == bad
    with pytest.raises(AssertionError, match="digits/cifar-10-c on 100 test images"):
        assert_monotonic(made(snow=RISING))


def test_nothing_that_is_claimed() -> None:
    """Without a family that is claimed, and with one severity, the gates are inconclusive."""
    verdict = judge_monotonic(made(glass_blur=FALLING))
    assert verdict.verdict == "inconclusive"
    assert "nothing was judged; no claim is made for glass_blur" in verdict.sentence
    one = with_noises(suite_of({"fog": [0.9, 0.5]}, suite="mnist-c"))
    assert judge_monotonic(one).verdict == "inconclusive"
    assert judge_noise_bites(one, least_drop=0.1).verdict == "inconclusive"
    with pytest.raises(AssertionError, match="need no such claim"):
        assert_monotonic(made(glass_blur=FALLING))


def test_noise_bites() -> None:
    """The family that falls least is named."""
    suite = made(fog=FALLING, snow=[0.9, 0.8, 0.8, 0.75])
    verdict = judge_noise_bites(suite, least_drop=0.1)
    assert verdict.verdict == "fail"
    assert verdict.sentence.startswith("accuracy of digits/cifar-10-c/snow falls by 0.0500")
    assert_noise_bites(suite, least_drop=0.05)


def test_floors_by_family_or_one_number() -> None:
    """A floor is for the mean over the severities; families without one are named."""
    suite = made(fog=FALLING, snow=RISING)
    passed = judge_floor(suite, {"fog": 0.7})
    assert passed.verdict == "pass"
    assert "over the severities is 0.7000, at or above the floor of 0.7" in passed.sentence
    assert "no claim is made for snow" in passed.sentence
    failed = judge_floor(suite, 0.65)
    assert failed.verdict == "fail"
    assert failed.sentence.startswith("accuracy of digits/cifar-10-c/snow over the severities is")
    assert failed.curves == ("digits/cifar-10-c/snow", "digits/cifar-10-c/fog")
    assert judge_floor(suite, 0.6, scale=3).verdict == "pass"
    assert judge_floor(suite, 0.6, scale=1).verdict == "fail"
    assert judge_floor(suite, {}).verdict == "inconclusive"
    assert judge_floor(made(fog=[0.9, float("nan")]), 0.1).verdict == "fail"
    assert_floor(suite, {"fog": 0.7, "snow": 0.6})
    assert Verdict.from_dict(failed.to_dict()) == failed


@pytest.mark.parametrize(
    ("floors", "says"),
    [
        ({"frost": 0.5}, "unknown family of digits/cifar-10-c 'frost'"),
        ({"fog": 1.5}, r"the floor of fog must be a finite number in \[0, 1\]"),
        (70, r"floors must be a finite number in \[0, 1\], got 70"),
        ("0.5", "floors must be a dict from family"),
    ],
)
def test_floors_that_are_refused(floors, says) -> None:
    """A floor for a family that is not there, or that is no share, is refused in one line."""
    with pytest.raises(noisecore.NoisecoreError, match=says):
        judge_floor(made(fog=FALLING), floors)
