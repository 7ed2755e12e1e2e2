"""Records that were made before are judged as a run's own, and without TensorFlow."""

from __future__ import annotations

import fcntl
import json
import shutil

import jsonschema
import pytest

from noisecore.judging.schemas import load_schema

# A module that is found first and refuses TensorFlow, as if it had never been installed.
NO_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
"""


@pytest.fixture
def no_tensorflow(bench, monkeypatch):
    """Make TensorFlow impossible to import in the subprocesses of this test."""
    (bench.path / "without").mkdir()
    (bench.path / "without/sitecustomize.py").write_text(NO_TENSORFLOW)
    monkeypatch.setenv("PYTHONPATH", str(bench.path / "without"))


class TestWithoutTensorFlow:
    """A machine that has no TensorFlow."""

    def test_given_records(self, bench, given, no_tensorflow) -> None:
        """Records of an earlier run are judged and drawn; a gate fails there as anywhere."""
        bench.makepyfile(
            test_floor=(
                "import pytest\n"
                "from noisecore.judging.gates import assert_floor\n"
                "@pytest.mark.robustness(scales=[4.0])\n"
                "def test_floor(robustness):\n"
                "    assert_floor(robustness.point, {4.0: 0.99})\n"
            )
        )
        result = bench.runpytest_subprocess(*given)
        result.assert_outcomes(passed=4, failed=1)
        artifacts = bench.path / "noisecore-results/quick"
        results = json.loads((artifacts / "results.json").read_text())
        assert len(results["records"]) == len(results["planned"]) == 6
        assert [v["verdict"] for v in results["verdicts"]] == ["fail"]
        assert len(list((artifacts / "plots").glob("*.svg"))) == 4
        jsonschema.Draft202012Validator(load_schema("results")).validate(results)

    @pytest.mark.parametrize("extra", [[], ["--noise-workers=0"], ["-n2"]])
    def test_training(self, bench, tiny, no_tensorflow, usage_line, extra) -> None:
        """To train there is one line, with the command that installs it."""
        line = usage_line(bench.runpytest_subprocess(*tiny, *extra))
        assert "training needs TensorFlow" in line
        assert "pip install 'noisecore[cpu]'" in line
        assert not (bench.path / "noisecore-results").exists()


class TestGivenRecords:
    """Records that are judged again."""

    def test_one_file(self, bench, given) -> None:
        """Records that are the lines of one file are judged as a folder of them is."""
        files = (bench.path / "records").iterdir()
        lines = [json.dumps(json.loads(file.read_text())) for file in files]
        (bench.path / "all.jsonl").write_text("\n".join(lines))
        options = [*given, "--noise-records=all.jsonl", "-k", "test_curve"]
        bench.runpytest_inprocess(*options).assert_outcomes(passed=1)

    def test_missing_record(self, bench, given, save_records) -> None:
        """A test whose record is not among those given fails and names it; the others go on."""
        for file in (bench.path / "records").iterdir():
            if json.loads(file.read_text())["trial"]["train_scale"] == 4:
                file.unlink()
        result = bench.runpytest_inprocess(*given)
        result.assert_outcomes(passed=2, failed=2)
        result.stdout.fnmatch_lines(
            ["2 records of data set tiny.npz are not in *", "*mlp/gaussian/quick scale 4 seed 0"]
        )
        assert "4 of 6 trials" in result.stdout.str()

    def test_other_dataset(self, bench, given, save_records) -> None:
        """Records of another data set are not taken for those of this one."""
        result = bench.runpytest_inprocess(*given, "--noise-dataset=digits", "-k", "test_curve")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["6 records of data set digits are not in *"])

    def test_folder_in_use(self, bench, given, usage_line) -> None:
        """A second run that would write to the same folder is refused before it starts."""
        folder = bench.path / "noisecore-results/quick"
        folder.mkdir(parents=True)
        with open(folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            line = usage_line(bench.runpytest_inprocess(*given))
        assert "another run is writing to" in line
        assert "--noise-artifacts" in line
        assert [path.name for path in folder.iterdir()] == [".lock"]

    def test_broken_test_file(self, bench, given) -> None:
        """Where no test ran, because one could not be collected, an earlier report stays."""
        folder = bench.path / "noisecore-results/quick"
        folder.mkdir(parents=True)
        (folder / "results.json").write_text("earlier")
        bench.makepyfile(test_broken="import nothing_of_this_name")
        result = bench.runpytest_inprocess(*given)
        assert result.ret == pytest.ExitCode.INTERRUPTED
        assert (folder / "results.json").read_text() == "earlier"

    def test_quiet(self, bench, given) -> None:
        """With -q there is no summary of ours, and the artifacts are there all the same."""
        result = bench.runpytest_inprocess(*given, "-q")
        result.stdout.no_fnmatch_line("*trials*")
        assert (bench.path / "noisecore-results/quick/results.json").is_file()

    def test_own_measurement(self, bench, given) -> None:
        """A benchmark that measures something of its own sees the usual clock."""
        bench.makepyfile(
            test_bench=(
                "import pytest\n"
                "@pytest.mark.robustness()\n"
                "def test_own(robustness, benchmark):\n"
                "    benchmark.pedantic(lambda: sum(range(10000)), rounds=3)\n"
                "    assert benchmark.stats.stats.min > 0\n"
            )
        )
        bench.runpytest_inprocess(*given).assert_outcomes(passed=1)


class TestGivenRecordsOfSeveralRuns:
    """A folder that holds more than one answer."""

    def test_records_that_differ(self, bench, given, save_records) -> None:
        """Of two records of one trial neither is chosen: the tests that need it fail and say so."""
        save_records(bench.path / "records/other", images=50)
        result = bench.runpytest_inprocess(*given)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines("*records of mlp/gaussian/quick scale * that differ*")

    def test_other_content(self, bench, given, save_records) -> None:
        """Records of a data set of the same name and other content are not judged as this one's."""
        shutil.rmtree(bench.path / "records")
        save_records(bench.path / "records", dataset_sha256="0" * 64)
        result = bench.runpytest_inprocess(*given)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines("*was made with another tiny.npz*")

    def test_report_of_a_training_run(self, bench, given, usage_line) -> None:
        """Judging given records never replaces the report of a run that trained."""
        (bench.path / "noisecore-results/quick/trials").mkdir(parents=True)
        line = usage_line(bench.runpytest_inprocess(*given))
        assert "choose another folder with --noise-artifacts" in line

    def test_records_alone(self, bench, given) -> None:
        """Given records are judged without --noise-scales: nothing is skipped, nothing trained."""
        rest = [option for option in given if not option.startswith("--noise-scales")]
        bench.makefile(".ini", pytest="[pytest]\nnoise_profiles = two: base=quick scales=1,4\n")
        result = bench.runpytest_inprocess(*rest, "--noise-profile=two")
        result.assert_outcomes(passed=4)
