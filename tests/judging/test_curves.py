"""Records become curves, matrices and tables, and their figures are right."""

from __future__ import annotations

import base64
import json
import math
import random
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from records_factory import make_record, make_sweep, old_schema

from noisecore.judging.baselines import compare_records
from noisecore.judging.curves import (
    Curve,
    class_frame,
    curve_frame,
    curve_matrix,
    matched_curves,
    matrix_frame,
)
from noisecore.judging.curves.table import table_rows
from noisecore.judging.gates import judge_floor
from noisecore.records import TrialRecord
from noisecore.showing.plots import plot_curve, render

NAME = "cnn/gaussian/quick"


def curve_of(means: dict[float, float], spread: float = 0.0) -> Curve:
    """Return a curve of two seeds, `spread` above and below the means."""
    mean = np.array(list(means.values()))
    return Curve(
        name=NAME,
        scales=np.array(list(means)),
        seeds=(0, 1),
        accuracy=np.stack([mean - spread, mean + spread]),
        loss=np.stack([1 - mean, 1 - mean]),
        images=1000,
    )


def test_matched_curve_is_tested_where_it_was_trained() -> None:
    """Each figure is that of the test scale equal to the train scale, seeds as rows."""
    records = [
        make_record(scale=scale, seed=seed, accuracies={0: 0.99, 1: 0.8 + seed / 10, 2: 0.5})
        for scale in (2.0, 1.0)
        for seed in (1, 0)
    ]
    curve = matched_curves(records)[NAME]
    np.testing.assert_array_equal(curve.scales, [1, 2])
    assert curve.seeds == (0, 1)
    np.testing.assert_array_equal(curve.accuracy, [[0.8, 0.5], [0.9, 0.5]])
    np.testing.assert_allclose(curve.loss, -np.log(curve.accuracy))
    assert curve.images == 1000
    assert curve.complete
    assert curve.failures == ()


def test_order_of_records_does_not_matter() -> None:
    """Trials end in any order: curves, matrices and tables come out the same."""
    records = make_sweep() + make_sweep(model="mlp", spread=0.002)
    shuffled = records.copy()
    random.Random(0).shuffle(shuffled)
    assert list(matched_curves(shuffled)) == ["cnn/gaussian/quick", "mlp/gaussian/quick"]
    for name, curve in matched_curves(records).items():
        np.testing.assert_array_equal(curve.accuracy, matched_curves(shuffled)[name].accuracy)
    for name, matrix in curve_matrix(records).items():
        np.testing.assert_array_equal(matrix.loss, curve_matrix(shuffled)[name].loss)
    assert matrix_frame(records).equals(matrix_frame(shuffled))
    assert curve_frame(records).equals(curve_frame(shuffled))


def test_failed_and_missing_trials_are_nan_and_named() -> None:
    """A failed trial, and a missing one, leave NaN and a line that says which and why."""
    records = [
        r for r in make_sweep({1.0: 0.9, 2.0: 0.8}) if r.trial.label != f"{NAME} scale 2 seed 2"
    ]
    records[0] = make_record(
        scale=1.0, seed=0, status="failed", reason="loss became NaN in epoch 3"
    )
    curve = matched_curves(records)[NAME]
    np.testing.assert_array_equal(np.isnan(curve.accuracy), [[1, 0], [0, 0], [0, 1]])
    assert not curve.complete
    assert curve.failures == (
        f"{NAME} scale 1 seed 0: loss became NaN in epoch 3",
        f"{NAME} scale 2 seed 2: no record of this trial",
    )
    assert curve.at(2.0).failures == curve.failures[1:]


def test_complete_record_without_usable_figures_is_nan() -> None:
    """A record that was not evaluated at its own scale, or to a NaN, counts as failed."""
    records = [
        make_record(scale=1.0, accuracies={0.0: 0.9}),
        make_record(scale=2.0, accuracies={2.0: 0.9}, losses={2.0: math.nan}),
    ]
    curve = matched_curves(records)[NAME]
    assert np.isnan(curve.accuracy).all()
    assert [line.split(": ")[1] for line in curve.failures] == [
        "not evaluated at scale 1",
        "accuracy 0.9 and loss nan must be finite",
    ]


def test_all_trials_failed() -> None:
    """A curve of failed trials is still there, with nothing but failures."""
    curve = matched_curves([make_record(status="failed")])[NAME]
    assert (curve.images, len(curve.failures)) == (0, 1)
    assert matched_curves([]) == curve_matrix([]) == {}


def test_two_records_of_one_trial_that_differ_are_refused() -> None:
    """Two complete records for the same curve, scale and seed raise, naming both keys."""
    ours, theirs = make_record(key="ours"), make_record(key="theirs")
    with pytest.raises(ValueError, match="two that differ: ours and theirs"):
        matched_curves([ours, theirs])


def test_the_same_record_twice_counts_once() -> None:
    """A record read twice, or made again to the same numbers, changes nothing."""
    again = make_record(run="another", cost={"train_seconds": 9.0})
    assert matched_curves([make_record(), again])[NAME].accuracy.shape == (1, 1)


