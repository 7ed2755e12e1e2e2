"""The summary: words and tables that follow from the data."""

from __future__ import annotations

import re

import pytest
from records_factory import make_record, make_sweep

from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import Verdict, judge_floor, judge_published
from noisecore.judging.results import Results
from noisecore.showing.summary import conclude, make_summary, overall_verdict


def curve_of(records):
    """Return the one curve of the records."""
    (curve,) = matched_curves(records).values()
    return curve


def results_of(records=(), verdicts=(), planned=None, run=None):
    """Return results of the records."""
    labels = [record.trial.label for record in records]
    return Results(
        run=run or {"id": "r"},
        profile={"name": "quick"},
        planned=tuple(labels if planned is None else planned),
        records=tuple(records),
        verdicts=tuple(verdicts),
    )


def tables_of(markdown):
    """Return each table as rows of cells, split at bars that are not escaped."""
    blocks = [block for block in markdown.strip().split("\n\n") if block.startswith("|")]
    return [
        [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in block.split("\n")
        ]
        for block in blocks
    ]


@pytest.mark.parametrize(
    ("accuracies", "said"),
    [
        (
            {0.0: 0.97, 0.1: 0.96, 2.0: 0.85, 4.0: 0.6},
            "Accuracy falls at every step as the scale grows, from 0.9600 at scale 0.1 to 0.6000 "
            "at scale 4. The largest drop, 0.2500, lies between scale 2 and 4: from 0.8500 to "
            "0.6000. Without noise (scale 0) it is 0.9700.",
        ),
        (
            {0.1: 0.9, 0.5: 0.92, 1.0: 0.92, 2.0: 0.5},
            "Accuracy falls over all, from 0.9000 at scale 0.1 to 0.5000 at scale 2, but rises at "
            "1 of 3 steps (0.1 to 0.5: +0.0200) and stays level at 1 of 3 steps (0.5 to 1). The "
            "largest drop, 0.4200, lies between scale 1 and 2: from 0.9200 to 0.5000.",
        ),
        ({1.0: 0.5, 2.0: 0.6}, "Accuracy rises at every step as the scale grows, from 0.5000"),
        ({1.0: 0.5, 2.0: 0.5}, "Accuracy does not change as the scale grows: 0.5000"),
        ({2.0: 0.5}, "Accuracy is 0.5000 at scale 2; one scale shows no trend."),
        ({0.0: 0.9}, "only at scale 0, without noise. Without noise (scale 0) it is 0.9000."),
    ],
)
def test_the_conclusion_follows_from_the_data(accuracies, said):
    """The trend, the steps that rise, and the largest drop are read off the curve."""
    assert said in conclude(curve_of(make_sweep(accuracies, spread=0.0)))


def test_nothing_is_concluded_from_a_hole():
    """A curve that lacks a trial has no conclusion, and says how many are missing."""
    records = [*make_sweep({1.0: 0.9, 2.0: 0.8}), make_record(scale=4.0, status="failed")]
    assert conclude(curve_of(records)).startswith("No conclusion can be drawn: 3 of 9 trials")


def test_scale_zero_is_no_step():
    """A curve that rises from scale 0 to the first scale still falls at every step."""
    words = conclude(curve_of(make_sweep({0.0: 0.5, 1.0: 0.9, 2.0: 0.8})))
    assert words.startswith("Accuracy falls at every step")


def test_a_curve_is_a_table():
    """Each scale has a row: mean with half its interval, loss, seeds, the verdict on its floor."""
    records = [
        r for r in make_sweep({0.0: 0.95, 1.0: 0.9, 4.0: 0.5}) if r.trial.label[-9:] != "4 seed 2"
    ]
    curve = curve_of(records)
    verdicts = [judge_floor(curve, {1.0: 0.8, 4.0: 0.4}, scale=scale) for scale in (1.0, 4.0)]
    table = tables_of(make_summary(results_of(records, verdicts), {}))[0]
    assert table[0] == ["scale", "accuracy (95 %)", "loss", "seeds", "floor"]
    half = f"{float(curve.at(1.0).interval.half_width):.4f}"
    assert table[3][:2] == ["1", f"0.9000 ± {half}"]
    assert table[3][3:] == ["3", "pass (0.8000)"]
    assert table[2][4] == ""
    assert len(table) == 5


