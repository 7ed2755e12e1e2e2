"""A given model has draws, not seeds, and one measurement is shown as one."""

from __future__ import annotations

import re

import numpy as np
import pytest
from bands import evaluate, sharp

from noisecore.judging.curves import matched_curves
from noisecore.judging.curves.rows import curve_rows
from noisecore.judging.gates import judge_at_chance, judge_floor, judge_monotonic
from noisecore.judging.results import Results, curve_figures
from noisecore.judging.statistics import wilson_interval
from noisecore.showing.plots import plot_curve
from noisecore.showing.summary import make_summary


def curve_of(noise: str):
    """Return the curve of a model under a noise, and its records."""
    records = evaluate(sharp, noise=noise, scales=[0.5, 2])
    (curve,) = matched_curves(records).values()
    return curve, records


def test_scale_0_is_one_measurement() -> None:
    """Scale 0 counts once, noisy scales have three draws; all have an interval over images."""
    curve, _ = curve_of("gaussian")
    assert curve.once == (0.0,)
    assert [row.accuracy.seeds for row in curve_rows(curve)] == [1, 3, 3]
    assert float(curve.at(0).interval.low) == pytest.approx(float(wilson_interval(300, 300).low))
    assert curve.at(2).interval.low < curve.at(2).mean < curve.at(2).interval.high
    line = str(curve).splitlines()[2]
    assert re.split(r"\s{2,}", line.strip())[2:4] == ["0.9874 to 1.0000", "once"]
    assert curve_figures(curve)["counted"] == [1, 3, 3]


def test_a_noise_that_draws_nothing() -> None:
    """A blur is the same at each draw, and so one measurement at every scale: Wilson's interval."""
    curve, _ = curve_of("gaussian_blur")
    assert curve.once == (0.0, 0.5, 2.0)
    assert "0.0000" not in str(curve).partition("loss")[0]
    assert np.array_equal(curve.accuracy[0], curve.accuracy[2])  # recorded for every draw
    expected = wilson_interval(curve.accuracy[0] * 300, 300)
    np.testing.assert_allclose(curve.interval.low, expected.low)
    np.testing.assert_allclose(curve.interval.high, expected.high)


def test_summary() -> None:
    """The table of the summary counts draws, and shows the bounds over images, at scale 0 too."""
    curve, records = curve_of("gaussian")
    summary = make_summary(
        Results(run={}, profile={}, planned=(), records=tuple(records), verdicts=()), {}
    )
    table = summary.partition("| scale |")[2]
    assert table.splitlines()[0].endswith("| loss | draws |")
    assert table.splitlines()[0].startswith(" accuracy (95 % over images) |")
    assert "| 0 | 1.0000 (0.9874 to 1.0000) |" in table
    assert "±" not in table
    assert curve.replicates == "draws"


def test_words() -> None:
    """Gates, failures and pictures speak of draws."""
    curve, records = curve_of("gaussian")
    verdicts = [
        judge_floor(curve, {2: 0.1}, scale=2),
        judge_at_chance(curve.at(2), chance=0.5, loss=1.0),
        judge_monotonic(matched_curves(records[:1])[curve.name], rigorous=True),
    ]
    for verdict in verdicts:
        assert "draw" in verdict.sentence
        assert "seed" not in verdict.sentence
    texts = [text.get_text() for text in plot_curve(curve).texts]
    assert any("3 draws (dots), bars: 95 % interval of accuracy over images" in t for t in texts)
    assert not any("seed" in text for text in texts)
