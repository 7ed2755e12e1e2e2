"""A run that is not complete renews nothing, and one that cannot write its report is not green."""

from __future__ import annotations

import json
import shutil

import pytest
from own_bench import AUTO, ONE, TEST, TWO, UPDATE

ASSERT = "    assert_no_regression(robustness.curve, noise_baseline)\n"

# How a test of the other file ends, by what stands in its first line.
ENDS = {
    "error": ("    raise RuntimeError('out of memory')\n", "failed, and not by a gate"),
    "own assertion": ("    assert 1 == 2\n", "failed, and not by a gate"),
    "skip": ("    pytest.skip('no GPU')\n", "was skipped: deselect it to renew the other curves"),
    "xfail": ("    pytest.xfail('known')\n", "failed as it is marked (xfail)"),
    "refused": ("    robustness.evaluate(None, 1, scales=[1])\n", "failed, and not by a gate"),
}


@pytest.mark.parametrize("name", ENDS)
def test_renews_nothing(own, name) -> None:
    """A test that ended by no verdict keeps the other's curve as it is, and leaves no candidate."""
    own.make()
    before = own.baseline.read_bytes()
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    line, why = ENDS[name]
    own.change("test_b.py", "noise_baseline):\n", f"noise_baseline):\n{line}")
    result = own.run(UPDATE)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    refusal = f"the baseline was not renewed: the run is not complete: test_b.py::test_two {why}"
    assert refusal in result.stdout.str()
    assert own.baseline.read_bytes() == before
    assert not (own.folder / "baseline.json").exists()


def test_missing_beside_what_vanished(own) -> None:
    """A renewal that only adds says which curve is in its way, and what to do; one way is tried."""
    own.make()
    own.change("test_b.py", "def test_two", "def test_three")
    own.write("test_c.py", TEST.replace("NAME", "four"))
    result = own.run(f"{UPDATE}=missing")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (line,) = [line for line in result.outlines if "was not renewed" in line]
    assert line.startswith(f"the baseline was not renewed: {TWO} vanished, and 'missing' removes")
    assert "--noise-update-baseline=all, or name only test files" in line
    assert own.curves == [ONE, TWO]
    assert own.run("test_c.py", f"{UPDATE}=missing").ret == 0
    assert own.curves == [ONE, TWO, "test_c.py::test_four/gaussian"]


# How all tests of a file skip themselves, before they run or while they do.
SKIPS = {
    "marked": ("def test_", "@pytest.mark.skip(reason='no GPU')\ndef test_"),
    "in the test": ("noise_baseline):\n", "noise_baseline):\n    pytest.skip('no GPU')\n"),
}


@pytest.mark.parametrize("more", [(), ("-n1",)], ids=["alone", "xdist"])
@pytest.mark.parametrize("how", SKIPS)
class TestNothingMeasured:
    """A run in which every test was skipped."""

    @pytest.fixture
    def skipped(self, own, how):
        """A repository with a baseline, whose tests are all skipped since."""
        own.make()
        for file in ("test_a.py", "test_b.py"):
            own.change(file, *SKIPS[how])
        return own

    def test_renewal(self, skipped, more) -> None:
        """A renewal fails, and says that it wrote nothing."""
        result = skipped.run(UPDATE, *more)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["the baseline was not renewed: nothing was measured"])

    def test_told(self, skipped, more) -> None:
        """One that compares is green, and lists the curves that were not compared."""
        result = skipped.run(AUTO, *more)
        assert result.ret == 0
        result.stdout.fnmatch_lines(["*= noisecore =*"])
        text = " ".join(result.stdout.str().split())
        assert "0 of 2 curves and 0 of 6 scales compared" in text
        assert f"not compared: {ONE}, {TWO}" in text


def test_teardown(own) -> None:
    """An error in a teardown counts as one in the test."""
    own.make()
    before = own.baseline.read_bytes()
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    fixture = "@pytest.fixture\ndef breaks():\n    yield\n    assert False\n\ndef test_two(breaks, "
    own.change("test_b.py", "def test_two(", fixture)
    assert own.run(UPDATE).ret == pytest.ExitCode.TESTS_FAILED
    assert own.baseline.read_bytes() == before


def test_stopped(own) -> None:
    """Tests that --exitfirst kept from running are missing from the run."""
    own.make()
    before = own.baseline.read_bytes()
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    own.write("test_ab.py", "def test_fails(): assert False\n")
    result = own.run(UPDATE, "--noise-new-ancestor", "-x")
    assert "the run is not complete: test_b.py::test_two was not run (and 1 more)" in (
        result.stdout.str()
    )
    assert own.baseline.read_bytes() == before


def test_under_xdist(own) -> None:
    """The controller, which selected nothing itself, knows what was to run."""
    own.make()
    before = own.baseline.read_bytes()
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    own.change("test_b.py", "noise_baseline):\n", "noise_baseline):\n    import os; os._exit(1)\n")
    result = own.run(UPDATE, "-n2", "--max-worker-restart=1")
    assert result.ret != 0
    assert "the baseline was not renewed: the run is not complete: " in result.stdout.str()
    assert own.baseline.read_bytes() == before


