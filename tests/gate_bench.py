"""A benchmark that compares with a baseline, and a look at what became of it."""

from __future__ import annotations

import json
import shutil

CURVE = "mlp/gaussian/quick"
GATE = """
import pytest
from noisecore.judging.gates import assert_no_regression

@pytest.mark.robustness({margins})
def test_no_regression(robustness, noise_baseline, noise_model):
    assert_no_regression(robustness.curve, noise_baseline)
"""
OTHER = """
import pytest

@pytest.mark.robustness()
def test_other(robustness, noise_model):
    assert robustness.curve.complete
"""
AUTO = "--noise-baseline=auto"
# A fall of 10 points at scale 4 alone.
WORSE = {0.0: 0.9, 1.0: 0.8, 4.0: 0.4}


def baseline_of(bench):
    """Return the path of the profile's own baseline."""
    return bench.path / "benchmarks/baselines/quick.json"


def worsen(bench, save_records, **choices) -> None:
    """Replace the given records by worse ones."""
    shutil.rmtree(bench.path / "records")
    save_records(bench.path / "records", **choices)


def verdicts(bench, artifacts: str = "noisecore-results") -> list[dict]:
    """Return the verdicts of a run's results.json."""
    content = json.loads((bench.path / artifacts / "quick/results.json").read_text())
    return content["verdicts"]
