"""The report: what it writes, whatever the run came to."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from records_factory import make_record, make_sweep

from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import judge_floor, judge_monotonic, judge_no_regression
from noisecore.noise import Samples
from noisecore.profiles import PROFILES
from noisecore.records import RecordError
from noisecore.showing.plots import plot_curve
from noisecore.showing.report import FromData, redraw, write_report

RUN = {"id": "20250101-000000-abcd", "started": "2025-01-01T00:00:00Z", "command": "pytest x"}


def make_pictures():
    """Return noise pictures of small images."""
    image = np.linspace(-1, 1, 64).reshape(1, 8, 8, 1)
    noisy = {1.0: image + 1}
    samples = Samples(clean=image, noisy=noisy, unit="pixels")
    names = "", "cnn/gaussian/quick"
    return FromData(labels=np.arange(1000) % 3, samples=dict.fromkeys(names, samples))


def write(folder, records=(), verdicts=(), planned=None, from_data=None):
    """Write a report of the records as if they were all that was planned."""
    return write_report(
        folder,
        run=RUN,
        profile=asdict(PROFILES["quick"]),
        records=records,
        verdicts=verdicts,
        planned=[r.trial.label for r in records] if planned is None else planned,
        from_data=from_data,
    )


def files_in(folder):
    """Return the names of all files under a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


SMALL = {0.0: 0.95, 1.0: 0.9, 4.0: 0.5}
TABLES = {"results.json", "curve.csv", "matrix.csv", "summary.md"}
PLOTS = {
    f"plots/{stem}.{kind}"
    for stem in ("cnn_gaussian_quick-curve", "cnn_gaussian_quick-matrix", "all-learning")
    for kind in ("png", "svg")
}


def test_all_artifacts_are_written(tmp_path):
    """A run leaves its tables, plots, results and summary, and names exactly these files."""
    made = write(tmp_path / "new" / "folder", make_sweep(SMALL), from_data=make_pictures)
    own = "classes", "noise"
    stems = "plots/all-noise", *(f"plots/cnn_gaussian_quick-{each}" for each in own)
    names = TABLES | PLOTS | {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")}
    names |= {"classes.csv"}
    assert files_in(tmp_path / "new" / "folder") == names
    assert {str(path.relative_to(tmp_path / "new" / "folder")) for path in made.written} == names
    assert made.problems == []
    assert len(pd.read_csv(tmp_path / "new" / "folder" / "curve.csv")) == 9
    assert len(pd.read_csv(tmp_path / "new" / "folder" / "matrix.csv")) == 27
    assert len(pd.read_csv(tmp_path / "new" / "folder" / "classes.csv")) == 27


def test_a_run_without_records_has_a_report(tmp_path):
    """Where no trial ran, the tables are empty, no plot is drawn, and the summary says 0 of 2."""
    write(tmp_path, planned=["a", "b"])
    assert files_in(tmp_path) == TABLES
    assert "0 of 2 trials ran" in (tmp_path / "summary.md").read_text()


def test_failed_trials_have_a_report(tmp_path):
    """Where every trial failed, nothing is drawn but all reasons are written."""
    write(tmp_path, [make_record(status="failed", reason="the worker died")])
    assert files_in(tmp_path) == TABLES
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("# noisecore, profile `quick`: fail")
    assert "the worker died" in summary


def test_plots_are_replaced_as_a_set(tmp_path):
    """Plots that this run does not make are removed; files of others in the folder are not."""
    write(tmp_path, make_sweep({1.0: 0.9}, model="mlp"), from_data=make_pictures())
    (tmp_path / "plots" / "mine.png").write_text("mine")
    (tmp_path / "plots" / "notes-curve.txt").write_text("mine")
    write(tmp_path, make_sweep(SMALL))
    assert files_in(tmp_path) == TABLES | PLOTS | {"plots/mine.png", "plots/notes-curve.txt"}


def test_redrawing_gives_the_same_files(tmp_path):
    """Drawn again from results.json, every file is the same to the byte; the others are kept."""
    records = [*make_sweep(SMALL), make_record("mlp", status="failed")]
    write(tmp_path, records, from_data=make_pictures())
    before = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}
    for name in before:
        if name != "results.json" and "noise" not in name and "classes" not in name:
            (tmp_path / name).unlink()
    redraw(tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)} == before


