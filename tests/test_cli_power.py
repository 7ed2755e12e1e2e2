"""`power` and `calibrate`: what they print, and their exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from bands import evaluate
from records_factory import make_sweep, save

from noisecore.cli import main
from noisecore.judging.baselines import Origin, renew_baseline, write_baseline

LEVEL = {0.0: 0.95, 0.5: 0.9, 1.0: 0.85, 4.0: 0.6}
WORSE = LEVEL | {4.0: 0.4}
CURVE = "cnn/gaussian/quick"


@pytest.fixture
def spread(tmp_path):
    """Return a folder of records whose seeds and images vary as those of a model do."""
    return save(tmp_path / "spread", make_sweep(LEVEL, spread=0.004, seeds=range(6)))


class TestPower:
    """Rates that a baseline's own spread foretells."""

    def test_table(self, spread, capsys) -> None:
        """Each mode has a line a number of seeds; a large drop is caught, none is let pass."""
        assert main(["power", spread, "--seeds", "3,5", "--drops", "10", "--pairs", "20"]) == 0
        shown = capsys.readouterr().out
        rows = [line.split() for line in shown.splitlines() if line[:5].strip() in ("3", "5")]
        assert len(rows) == 4
        assert all(float(row[3]) == 100.0 for row in rows)
        assert all(float(row[1]) < 50 for row in rows if row in rows[:2])
        assert max(map(len, shown.splitlines())) <= 80

    def test_given_model(self, tmp_path, capsys) -> None:
        """A model without seeds has one row, rigorous mode first; what does not pass is said."""
        given = save(tmp_path / "given", evaluate())
        assert main(["power", given, "--drops", "20", "--pairs", "20"]) == 0
        shown = capsys.readouterr().out
        rows = [line.split() for line in shown.splitlines() if line[:8].isspace() and "(" in line]
        assert [len(row) for row in rows] == [4, 4]
        assert shown.index("\nrigorous mode, which pytest uses") < shown.index("\nsimple mode\n")
        said = " ".join(shown.split())
        assert "A run that does not pass fails, or is inconclusive." in said
        assert "alpha limits only the fails among these: at most 1 %" in said
        assert main(["power", given, "--drops", "20", "--pairs", "2", "--seeds", "3,5"]) == 0
        assert "--seeds changes nothing: a given model has no seeds" in capsys.readouterr().out

    def test_given_beside_trained(self, tmp_path, spread, capsys) -> None:
        """Where a baseline has both, the mode that each gets in pytest comes first."""
        both = save(tmp_path / "both", [*evaluate(), *make_sweep(LEVEL, seeds=range(3))])
        assert main(["power", both, "--drops", "20", "--pairs", "2", "--seeds", "3"]) == 0
        modes = [line for line in capsys.readouterr().out.splitlines() if " mode" in line]
        found = [line.split()[0] for line in modes if not line.startswith("mine")]
        assert found == ["auto", "auto", "simple", "simple", "rigorous", "rigorous"]

    def test_no_spread(self, tmp_path, capsys) -> None:
        """One seed has no spread: that is said, and ends with 5."""
        one = save(tmp_path / "one", make_sweep(LEVEL, seeds=[0]))
        assert main(["power", one]) == 5
        assert "spread cannot be estimated" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--seeds", "0"], "a whole number from 1 to 1000, got '0'"),
            (["--seeds", "3,x"], "got 'x'"),
            (["--drops", "-1"], "expected"),
            (["--drops", "200"], "expected points in (0, 100]"),
            (["--pairs", "many"], "got 'many'"),
            (["--margins", "x"], "margins must be"),
        ],
    )
    def test_usage(self, spread, capsys, arguments, words) -> None:
        """A bad value ends with 4 and one line."""
        with pytest.raises(SystemExit) as end:
            main(["power", spread, *arguments])
        assert end.value.code == 4
        said = capsys.readouterr().err
        assert words in said
        assert said.count("\n") == 1


