"""A baseline that is renewed, one that is refused, and where its verdicts are shown."""

from __future__ import annotations

import json
import shutil
from xml.etree import ElementTree

import pytest
from gate_bench import AUTO, CURVE, OTHER, WORSE, baseline_of, worsen

from noisecore.judging.baselines import read_baseline
from noisecore.plugin.baseline.renewal import together


class TestRenewed:
    """Writing the baseline."""

    def test_meant_fall(self, made, given, save_records) -> None:
        """A fall that is meant is written down, with what changed, and the run is green.

        Beyond the margin since the first ancestor it takes a word more.
        """
        before = baseline_of(made).read_bytes()
        worsen(made, save_records, accuracies=WORSE)
        refused = made.runpytest_inprocess(*given, "--noise-update-baseline")
        assert refused.ret == 1
        refused.stdout.fnmatch_lines(
            [
                "*not accepted as the new baseline: *first ancestor of 20*",
                "the baseline was not renewed, *is meant, add --noise-new-ancestor",
            ]
        )
        assert baseline_of(made).read_bytes() == before
        result = made.runpytest_inprocess(*given, "--noise-update-baseline", "--noise-new-ancestor")
        assert result.ret == 0
        result.stdout.fnmatch_lines(
            [
                "baseline written: *quick.json: *",
                "mlp/gaussian/quick: renewed, 3 scales of 2 seeds in place of 3 scales of 2 seeds",
                "  scale 4: 0.6000 to 0.4000 (-20.00 points)",
            ]
        )
        made.runpytest_inprocess(*given, AUTO).assert_outcomes(passed=2)

    def test_part_of_the_scales(self, made, given, save_records) -> None:
        """A run of some scales accepts no fall and renews nothing, and says that it did not."""
        before = baseline_of(made).read_bytes()
        worsen(made, save_records, accuracies={0.0: 0.9, 1.0: 0.3, 4.0: 0.2})
        part = [*(a for a in given if "scales" not in a), "--noise-scales=1"]
        result = made.runpytest_inprocess(*part, "--noise-update-baseline")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.assert_outcomes(failed=1)
        assert baseline_of(made).read_bytes() == before

    def test_unjudged(self, made, given, save_records) -> None:
        """A run that ended before its gate was judged renews nothing."""
        before = baseline_of(made).read_bytes()
        worsen(made, save_records, accuracies=WORSE)
        made.makepyfile(test_a="def test_a(): assert False")
        result = made.runpytest_inprocess(*given, "--noise-update-baseline", "-x")
        result.stdout.fnmatch_lines(
            ["the baseline was not renewed: the run is not complete: *test_gate* was not run*"]
        )
        assert baseline_of(made).read_bytes() == before

    def test_given_records_keep_their_date(self, gate, given, save_records) -> None:
        """Records of an earlier run say when they were made; no commit is claimed for them."""
        worsen(gate, save_records, cost={"started": "2020-02-03T04:05:06+00:00"})
        assert gate.runpytest_inprocess(*given, "--noise-update-baseline").ret == 0
        origin = read_baseline(baseline_of(gate)).origins[CURVE]
        assert (origin.date, origin.commit) == ("2020-02-03T04:05:06+00:00", None)

    def test_missing_only(self, made, given, save_records) -> None:
        """With =missing a fall is not taken for meant: it fails, and the baseline stays."""
        before = baseline_of(made).read_bytes()
        worsen(made, save_records, accuracies=WORSE)
        result = made.runpytest_inprocess(*given, AUTO, "--noise-update-baseline=missing")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert read_baseline(baseline_of(made)).of(CURVE)
        data = json.loads(before)
        assert json.loads(baseline_of(made).read_text())["trials"] == data["trials"]

    def test_under_xdist(self, gate, given) -> None:
        """The controller writes what its workers compared, and which file compares it."""
        result = gate.runpytest_subprocess(*given, "--noise-update-baseline", "-n2")
        assert result.ret == 0, result.stdout.str()
        assert read_baseline(baseline_of(gate)).origins[CURVE].tests == ("test_gate.py",)

    def test_incomplete(self, made, given) -> None:
        """A run that lacks a trial renews nothing, and fails."""
        before = baseline_of(made).read_bytes()
        next((made.path / "records").glob("*.json")).unlink()
        result = made.runpytest_inprocess(*given, "--noise-update-baseline")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["the baseline was not renewed: 1 trials have no record"])
        assert baseline_of(made).read_bytes() == before

    def test_nothing_compared(self, made, given) -> None:
        """A renewal where no selected test compares fails: nothing was written."""
        made.makepyfile(test_other=OTHER)
        result = made.runpytest_inprocess(*given, "--noise-update-baseline", "-k", "other")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["the baseline was not renewed: no test that was run takes*"])

    def test_folder_that_is_a_file(self, gate, given, usage_line) -> None:
        """A baseline that cannot be written is said before anything is trained."""
        (gate.path / "benchmarks").write_text("")
        line = usage_line(gate.runpytest_inprocess(*given, "--noise-update-baseline"))
        assert (
            "no baseline can be at benchmarks/baselines/quick.json: benchmarks is not a folder"
            in line
        )

    def test_folder_that_becomes_a_file(self, gate, given) -> None:
        """If that comes later, it is said too, fails the run, and loses nothing else."""
        hook = "def pytest_runtest_teardown():\n    open('benchmarks', 'w').close()\n"
        gate.makeconftest(hook)
        result = gate.runpytest_inprocess(*given, "--noise-update-baseline")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["the baseline was not renewed: *: Not a directory"])
        assert (gate.path / "noisecore-results/quick/summary.md").is_file()


