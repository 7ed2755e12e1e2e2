"""`--noise-seeds=auto`: seeds one after another, as many as the comparison needs."""

from __future__ import annotations

import json
from collections import Counter

import fake_trainings
import pytest
from gate_bench import AUTO

HERE = ["--noise-dataset=tiny.npz", "--noise-model=mlp", "--noise-scales=1,4", "--noise-workers=0"]
SEEDS = "--noise-seeds=auto"
CURVE = "mlp/gaussian/quick"


@pytest.fixture
def staged(gate, monkeypatch):
    """Return a pytester with made-up trainings and a baseline of ten seeds."""
    monkeypatch.setenv("PYTHONPATH", str(fake_trainings.__file__.rpartition("/")[0]))
    fake_trainings.install(monkeypatch.setattr)
    made = gate.runpytest_inprocess(*HERE, "--noise-seeds=10", "--noise-update-baseline")
    assert made.ret == 0, made.stdout.str()
    (gate.path / "begun.txt").unlink()
    return gate


def run(bench, *options):
    """Run the benchmarks against the baseline, with as many seeds as they need."""
    return bench.runpytest_inprocess(*HERE, SEEDS, AUTO, *options)


def counts(bench) -> dict[str, int]:
    """Return how many trainings each scale had."""
    return dict(Counter(label.split()[2] for label in fake_trainings.begun(bench.path)))


def results(bench) -> dict:
    """Return the content of results.json."""
    return json.loads((bench.path / "noisecore-results/quick/results.json").read_text())


def test_identical(staged) -> None:
    """One seed at each scale tells that nothing changed."""
    result = run(staged)
    assert result.ret == 0, result.stdout.str()
    assert counts(staged) == {"0": 1, "1": 1, "4": 1}
    print(result.stdout.str())
    print(json.dumps({k: v for k, v in results(staged).items() if k != "records"}, indent=1))
    assert 0
