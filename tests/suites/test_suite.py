"""A suite: its figures, its table, its picture, and what it refuses."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import pytest
from made_suites import curve, suite_of

import noisecore
from noisecore import Suite
from noisecore.judging.curves import CurveError
from noisecore.records import CurveId


def test_the_mean_is_over_families_without_extras() -> None:
    """Families have equal weight, scale 0 and extras do not count, and what is missing is named."""
    suite = suite_of(
        {
            "speckle_noise": [0.9, 0.1, 0.1],
            "fog": [0.9, 0.8, 0.4],
            "contrast": [0.9, 0.7, 0.5],
            "brightness": [0.9, 0.9, 0.9],
        }
    )
    assert list(suite) == ["fog", "brightness", "contrast", "speckle_noise"]  # the suite's order
    assert suite.mean_accuracies["fog"] == pytest.approx(0.6)
    assert suite.mean_accuracy == pytest.approx((0.6 + 0.9 + 0.6) / 3)
    assert suite.clean_accuracy == pytest.approx(0.9)
    assert "frost" in suite.note
    assert "spatter" not in suite.note
    assert suite_of({"spatter": [1, 0.5]}, suite="mnist-c").mean_accuracy == 0.5


def test_the_table_has_a_row_for_each_family() -> None:
    """A row says what is left on clean images, on average, and at the worst severity."""
    lines = str(suite_of({"fog": [0.9, 0.5, 0.75], "spatter": [0.9, 0.8, 0.8]})).splitlines()
    assert lines[0] == "digits/cifar-10-c on 100 test images"
    assert lines[2].split() == ["fog", "0.9000", "0.6250", "0.5000", "1"]
    assert lines[3].split() == ["spatter", "(extra)", "0.9000", "0.8000", "0.8000", "1"]
    assert lines[4].split() == ["mean", "of", "1", "0.9000", "0.6250"]
    assert lines[5].startswith("without gaussian_noise")
    assert max(map(len, lines[:5])) <= 80


def test_a_failed_trial_is_no_figure() -> None:
    """A family with a trial that failed has no mean, and so has the suite."""
    suite = suite_of({"fog": [0.9, math.nan], "snow": [0.9, 0.8]})
    assert math.isnan(suite.mean_accuracy)
    assert not suite.complete
    assert str(suite).splitlines()[3].split() == ["fog", "0.9000", "-", "-", "-"]


def test_the_frame_has_a_row_for_each_figure() -> None:
    """The frame is that of the curves, with the family before."""
    frame = suite_of({"fog": [[0.9, 0.5], [0.8, 0.4]], "snow": [0.9, 0.8]}).to_frame()
    assert list(frame) == ["family", "scale", "seed", "accuracy", "loss"]
    assert frame[(frame.family == "fog") & (frame.scale == 1)].accuracy.tolist() == [0.5, 0.4]


def test_the_picture(tmp_path) -> None:
    """Every family is named in the picture, which is also written where a path is given."""
    suite = suite_of({"fog": [0.9, 0.5], "zoom_blur": [0.9, math.nan]})
    figure = suite.plot(tmp_path / "new" / "suite.png")
    (axes,) = figure.axes
    assert [each.get_text() for each in axes.get_yticklabels()] == ["fog", "zoom blur"]
    assert (tmp_path / "new" / "suite.png").stat().st_size > 1000
    assert "zoom_blur" in suite._repr_html_()


def test_the_picture_numbers_the_ends_of_a_bar() -> None:
    """Which severities are the worst and the best is said where the bar is long enough."""
    falls, stays = [0.95, 0.9, 0.85, 0.84, 0.3, 0.4], [0.95, 0.94, 0.94, 0.93, 0.94, 0.94]
    (axes,) = suite_of({"fog": falls, "brightness": stays}).plot().axes
    assert [each.get_text() for each in axes.texts] == ["4", "1"]


def test_a_suite_is_a_mapping() -> None:
    """It can be pickled, asked and listed; an unknown family is answered with a near one."""
    suite = pickle.loads(pickle.dumps(suite_of({"fog": [0.9, 0.5]})))
    assert [*suite] == ["fog"]
    assert "snow" not in suite
    with pytest.raises(KeyError, match="did you mean 'fog'"):
        suite["frog"]
    assert repr(suite) == "Suite(name='digits/cifar-10-c', families=1, mean_accuracy=0.5)"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"suite": "mnist"}, "unknown suite 'mnist'.*did you mean 'mnist-c'"),
        ({"curves": {}}, "curves must be a dict"),
        ({"curves": {"fgo": curve("fog", [1, 1])}}, "unknown family of mnist-c 'fgo'"),
        ({"curves": {"fog": 0.5}}, "fog must be a curve, got 0.5"),
        ({"name": 3}, "name must be a text"),
        (
            {"curves": {"fog": replace(curve("fog", [1, 1]), noise="mnist-c/shear")}},
            "expected a curve of mnist-c/fog, got mnist-c/shear",
        ),
        (
            {
                "curves": {
                    "fog": replace(curve("fog", [1, 1]), id=CurveId(model="a", noise="b")),
                    "shear": replace(curve("shear", [1, 1]), id=CurveId(model="c", noise="b")),
                }
            },
            "its curves must be of one model",
        ),
    ],
)
def test_what_it_refuses(change, says) -> None:
    """What is no suite is refused in one line."""
    right = {"name": "digits/mnist-c", "suite": "mnist-c", "curves": {"fog": curve("fog", [1, 1])}}
    with pytest.raises(CurveError, match=says) as caught:
        Suite(**(right | change))
    assert "\n" not in str(caught.value)
    assert noisecore.Suite is Suite
