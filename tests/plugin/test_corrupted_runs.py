"""Corruptions in a marker and a profile: named, trained with, refused before a training."""

from __future__ import annotations

MARKED = """
import numpy as np
import pytest

FOG = dict(noise="mnist-c/fog", scales=[1])

@pytest.mark.robustness(dict(train=("gaussian", 0)), dict(train=("mnist-c/fog", 1)), **FOG)
def test_across(robustness, noise_model):
    clean, foggy = robustness.curves
    assert clean.name.startswith("mlp/mnist-c/fog/quick")
    assert foggy.name.endswith("/trained=mnist-c/fog:1")
    assert 1 in clean.scales and 1 in foggy.scales

def test_given(robustness):
    y = np.arange(300) % 3
    x = np.full((300, 8, 8), 0.2, np.float32)
    x[np.arange(300), 2 * y] = 0.6
    see = lambda images: np.stack([images[:, 2 * k].mean(axis=1) for k in range(3)], 1)
    scores = dict(name="rows", outputs="scores")
    curve = robustness.evaluate(see, x, y, noise="gamma", scales=[1, 5], **scores)
    assert curve.name == "rows/gamma"
"""

PROFILED = """
import pytest

@pytest.mark.robustness
def test_curve(robustness, noise_model):
    assert robustness.curve.scales.tolist() == [0, 1]
"""


def test_named_in_a_marker(run_in, write_tiny, tmp_path) -> None:
    """A corruption is tested with, trained with and evaluated by its name, in a worker too."""
    write_tiny(tmp_path)
    (tmp_path / "test_own.py").write_text(MARKED)
    ended = run_in(tmp_path, "--noise-seeds=1", "--noise-workers=1")
    assert ended.code == 0, ended.output


def test_named_in_a_profile(run_in, write_tiny, tmp_path) -> None:
    """A profile's noise may be a corruption, and its severities are checked before training."""
    write_tiny(tmp_path)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nnoise_profiles = glass: base=quick noise=mnist-c/glass_blur\n"
    )
    (tmp_path / "test_own.py").write_text(PROFILED)
    choices = "--noise-seeds=1", "--noise-profile=glass"
    ended = run_in(tmp_path, *choices, "--noise-scales=1")
    assert ended.code == 0, ended.output
    assert (tmp_path / "noisecore-results/glass/results.json").exists()
    ended = run_in(tmp_path, *choices, "--noise-scales=0.5,1")
    assert ended.code == 4
    assert "severity of mnist-c/glass_blur must be one of 0, 1, got 0.5" in ended.output
