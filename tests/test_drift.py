"""Drift: environments beside each other, what vanished among them, and what changed."""

from __future__ import annotations

import json
import math
import os
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bands import evaluate
from records_factory import make_sweep

from noisecore.cli import main
from noisecore.judging.drift import Environment, caught_half, find_drift, newest, turned_images
from noisecore.showing.report import write_report

LEVEL = {0.0: 0.95, 0.5: 0.9, 4.0: 0.6}
WORSE = {0.0: 0.95, 0.5: 0.9, 4.0: 0.4}


def records(version: str, level=LEVEL, seconds: float = 4.0, seeds=range(5)):
    """Return the records of a sweep under a version of TensorFlow."""
    cost = {"train_seconds": seconds, "peak_memory_bytes": 700 * 2**20}
    made = make_sweep(level, spread=0.002, seeds=seeds, cost=cost)
    about = {"tensorflow": version, "keras": "3.1", "numpy": "2.0"}
    return [replace(record, environment=record.environment | about) for record in made]


def environments(**levels) -> list[Environment]:
    """Return environments by name, each with its own accuracies."""
    return [
        Environment(name=name, records=tuple(records(f"2.{place}", level)))
        for place, (name, level) in enumerate(levels.items(), 15)
    ]


class TestNumbers:
    """What is found between environments."""

    def test_same(self) -> None:
        """Environments that agree pass; the reference has no verdict of its own."""
        found = find_drift(environments(a=LEVEL, b=LEVEL), "b")
        assert [one.verdict and one.verdict.verdict for one in found] == ["pass", None]
        assert [one.seconds for one in found] == [4.0, 4.0]

    def test_drift(self) -> None:
        """An environment that fell fails, at its scale; the others do not."""
        found = find_drift(environments(a=LEVEL, b=WORSE, c=LEVEL), "c")
        verdicts = {one.environment: one.verdict for one in found if one.verdict}
        assert {name: v.verdict for name, v in verdicts.items()} == {"a": "pass", "b": "fail"}
        assert "b cnn/gaussian/quick is more fragile" in verdicts["b"].sentence
        assert "scale 4 changed by -20.00 points" in verdicts["b"].sentence

    def test_all_comparisons_are_one_family(self) -> None:
        """The more environments, the more evidence each one needs."""

        def level_of(mode: str, **levels) -> float:
            found = find_drift(environments(**levels, ref=LEVEL), "ref", mode=mode)
            return found[0].verdict.figures[0].level

        noisy = {0.0: 0.95, 0.5: 0.9, 4.0: 0.599}
        for mode in ("simple", "rigorous"):
            assert level_of(mode, a=noisy) == pytest.approx(1 - 0.005)
            assert level_of(mode, a=noisy, b=noisy, c=noisy) == pytest.approx(1 - 0.005 / 3)

    def test_environment_without_records(self) -> None:
        """One that left nothing is a row that fails with its reason, not a vanished one."""
        broken = Environment(name="broken", reason="no wheel for this platform")
        found = find_drift([broken, *environments(a=LEVEL)], "a")
        assert found[0].environment == "broken"
        assert found[0].verdict.sentence == "no wheel for this platform"

    def test_unknown_reference(self) -> None:
        """A reference that is not there is refused with those that are."""
        with pytest.raises(ValueError, match="must be one of a, b, got 'c'"):
            find_drift(environments(a=LEVEL, b=LEVEL), "c")

    def test_turned_images(self) -> None:
        """The images whose answers changed most are named, with the shares."""
        from noisecore.judging.baselines import compare_records

        (comparison,) = compare_records(records("1", WORSE), records("1")).values()
        turned = turned_images(comparison, 3)
        assert len(turned) == 3
        # The factory has the first images right: those between 400 and 600 turned, at one scale.
        assert all(400 <= one.image < 600 for one in turned)
        assert all(one.before - one.now == pytest.approx(0.5) for one in turned)

    def test_changed_answers(self) -> None:
        """The share of answers that changed sides is known where the seeds are the same."""
        same, fallen = find_drift(environments(a=LEVEL, b=WORSE, ref=LEVEL), "ref")[:2]
        assert same.changed == 0
        assert fallen.changed == pytest.approx(0.2 / 2)  # of two noisy scales, at one
        other = Environment(name="other", records=tuple(records("2.1", seeds=range(5, 10))))
        assert math.isnan(find_drift([other, *environments(ref=LEVEL)], "ref")[0].changed)

    def test_what_is_caught(self) -> None:
        """What the gate catches half of the time is its own figure; none where all is equal."""
        found = find_drift(environments(a=WORSE, b=LEVEL, c=LEVEL), "c")
        row = found[0].verdict.figures[0]
        assert caught_half(found[0].verdict) == row.caught_half > 0
        assert math.isnan(caught_half(found[1].verdict))

    def test_newest(self) -> None:
        """Versions are compared as numbers; without TensorFlow, those of another package."""
        made = {"a": "2.9.1", "b": "2.15.0", "c": "2.15.0-rc1"}
        assert newest(self.of("tensorflow", made)) in ("b", "c")
        assert newest(self.of("torch", {"a": "2.13.0+cpu", "b": "2.4.1+cpu"})) == "a"

    def of(self, package: str, versions) -> list[Environment]:
        """Return environments by name, each with its version of one package."""
        return [
            Environment(
                name=name,
                records=tuple(
                    replace(one, environment={"numpy": "2.0", package: version})
                    for one in make_sweep(LEVEL)
                ),
            )
            for name, version in versions.items()
        ]


