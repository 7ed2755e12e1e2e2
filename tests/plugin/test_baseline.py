"""Judging against a baseline: what is missing, what is compared, what vanished."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from gate_bench import AUTO, CURVE, GATE, OTHER, WORSE, baseline_of, verdicts, worsen

from noisecore.judging.baselines import read_baseline, write_baseline


class TestMissing:
    """A baseline that is not there."""

    def test_not_asked_for(self, gate, given) -> None:
        """Without a baseline the comparison is skipped, and says how to ask for one."""
        result = gate.runpytest_inprocess(*given, "-rs")
        result.assert_outcomes(skipped=1)
        result.stdout.fnmatch_lines(["*compare with a baseline: add --noise-baseline=auto"])

    def test_asked_for(self, gate, given) -> None:
        """It fails, says how to make one, and leaves one among the artifacts that is good."""
        result = gate.runpytest_inprocess(*given, AUTO)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["*there is no baseline at *--noise-update-baseline*"])
        candidate = gate.path / "noisecore-results/quick/baseline.json"
        assert list(read_baseline(candidate).origins) == [CURVE]
        assert not baseline_of(gate).exists()
        again = gate.runpytest_inprocess(
            *given, f"--noise-baseline={candidate}", "--noise-artifacts=again"
        )
        again.assert_outcomes(passed=2)

    def test_no_test_compares(self, bench, given) -> None:
        """A baseline that is asked for where no test compares fails: it would gate nothing."""
        result = bench.runpytest_inprocess(*given, AUTO)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["*no test takes the fixture noise_baseline*"])

    def test_new_curve(self, made, given, save_records) -> None:
        """A curve that the baseline lacks fails, and is added without touching the others."""
        before = read_baseline(baseline_of(made)).of(CURVE)
        save_records(made.path / "records", model="cnn")
        both = [*(a for a in given if "--noise-model" not in a), "--noise-model=cnn,mlp"]
        result = made.runpytest_inprocess(*both, AUTO, "--noise-artifacts=a")
        result.assert_outcomes(passed=2, failed=1)
        result.stdout.fnmatch_lines(["*cnn/gaussian/quick is not in the baseline*=missing"])
        added = made.runpytest_inprocess(
            *both, AUTO, "--noise-update-baseline=missing", "--noise-artifacts=b"
        )
        added.assert_outcomes(passed=3)
        added.stdout.fnmatch_lines(["cnn/gaussian/quick: added, 3 scales of 2 seeds"])
        after = read_baseline(baseline_of(made))
        assert sorted(after.origins) == ["cnn/gaussian/quick", CURVE]
        assert after.of(CURVE) == before


class TestJudged:
    """A run against the baseline."""

    def test_equal_run(self, made, given) -> None:
        """It passes, and the summary has the table and how much was compared."""
        result = made.runpytest_inprocess(*given, AUTO)
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines(
            [
                "against the baseline:",
                "*measured*baseline*change*bound*allowed*50 %*95 %*",
                "*mean*0.7000*+0.00*pass",
                "PASS: mlp/gaussian/quick is identical to its baseline: *",
                "baseline of 20*: 1 of 1 curves and 3 of 3 scales compared",
            ]
        )
        shown = result.stdout.str().partition("against the baseline:")[2].partition("=====")[0]
        assert max(len(line) for line in shown.splitlines() if "artifacts:" not in line) <= 80

    def test_more_seeds_than_the_baseline(self, made, given, save_records) -> None:
        """A run of other seeds, and of more, is compared with a baseline of fewer."""
        path = baseline_of(made)
        old = read_baseline(path)
        origins = {name: replace(each, commit="0123abc") for name, each in old.origins.items()}
        write_baseline(path, replace(old, origins=origins))
        worsen(made, save_records, seeds=(1, 2, 3))
        three = [*(a for a in given if "seeds" not in a), "--noise-seeds=1-3"]
        made.runpytest_inprocess(*three, AUTO).assert_outcomes(passed=2)

    def test_worse_run(self, made, given, save_records) -> None:
        """It fails at the scale that fell, in the report and in results.json alike."""
        worsen(made, save_records, accuracies=WORSE)
        result = made.runpytest_inprocess(*given, AUTO)
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["*FAIL: mlp/gaussian/quick is more fragile than its*"])
        (verdict,) = verdicts(made)
        failed = [row["scale"] for row in verdict["figures"] if row.get("verdict") == "fail"]
        assert 4.0 in failed
        assert 1.0 not in failed
        summary = (made.path / "noisecore-results/quick/summary.md").read_text()
        assert "| 4 | 0.4000 | 0.6000 | -20.00 |" in summary

    def test_under_xdist(self, made, given, save_records) -> None:
        """Verdicts, table and exit code are the same under xdist."""
        worsen(made, save_records, accuracies=WORSE)
        alone = made.runpytest_inprocess(*given, AUTO, "--noise-artifacts=alone")
        beside = made.runpytest_subprocess(*given, AUTO, "--noise-artifacts=beside", "-n2")
        assert alone.ret == beside.ret == pytest.ExitCode.TESTS_FAILED
        beside.assert_outcomes(passed=1, failed=1)
        assert verdicts(made, "alone") == verdicts(made, "beside")
        beside.stdout.fnmatch_lines(["baseline of 20*: 1 of 1 curves and 3 of 3 scales compared"])

    def test_margins(self, made, given, save_records) -> None:
        """A greater margin by option lets the fall pass; the marker's own margin outdoes it."""
        worsen(made, save_records, accuracies=WORSE)
        wide = "--noise-margins=mean>30,scale>30"
        made.runpytest_inprocess(*given, AUTO, wide).assert_outcomes(passed=2)
        made.makepyfile(test_gate=GATE.format(margins="margins='scale>5'"))
        made.runpytest_inprocess(*given, AUTO, wide).assert_outcomes(passed=1, failed=1)

    def test_margins_of_a_condition(self, made, given, save_records) -> None:
        """Margins that a condition names are that condition's own."""
        worsen(made, save_records, accuracies=WORSE)
        made.makepyfile(test_gate=GATE.format(margins="{'margins': 'mean>30,scale>30'}"))
        made.runpytest_inprocess(*given, AUTO).assert_outcomes(passed=2)

    @pytest.mark.parametrize("margins", ["None", "2"])
    def test_margins_that_are_no_text(self, made, given, usage_line, margins) -> None:
        """Margins of another type are a usage error too."""
        made.makepyfile(test_gate=GATE.format(margins=f"margins={margins}"))
        assert "margins must be a text" in usage_line(made.runpytest_inprocess(*given, AUTO))

    def test_scale_by_scale(self, made, given, usage_line) -> None:
        """A curve is compared as a whole: a test that asks for one scale at a time is refused."""
        made.makepyfile(
            test_gate=GATE.format(margins="").replace("noise_model", "noise_model, noise_scale")
        )
        line = usage_line(made.runpytest_inprocess(*given, AUTO))
        assert "take noise_baseline without noise_scale" in line

    def test_scales_of_the_repository(self, made, given, save_records) -> None:
        """Scales that the configuration gained or lost fail, where an option's only get a note."""
        wide = {0.0: 0.9, 1.0: 0.8, 6.0: 0.2}
        worsen(made, save_records, accuracies=wide)
        own = [a for a in given if "scales" not in a]
        made.makeini("[pytest]\nnoise_scales = 1,6\n")
        result = made.runpytest_inprocess(*own, AUTO)
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["FAIL: *scale 4 of the baseline was not run; scale 6 is not*"])
        renewed = made.runpytest_inprocess(*own, "--noise-update-baseline", "--noise-artifacts=a")
        assert renewed.ret == 0
        renewed.stdout.fnmatch_lines(["  scale 4: removed"])
        made.runpytest_inprocess(*own, AUTO, "--noise-artifacts=b").assert_outcomes(passed=2)

    def test_scales_of_addopts(self, made, given) -> None:
        """Scales in addopts are those of the repository: one that is gone fails."""
        own = [a for a in given if "scales" not in a]
        made.makeini("[pytest]\naddopts = --noise-scales=1\n")
        result = made.runpytest_inprocess(*own, AUTO)
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["FAIL: *scale 4 of the baseline was not run*"])

    def test_bad_margins_of_a_marker(self, made, given, usage_line) -> None:
        """Margins that cannot be read are a usage error that names the test."""
        made.makepyfile(test_gate=GATE.format(margins="margins='drop>5'"))
        line = usage_line(made.runpytest_inprocess(*given, AUTO))
        assert "test_no_regression" in line
        assert "margins must be written as" in line

    def test_rigorous(self, made, given, save_records) -> None:
        """Rigorous mode judges the same records by its own rule: by two bounds of the mean."""
        worsen(made, save_records, accuracies=WORSE)
        result = made.runpytest_inprocess(*given, AUTO, "--noise-gate=rigorous")
        result.assert_outcomes(passed=1, failed=1)
        assert "bound_low" in verdicts(made)[0]["figures"][0]

    def test_not_comparable(self, made, given, save_records) -> None:
        """Records of other images are refused with the difference, whatever the figures."""
        worsen(made, save_records, images=8)
        result = made.runpytest_inprocess(*given, AUTO, "--noise-inconclusive=pass")
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["*cannot be compared*number of test images is 8, was 1000*"])

    def test_inconclusive(self, gate, given, save_records) -> None:
        """An undecided comparison fails, passes where that was chosen, and renews nothing."""
        worsen(gate, save_records, seeds=(0,))
        one = [*(a for a in given if "seeds" not in a), "--noise-seeds=1"]
        first = gate.runpytest_inprocess(*one, "--noise-update-baseline", "--noise-artifacts=a")
        assert first.ret == 0
        before = baseline_of(gate).read_bytes()
        worsen(gate, save_records, seeds=(0,), accuracies={0.0: 0.9, 1.0: 0.799, 4.0: 0.6})
        gate.runpytest_inprocess(*one, AUTO, "--noise-artifacts=b").assert_outcomes(
            passed=1, failed=1
        )
        lenient = gate.runpytest_inprocess(
            *one, AUTO, "--noise-inconclusive=pass", "--noise-artifacts=c"
        )
        lenient.assert_outcomes(passed=2)
        lenient.stdout.fnmatch_lines(["INCONCLUSIVE: whether mlp/gaussian/quick is worse*"])
        renewed = gate.runpytest_inprocess(
            *one, "--noise-update-baseline", "--noise-inconclusive=pass", "--noise-artifacts=d"
        )
        assert renewed.ret == pytest.ExitCode.TESTS_FAILED
        renewed.stdout.fnmatch_lines(["the baseline was not renewed, because mlp*is inconclusive*"])
        assert baseline_of(gate).read_bytes() == before


