"""A given model has draws, not seeds, and one measurement is shown as one."""

from __future__ import annotations

import math
import re

import numpy as np
from bands import evaluate, sharp

from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import judge_at_chance, judge_floor, judge_monotonic
from noisecore.showing.plots import plot_curve
from noisecore.showing.results import Results, curve_figures
from noisecore.showing.rows import curve_rows
from noisecore.showing.summary import make_summary


def curve_of(noise: str):
    """Return the curve of a model under a noise, and its records."""
    records = evaluate(sharp, noise=noise, scales=[0.5, 2])
    (curve,) = matched_curves(records).values()
    return curve, records


def test_scale_0_is_one_measurement() -> None:
    """Scale 0 has no interval and counts once; noisy scales have three draws."""
    curve, _ = curve_of("gaussian")
    assert curve.once == (0.0,)
    assert [row.accuracy.seeds for row in curve_rows(curve)] == [1, 3, 3]
    assert math.isnan(curve.at(0).interval.low)
    assert math.isfinite(curve.at(2).interval.low)
    line = str(curve).splitlines()[2]
    assert re.split(r"\s{2,}", line.strip())[2:4] == ["-", "once"]
    assert curve_figures(curve)["counted"] == [1, 3, 3]


def test_a_noise_that_draws_nothing() -> None:
    """A blur is the same at each draw, and so one measurement at every scale."""
    curve, _ = curve_of("gaussian_blur")
    assert curve.once == (0.0, 0.5, 2.0)
    assert "0.0000" not in str(curve).partition("loss")[0]
    assert np.array_equal(curve.accuracy[0], curve.accuracy[2])  # recorded for every draw


def test_summary() -> None:
    """The table of the summary counts draws, and scale 0 has no interval there."""
    curve, records = curve_of("gaussian")
    summary = make_summary(
        Results(run={}, profile={}, planned=(), records=tuple(records), verdicts=()), {}
    )
    table = summary.partition("| scale |")[2]
    assert table.splitlines()[0].endswith("| loss | draws |")
    assert "| 0 | " in table
    assert "±" not in next(line for line in table.splitlines() if line.startswith("| 0 |"))
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
    assert any("means of 3 draws" in text for text in texts)
    assert not any("seed" in text for text in texts)