def test_every_table_has_equally_many_cells_in_each_row():
    """No text, whatever stands in it, breaks a table's rows apart."""
    records = [
        make_record("a|b", environment={"cpu|x": "Xeon | `8` cores\n@ 2 GHz"}),
        make_record("a|b", seed=1, status="failed", reason="a | b\n<script> *x*"),
    ]
    text = make_summary(results_of(records, run={"id": "i|d", "command": "pytest -k 'a|b'"}), {})
    for table in tables_of(text):
        assert len({len(row) for row in table}) == 1
        assert set(table[1]) == {"---"}
    assert "a \\| b \\<script> \\*x\\*" in text


def test_published_figures_are_a_table():
    """What was published stands beside what was measured, and what does not fit is marked."""
    curve = curve_of(make_sweep({1.0: 0.9, 4.0: 0.5}))
    points = {f"scale {scale:g}": curve.at(scale) for scale in (1.0, 4.0)}
    verdict = judge_published(points, {"scale 1": (0.1, 0.9), "scale 4": (2.0, 0.1)})
    text = make_summary(results_of(verdicts=[verdict]), {})
    (table,) = [table for table in tables_of(text) if table[0][0] == "figure"]
    assert table[2][:3] == ["scale 1", "0.9000", "0.9000"]
    assert [row[0] for row in table[2:]] == ["scale 1", "scale 4", "mean"]
    assert [row[6] for row in table[2:]] == ["yes", "**no**", "**no**"]
    assert [row[7] for row in table[2:]] == ["3.53", "3.53", "3.53"]


@pytest.mark.parametrize(
    ("outcomes", "records", "planned", "word"),
    [
        (["pass", "pass"], [make_record()], None, "pass"),
        (["pass", "fail"], [make_record()], None, "fail"),
        (["pass", "inconclusive"], [make_record()], None, "inconclusive"),
        (["pass"], [make_record(status="failed")], None, "fail"),
        (["pass"], [make_record()], ["another"], "incomplete"),
        ([], [make_record()], None, "not judged"),
    ],
)
def test_only_a_whole_run_passes(outcomes, records, planned, word):
    """A run passes if all its trials ran and all its gates passed, and at least one was judged."""
    verdicts = [Verdict(gate="floor", curve="c", verdict=o, sentence="s") for o in outcomes]
    results = results_of(records, verdicts, planned)
    assert overall_verdict(results) == word
    assert make_summary(results, {}).startswith(f"# noisecore, profile `quick`: {word}\n")


def test_an_interrupted_run_says_how_far_it_came():
    """The summary counts the trials that ran, and lists those that did not, not endlessly."""
    text = make_summary(results_of([make_record()], planned=[f"t{n}" for n in range(50)]), {})
    assert "1 of 51 trials ran" in text
    assert "- `t19`\n- and 30 more" in text


def test_the_summary_says_how_it_was_made():
    """Command, versions, threads, data set and its hash, recipe and training time are there."""
    text = make_summary(results_of([make_record()], run={"id": "r", "command": "pytest x"}), {})
    cells = dict(tables_of(text)[-1])
    assert cells["command"] == "`pytest x`"
    assert cells["threads"] == "1"
    assert cells["data set"] == f"mnist-5k, SHA-256 {'d' * 64}"
    assert "optimizer adam" in cells["recipe"]
    assert cells["training"] == "2 s over all trials"


def test_pictures_are_shown_and_linked():
    """A curve's plots stand under its heading, the PNG shown and the SVG linked."""
    text = make_summary(results_of([make_record()]), {"cnn/gaussian/quick": ["plots/x-curve"]})
    assert "![x-curve](plots/x-curve.png)\n\n[SVG](plots/x-curve.svg)" in text