@pytest.mark.parametrize("order", [1, -1])
def test_failure_is_never_outvoted(order) -> None:
    """Of a failed and a complete record of one trial the failure counts, in either order."""
    records = [make_record(), make_record(status="failed", key="other")][::order]
    assert not matched_curves(records)[NAME].complete


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ({"dataset_sha256": "e" * 64}, "same dataset_sha256"),
        ({"test_draw": 1}, "same test_draw"),
        ({"model_source": "f" * 64}, "same model_source"),
        ({"noise_source": "code1:" + "b" * 64}, "noise_source of one kind, .* older noisecore"),
        ({"images": 500}, "same number of test images"),
    ],
)
def test_records_that_do_not_belong_together_are_refused(difference, words) -> None:
    """Records of one curve's name from other data, draws or sources never share a curve."""
    with pytest.raises(ValueError, match=words):
        matched_curves([make_record(), make_record(seed=1, **difference)])


def test_conditions_are_curves_of_their_own() -> None:
    """Models, recipes, clipping and the blank control each have their own curve."""
    records = [
        make_record(),
        make_record("mlp"),
        make_record(recipe="notebook"),
        make_record(clip=(0.0, 1.0)),
        make_record(blank=True),
    ]
    assert len(matched_curves(records)) == 5


def test_at_gives_a_point() -> None:
    """A point carries the figures of its scale, with mean, spread and interval over the seeds."""
    point = matched_curves(make_sweep({1.0: 0.9, 2.0: 0.8}, spread=0.02))[NAME].at(2.0)
    np.testing.assert_allclose(point.accuracy, [0.78, 0.8, 0.82])
    assert (point.curve, point.scale, point.images, point.seeds) == (NAME, 2.0, 1000, (0, 1, 2))
    assert point.mean == pytest.approx(0.8)
    assert point.sd == pytest.approx(0.02)
    assert float(point.interval.half_width) == pytest.approx(0.0496827, abs=1e-6)
    assert point.mean_loss == pytest.approx(float(-np.log(point.accuracy).mean()))
    assert "0.8000" in str(point)


def test_at_an_unknown_scale() -> None:
    """Asking for a scale that is not there names those that are."""
    with pytest.raises(ValueError, match=r"scale must be one of 1, 2, got 3"):
        curve_of({1: 0.9, 2: 0.8}).at(3)


def test_without_zero() -> None:
    """Scale 0 goes with its failures, and the rest stays; a curve of nothing else is refused."""
    records = [*make_sweep({1.0: 0.9}, seeds=[0]), make_record(scale=0.0, status="failed")]
    curve = matched_curves(records)[NAME]
    assert curve.without_zero().failures == ()
    assert curve.without_zero().complete
    with pytest.raises(ValueError, match="expected a scale greater than 0"):
        curve_of({0: 0.9}).without_zero()


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ({0: 0.8, 1: 0.6, 3: 0.2}, 2.0),
        ({0: 0.8, 1: 0.4, 3: 0.2}, 1.0),
        ({1: 0.8, 2: 0.6, 4: 0.2}, 3.0),
        ({0: 0.8, 1: 0.2, 2: 0.6, 3: 0.1}, 2 / 3),
        ({0: 0.8, 1: 0.6}, None),
        ({1: 0.8}, None),
        ({0: 0.8, 1: math.nan, 2: 0.1}, math.nan),
    ],
)
def test_scale_at_half(means, expected) -> None:
    """Half of the first scale's accuracy is found on the straight line between two scales."""
    assert curve_of(means).scale_at_half() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ({0: 1.0, 1: 0.8, 3: 0.4}, (0.9 + 2 * 0.6) / 3),
        ({0.5: 0.7, 4: 0.7}, 0.7),
        ({1: 0.8}, 0.8),
        ({0: 0.8, 1: math.nan}, math.nan),
    ],
)
def test_normalised_area(means, expected) -> None:
    """The area is a mean accuracy over the range of the scales."""
    assert curve_of(means).normalised_area() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ({0: 0.9, 0.1: 0.5, 2: 0.4, 4: 0.2}, (2, 4, 0.2)),
        ({1: 0.5, 2: 0.6}, None),
        ({1: 0.5}, None),
        ({1: 0.5, 2: math.nan, 4: 0.2}, None),
    ],
)
def test_largest_drop(means, expected) -> None:
    """The drop from 0 does not count, a rise is no drop, a missing figure leaves it unknown."""
    drop = curve_of(means).largest_drop()
    assert drop == (expected if expected is None else pytest.approx(expected))


def test_published_sweep_drops_most_at_its_end() -> None:
    """The notebook's own figures give its own conclusion: the largest drop is from 2 to 4."""
    published = {0.1: 0.8823, 0.5: 0.8601, 1.0: 0.8125, 2.0: 0.6738, 4.0: 0.3513}
    drop = curve_of(published).largest_drop()
    assert drop == pytest.approx((2.0, 4.0, 0.3225))


