"""The law: a thing that is compared with itself passes, with a change of exactly 0."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from records_factory import make_record

from noisecore.cli import main
from noisecore.judging.baselines import (
    Baseline,
    Origin,
    compare_records,
    read_baseline,
    renew_baseline,
    write_baseline,
)
from noisecore.judging.curves import matched_curves
from noisecore.judging.drift import Environment, find_drift
from noisecore.judging.gates import Rule, judge
from noisecore.judging.gates.case import Case, judge_case
from noisecore.judging.gates.rows import AccuracyRow
from noisecore.records import Evaluation, GivenTrial, TrialRecord, pack_right
from noisecore.running.evaluation import evaluate_outputs

ORIGIN = Origin(date="2026-01-01", commit=None, noisecore="0.1.0", tests=("test_a.py",))
SCALES = st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0, 4.0]), min_size=1, unique=True)


def evaluation(rng, scale: float, images: int, draw: int = 0) -> Evaluation:
    """Return an evaluation with random answers; each draw saw noisy images of its own."""
    right = rng.random(images) < rng.random()
    return Evaluation(
        scale=scale,
        loss=float(rng.exponential()),
        accuracy=float(right.mean()),
        images=images,
        correct=pack_right(right),
        images_sha256=f"{draw if scale else 0}-{scale}".ljust(64, "c"),
    )


def trained(rng, scales: list[float], rows: int, images: int, **choices) -> list[TrialRecord]:
    """Return a matched sweep: a record a train scale and seed, evaluated at every scale."""
    return [
        replace(
            make_record(scale=scale, seed=seed, accuracies=dict.fromkeys(scales, 0.5), **choices),
            evaluations=tuple(evaluation(rng, at, images) for at in sorted(scales)),
        )
        for scale in scales
        for seed in rng.permutation(rows).tolist()
    ]


def once(rng, scales: list[float], rows: int, images: int) -> list[TrialRecord]:
    """Return the records of models that were trained once, with another noise."""
    choices = {"trained_with": "gaussian", "trained_with_source": "e" * 64, "noise": "fog"}
    return [
        record
        for record in trained(rng, scales, rows, images, **choices)
        if record.trial.train_scale == scales[0]
    ]


def evaluated(rng, scales: list[float], rows: int, images: int) -> list[TrialRecord]:
    """Return the records of a given model, one a draw: scale 0 is the same in each."""
    clean = evaluation(rng, 0.0, images)
    wanted = sorted({1.0, *scales} - {0.0})
    records = []
    for draw in range(rows):
        trial = GivenTrial(
            dataset="arrays", dataset_sha256="d" * 64, model="test_a.py::test_it",
            model_source="a" * 64, noise="gaussian", noise_source="b" * 64,
            test_scales=(0.0, *wanted), seed=draw, test_draw=draw, units="range",
        )  # fmt: skip
        cells = [clean, *(evaluation(rng, scale, images, draw) for scale in wanted)]
        records.append(
            TrialRecord(
                key=trial.key({}), run="r", trial=trial, status="complete",
                evaluations=tuple(cells), environment={"numpy": "2.0.0"},
                cost={"started": "2026-01-01", "peak_memory_bytes": 1000},
            )
        )  # fmt: skip
    return records


def outputs(rng, scales: list[float], rows: int, images: int) -> list[TrialRecord]:
    """Return the records of what a model gave elsewhere."""
    labels = np.arange(images + 1) % 2
    wanted = sorted({1.0, *scales} - {0.0})
    given = {0.0: np.eye(2)[labels]}
    given |= {scale: rng.dirichlet([1, 1], (rows, images + 1)) for scale in wanted}
    return evaluate_outputs(given, labels, name="test_a.py::test_it")


KINDS = {"trained": trained, "once": once, "evaluated": evaluated, "outputs": outputs}


@st.composite
def records(draw, kinds=tuple(KINDS)):
    """Draw the records of one curve, and the same in another order."""
    kind = draw(st.sampled_from(kinds))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows, images = draw(st.integers(1, 4)), draw(st.integers(1, 40))
    made = KINDS[kind](rng, draw(SCALES), rows, images)
    shuffled = list(made)
    random.Random(draw(st.integers(0, 99))).shuffle(shuffled)
    return made, shuffled


def check(verdict) -> None:
    """Assert that a verdict passes with a change of exactly 0 in every row."""
    assert verdict.verdict == "pass", verdict.sentence
    rows = verdict.rows(AccuracyRow)
    assert rows
    assert {figure for row in rows for figure in (row.difference, row.low, row.high)} == {0.0}
    assert all(row.verdict == "pass" for row in rows)


LAW = settings(max_examples=600, derandomize=True, deadline=None, database=None)
FEWER = settings(LAW, max_examples=25)


@LAW
@given(records(), st.sampled_from(["simple", "rigorous"]), st.booleans())
def test_gate_and_drift(both, mode, whole) -> None:
    """By the gate of a run, of `compare` and of `drift`, in either mode and any order."""
    made, shuffled = both
    (comparison,) = compare_records(shuffled, made).values()
    rule = Rule(mode=mode)
    case = Case(curve=comparison.curve, comparison=comparison, rule=rule, whole=whole)
    check(judge_case(case))
    sides = [Environment(name="a", records=tuple(made)), Environment(name="b", records=shuffled)]
    for found in find_drift(sides, "a", mode=mode):
        if found.verdict is not None:
            check(found.verdict)
            assert found.changed == 0.0 or np.isnan(found.changed)
            assert found.turned == ()


@settings(LAW, max_examples=150)
@given(both=records())
def test_renewal(both, tmp_path_factory) -> None:
    """A baseline that is renewed from the records it was made of moves by 0.00 points."""
    made, shuffled = both
    (name,) = matched_curves(made)
    path = tmp_path_factory.mktemp("law") / "quick.json"
    write_baseline(path, Baseline(profile="quick", origins={name: ORIGIN}, records=tuple(made)))
    old = read_baseline(path)
    renewed = renew_baseline(old, shuffled, profile="quick", origins={name: ORIGIN}, whole=True)
    moves = [line for line in renewed.lines if "points" in line]
    assert moves
    assert all("(+0.00 points)" in line for line in moves)
    check(judge(shuffled, old.records, mode="simple")[name])
    kept = path.read_bytes()
    write_baseline(path, renewed.baseline)
    again = read_baseline(path)
    plain = [
        replace(record, history=(), evaluations=tuple(e.brief for e in record.evaluations))
        for record in old.records
    ]
    assert sorted(map(str, again.records)) == sorted(map(str, plain))
    write_baseline(path, old)
    assert path.read_bytes() == kept


@FEWER
@given(both=records())
def test_commands(both, tmp_path_factory) -> None:
    """`compare` and `drift` end with 0, whatever order the disk gives the files in."""
    made, shuffled = both
    folder = tmp_path_factory.mktemp("law")
    for side, rows in (("a", made), ("b", shuffled)):
        (folder / side).mkdir()
        for number, record in enumerate(rows):
            (folder / side / f"{number}.json").write_text(json.dumps(record.to_dict()))
    for mode in ("simple", "rigorous"):
        assert main(["compare", str(folder / "a"), str(folder / "b"), "--gate", mode]) == 0