class TestRefused:
    """Baseline files that cannot be used stop the run before anything is judged."""

    @pytest.mark.parametrize("more", [[], ["-n2"]])
    def test_damaged(self, made, given, usage_line, more) -> None:
        """A damaged file is one line with its path and the way out, with and without xdist."""
        baseline_of(made).write_text("{")
        run = made.runpytest_subprocess if more else made.runpytest_inprocess
        line = usage_line(run(*given, AUTO, *more))
        assert "quick.json: is not JSON" in line
        assert "restore it from its commit" in line

    def test_other_profile(self, made, given, usage_line) -> None:
        """A baseline of another profile is not compared with."""
        line = usage_line(
            made.runpytest_inprocess(
                *given, "--noise-profile=notebook", f"--noise-baseline={baseline_of(made)}"
            )
        )
        assert "expected a baseline of profile notebook, got one of quick" in line

    @pytest.mark.parametrize(
        "arguments", [["--noise-update-baseline"], [AUTO], ["--noise-baseline=x.json"]]
    )
    def test_without_a_run(self, gate, usage_line, arguments) -> None:
        """A baseline needs a run: without scales it is a usage error, not a green one."""
        assert "needs a run: add --noise-scales" in usage_line(gate.runpytest_inprocess(*arguments))

    @pytest.mark.parametrize("left_out", [["-k", "nothing"], ["--deselect", "test_gate.py"]])
    @pytest.mark.parametrize("asked", [[AUTO], ["--noise-update-baseline"]])
    @pytest.mark.parametrize("running", [True, False])
    def test_nothing_selected(self, gate, given, left_out, asked, running) -> None:
        """Where no test is selected pytest says so, with its own exit code."""
        result = gate.runpytest_inprocess(*left_out, *asked, *(given if running else []))
        assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
        result.stdout.fnmatch_lines(["* deselected*"])

    @pytest.mark.parametrize("asked", [AUTO, "--noise-update-baseline"])
    def test_others_selected(self, own, usage_line, asked) -> None:
        """Where other tests alone are selected, it says what was not, and not to give scales."""
        own.write("test_plain.py", "def test_plain(): pass\n")
        line = usage_line(own.run("-k", "plain", asked))
        assert line.endswith("a test that takes the fixture robustness, and none was selected")

    def test_path_for_update(self, gate, given, usage_line) -> None:
        """A path that was taken for the option's value is called one."""
        line = usage_line(
            gate.runpytest_inprocess(*given, "--noise-update-baseline", "test_gate.py")
        )
        assert "which is a path" in line

    def test_ci_that_would_compare_nothing(self, gate, given, monkeypatch, usage_line) -> None:
        """With CI set, a gate that is skipped for want of a baseline is a usage error."""
        monkeypatch.setenv("CI", "true")
        line = usage_line(gate.runpytest_inprocess(*given))
        assert "compare with a baseline: add --noise-baseline=auto" in line


class TestShown:
    """Where people look."""

    def test_junit(self, made, given) -> None:
        """JUnit's file has accuracy and interval by scale, and the verdict, beside the test."""
        made.runpytest_inprocess(*given, AUTO, "--junitxml=junit.xml")
        root = ElementTree.parse(made.path / "junit.xml").getroot()
        properties = {
            each.get("name"): each.get("value")
            for case in root.iter("testcase")
            for each in case.iter("property")
        }
        assert properties[f"{CURVE} scale 4: accuracy"] == "0.6000"
        assert " to " in properties[f"{CURVE} scale 4: 95 % interval"]
        assert properties["verdict: no regression"] == "pass"

    def test_github(self, made, given, save_records, monkeypatch) -> None:
        """On GitHub a failure is annotated at its test, and the step summary has the tables."""
        worsen(made, save_records, accuracies=WORSE)
        summary = made.path / "step.md"
        summary.write_text("before\n")
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_WORKSPACE", str(made.path))
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        result = made.runpytest_inprocess(*given, AUTO)
        result.stdout.fnmatch_lines(
            ["::error file=test_gate.py,line=4,title=noisecore%3A no regression%3A fail::mlp*"]
        )
        text = summary.read_text()
        assert text.startswith("before\n# noisecore, profile `quick`: fail")
        assert "**fail**, no regression" in text
        assert ".png" not in text

    def test_github_in_a_subfolder(self, made, given, save_records, monkeypatch) -> None:
        """Annotations name files from the workspace on, wherever pytest was started."""
        worsen(made, save_records, accuracies=WORSE)
        folder = made.path / "sub"
        folder.mkdir()
        shutil.move(made.path / "test_gate.py", folder)
        for name in ("records", "tiny.npz"):
            (folder / name).symlink_to(made.path / name)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_WORKSPACE", str(made.path))
        result = made.runpytest_inprocess(*given, AUTO)
        result.stdout.fnmatch_lines(["::error file=sub/test_gate.py,*"])

    def test_elsewhere(self, made, given, save_records, monkeypatch) -> None:
        """Elsewhere no workflow command is printed, whatever other variables say."""
        worsen(made, save_records, accuracies=WORSE)
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(made.path / "step.md"))
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        result = made.runpytest_inprocess(*given, AUTO)
        assert "::error" not in result.stdout.str()
        assert not (made.path / "step.md").exists()


def test_what_several_curves_have_in_common_is_said_once() -> None:
    """Up to three curves are named. Of more, the first is named and the rest are counted."""
    lines = ["a: added", "b: added", "c: renewed", "  scale 0: up", "d: renewed", "  scale 0: up"]
    told = ["a, b: added", *lines[2:]]
    assert together(lines) == told
    assert together([]) == []
    many = [f"{name}: added" for name in "abcd"]
    assert together([*many, "not one of a curve"]) == ["a and 3 more: added", "not one of a curve"]