def test_curve_to_frame() -> None:
    """The curve's own table has one row per scale and seed."""
    frame = curve_of({1: 0.9, 2: 0.8}, spread=0.1).to_frame()
    assert list(frame.columns) == ["scale", "seed", "accuracy", "loss"]
    assert frame["scale"].tolist() == [1, 1, 2, 2]
    assert frame["seed"].tolist() == [0, 1, 0, 1]
    assert frame["accuracy"].tolist() == pytest.approx([0.8, 1.0, 0.7, 0.9])


@pytest.mark.parametrize("seeds", [1, 3, 5, 12])
def test_curve_reads_as_a_table(seeds) -> None:
    """A curve prints as aligned lines that fit 80 columns, a dash for what is not known."""
    records = make_sweep(seeds=range(seeds))
    records[0] = make_record(scale=0.0, seed=0, status="failed")
    text = str(matched_curves(records)[NAME])
    title, *lines = text.splitlines()
    assert title == f"{NAME} on 1000 test images"
    assert len(lines) == 7
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= 80
    assert lines[1].split()[:2] == ["0", "-"]


def test_curve_shows_itself_in_a_notebook() -> None:
    """It gives the cells of its table, and its picture, as HTML that needs nothing else."""
    curve = replace(matched_curves(make_sweep(seeds=[0, 1]))[NAME], name="a<b")
    html = curve._repr_html_()
    assert "<b>a&lt;b</b> on 1000 test images" in html
    cells = re.findall("<t[hd]>(.*?)</t[hd]>", html)
    assert cells == [cell for row in table_rows(curve) for cell in row]
    (picture,) = re.findall('base64,([^"]+)', html)
    assert base64.b64decode(picture).startswith(b"\x89PNG")


def test_classes_are_counted_apart() -> None:
    """A class's accuracy is over its own images, and all images together give the curve's."""
    records = [*make_sweep({0.0: 0.9, 1.0: 0.5}, seeds=[0, 1]), make_record("mlp", status="failed")]
    labels = np.arange(1000) % 3
    frame = class_frame(records, labels)
    assert len(frame) == 2 * 2 * 3
    for record in records[:-1]:
        right = record.at(record.trial.train_scale).right
        mine = frame[(frame["scale"] == record.trial.train_scale)
                     & (frame["seed"] == record.trial.seed)]  # fmt: skip
        assert mine["images"].tolist() == [334, 333, 333]
        assert mine["accuracy"].tolist() == [right[labels == k].mean() for k in range(3)]
    assert class_frame(records, labels[:7]).empty  # the labels of other images


def test_curve_plots_itself() -> None:
    """The picture is the one that a run leaves."""
    curve = matched_curves(make_sweep(seeds=[0, 1]))[NAME]
    assert render(curve.plot()) == render(plot_curve(curve))


def test_curve_draws_only_when_asked() -> None:
    """Matplotlib is imported by the picture, and not by the curve."""
    program = "import sys, noisecore.judging.curves; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scales": np.array([2.0, 1.0])}, "scales must ascend"),
        ({"seeds": ()}, "scales must ascend, with at least one scale and one seed"),
        ({"loss": np.zeros((2, 3))}, r"loss must have the shape \(seeds, scales\) = \(2, 2\)"),
    ],
)
def test_curve_refuses_shapes_that_do_not_fit(changes, words) -> None:
    """A curve made by hand is checked at the door."""
    good = curve_of({1: 0.9, 2: 0.8})
    with pytest.raises(ValueError, match=words):
        Curve(**{**vars(good), **changes})


class TestScalesAsTheyAreRead:
    """A scale is found by the number that a person would write."""

    def test_arithmetic(self) -> None:
        """A sweep of numpy.arange has a floor at 0.3, and a baseline's 0.1 + 0.2 is a run's 0.3."""
        levels = {float(scale): 0.9 - scale / 10 for scale in np.arange(0.1, 0.5, 0.1)}
        (curve,) = matched_curves(make_sweep(levels)).values()
        assert curve.scales.tolist() == [0.1, 0.2, 0.3, 0.4]
        assert curve.at(0.3).scale == curve.at(0.1 + 0.2).scale == curve.at(np.float32(0.3)).scale
        assert judge_floor(curve, {0.1 + 0.2: 0.8}, scale=0.3).verdict == "pass"
        assert judge_floor(curve.at(0.3), {0.3: 0.8}, scale=0.1 + 0.2).verdict == "pass"
        plain = {round(scale, 1): level for scale, level in levels.items()}
        (found,) = compare_records(make_sweep(levels), make_sweep(plain)).values()
        assert found.scales.tolist() == [0.1, 0.2, 0.3, 0.4]
        assert found.identical

    def test_old_records(self) -> None:
        """A record on disk that has the digits of arithmetic is read as the number meant."""
        (record, *_) = make_sweep({0.5: 0.9})
        plain = json.loads(
            json.dumps(old_schema(record.to_dict())).replace("0.5", "0.30000000000000004")
        )
        read = TrialRecord.from_dict(plain)
        assert read.trial.train_scale == 0.3
        assert read.at(0.3) == read.at(0.1 + 0.2)
