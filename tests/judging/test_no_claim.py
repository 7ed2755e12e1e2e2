"""Gates that claim that accuracy falls leave corruptions alone of which that is not claimed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_points import message
from records_factory import make_sweep

from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import (
    assert_monotonic,
    assert_noise_bites,
    judge_monotonic,
    judge_noise_bites,
)


def curve_of(noise):
    """Return a curve of that noise whose accuracy falls."""
    (curve,) = matched_curves(make_sweep({1.0: 0.9, 2.0: 0.8})).values()
    return replace(curve, noise=noise, records=())


@pytest.mark.parametrize("noise", ["imagenet-c/elastic_transform", "invert", "cifar-10-c/frost"])
def test_no_claim_is_judged(noise) -> None:
    """The verdict is inconclusive, and one sentence names the noise."""
    curve = curve_of(noise)
    for verdict in (judge_monotonic(curve), judge_noise_bites(curve, least_drop=0.01)):
        assert verdict.verdict == "inconclusive"
        assert f"no claim is made that accuracy falls with the scale of {noise}" in str(verdict)
    for call in (
        lambda: assert_monotonic(curve),
        lambda: assert_noise_bites(curve, least_drop=0.01),
    ):
        assert "Judge this curve with assert_floor" in message(call)


@pytest.mark.parametrize("noise", ["imagenet-c/fog", "gamma", "gaussian", "mine", ""])
def test_others_are_judged(noise) -> None:
    """A corruption that is in order is judged, and so is any other noise."""
    curve = curve_of(noise)
    assert np.all(np.diff(curve.mean_accuracy) < 0)
    assert judge_monotonic(curve).verdict == "pass"
    assert judge_noise_bites(curve, least_drop=0.05).verdict == "pass"
