"""The rows of verdicts: each kind survives a file, and what is of no kind is refused."""

from __future__ import annotations

import json
import math
from dataclasses import fields

import numpy as np
import pytest
from made_points import point
from records_factory import make_case, make_sweep

from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import (
    Margins,
    Verdict,
    judge_floor,
    judge_no_regression,
    judge_noise_bites,
    judge_published,
    regression_lines,
    regression_table,
)
from noisecore.judging.gates.filed import read_row
from noisecore.judging.gates.rows import (
    ControlRow,
    CostRow,
    DropRow,
    FailureRow,
    FittedRow,
    FloorRow,
    MeanRow,
    NoteRow,
    ObstacleRow,
    ProblemRow,
    PublishedRow,
    Row,
    ScaleRow,
    SinceFirstRow,
    StepRow,
    WithinRow,
)
from noisecore.judging.gates.suite_rows import CorruptionErrorRow, FamilyRow
from noisecore.judging.gates.verdict import make_verdict
from noisecore.records import RecordError

FIGURES = {"measured": 0.8, "baseline": 0.9, "difference": -0.1, "low": -0.12, "high": -0.08}
JUDGED = {
    "allowed": 0.015, "bound_high": -0.07, "level": 0.995, "verdict": "fail",
    "caught_half": 0.02, "caught_most": 0.03,
}  # fmt: skip
UNKNOWN = {
    "allowed": 0.015, "bound_high": None, "level": 0.995, "verdict": "inconclusive",
}  # fmt: skip
STEP = {"scale_from": 0.5, "scale_to": 1.0}
PUBLISHED = {
    "name": "scale 1", "published_accuracy": 0.9, "published_loss": None, "mean": 0.88,
    "mean_loss": 0.4, "sd": 0.01, "seeds": 3, "lo": 0.8, "hi": 0.95, "refutable": 0.05, "p": 0.3,
    "holm_p": 0.6, "within": True,
}  # fmt: skip
OLD = {"scale": None} | FIGURES | {"allowed": 0.01, "verdict": "pass"}  # of noisecore 0.1

# Each kind as a file has it, with its names in order.
FILED = [
    (FailureRow, {"failure": "cnn seed 1: lost"}),
    (ProblemRow, {"problem": "no baseline"}),
    (ProblemRow, {"problem": "it vanished", "renew": "benchmarks"}),
    (ObstacleRow, {"obstacle": "test draw is 1, was 0"}),
    (NoteRow, {"note": "keras is 3.9, was 3.8"}),
    (NoteRow, {"note": "scale 4 of the baseline was not run", "left_out": 4.0}),
    (MeanRow, {"scale": None} | FIGURES | JUDGED),
    (MeanRow, {"scale": None} | FIGURES | {"low": None, "high": None} | UNKNOWN),
    (MeanRow, OLD),
    (WithinRow, {
        "scale": None, **FIGURES, "allowed": 0.015, "bound_low": -0.11, "bound_high": -0.07,
        "level": 0.995, "verdict": "fail", "caught_half": 0.02, "caught_most": 0.03,
    }),
    (ScaleRow, {"scale": 0.0} | FIGURES | JUDGED),
    (ScaleRow, {"scale": 4.0} | FIGURES | UNKNOWN | {"allowed": None, "verdict": None}),
    (ScaleRow, OLD | {"scale": 4.0}),
    (SinceFirstRow, {"scale": None} | FIGURES | {"since": "2026-01-31"} | JUDGED),
    (FamilyRow, {
        "family": "fog", "of": "a/mnist-c/fog", "scales": [1.0], "scale": None, **FIGURES, **JUDGED,
    }),
    (CorruptionErrorRow, {
        "corruption_error": "mean", "against": "the baseline", "value": None, "families": [],
        "without": ["frost"],
    }),
    (CostRow, {
        "cost": "seconds", "measured": None, "baseline": 4.0, "ratio": None, "allowed": 2.0,
        "verdict": "inconclusive",
    }),
    (StepRow, {**STEP, "rise": -0.1, "allowed": 0.01, "judged": True, "within": True}),
    (StepRow, {
        **STEP, "rise": 0.1, "allowed": 0.01, "judged": True, "within": False, "family": "fog",
    }),
    (FittedRow, {"scale": 0.5, "mean": 0.8, "fitted": 0.79}),
    (FittedRow, {"scale": 0.5, "mean": 0.8, "fitted": 0.79, "family": "fog"}),
    (DropRow, {**STEP, "drop": 0.1, "least_drop": 0.05}),
    (FloorRow, {
        "scale": 1.0, "mean": 0.8, "floor": None, "wilson_low": 0.7, "wilson_high": 0.9,
        "seeds": 3, "images": 1000,
    }),
    (DropRow, {**STEP, "drop": 0.1, "least_drop": 0.05, "family": "fog"}),
    (FloorRow, {
        "scale": None, "mean": 0.8, "floor": 0.7, "wilson_low": None, "wilson_high": None,
        "seeds": 3, "images": 1000, "family": "fog",
    }),
    (ControlRow, {"seed": 2, "accuracy": 0.1, "loss": 2.3, "within": True}),
    (PublishedRow, PUBLISHED),
]  # fmt: skip