class TestCommand:
    """`python -m noisecore drift`."""

    @pytest.fixture
    def folders(self, tmp_path):
        """Return artifact folders of two environments that agree."""
        for name, version in (("py311-tf215", "2.15.0"), ("py311-tf221", "2.21.0")):
            self.write(tmp_path / name, records(version))
        return [str(tmp_path / "py311-tf215"), str(tmp_path / "py311-tf221")]

    def write(self, folder, made) -> None:
        """Write a run's artifacts as pytest leaves them, in a folder of its profile."""
        write_report(
            folder / "quick", run={"id": "x"}, profile={"name": "quick"}, records=made,
            verdicts=[], planned=[],
        )  # fmt: skip

    def test_agreeing(self, folders, tmp_path, capsys) -> None:
        """Tables, picture and JSON are written; the newest TensorFlow is the reference."""
        out = tmp_path / "out"
        assert main(["drift", *folders, "--out", str(out)]) == 0
        names = {path.name for path in out.iterdir()}
        assert names == {"drift.md", "drift.json", "drift.png", "drift.svg"}
        text = (out / "drift.md").read_text()
        assert text.startswith("# Drift, against `py311-tf221`")
        assert "| `py311-tf215` | 2.15.0 | 3.1 | 2.0 | 0.7500 | +0.00 |" in text
        assert "| none | pass | 4.0 s |" in text
        assert (
            "The verdicts are by auto mode, mean>1.5,scale>3,clean>1.5,since-first>2, and" in text
        )
        assert "tensorflow is 2.15.0, was 2.21.0" in text
        assert text.partition("\n![")[0] in capsys.readouterr().out
        verdicts = json.loads((out / "drift.json").read_text())
        assert [one["verdict"] and one["verdict"]["verdict"] for one in verdicts] == ["pass", None]

    def test_notes_once(self, folders, tmp_path) -> None:
        """What holds for every curve of an environment is said once; a fall for each curve."""
        for name, level in (("2.15.0", WORSE), ("2.21.0", LEVEL)):
            both = records(name, level)
            both += [replace(one, trial=replace(one.trial, model="mlp")) for one in both]
            self.write(tmp_path / f"py311-tf{name[:4].replace('.', '')}", both)
        assert main(["drift", *folders, "--out", str(tmp_path / "out")]) == 1
        details = (tmp_path / "out/drift.md").read_text().partition("## Details")[2]
        assert details.count("tensorflow is 2.15.0, was 2.21.0") == 1
        assert details.count("**fail**") == 2

    def test_fallen(self, folders, tmp_path) -> None:
        """A fall ends with 1."""
        self.write(tmp_path / "py311-tf220", records("2.20.0", WORSE))
        out = str(tmp_path / "out")
        fallen = str(tmp_path / "py311-tf220")
        assert main(["drift", *folders, fallen, "--out", out]) == 1
        assert main(["drift", *folders, fallen, "--out", out, "--margins", "mean>50,scale>50"]) == 0

    def test_odd_names(self, tmp_path, capsys) -> None:
        """Folders and versions of odd names are drawn and written as they are."""
        folders = [str(tmp_path / name) for name in ("$a_{$", "\x1b[31m::b``<b>``")]
        for folder, version in zip(folders, ("2.15\r::error::e", "2.21 |"), strict=True):
            self.write(Path(folder), records(version))
        assert main(["drift", *folders, "--out", str(tmp_path / "out")]) == 0
        text = (tmp_path / "out/drift.md").read_text()
        assert all(line.isprintable() for line in text.split("\n"))
        rows = [line for line in text.split("\n") if "4.0 s" in line]
        assert [line.count("|") - line.count("\\|") for line in rows] == [14, 14]
        assert text.partition("\n![")[0] in capsys.readouterr().out
        ElementTree.parse(tmp_path / "out/drift.svg")

    def test_picture_that_cannot_be_drawn(self, folders, tmp_path, monkeypatch, capsys) -> None:
        """Without its picture the rest is written, and the bug that it is keeps its traceback."""

        def broken(_):
            raise RuntimeError("no way")

        monkeypatch.setattr("noisecore.showing.plots.plot_drift", broken)
        out = tmp_path / "out"
        with pytest.raises(RuntimeError, match="no way"):
            main(["drift", *folders, "--out", str(out)])
        assert {path.name for path in out.iterdir()} == {"drift.md", "drift.json"}
        assert "drift.png" not in (out / "drift.md").read_text()
        error = capsys.readouterr().err
        assert error.startswith("noisecore: the picture could not be made: RuntimeError: no way")

    def test_full_disk(self, folders, tmp_path, monkeypatch, capsys) -> None:
        """What the disk refuses is one line for all files, and exit code 4."""

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("noisecore.records.write_atomically", full)
        assert main(["drift", *folders, "--out", str(tmp_path / "out")]) == 4
        (line,) = capsys.readouterr().err.splitlines()
        assert line.endswith("and 1 more could not be made: No space left on device")

    def test_expected_and_missing(self, folders, tmp_path) -> None:
        """An environment that left nothing is a row all the same, with its installer's words."""
        log = tmp_path / "logs/py311-tf219/log/1-install.log"
        log.parent.mkdir(parents=True)
        log.write_text("collecting\nERROR: No matching distribution found for tensorflow==2.19\n")
        worked = log.with_name("2-venv.log")
        worked.write_text("cmd: venv\nexit_code: 0\n")
        os.utime(log, (0, 0))  # the newer log, of what worked, is no reason
        arguments = ["--expected", "py311-tf215,py311-tf219,py311-tf221",
                     "--logs", str(tmp_path / "logs"), "--out", str(tmp_path / "out")]  # fmt: skip
        assert main(["drift", *folders, *arguments]) == 2
        text = (tmp_path / "out/drift.md").read_text()
        assert "ERROR: No matching distribution found for tensorflow==2.19" in text
        assert "exit_code" not in text
        assert text.count("ERROR: No matching") == 1
        rows = [line for line in text.splitlines() if line.startswith("| `py311")]
        assert [row.split("`")[1] for row in rows[:3]] == [
            "py311-tf215", "py311-tf219", "py311-tf221"
        ]  # fmt: skip
        assert "**fail**" in rows[1]

    def test_one_environment(self, folders, capsys) -> None:
        """One environment alone has nothing to be compared with: 5."""
        assert main(["drift", folders[0]]) == 5
        assert "records of two environments" in capsys.readouterr().out

    def test_folder_without_records(self, folders, tmp_path, capsys) -> None:
        """A folder that is not there is named, with what was looked for in it."""
        assert main(["drift", folders[0], str(tmp_path / "typo")]) == 5
        assert f"typo: no results.json in {tmp_path / 'typo'}" in capsys.readouterr().out

    def test_one_name_twice(self, folders, tmp_path, capsys) -> None:
        """Two folders of one name are refused: neither could be told from the other."""
        other = tmp_path / "other/py311-tf215"
        self.write(other, records("2.15.0"))
        assert main(["drift", *folders, str(other)]) == 4
        said = capsys.readouterr().err
        assert "expected one py311-tf215, got two: give folders with different names" in said

    def test_runs_of_one_profile(self, folders, tmp_path, capsys) -> None:
        """Two folders of one profile are of the environments around them."""
        inside = [f"{folder}/quick" for folder in folders]
        assert main(["drift", *inside, "--out", str(tmp_path / "out")]) == 0
        text = (tmp_path / "out/drift.md").read_text()
        assert "| `py311-tf215` | 2.15.0 |" in text
        assert text.startswith("# Drift, against `py311-tf221`")

    def test_given_models(self, tmp_path) -> None:
        """Of given models the packages are shown that their records name, and no training."""
        for name, version in (("new", "2.13.0+cpu"), ("old", "2.4.1+cpu")):
            made = [
                replace(one, environment={"python": "3.11", "numpy": "2.0", "torch": version})
                for one in evaluate()
            ]
            self.write(tmp_path / name, made)
        folders = [str(tmp_path / name) for name in ("new", "old")]
        assert main(["drift", *folders, "--out", str(tmp_path / "out")]) == 0
        text = (tmp_path / "out/drift.md").read_text()
        assert text.startswith("# Drift, against `new`")
        assert "| environment | PyTorch | NumPy | mean accuracy |" in text
        assert "| `old` | 2.4.1+cpu | 2.0 |" in text
        assert "raining" not in text
        assert "?" not in text

    def test_bad_reference(self, folders, tmp_path, capsys) -> None:
        """An unknown reference ends with 4 and one line."""
        out = str(tmp_path / "out")
        assert main(["drift", *folders, "--reference", "tf99", "--out", out]) == 4
        assert "the reference must be one of py311-tf215, py311-tf221" in capsys.readouterr().err


