"""A report of names that mean something to whoever draws, writes or reads it."""

from __future__ import annotations

import csv
import json
import warnings
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from bands import evaluate, sharp
from matplotlib.figure import Figure
from odd_names import NAMES
from records_factory import make_record, make_sweep

from noisecore.judging.curves import curve_frame, curve_matrix, matched_curves
from noisecore.showing.plots import plot_curve, plot_learning, plot_matrix, render
from noisecore.showing.plots.style import drawable, plain_text, set_note, wrap_name
from noisecore.showing.report import _table, redraw, write_report


def write(folder, records, **about):
    """Write a report of the records."""
    return write_report(
        folder,
        run={"id": "r", "command": "pytest", **about},
        profile={"name": "quick"},
        records=records,
        verdicts=[],
        planned=[record.trial.label for record in records],
    )


def texts_of(figure):
    """Return all that is written in a figure."""
    return [each.get_text() for each in figure.findobj(matplotlib.text.Text)]


def test_pictures_of_names() -> None:
    """All names can be drawn at once, without a warning, and the SVG is well-formed."""

    @plain_text
    def draw():
        figure = Figure(figsize=(8, 30))
        for place, name in enumerate(NAMES):
            figure.text(0, place / len(NAMES), wrap_name(drawable(name), 80))
        set_note(figure, *NAMES[:20])
        return figure

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = render(draw())
    ElementTree.fromstring(files["svg"].decode())
    assert files["png"].startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["$x_{$", "$x$", "a\x00\x1b[0m\udce9", "漢字\n"])
@pytest.mark.parametrize("settings", [{}, {"text.usetex": True, "font.family": "serif"}])
def test_every_picture(name, settings) -> None:
    """A name is no formula in any picture, not even where the user's own settings ask for TeX."""
    records = make_sweep({0.0: 0.9, 1.0: 0.8, 4.0: 0.6}, model=name, noise=name)
    (curve,) = matched_curves(records).values()
    (matrix,) = curve_matrix(records).values()
    with matplotlib.rc_context(settings):
        figures = [plot_curve(curve), plot_matrix(matrix), plot_learning(records)]
        for figure in figures:
            assert any(drawable(name) in text for text in texts_of(figure))
            ElementTree.fromstring(render(figure)["svg"].decode())


def test_no_glyph() -> None:
    """What the font has no glyph for is shown as its escape, not as a box."""
    assert drawable("a 漢 ± é") == "a \\u6f22 ± é"


def test_long_names_leave_room() -> None:
    """A very long name is shown by its two ends."""
    shown = drawable("a" * 500 + "b" * 500)
    assert len(shown) < 250
    assert (shown[0], shown[-1]) == ("a", "b")


def test_title_and_axis_of_a_test_in_a_folder() -> None:
    """The picture of a test's own model is titled by the test, and its axis by the noise."""
    records = evaluate(sharp, noise="uniform", scales=[1], name="tests/robust/test_a.py::test_x")
    (curve,) = matched_curves(records).values()
    shown = texts_of(plot_curve(curve))
    assert "scale of the uniform noise" in shown
    assert any("noise: tests/robust/test_a.py::test_x" in text.replace("\n", "") for text in shown)


def test_title_of_a_builder_with_a_slash() -> None:
    """A model's name is not taken apart, and a curve made by hand is titled without one."""
    (curve,) = matched_curves(make_sweep({1.0: 0.9}, model="a/b.py::build")).values()
    assert any("noise: a/b.py::build" in text for text in texts_of(plot_curve(curve)))
    unknown = texts_of(plot_curve(replace(curve, model="", noise="", id=None)))
    assert "scale of the noise" in unknown
    assert f"Accuracy under noise: {curve.name}" in unknown


def test_tables() -> None:
    """Each name has its row in the table, in one line, and is no formula of a spreadsheet."""
    records = [make_record(name, accuracies={1.0: 0.9}, history=()) for name in NAMES]
    text = _table(curve_frame(records))
    lines = text.split("\n")
    assert len(lines) == len(NAMES) + 2
    assert all(line.isprintable() for line in lines)
    rows = list(csv.reader(lines[1:-1]))
    assert {len(row) for row in rows} == {14}
    assert not [row for row in rows if row[2].startswith(("=", "+", "-", "@"))]
    assert ["$x_{$", "gaussian", "0.9"] in [[row[2], row[3], row[8]] for row in rows]