def verdict_with(row: dict) -> dict:
    """Return a verdict as a file has it, with one row."""
    made = make_verdict("floor", "cnn", "fail", "it fell")
    return made.to_dict() | {"figures": [row]}


@pytest.mark.parametrize(("kind", "filed"), FILED)
def test_each_kind_survives_a_file(kind, filed) -> None:
    """A row comes back as its own kind, and is filed again with the same names in their order."""
    text = json.dumps(verdict_with(filed), allow_nan=False)
    verdict = Verdict.from_dict(json.loads(text))
    assert [type(row) for row in verdict.figures] == [kind]
    assert verdict.rows(kind) == list(verdict.figures)
    assert json.dumps(verdict.to_dict()) == text
    assert Verdict.from_dict(verdict.to_dict()) == verdict


def test_every_kind_is_tried() -> None:
    """No kind of row is left out above."""

    def leaves(kind):
        below = kind.__subclasses__()
        return {kind} | {each for one in below for each in leaves(one)} if below else {kind}

    abstract = {"Row", "JudgedRow", "AccuracyRow"}
    assert {kind.__name__ for kind in leaves(Row)} - abstract == {k.__name__ for k, _ in FILED}


def test_published_row_of_an_older_run() -> None:
    """A row of noisecore 0.1, which did not say what could be refuted, is read."""
    old = {name: value for name, value in PUBLISHED.items() if name != "refutable"}
    row = read_row(old, "figures[0]")
    assert isinstance(row, PublishedRow)
    assert row.refutable is None


def test_rows_of_an_older_run_are_shown() -> None:
    """A comparison of noisecore 0.1 has its interval in place of the bound, and no drop caught."""
    cost = {"cost": "memory", "measured": 2**21, "baseline": 2**20, "ratio": 2.0, "allowed": None}
    rows = [OLD, OLD | {"scale": 4.0, "allowed": None, "verdict": None}, cost | {"verdict": None}]
    verdict = Verdict.from_dict(verdict_with({}) | {"figures": rows})
    table = regression_table(verdict).splitlines()
    assert table[3].split() == [
        "mean", "0.8000", "0.9000", "-10.00", "-12.00", "to", "-8.00", "-1.00", "-", "-", "pass"
    ]  # fmt: skip
    assert table[4].split()[-4:] == ["-", "-", "-", "-"]
    assert table[5:] == ["peak memory (median): 2 MiB, was 1 MiB, ratio 2.00"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"luck": 1}, r"a known kind of row at `figures\[0\]`, got \{'luck': 1\}"),
        ({}, r"a known kind of row at `figures\[0\]`, got \{\}"),
        ({"failure": 3}, r"Expected `str`, got `int` at `figures\[0\]\.failure`"),
        ({"failure": "lost", "luck": 1}, r"unknown name .*figures\[0\]\.luck"),
        (FIGURES, r"missing required field .* at `figures\[0\]`"),
        ({"scale": None} | FIGURES | JUDGED | {"measured": None}, r"figures\[0\]\.measured"),
        ({"scale": None} | FIGURES | JUDGED | {"measured": math.nan}, r"figures\[0\]\.measured"),
        ({"scale": None} | FIGURES | JUDGED | {"verdict": "maybe"}, "unknown word 'maybe'"),
        ({"scale": "1"} | FIGURES | JUDGED, r"figures\[0\]\.scale"),
        (STEP | {"drop": 0.1, "least_drop": 10**400}, r"figures\[0\]\.least_drop"),
        ({"name": "a\nb" * 500}, r"a known kind of row at `figures\[0\]`"),
    ],
)
def test_a_row_of_no_kind_is_refused(row, words) -> None:
    """What fits no kind, or not its own, is refused in one short line that says the place."""
    with pytest.raises(RecordError, match=words) as caught:
        Verdict.from_dict(verdict_with(row))
    text = str(caught.value)
    assert text.startswith("not a verdict: ")
    assert "\n" not in text
    assert len(text) < 300