class TestPicture:
    """drift.png: one row per curve, with accuracies, their change and what a training takes."""

    @pytest.fixture
    def figure(self):
        """Return the picture of three environments, of which the last has no records."""
        from noisecore.showing.plots import plot_drift

        broken = Environment(name="broken", reason="no wheel")
        return plot_drift(find_drift([*environments(a=LEVEL, b=WORSE), broken], "a"))

    def test_accuracies(self, figure) -> None:
        """The picture names every environment, also one without records, and each scale."""
        accuracy, *_ = figure.axes
        assert [label.get_text() for label in accuracy.get_xticklabels()] == ["a", "b", "broken"]
        assert len(accuracy.containers) == 3
        heights = [list(map(float, c.lines[0].get_ydata())) for c in accuracy.containers]
        np.testing.assert_allclose(heights[2], [0.6, 0.4])

    def test_changes(self, figure) -> None:
        """The change of the mean and of each scale is in points, with its interval."""
        change = figure.axes[1]
        changes = [float(each.lines[0].get_ydata()[0]) for each in change.containers]
        np.testing.assert_allclose(changes, [-10, 0, 0, -20], atol=0.2)
        verdict = find_drift(environments(a=LEVEL, b=WORSE), "a")[1].verdict
        (bar,) = change.containers[0].lines[2][0].get_segments()
        mean = verdict.figures[0]
        np.testing.assert_allclose(bar[:, 1], [100 * mean.low, 100 * mean.high])

    def test_costs(self, figure) -> None:
        """Each environment that has records has bars of its seconds and its memory."""
        _, _, seconds, memory = figure.axes
        for axes, height in ((seconds, 4.0), (memory, 700.0)):
            (bars,) = axes.containers
            assert [bar.get_height() for bar in bars] == pytest.approx([height, height])

    def test_given_models(self) -> None:
        """Of given models there is no empty picture of a training."""
        from noisecore.showing.plots import plot_drift

        both = [Environment(name=name, records=tuple(evaluate())) for name in ("a", "b")]
        labels = [each.get_ylabel() for each in plot_drift(find_drift(both, "a")).axes]
        assert labels == ["accuracy", "change, points", "peak memory, MiB"]

    def test_legend_names_what_is_drawn(self, figure) -> None:
        """Each scale of a curve has an entry in its row: another noise has scales of its own."""
        legend = figure.axes[0].get_legend()
        assert [each.get_text() for each in legend.get_texts()] == ["0", "0.5", "4"]