@pytest.mark.parametrize("more", [(), ("-k", "one"), ("--deselect=test_b.py::test_two",)])
def test_a_gate_that_fails(own, more) -> None:
    """A gate's own failure completes a test; what was deselected was not planned."""
    own.make()
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    own.change("test_a.py", ASSERT, f"{ASSERT}    assert_floor(curve, {{1: 1.0}}, scale=1)\n")
    own.change("test_a.py", "    robustness.evaluate", "    curve = robustness.evaluate")
    if more:
        own.change("test_b.py", "noise_baseline):\n", "noise_baseline):\n    assert 0\n")
    before = own.baseline.read_text()
    result = own.run(*more, UPDATE, "--noise-new-ancestor")
    assert result.ret == pytest.ExitCode.TESTS_FAILED  # the floor
    result.stdout.fnmatch_lines(["baseline written: *", f"{ONE}: renewed, *"])
    assert own.curves == [ONE, TWO]
    assert own.baseline.read_text() != before


class TestUnwritten:
    """What cannot be written, or was taken away."""

    @pytest.fixture
    def green(self, own):
        """A repository whose run passes, and has left a report."""
        own.make()
        result = own.run(AUTO)
        assert result.ret == 0
        assert (own.folder / "results.json").exists()
        return own

    def spoil(self, own, code: str) -> None:
        """Let the last test do something to the artifact folder once it has passed."""
        own.write(
            "test_c.py",
            TEST.replace("NAME", "three").replace(ASSERT, "")
            + "    from pathlib import Path\n    import shutil, os\n"
            + "    folder = Path('noisecore-results/quick').resolve()\n"
            + f"    {code}\n",
        )
        own.change("test_c.py", ", noise_baseline", "")

    @pytest.mark.parametrize(
        ("code", "why"),
        [
            (
                "(folder / 'results.json').mkdir()",
                "is not complete: results.json could not be made",
            ),
            ("(folder / 'curve.csv').mkdir()", "is not complete: curve.csv could not be made"),
            ("shutil.rmtree(folder / 'trials')", "trials have no record any more"),
            ("next((folder / 'trials').glob('*.json')).unlink()", "3 of its trials have no record"),
            (
                "next((folder / 'trials').glob('*.json')).write_text('{')",
                "3 of its trials have no record",
            ),
        ],
        ids=["results", "curve", "records", "record", "damaged"],
    )
    def test_report(self, green, code, why) -> None:
        """A run that passed fails where its report is not whole, and the last line says why."""
        self.spoil(green, code)
        result = green.run(AUTO)
        assert result.ret == pytest.ExitCode.TESTS_FAILED, result.stdout.str()
        assert "INTERNALERROR" not in result.stdout.str()
        summary = result.stdout.str().partition("= noisecore =")[2].strip().splitlines()
        lines = [line for line in summary if line and line[0] != "="]
        assert why in lines[-1]

    @pytest.mark.parametrize("more", [(), ("-n1",)], ids=["alone", "xdist"])
    def test_stale(self, green, more) -> None:
        """A broken file that this run does not need fails neither it nor a later one."""
        stale = green.folder / "trials/0123456789abcdef0123.json"
        stale.write_text("{")
        result = green.run(AUTO, *more)
        assert result.ret == 0, result.stdout.str()
        line = f"not a valid record, renamed to {stale}.damaged"
        result.stdout.fnmatch_lines([line])
        assert stale.with_name(f"{stale.name}.damaged").read_text() == "{"
        again = green.run(AUTO, *more)
        assert again.ret == 0
        assert "set aside" not in again.stdout.str()

    def test_plan(self, green) -> None:
        """Under xdist, where the plan is what tells the controller, its loss is said."""
        self.spoil(green, "shutil.rmtree(folder / 'trials')")
        result = green.run(AUTO, "-n1")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["* trials have no record any more"])
        result.stdout.fnmatch_lines(["the plan of this run is not at *trials/.plan any more"])

    @pytest.mark.parametrize("xdist", [(), ("-n1",)], ids=["alone", "xdist"])
    def test_earlier_report(self, green, xdist) -> None:
        """A run that is killed leaves no earlier run's report in its place."""
        (green.folder / "plots").mkdir(exist_ok=True)
        (green.folder / "plots/mine-curve.png").write_text("old")
        (green.folder / "mine.txt").write_text("mine")
        self.spoil(green, "os._exit(1)")
        try:
            green.pytester.runpytest_subprocess(AUTO, *xdist)
        finally:
            left = {path.name for path in green.folder.iterdir() if path.name[0] != "."}
        expected = {"trials", "plots", "mine.txt"}
        if xdist:  # the controller lives, and reports what it has
            assert json.loads((green.folder / "results.json").read_text())["run"]
            expected = left
        assert left == expected
        assert not (green.folder / "plots/mine-curve.png").exists()

    def test_step_summary(self, green, monkeypatch) -> None:
        """A step summary that cannot be written fails the run too."""
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(green.path / "nowhere/step.md"))
        result = green.run(AUTO)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["*the step summary could not be made: *nowhere/step.md*"])

    def test_plan_that_cannot_be_written(self, green, usage_line) -> None:
        """Where not even the plan can be written, the run ends in one line before any test."""
        (green.folder / "trials/.plan").unlink()
        (green.folder / "trials/.plan").mkdir()
        assert "the artifacts cannot be written" in usage_line(green.run(AUTO))
        assert (green.folder / "results.json").exists()

    def test_folder_taken_away(self, green) -> None:
        """Even without its folder the run ends in words, not in a traceback."""
        self.spoil(green, "shutil.rmtree(folder)")
        result = green.run(AUTO)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert "Traceback" not in result.stdout.str()
        shutil.rmtree(green.folder, ignore_errors=True)
