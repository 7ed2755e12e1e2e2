"""A sweep with a corruption: by name, or as an object that has what a name cannot say."""

from __future__ import annotations

import pytest

from noisecore.callables import named
from noisecore.judging.gates import judge_noise_bites
from noisecore.noise import NoiseError
from noisecore.noise.corruptions import Corruption


@pytest.mark.parametrize(
    "noise", ["mnist-c/fog", Corruption("mnist-c", "fog"), Corruption("mnist-c", "fog", "ice")]
)
def test_named_or_given(workers, sweep, noise) -> None:
    """A worker makes the corruption again, with what is bound to it."""
    curve = sweep("mlp", noise=noise, scales=[1])
    assert curve.noise == "mnist-c/fog"
    assert curve.complete


def test_what_it_declares(workers, sweep) -> None:
    """A corruption under another name is not claimed to fall either: its records tell."""
    wobble = named(Corruption("mnist-c", "glass_blur"), name="wobble")
    curve = sweep("mlp", noise=wobble, scales=[1])
    assert {trial.monotone for trial in workers.asked} == {False}
    assert judge_noise_bites(curve, least_drop=0).verdict == "inconclusive"


def test_trained_with(workers, sweep) -> None:
    """A model is trained with one corruption once, and tested with another."""
    curve = sweep("mlp", noise="gamma", scales=[1, 5], train=("mnist-c/fog", 1))
    assert curve.name.endswith("/trained=mnist-c/fog:1")


@pytest.mark.parametrize("choices", [{"scales": [2]}, {"scales": [1], "train": ("gamma", 9)}])
def test_severities_are_checked_first(workers, sweep, choices) -> None:
    """A scale that is no severity is refused before anything is trained."""
    with pytest.raises(NoiseError, match=r"severity of .* must be one of 0, 1"):
        sweep("mlp", noise="mnist-c/fog", **choices)
