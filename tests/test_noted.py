"""The notes of records: what an evaluation says besides its figures, where a person sees it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from bands import X, Y, sharp
from records_factory import make_record

import noisecore
from noisecore.records import noted


def test_evaluate_warns() -> None:
    """In a script each note is one warning, at the line that calls, of the curve it is about."""
    with pytest.warns(UserWarning, match=r"^mine/gaussian: the pixels were read as") as told:
        noisecore.evaluate(sharp, X / 16, Y, scales=[0.5], name="mine", draws=3)
    assert [warning.filename for warning in told] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        noisecore.evaluate(sharp, X / 16, Y, scales=[0.5], name="mine", value_range=(0, 1))


def test_labels_that_no_noise_changes() -> None:
    """So is the note on class labels that stay the same."""

    def hard(images):
        return np.eye(3)[Y[: len(images)]]

    with pytest.warns(UserWarning, match="the same class labels for all noisy images"):
        noisecore.evaluate(hard, X, Y, scales=[0.1], name="mine", batch_size=len(X))


def test_names_the_curves() -> None:
    """A note names its curves, each once; of many the first ones and how many more."""
    assert noted([make_record(seed=seed) for seed in (0, 1)]) == []
    few = [make_record(model, seed=n, cost={"note": "x"}) for model in "ba" for n in (0, 1)]
    other = make_record("c", cost={"note": "y"})
    recipe = "gaussian/quick"
    assert noted([*few, other]) == [f"a/{recipe}, b/{recipe}: x", f"c/{recipe}: y"]
    many = [make_record(f"m{n:02}", cost={"note": "x"}) for n in range(20)]
    assert noted(many)[0].endswith(f"m07/{recipe} and 12 more: x")