def test_what_a_cost_lacks_is_not_known() -> None:
    """A row of costs from a file that contradicts itself is shown as not known."""
    cost = {"cost": "seconds", "measured": None, "baseline": 4.0, "ratio": 2.0, "allowed": None}
    verdict = Verdict.from_dict(verdict_with(cost | {"verdict": None}))
    assert regression_lines(verdict) == ["seconds (median): not known on both sides: None"]


def test_what_is_not_finite_is_none() -> None:
    """NaN and infinity become None in a verdict, and NumPy's numbers Python's."""
    row = CostRow(
        cost="seconds", measured=np.float64(3), baseline=math.nan, ratio=math.inf, allowed=None,
        verdict=None,
    )  # fmt: skip
    (plain,) = make_verdict("no regression", "cnn", "pass", "fine", [row]).figures
    assert isinstance(plain, CostRow)
    assert (plain.measured, plain.baseline, plain.ratio) == (3.0, None, None)
    assert type(plain.measured) is float


def test_what_the_error_leaves_unknown() -> None:
    """With one seed on each side there are no bounds and no drop that would be caught."""
    new, old = (make_sweep({1.0: 0.9, 4.0: level}, seeds=[0]) for level in (0.5, 0.6))
    for mode, kind in (("simple", MeanRow), ("rigorous", WithinRow)):
        verdict = judge_no_regression(make_case(new, old, mode=mode, margins=Margins()))
        mean = verdict.figures[0]
        assert type(mean) is kind
        assert {mean.low, mean.high, mean.bound_high, mean.caught_half, mean.caught_most} == {None}
        assert {"caught_half", "caught_most"}.isdisjoint(mean.to_dict())
        assert mean.to_dict()["bound_high"] is None
        assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict


def test_order_of_a_comparison() -> None:
    """The names of a row stand in a fixed order, the bound between the margin and the verdict."""
    sweeps = [make_sweep({1.0: 0.9, 4.0: level}, spread=0.01) for level in (0.5, 0.6)]
    rigorous = judge_no_regression(make_case(*sweeps, mode="rigorous"))
    assert list(rigorous.figures[0].to_dict()) == [
        "scale", "measured", "baseline", "difference", "low", "high", "allowed", "bound_low",
        "bound_high", "level", "verdict", "caught_half", "caught_most",
    ]  # fmt: skip


def test_nothing_is_left_out_of_an_order() -> None:
    """A kind that has an order of its own names each of its figures there."""
    for kind, _ in FILED:
        assert not kind.ORDER or {field.name for field in fields(kind)} <= set(kind.ORDER)


@pytest.mark.parametrize("number", [1, np.float32(0.5), np.int64(1), True])
def test_numbers_of_any_type(number) -> None:
    """What a user gives as a number is filed as one, and is read again."""
    (curve,) = matched_curves(make_sweep({1.0: 0.9, 4.0: 0.5})).values()
    for verdict in (
        judge_floor(point([0.9, 0.8]), {1.0: number}),
        judge_noise_bites(curve, least_drop=number),
        judge_published({1: point([0.9, 0.8])}, {1: (number, number)}),
    ):
        filed = json.loads(json.dumps(verdict.to_dict(), allow_nan=False))
        assert Verdict.from_dict(filed) == verdict