class TestVanished:
    """Curves of the baseline that are no longer compared."""

    def test_renamed(self, made, given) -> None:
        """A test that stopped comparing is noticed by an item of its own, and a verdict."""
        (made.path / "test_gate.py").write_text(OTHER)
        result = made.runpytest_inprocess(*given, AUTO)
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(
            [
                "1 of the curves in benchmarks/baselines/quick.json vanished:",
                "  mlp/gaussian/quick: no test in test_gate.py compares it",
                "What to do: *",
            ]
        )
        assert [v["verdict"] for v in verdicts(made)] == ["fail"]

    def test_deleted_file(self, made, given) -> None:
        """A test file that is gone is named."""
        (made.path / "test_gate.py").unlink()
        made.makepyfile(test_other=OTHER)
        result = made.runpytest_inprocess(*given, AUTO)
        result.stdout.fnmatch_lines(["*test_gate.py, which compared it, does not exist"])
        assert result.ret == pytest.ExitCode.TESTS_FAILED

    @pytest.mark.parametrize(
        "arguments", [["-k", "other"], ["test_other.py"], ["test_gate.py::test_too"]]
    )
    def test_left_out(self, made, given, arguments) -> None:
        """What -k or a path left out has not vanished, and the summary says what was compared."""
        made.makepyfile(test_other=OTHER)
        (made.path / "test_gate.py").write_text(
            GATE.format(margins="") + OTHER.replace("other", "too")
        )
        result = made.runpytest_inprocess(*given, AUTO, *arguments)
        result.assert_outcomes(passed=2, deselected=2 if "-k" in arguments else 0)
        result.stdout.fnmatch_lines(["*0 of 1 curves and 0 of 3 scales compared; not compared:*"])

    def test_nothing_selected(self, made, given) -> None:
        """A slip in -k selects nothing, and ends as pytest says: the gate's item is not a test."""
        result = made.runpytest_inprocess(*given, AUTO, "-k", "nothing_like_this")
        assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED

    def test_all_benchmarks_gone(self, made, given) -> None:
        """Where the only file that compares is gone, other tests do not make the build green."""
        (made.path / "test_gate.py").unlink()
        made.makepyfile(test_plain="def test_plain(): pass")
        result = made.runpytest_inprocess(*given, AUTO)
        result.assert_outcomes(passed=1, failed=1)

    def test_other_model_of_the_repository(self, made, given, save_records) -> None:
        """A model that the configuration no longer names has vanished; =missing says so too."""
        save_records(made.path / "records", model="cnn")
        own = [a for a in given if "--noise-model" not in a]
        made.makeini("[pytest]\nnoise_model = cnn\n")
        missing = made.runpytest_inprocess(*own, AUTO, "--noise-update-baseline=missing")
        missing.assert_outcomes(passed=1, failed=1)
        missing.stdout.fnmatch_lines(["*mlp/gaussian/quick: no test in test_gate.py compares it"])
        renewed = made.runpytest_inprocess(*own, "--noise-update-baseline", "--noise-artifacts=a")
        assert renewed.ret == 0, renewed.stdout.str()
        renewed.stdout.fnmatch_lines(["mlp/gaussian/quick: removed, because no test compares it"])
        assert list(read_baseline(baseline_of(made)).origins) == ["cnn/gaussian/quick"]

    def test_other_model_of_addopts(self, made, given, save_records) -> None:
        """A model in addopts is the repository's: the others have vanished, under xdist too."""
        save_records(made.path / "records", model="cnn")
        own = [a for a in given if "--noise-model" not in a]
        made.makeini("[pytest]\naddopts = --noise-model=cnn\n")
        for more in ((), ("-n1",)):
            result = made.runpytest_subprocess(*own, AUTO, *more)
            assert result.ret == pytest.ExitCode.TESTS_FAILED
            result.stdout.fnmatch_lines(["*mlp/gaussian/quick: no test in test_gate.py compares*"])

    def test_other_model(self, made, given, save_records) -> None:
        """A model that was not chosen has not vanished."""
        shutil.rmtree(made.path / "records")
        save_records(made.path / "records", model="cnn")
        other = [*(a for a in given if "--noise-model" not in a), "--noise-model=cnn"]
        result = made.runpytest_inprocess(*other, AUTO)
        result.assert_outcomes(passed=1, failed=1)  # the CNN is not in the baseline
        assert "vanished" not in result.stdout.str()

    def test_fewer_scales(self, made, given) -> None:
        """A custom --noise-scales compares what it has, and says what it left out."""
        fewer = [*(a for a in given if "scales" not in a), "--noise-scales=1"]
        result = made.runpytest_inprocess(*fewer, AUTO)
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines(
            ["note: scale 4 of the baseline was not run", "*2 of 3 scales compared"]
        )

    def test_under_xdist(self, made, given) -> None:
        """The item is there once under xdist too."""
        (made.path / "test_gate.py").write_text(OTHER)
        result = made.runpytest_subprocess(*given, AUTO, "-n2")
        result.assert_outcomes(passed=1, failed=1)
