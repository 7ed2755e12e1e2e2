"""`compare`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from records_factory import make_record, make_sweep, save

from noisecore.cli import main
from noisecore.judging.baselines import Origin, renew_baseline, write_baseline
from noisecore.showing.report import write_report

LEVEL = {0.0: 0.95, 0.5: 0.9, 1.0: 0.85, 4.0: 0.6}
WORSE = LEVEL | {4.0: 0.4}
CURVE = "cnn/gaussian/quick"


@pytest.fixture
def old(tmp_path):
    """Return a folder of records to compare with."""
    return save(tmp_path / "old", make_sweep(LEVEL))


class TestCompare:
    """Two runs, one judged against the other."""

    def test_equal(self, tmp_path, old, capsys) -> None:
        """Equal runs pass with 0, a table of at most 80 columns, and no TensorFlow."""
        new = save(tmp_path / "new", make_sweep(LEVEL))
        assert main(["compare", old, new]) == 0
        shown = capsys.readouterr().out
        assert shown.endswith("no regression\n")
        assert max(map(len, shown.splitlines())) <= 80
        assert "0.6000" in shown

    def test_regression(self, tmp_path, old, capsys) -> None:
        """A fall ends with 1, and its scale is named."""
        new = save(tmp_path / "new", make_sweep(WORSE))
        assert main(["compare", old, new]) == 1
        assert (
            "FAIL: cnn/gaussian/quick is more fragile than its baseline" in capsys.readouterr().out
        )

    def test_artifact_folders(self, tmp_path, old, capsys) -> None:
        """An artifact folder is its run: the profile's own, the one around it, or a stopped run's.

        Where several profiles have run, the line says which there are.
        """
        for profile in ("quick", "notebook"):
            self.run(tmp_path / "out" / profile, make_sweep(LEVEL))
            (tmp_path / "out" / profile / "baseline.json").write_text("{}")
            (tmp_path / "out/benchmark.json").write_text("{}")
            if profile == "quick":
                assert main(["compare", old, str(tmp_path / "out")]) == 0
        assert main(["compare", old, str(tmp_path / "out/notebook")]) == 0
        (tmp_path / "out/notebook/results.json").unlink()
        assert main(["compare", old, str(tmp_path / "out/notebook")]) == 0
        capsys.readouterr()
        assert main(["compare", old, str(tmp_path / "out")]) == 4
        assert "expected the folder of one run, got several: name one of notebook, quick" in (
            capsys.readouterr().err
        )

    def run(self, folder, records) -> None:
        """Leave what a run of these records leaves."""
        folder.parent.mkdir(exist_ok=True)
        folder.mkdir()
        save(folder / "trials", records)
        results = {"schema": 1, "run": {}, "profile": {}, "planned": [], "verdicts": []}
        results["trials"] = [record.to_dict() for record in records]
        (folder / "results.json").write_text(json.dumps(results))

    def test_nobody_reads(self, tmp_path, old) -> None:
        """Where the reader has gone away, the exit code is that of the verdict."""
        new = save(tmp_path / "new", make_sweep(WORSE))
        code = "import sys; from noisecore.cli import main; sys.exit(main(sys.argv[1:]))"
        read, write = os.pipe()
        os.close(read)
        ended = subprocess.run(
            [sys.executable, "-c", code, "compare", old, new],
            stdout=write,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
        )
        os.close(write)
        assert (ended.returncode, ended.stderr) == (1, b"")

    def test_margins(self, tmp_path, old) -> None:
        """--margins says what fails: a wide one passes, a ratio of seconds fails by itself."""
        new = save(tmp_path / "new", make_sweep(WORSE, cost={"train_seconds": 9.0}))
        assert main(["compare", old, new, "--margins", "mean>20,scale>30"]) == 0
        assert main(["compare", old, new, "--margins", "mean>20,scale>30,seconds>2"]) == 1

    @pytest.mark.parametrize("command", ["compare", "power", "calibrate", "drift"])
    def test_old_name(self, command, capsys) -> None:
        """No help lists the old name of --margins, which noisecore 0.1 had."""
        with pytest.raises(SystemExit):
            main([command, "--help"])
        shown = capsys.readouterr().out
        assert "--margins" in shown
        assert "--fail" not in shown

    def test_old_name_is_taken(self, tmp_path, old, capsys) -> None:
        """It does what --margins does, and one line says what it is called now."""
        new = save(tmp_path / "new", make_sweep(WORSE))
        assert main(["compare", old, new, "--margins", "mean>20,scale>30"]) == 0
        meant = capsys.readouterr()
        assert meant.err == ""
        assert main(["compare", old, new, "--fail", "mean>20,scale>30"]) == 0
        shown = capsys.readouterr()
        assert shown.out == meant.out
        (line,) = shown.err.splitlines()
        assert line.startswith("noisecore: --fail is now called --margins:")

    def test_failed_trials(self, tmp_path, old, capsys) -> None:
        """A failed trial ends with 2, with its reason; beside a fall the fall counts."""
        failed = make_record(scale=4.0, seed=2, status="failed", reason="loss became NaN")
        new = save(tmp_path / "new", [*make_sweep(LEVEL)[:-1], failed])
        assert main(["compare", old, new]) == 2
        assert "loss became NaN" in capsys.readouterr().out
        both = [*make_sweep(LEVEL)[:-1], failed]
        both += make_sweep(WORSE, model="mlp")
        (tmp_path / "more").mkdir()
        wide = save(tmp_path / "more/old", make_sweep(LEVEL) + make_sweep(LEVEL, model="mlp"))
        assert main(["compare", wide, save(tmp_path / "more/new", both)]) == 1

    @pytest.mark.parametrize(
        "choices",
        [{"test_draw": 1}, {"seeds": (0,)}],
        ids=["other draw", "one seed"],
    )
    def test_undecided(self, tmp_path, choices) -> None:
        """What is not comparable, or not decided, ends with 3."""
        one = save(tmp_path / "one", make_sweep(LEVEL, seeds=choices.get("seeds", (0, 1, 2))))
        level = {scale: accuracy + 0.001 for scale, accuracy in LEVEL.items()}
        new = save(tmp_path / "new", make_sweep(level, **choices))
        assert main(["compare", one, new]) == 3

    def test_vanished(self, tmp_path, old, capsys) -> None:
        """A curve that only the first run has is named, and ends with 3; a new one is named."""
        both = save(tmp_path / "both", make_sweep(LEVEL) + make_sweep(LEVEL, model="mlp"))
        assert main(["compare", both, old]) == 3
        assert f"mlp/gaussian/quick is only in {both}" in capsys.readouterr().out
        assert main(["compare", old, both]) == 0

    def test_fewer_scales(self, tmp_path, old, capsys) -> None:
        """A scale that only the first run has is no pass; one that only the second has is noted."""
        new = save(tmp_path / "new", make_sweep({0.0: 0.95, 0.5: 0.9, 1.0: 0.85}))
        assert main(["compare", old, new]) == 3
        assert "scale 4 of the baseline was not run" in capsys.readouterr().out
        assert main(["compare", new, old]) == 0
        assert "scale 4 is not in the baseline" in capsys.readouterr().out

    def test_run_that_did_not_end(self, tmp_path, old, capsys) -> None:
        """A run that lacks trials which it planned ends with 2, and names them."""
        write_report(
            tmp_path / "new",
            run={"id": "x"},
            profile={"name": "quick"},
            records=make_sweep(LEVEL),
            verdicts=[],
            planned=["cnn/gaussian/quick scale 9 seed 0"],
        )
        assert main(["compare", old, str(tmp_path / "new")]) == 2
        assert "scale 9 seed 0 has no record" in capsys.readouterr().out

    def test_nothing(self, tmp_path, old, capsys) -> None:
        """Two runs without a common curve end with 5."""
        new = save(tmp_path / "new", make_sweep(LEVEL, model="mlp"))
        assert main(["compare", old, new]) == 5
        assert "nothing was compared" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], "required: OLD, NEW"),
            (["nowhere", "nowhere"], "nowhere: expected a file or a folder, found neither"),
            (
                ["old", "old", "--margins", "drop>3"],
                "margins must be written as NAME>NUMBER, such as mean>1.5",
            ),
            (["old", "old", "--gate", "strict"], "invalid choice: 'strict'"),
            (["empty", "old"], "expected a results.json, or a folder of records, found neither"),
            (["bad.json", "old"], "bad.json"),
        ],
    )
    def test_usage(self, tmp_path, old, monkeypatch, capsys, arguments, words) -> None:
        """A mistake ends with 4 and one line that names it."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "empty").mkdir()
        (tmp_path / "bad.json").write_text("{")
        try:
            code = main(["compare", *arguments])
        except SystemExit as end:
            code = end.code
        assert code == 4
        said = capsys.readouterr().err
        assert words in said
        assert said.count("\n") == 1

    def test_a_baseline(self, tmp_path, old) -> None:
        """A baseline file is read like a run, from either side."""
        origin = Origin(date="2026-01-01", commit=None, noisecore="0", tests=())
        renewed = renew_baseline(None, make_sweep(LEVEL), profile="q", origins={CURVE: origin})
        path = tmp_path / "quick.json"
        write_baseline(path, renewed.baseline)
        assert main(["compare", str(path), old]) == 0
        assert main(["compare", old, str(path), "--gate", "rigorous"]) in (0, 3)

    def test_folder_of_baselines(self, tmp_path, old, capsys) -> None:
        """The folder of one baseline is that baseline; of several, one is to be named."""
        origin = Origin(date="2026-01-01", commit=None, noisecore="0", tests=())
        renewed = renew_baseline(None, make_sweep(LEVEL), profile="q", origins={CURVE: origin})
        folder = tmp_path / "baselines"
        write_baseline(folder / "quick.json", renewed.baseline)
        assert main(["compare", str(folder), old]) == 0
        write_baseline(folder / "mine.json", renewed.baseline)
        capsys.readouterr()
        assert main(["compare", str(folder), old]) == 4
        assert "expected one baseline, got mine.json, quick.json: name one" in (
            capsys.readouterr().err
        )

    def test_without_tensorflow(self, tmp_path, old) -> None:
        """It runs where TensorFlow, Keras and Matplotlib cannot be imported."""
        code = (
            "import sys\n"
            "for name in ('tensorflow', 'keras', 'matplotlib'): sys.modules[name] = None\n"
            "from noisecore.cli import main\n"
            f"sys.exit(main(['compare', {old!r}, {old!r}]))"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
