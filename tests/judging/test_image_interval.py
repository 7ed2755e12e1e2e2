"""The interval of a given model's accuracy is over its test images, and covers what it says."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from bands import evaluate
from scripts import load_script

from noisecore.judging.curves import Curve, matched_curves
from noisecore.judging.curves.rows import curve_rows
from noisecore.judging.gates import judge_floor
from noisecore.judging.results import curve_figures
from noisecore.judging.statistics import image_error, image_interval, wilson_interval
from noisecore.showing.drift import shown_estimate
from noisecore.showing.plots import plot_curve


@pytest.fixture(scope="module")
def coverage():
    """The function of the script whose figures docs/explanation/statistics.md has."""
    return load_script("images").coverage


@pytest.fixture(scope="module")
def curve():
    """The curve of a given model, over three draws."""
    (found,) = matched_curves(evaluate(scales=[0.5, 2, 4])).values()
    return found


@pytest.mark.parametrize("right", [0, 1, 57, 99, 100])
def test_one_draw_is_wilson(right) -> None:
    """With one draw, or draws that all agree, it is Wilson's own interval."""
    one = np.arange(100) < right
    expected = wilson_interval(right, 100)
    for draws in ([one], [one] * 3):
        found = image_interval(right / 100, image_error(draws), 100)
        assert float(found.low) == pytest.approx(float(expected.low), abs=1e-12)
        assert float(found.high) == pytest.approx(float(expected.high), abs=1e-12)


def test_error_by_hand() -> None:
    """The error is that of the mean over images of the share of draws that were right."""
    assert image_error([[1, 1, 0, 0], [1, 0, 0, 0]]) == pytest.approx(
        np.std([1, 0.5, 0, 0]) / math.sqrt(4)
    )
    assert math.isnan(image_error([]))


def test_many_images_make_it_symmetric() -> None:
    """Far from 0 and 1, with many images, it is the mean and 1.96 standard errors."""
    found = image_interval(0.6, 0.004, 10_000)
    assert float(found.half_width) == pytest.approx(1.96 * 0.004, rel=2e-3)


@pytest.mark.parametrize("accuracy", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("images", [200, 1000, 10_000])
def test_coverage(coverage, images, accuracy) -> None:
    """It covers in 93 to 97 % (98 of few images near 1), where t over the draws misses more."""
    most = 0.98 if accuracy * images == 198 else 0.97
    for draws, weight in ((1, 1), (3, 0.5), (3, 2), (3, 10)):
        new, old = coverage(accuracy, images, draws, weight, cases=20_000)
        assert 0.93 <= new <= most
        assert draws == 1 or weight > 2 or old < 0.91


def test_every_place_shows_the_same(curve) -> None:
    """Point, row, results.json, floor and picture have the bounds of the curve."""
    low, high = curve.interval.low, curve.interval.high
    figures, rows = curve_figures(curve), curve_rows(curve)
    assert figures["accuracy_low"] == low.tolist()
    assert figures["accuracy_high"] == high.tolist()
    axes = plot_curve(curve).axes
    (bars,) = (bar for ax in axes for bar in ax.containers if bar.get_label() == "accuracy")
    drawn = [segment[:, 1].tolist() for segment in bars.lines[2][0].get_segments()]
    assert drawn == [pytest.approx(pair) for pair in zip(low[1:], high[1:], strict=True)]
    for i, scale in enumerate(curve.scales.tolist()):
        point = curve.at(scale)
        assert (float(point.interval.low), float(point.interval.high)) == (low[i], high[i])
        (row,) = judge_floor(point, {9: 0.1}).figures
        assert (row.wilson_low, row.wilson_high) == (low[i], high[i])
        bounds = f"{low[i]:.4f} to {high[i]:.4f}"
        assert bounds in str(curve).splitlines()[i + 2]
        assert bounds in str(point)
        assert bounds in shown_estimate(rows[i].accuracy)
    assert np.array_equal(curve.without_zero().interval.low, low[1:])


def test_loss_has_no_interval(curve) -> None:
    """No loss of single images is kept, so that a given model's loss has no interval over them."""
    assert all(math.isnan(row.loss.low) for row in curve_rows(curve))
    losses = [b for ax in plot_curve(curve).axes for b in ax.containers if b.get_label() == "loss"]
    assert not any(bar.has_yerr for bar in losses)


def test_one_draw_has_an_interval() -> None:
    """A model that was tested once has an interval, in table and picture."""
    (curve,) = matched_curves(evaluate(draws=1)).values()
    assert np.isfinite(curve.interval.low).all()
    notes = " ".join(text.get_text() for text in plot_curve(curve).texts)
    assert "one draw, bars: 95 % interval of accuracy over images" in notes.replace("\n", " ")


@pytest.mark.parametrize("damaged", ["?", "A", 5])
def test_answers_that_cannot_be_read(damaged) -> None:
    """Where a record does not say which answers were right, the interval is a dash, no error."""
    records = [
        replace(record, evaluations=tuple(replace(e, correct=damaged) for e in record.evaluations))
        for record in evaluate()
    ]
    (curve,) = matched_curves(records).values()
    assert np.isnan(curve.interval.low).all()
    assert str(curve).splitlines()[2].split()[2] == "-"


def test_error_of_another_shape(curve) -> None:
    """A curve made by hand is checked at the door."""
    with pytest.raises(ValueError, match=r"image_error must have the shape \(scales,\) = \(4,\)"):
        Curve(**{**vars(curve), "image_error": np.zeros(3)})