class TestCalibrate:
    """The same code with fresh seeds, in groups."""

    def test_given_records(self, tmp_path, spread, capsys) -> None:
        """Fresh records are judged in groups of seeds; seeds of the baseline are left out."""
        fresh = save(tmp_path / "fresh", make_sweep(LEVEL, spread=0.0005, seeds=range(4, 18)))
        code = main(["calibrate", spread, "--records", fresh, "--pairs", "20"])
        assert code == 0
        shown = capsys.readouterr().out
        assert "standard deviation of accuracy over 12 seeds" in shown
        assert "0 of 4 unchanged runs of 3 seeds did not pass" in shown
        assert "at most 1 % with margins 'mean>" in shown
        assert max(map(len, shown.splitlines())) <= 80

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--seeds", "1"], "2 seeds or more"),
            (["--runs", "0"], "a whole number from 1 to 1000000, got '0'"),
        ],
    )
    def test_usage(self, spread, capsys, arguments, words) -> None:
        """A bad value ends with 4 and one line, before anything is trained."""
        with pytest.raises(SystemExit) as end:
            main(["calibrate", spread, *arguments, "--", "benchmarks"])
        assert end.value.code == 4
        assert words in capsys.readouterr().err

    def test_baseline_of_one_seed(self, tmp_path, capsys) -> None:
        """A baseline without a spread ends with 5, before anything is trained."""
        one = save(tmp_path / "one", make_sweep(LEVEL, seeds=[0]))
        assert main(["calibrate", one, "--", "benchmarks"]) == 5
        assert "has 1 seeds" in capsys.readouterr().out

    def test_pytest_that_trains_nothing(self, tmp_path, spread, monkeypatch, capfd) -> None:
        """Where pytest has nothing to train, it is said, and nothing older is read."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "test_plain.py").write_text("def test_plain(): pass\n")
        assert main(["calibrate", spread, "--runs", "1", "--", "test_plain.py"]) == 2
        assert "pytest trained nothing" in capfd.readouterr().err

    def test_tests_that_compare(self, tmp_path, monkeypatch, capfd) -> None:
        """Tests that take the baseline are run against it, and not skipped for want of one."""
        for name in [name for name in os.environ if name.startswith(("CI", "GITHUB_"))]:
            monkeypatch.delenv(name)
        baseline = tmp_path / "quick.json"
        records = make_sweep(LEVEL, seeds=(0, 1))
        origin = Origin(date="2026-01-01", commit=None, noisecore="1", tests=("test_a.py",))
        renewed = renew_baseline(None, records, profile="quick", origins={CURVE: origin})
        write_baseline(baseline, renewed.baseline)
        save(tmp_path / "records", records)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "test_a.py").write_text(
            "import pytest\n\n"
            "@pytest.fixture(autouse=True)\n"
            "def stop(request):\n    pytest.exit(f'asked {request.node.name}', 3)\n\n"
            "@pytest.mark.robustness(models=['cnn'], scales=[1])\n"
            "def test_a(robustness, noise_baseline): pass\n"
        )
        for held in (baseline, tmp_path / "records"):
            arguments = ["--runs", "1", "--", "test_a.py", "--noise-workers=0"]
            assert main(["calibrate", str(held), *arguments]) == 2
            shown = capfd.readouterr()
            assert "asked test_a" in shown.out, shown
            assert "exit code 3" in shown.err

    def test_given_models(self, tmp_path, capsys) -> None:
        """Where nothing of a baseline is trained, it is said at once that no seed changes it."""
        (tmp_path / "given").mkdir()
        for record in evaluate():
            (tmp_path / f"given/{record.key}.json").write_text(json.dumps(record.to_dict()))
        assert main(["calibrate", str(tmp_path / "given"), "--", "benchmarks"]) == 5
        assert "given models, which are not trained" in capsys.readouterr().out

    def test_too_few(self, spread, capsys) -> None:
        """Records without enough fresh seeds end with 5."""
        assert main(["calibrate", spread, "--records", spread]) == 5
        assert "0 fresh seeds are fewer than the 3 of one run" in capsys.readouterr().out


CHILD = """
import pathlib, signal, sys
def stop(number, frame):
    pathlib.Path("stopped").write_text(str(number))
    sys.exit(7)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
pathlib.Path("started").touch()
signal.pause()
"""
PARENT = """
import sys
from noisecore.cli.calibrate import run_to_its_end
sys.exit(run_to_its_end([sys.executable, "-c", sys.argv[1]]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_is_stopped_with_its_command(tmp_path, number) -> None:
    """SIGTERM, and Ctrl-C in a terminal, end the run that `calibrate` began, and are waited out."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
        start_new_session=True,
    )
    try:
        wait_for = time.monotonic() + 60
        while not (tmp_path / "started").exists() and time.monotonic() < wait_for:
            time.sleep(0.05)
        time.sleep(0.2)  # the parent settles its own signals once the child is there
        if number == signal.SIGINT:  # a terminal sends it to all of its group
            os.killpg(parent.pid, number)
        else:
            parent.send_signal(number)
        assert parent.wait(timeout=60) == 7
        assert (tmp_path / "stopped").read_text() == str(int(number))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
