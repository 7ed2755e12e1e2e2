"""Under pytest-xdist: the same numbers and verdicts, and nothing is trained twice."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest


class TestShared:
    """A real run of two xdist workers, beside one without."""

    def test_same_numbers(self, shared, trained) -> None:
        """Every record is the same to the bit, with and without xdist."""
        assert sorted(shared.records) == sorted(trained.records)
        for label, record in shared.records.items():
            assert record.numbers() == trained.records[label].numbers()

    def test_same_verdicts(self, shared, trained) -> None:
        """The controller has the verdicts of all tests, wherever they ran."""

        def verdicts(run):
            return sorted(
                json.dumps(verdict, sort_keys=True) for verdict in run.results["verdicts"]
            )

        assert shared.code == trained.code == pytest.ExitCode.TESTS_FAILED
        assert verdicts(shared) == verdicts(trained)
        assert len(verdicts(shared)) == 3

    def test_nothing_is_trained_twice(self, shared) -> None:
        """Both processes want the same trials: each trial is begun once, by one of them."""
        assert sorted(shared.begun) == sorted(shared.records)
        assert len(shared.begun) == 8
        logs = (shared.artifacts / "trials/.logs").iterdir()
        assert len({log.name.split("-")[1] for log in logs}) == 2  # both have had a worker

    def test_report(self, shared) -> None:
        """The controller, which has seen no test, reports all that were asked for."""
        assert sorted(shared.results["planned"]) == sorted(shared.records)
        assert "8 of 8 trials, " in shared.output
        assert shared.output.count("artifacts: noisecore-results/quick") == 1
        assert (shared.artifacts / "plots/all-noise.png").is_file()

    def test_progress(self, shared) -> None:
        """The controller, which trains nothing, tells the records as they come."""
        assert "noisecore: 8 trials: each is shown when it is done" in shared.output
        assert "noisecore 1/8 mlp/gaussian/" in shared.output

    def test_junit(self, shared) -> None:
        """JUnit's file has a case for each test, the failing gate and trial among them."""
        suite = ElementTree.parse(shared.folder / "junit.xml").getroot().find("testsuite")
        assert suite is not None
        assert len(suite.findall("testcase")) == 7
        failures = [case.get("name") for case in suite.findall("testcase[failure]")]
        assert sorted(failures) == ["test_diverges", "test_floor"]


def test_given_records(bench, given) -> None:
    """Judged records make the same report under xdist, although the controller judges none."""
    alone = bench.runpytest_inprocess(*given, "--noise-artifacts=alone")
    beside = bench.runpytest_subprocess(*given, "--noise-artifacts=beside", "-n2")
    alone.assert_outcomes(passed=4)
    beside.assert_outcomes(passed=4)
    one, two = (
        json.loads((bench.path / name / "quick/results.json").read_text())
        for name in ("alone", "beside")
    )
    for part in ("planned", "records", "curves", "verdicts"):
        assert one[part] == two[part]
    assert len(one["records"]) == 6


@pytest.mark.parametrize(
    ("arguments", "came"),
    [
        (["--noise-seeds=0"], "seeds must be"),
        (["--noise-records=nowhere"], "nowhere: expected a results.json"),
        (["--noise-dataset=gone.npz", "--noise-records=gone"], "gone: expected a results.json"),
        (["--noise-artifacts=test_bench.py/out"], "artifacts cannot be written"),
    ],
)
def test_bad_value(bench, given, usage_line, arguments, came) -> None:
    """What can be checked is checked before the workers start: one line, exit code 4."""
    line = usage_line(bench.runpytest_inprocess(*given, "-n2", *arguments))
    assert came in line


def test_missing_dataset(bench, tiny, usage_line) -> None:
    """Data that are not there stop a run that would train before its workers start."""
    result = bench.runpytest_inprocess(*tiny, "-n2", "--noise-dataset=gone.npz")
    assert "gone.npz" in usage_line(result)


def test_marker_mistake(bench, given) -> None:
    """A mistake that a worker finds while it collects is the controller's usage error."""
    bench.makepyfile(
        test_bench=(
            "import pytest\n"
            "@pytest.mark.robustness(modles=['mlp'])\n"
            "def test_it(robustness): pass\n"
        )
    )
    result = bench.runpytest_subprocess(*given, "-n2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: noisecore: *unknown argument 'modles'*"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in result.stdout.str()
    assert not (bench.path / "noisecore-results/quick/results.json").exists()


def test_ci_without_scales(bench, monkeypatch) -> None:
    """In CI a run that would measure nothing is refused under xdist too."""
    monkeypatch.setenv("CI", "true")
    result = bench.runpytest_subprocess("-n2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: noisecore: CI is set, *"])
    assert "INTERNALERROR" not in result.stdout.str()


def test_no_benchmark(bench, given) -> None:
    """Tests that ask for no trial leave the report of an earlier run as it is."""
    folder = bench.path / "noisecore-results/quick"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text("earlier")
    bench.makepyfile(test_plain="def test_plain(): pass")
    result = bench.runpytest_subprocess(*given, "-n1", "test_plain.py")
    result.assert_outcomes(passed=1)
    assert (folder / "results.json").read_text() == "earlier"


def test_inside_a_worker(bench, tiny, monkeypatch) -> None:
    """A run that a test under xdist starts is one of its own: it shows its trials as they end."""
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "named")
    result = bench.runpytest_subprocess(*tiny, "--noise-workers=0", "-k", "test_point")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["noisecore 1/* mlp/gaussian/*"])


def test_worker_refuses_late(own) -> None:
    """A usage error that a worker meets before its first test is the controller's, in one line."""
    own.folder.mkdir(parents=True)
    (own.folder / "plots").write_text("a file where the run needs a folder")
    result = own.run("--noise-update-baseline", "-n2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: noisecore: the report of an earlier run cannot be *"])
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def test_worker_cannot_write(own) -> None:
    """A worker that cannot keep records says so once the tests are distributed: one line."""
    own.folder.mkdir(parents=True)
    (own.folder / "trials").write_text("a file where the run needs a folder")
    result = own.run("--noise-update-baseline", "-n2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: noisecore: artifacts cannot be written to *"])
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