def test_redrawing_needs_no_tensorflow(tmp_path):
    """A report is drawn again where TensorFlow and Keras cannot be imported."""
    write(tmp_path, make_sweep({1.0: 0.9}, seeds=[0]))
    code = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from pathlib import Path; from noisecore.showing.report import redraw\n"
        "redraw(Path(sys.argv[1]))\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_redrawing_nothing_is_refused(tmp_path):
    """A folder without results.json gives one line that names the file, and nothing is written."""
    with pytest.raises(RecordError, match=r"results\.json: cannot be read: No such file"):
        redraw(tmp_path)
    assert files_in(tmp_path) == set()


def test_a_file_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    """When the disk refuses, the old file stays and nothing half-written lies beside it."""
    write(tmp_path)
    before = (tmp_path / "results.json").read_bytes()

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("noisecore.records.files.os.replace", refuse)
    (problem,) = write(tmp_path, make_sweep(SMALL)).problems
    assert problem.startswith("results.json, curve.csv, matrix.csv and ")
    assert problem.endswith("could not be made: No space left on device")
    assert (tmp_path / "results.json").read_bytes() == before
    assert files_in(tmp_path) == TABLES


def test_file_names_suit_every_file_system(tmp_path):
    """Curves get files of plain characters, and no two the same where case does not count."""
    recipe = "notebook+epochs=2"
    for_each = [
        make_record(model, 1.0, accuracies={1.0: 0.9}, recipe=recipe, history=())
        for model in ("a b", "A_b", "x" * 300, "../up", 'q?"<>|:*')
    ]
    write(tmp_path, for_each)
    names = [path.name for path in (tmp_path / "plots").glob("*.png")]
    assert len({name.lower() for name in names}) == 5
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzA_-.0123456789") for name in names)
    assert all(len(name) < 130 and not name.startswith(".") for name in names)
    assert files_in(tmp_path) >= TABLES


def test_records_that_do_not_belong_together_are_reported(tmp_path):
    """Two data sets under one curve give a report that says so, and no curve."""
    records = [make_record(), make_record(seed=1, dataset_sha256="e" * 64)]
    write(tmp_path, records)
    assert "must have the same dataset_sha256" in (tmp_path / "summary.md").read_text()
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["curves"] == []
    assert len(results["records"]) == 2


def test_gates_stand_in_the_report_failures_first(tmp_path):
    """Verdicts are kept in results.json as they came, and the summary begins with failures."""
    records = make_sweep(SMALL)
    (curve,) = matched_curves(records).values()
    verdicts = [judge_monotonic(curve), judge_floor(curve, {4.0: 0.6}, scale=4.0)]
    write(tmp_path, records, verdicts)
    kept = json.loads((tmp_path / "results.json").read_text())["verdicts"]
    assert [verdict["verdict"] for verdict in kept] == ["pass", "fail"]
    summary = (tmp_path / "summary.md").read_text()
    assert summary.index("**fail**, floor") < summary.index("**pass**, monotonic")


def test_the_baseline_is_drawn(tmp_path, monkeypatch):
    """A curve is drawn with its worst comparison with the baseline; the notebook has its plot."""
    records = make_sweep(SMALL)
    (curve,) = matched_curves(records).values()
    better = matched_curves(make_sweep(SMALL | {4.0: 0.8}))["cnn/gaussian/quick"]
    verdicts = [judge_no_regression(curve, each) for each in (curve, better, curve)]
    assert [verdict.verdict for verdict in verdicts] == ["pass", "fail", "pass"]
    drawn = []
    for name in ("plot_curve", "plot_notebook"):
        monkeypatch.setattr(
            f"noisecore.showing.report.{name}",
            lambda *given, name=name: drawn.append((name, *given)) or plot_curve(*given),
        )
    for profile in ("quick", "notebook"):
        write_report(
            tmp_path, run=RUN, profile=asdict(PROFILES[profile]), records=records,
            verdicts=verdicts, planned=[],
        )  # fmt: skip
    redraw(tmp_path)
    assert [each[0] for each in drawn] == ["plot_curve", "plot_notebook", "plot_notebook"]
    assert all(given.verdict == "fail" for _, _, given in drawn)


def test_odd_values_of_a_run_can_be_written(tmp_path):
    """Paths, arrays and numbers that are not finite in what is said of a run stop no report."""
    run = RUN | {"folder": tmp_path, "load": np.float32(2), "rate": float("nan"), 3: {"a": (1, 2)}}
    write_report(tmp_path, run=run, profile={"name": "p"}, records=[], verdicts=[], planned=[])
    kept = json.loads((tmp_path / "results.json").read_text())["run"]
    assert kept == RUN | {"folder": str(tmp_path), "load": 2, "rate": None, "3": {"a": [1, 2]}}