def test_a_whole_report(tmp_path) -> None:
    """Every file of a report is there, UTF-8, and can be read again and drawn again."""
    names = ("$x_{$", "a\r::error::e", "caf\udce9", "\x1b[31m\x00")
    records = [make_record(name, accuracies={1.0: 0.9}, noise=name) for name in names]
    reason = "\r\n::stop-commands::x\n``<b>``\udce9"
    records.append(make_record("mlp", status="failed", reason=reason))
    made = write(tmp_path, records, where="caf\udce9")
    assert made.problems == []
    for path in made.written:
        if path.suffix in (".csv", ".json", ".md"):
            path.read_bytes().decode("utf-8")
        if path.suffix == ".svg":
            ElementTree.parse(path)
    kept = json.loads((tmp_path / "results.json").read_text())
    assert [each["training"]["model"] for each in kept["records"]][:4] == list(names)
    assert kept["records"][4]["trials"][0]["reason"] == reason
    summary = (tmp_path / "summary.md").read_bytes()
    assert all(line.decode().isprintable() for line in summary.split(b"\n"))
    assert redraw(tmp_path).problems == []
    assert (tmp_path / "summary.md").read_bytes() == summary


class TestParts:
    """A part that cannot be made costs no other."""

    def broken(self, *_):
        """Stand in for what cannot be made."""
        raise RuntimeError("no\nway")

    @pytest.mark.parametrize(
        ("where", "part", "lost"),
        [
            ("plot_curve", "plots/cnn_gaussian_quick-curve", {"plots/cnn_gaussian_quick-curve"}),
            ("matrix_frame", "matrix.csv", {"matrix.csv"}),
            ("make_summary", "summary.md", {"summary.md"}),
            ("_pictures", "plots", None),
        ],
    )
    def test_part(self, tmp_path, monkeypatch, where, part, lost) -> None:
        """The error is named in one line with its part, and the other parts are there."""
        records = make_sweep({0.0: 0.95, 4.0: 0.5})
        whole = {
            path.relative_to(tmp_path / "a") for path in write(tmp_path / "a", records).written
        }
        monkeypatch.setattr(f"noisecore.showing.report.{where}", self.broken)
        made = write(tmp_path / "b", records)
        (problem,) = made.problems
        assert problem.startswith(f"{part} could not be made: RuntimeError: no way (test_names.py")
        there = {path.relative_to(tmp_path / "b") for path in made.written}
        if lost is None:
            assert {str(path) for path in whole - there if path.parts[0] != "plots"} == set()
        else:
            assert {str(path.with_suffix("") if "plots" in path.parts else path)
                    for path in whole - there} == lost  # fmt: skip

    def test_summary_shows_what_is_there(self, tmp_path, monkeypatch) -> None:
        """A picture that could not be drawn is not linked, and an earlier run's is taken away."""
        records = make_sweep({0.0: 0.95, 4.0: 0.5})
        write(tmp_path, records)
        monkeypatch.setattr("noisecore.showing.report.plot_curve", self.broken)
        write(tmp_path, records)
        assert "-curve.png" not in (tmp_path / "summary.md").read_text()
        assert not (tmp_path / "plots/cnn_gaussian_quick-curve.png").exists()
        assert (tmp_path / "plots/cnn_gaussian_quick-matrix.png").exists()

    def test_data_that_cannot_be_drawn(self, tmp_path) -> None:
        """Where the data set gives no pictures, the rest of the report is there."""
        records = make_sweep({0.0: 0.95, 4.0: 0.5})
        made = write_report(
            tmp_path, run={}, profile={}, records=records, verdicts=[], planned=[],
            from_data=self.broken,
        )  # fmt: skip
        (problem,) = made.problems
        assert problem.startswith("what needs the data set could not be made: RuntimeError")
        assert (tmp_path / "summary.md").exists()

    def test_warnings_are_no_errors(self, tmp_path, monkeypatch) -> None:
        """A warning costs no part, where warnings are errors."""

        def warn(*given):
            warnings.warn("no glyph", UserWarning, stacklevel=1)
            return plot_curve(*given)

        monkeypatch.setattr("noisecore.showing.report.plot_curve", warn)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert write(tmp_path, make_sweep({0.0: np.float64(0.9), 4.0: 0.5})).problems == []
