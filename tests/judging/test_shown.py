"""What a script or a notebook shows: verdicts with their figures, and everything else in short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from records_factory import make_sweep

import noisecore
from noisecore.judging.baselines import Origin
from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import regression_table

NAME = "cnn/gaussian/quick"


def curve_of(**how):
    """Return the curve of a sweep."""
    return next(iter(matched_curves(make_sweep(**how)).values()))


def baseline_of(curve, margins="mean>2"):
    """Return a baseline of one curve."""
    origin = Origin(date="2026-01-31", commit=None, noisecore="1", tests=(), margins=margins)
    return noisecore.Baseline(
        profile="quick", origins={curve.name: origin}, records=tuple(curve.records)
    )


def test_regression_as_a_text() -> None:
    """A comparison with a baseline is its sentence, and the table of pytest's message."""
    old, new = curve_of(), curve_of(accuracies={0.0: 0.9, 1.0: 0.7, 4.0: 0.5})
    for verdict in (noisecore.judge_no_regression(each, old) for each in (old, new)):
        first, rest = str(verdict).split("\n", 1)
        assert first == verdict.line == f"no regression: {verdict.verdict}: {verdict.sentence}"
        assert rest == regression_table(verdict)


def test_other_gates_as_a_text() -> None:
    """Every other gate shows its rows, a line each under their names."""
    curve = curve_of()
    expected = {
        noisecore.judge_monotonic(curve): ["scale from", "0.5", "-0.0100"],
        noisecore.judge_monotonic(curve, rigorous=True): ["rise", "fitted"],
        noisecore.judge_noise_bites(curve, least_drop=0.2): ["least drop", "0.3600"],
        noisecore.judge_floor(curve, {1: 0.9}, scale=1): ["wilson low", "0.9400"],
        noisecore.judge_published(curve, {1: (0.2, 0.94)}): ["published accuracy", "within"],
        noisecore.judge_at_chance(curve, scale=4, chance=0.6, loss=0.5): ["seed", "yes"],
    }
    for verdict, words in expected.items():
        text = str(verdict)
        assert [word for word in words if word not in text.split("\n", 1)[1]] == []
        assert text.startswith(verdict.line)


def test_verdict_without_figures() -> None:
    """Failed trials are listed, and a verdict without rows is its sentence alone."""
    records = make_sweep()
    records[5] = replace(records[5], status="failed", reason="lost", evaluations=(), history=())
    (broken,) = matched_curves(records).values()
    assert str(noisecore.judge_monotonic(broken)).endswith(f"\n{broken.failures[0]}")
    (verdict, _) = noisecore.compare(curve_of(), [curve_of(model="mlp")]).values()
    assert str(verdict) == verdict.line


@pytest.mark.parametrize("seeds", [range(3), range(200)])
def test_representations_are_short(seeds) -> None:
    """Whatever a notebook echoes is a line or two."""
    images = np.zeros((500, 6, 6, 1), np.float32)
    labels = np.zeros(500, np.int64)
    recipe = noisecore.Recipe(name="quick")
    curve = curve_of(seeds=seeds, model="tests/test_of_a_long_name.py::test_of_a_long_name" * 3)
    many = {"name": "mine", "dataset": "d", "models": ("cnn",) * 100, "recipe": recipe}
    things = [
        curve,
        curve.at(1),
        curve.records[0],
        baseline_of(curve),
        noisecore.judge_monotonic(curve),
        noisecore.judge_no_regression(curve, curve),
        noisecore.Margins(),
        recipe,
        noisecore.Profile(**many, seeds=tuple(seeds)),
        noisecore.Dataset("a" * 200, images, labels, images, labels, 3, "0" * 64, "b" * 300, "c"),
    ]
    for thing in things:
        assert repr(thing).startswith(f"{type(thing).__name__}(")
        assert len(repr(thing)) <= 320
        assert "\n" not in repr(thing)


def test_baseline_in_a_notebook() -> None:
    """A baseline is a table of its curves, and names are no HTML."""
    curve = curve_of(model="<b>cnn</b>")
    html = baseline_of(curve)._repr_html_()
    assert "<td>&lt;b&gt;cnn&lt;/b&gt;/gaussian/quick</td>" in html
    assert "<td>3 seeds</td><td>1000</td><td>2026-01-31</td><td>mean&gt;2</td>" in html
    assert "mean&gt;1.5" in baseline_of(curve, margins=None)._repr_html_()
    assert repr(baseline_of(curve_of())) == (
        f"Baseline(profile='quick', curves=['{NAME}'], records=18, margins={{'{NAME}': 'mean>2'}})"
    )
