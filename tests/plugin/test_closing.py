"""The last item of a run: a forgotten assertion is no pass, nor is a failure that a test hides."""

from __future__ import annotations

import pytest
from own_bench import AUTO, ONE, UPDATE

ASSERT = "    assert_no_regression(robustness.curve, noise_baseline)\n"

# Each lets a test pass over its gate: what stands in place of the assertion.
FORGOTTEN = {
    "nothing": "",
    "case": "    noise_baseline.case(robustness.curve)\n",
    "judged only": (
        "    from noisecore.judging.gates import judge_no_regression\n"
        "    judge_no_regression(robustness.curve, noise_baseline)\n"
    ),
    "another": (
        "    from noisecore import evaluate\n"
        "    same = evaluate(worse, *images(), scales=[0.2, 1])\n"
        "    assert_no_regression(robustness.curve, same)\n"
    ),
    "process": (
        "    import subprocess, sys\n    subprocess.run([sys.executable, '-c', 'assert False'])\n"
    ),
    "return": "    return\n" + ASSERT,
}
TRY = f"    try:\n    {ASSERT}    except AssertionError:\n"
HIDDEN = {
    "except": TRY + "        pass\n",
    "raises": f"    with pytest.raises(AssertionError):\n    {ASSERT}",
    "suppress": (
        f"    from contextlib import suppress\n    with suppress(AssertionError):\n    {ASSERT}"
    ),
    "thread": (
        "    import threading\n"
        "    case = robustness.against(noise_baseline)\n"
        "    thread = threading.Thread(target=assert_no_regression, args=[case])\n"
        "    thread.start(); thread.join()\n"
    ),
    "skipped after": TRY + "        pytest.skip('never mind')\n",
}


def worsen(own, instead: str) -> None:
    """Let test_one evaluate a worse model, and something stand in place of its assertion."""
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    own.change("test_a.py", ASSERT, instead)


@pytest.mark.parametrize("name", FORGOTTEN)
def test_forgotten(own, name) -> None:
    """A curve of the baseline that its test does not judge fails the last item, with the test."""
    own.make()
    worsen(own, FORGOTTEN[name])
    result = own.run(AUTO)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [f"  {ONE}: test_a.py::test_one did not fail, and did not judge it", "What to do: call *"]
    )
    verdicts = [v for v in own.results["verdicts"] if v["verdict"] == "fail"]
    assert [v["curve"] for v in verdicts] == [ONE]


def test_forgotten_without_a_baseline(own) -> None:
    """Where there is no baseline yet, the test that forgot to compare fails the run as well."""
    own.change("test_a.py", ASSERT, "")
    own.change("test_b.py", ASSERT, "")
    result = own.run(AUTO)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert own.run(UPDATE).ret == pytest.ExitCode.TESTS_FAILED
    assert not own.baseline.exists()


def test_judged_elsewhere(own) -> None:
    """A fixture that judges when its test has ended has judged."""
    own.make()
    own.change("test_a.py", ASSERT, "")
    own.change(
        "test_a.py",
        "def test_one(robustness, noise_baseline)",
        "@pytest.fixture\ndef judged(robustness, noise_baseline):\n    yield\n"
        f"{ASSERT}\n\ndef test_one(judged, robustness, noise_baseline)",
    )
    assert own.run(AUTO).ret == 0
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    result = own.run(AUTO)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "did not judge" not in result.stdout.str()


def test_evaluated_in_a_fixture(own) -> None:
    """A curve that a fixture evaluates is its test's: it is there, compared, and not forgotten."""
    own.write(
        "test_a.py",
        "@pytest.fixture\ndef curve(robustness):\n"
        "    return robustness.evaluate(model, *images(), scales=[0.2, 1])\n\n"
        "def test_one(curve, robustness, noise_baseline):\n"
        "    assert robustness.curve.name == curve.name\n"
        "    assert_monotonic(curve, slack=0.01)\n" + ASSERT,
    )
    own.make()
    assert own.run(AUTO).ret == 0
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    assert own.run(AUTO).ret == pytest.ExitCode.TESTS_FAILED
    own.change("test_a.py", ASSERT, "")
    result = own.run(AUTO)
    result.stdout.fnmatch_lines([f"  {ONE}: test_a.py::test_one did not fail, and did not *"])


def test_skipped_is_no_failure(own) -> None:
    """A test that is skipped has judged nothing: the summary says so, and nothing fails."""
    own.make()
    own.change("test_a.py", "def test_one", "@pytest.mark.skip\ndef test_one")
    result = own.run(AUTO)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*1 of 2 curves*not compared:*"])


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_hidden(own, name) -> None:
    """A failing verdict inside a test that does not fail fails the last item, naming the test."""
    own.make()
    worsen(own, HIDDEN[name])
    result = own.run(AUTO)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "  test_a.py::test_one did not fail, but a gate did: no regression: *",
            "What to do: *strict*",
        ]
    )


@pytest.mark.parametrize("xdist", [(), ("-n2",)], ids=["alone", "xdist"])
def test_hidden_floor(own, xdist) -> None:
    """Any gate's failure counts, in a run without a baseline and under xdist too."""
    own.write(
        "test_a.py",
        "def test_one(robustness):\n"
        "    curve = robustness.evaluate(model, *images(), scales=[1])\n"
        "    with pytest.raises(AssertionError):\n"
        "        assert_floor(curve, {1: 1.0}, scale=1)\n",
    )
    result = own.run("test_a.py", *xdist)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["  test_a.py::test_one did not fail, but a gate did: floor: *"])


class TestExpected:
    """To expect a failure is a strict xfail."""

    @pytest.fixture
    def expecting(self, own):
        """A repository whose worse model is expected to fail."""
        own.make()
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        own.change("test_a.py", "def test_one", "@pytest.mark.xfail(strict=True)\ndef test_one")
        return own

    def test_strict(self, expecting, monkeypatch) -> None:
        """It passes: exit code, summary and GitHub say so alike."""
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        result = expecting.run(AUTO)
        assert result.ret == 0, result.stdout.str()
        result.assert_outcomes(passed=2, xfailed=1)
        assert "::error" not in result.stdout.str()
        assert (expecting.folder / "summary.md").read_text().splitlines()[0].endswith(": pass")
        (verdict,) = [v for v in expecting.results["verdicts"] if v["curve"] == ONE]
        assert verdict["verdict"] == "pass"
        assert verdict["sentence"].startswith("fails as expected (strict xfail): ")

    def test_strict_by_configuration(self, expecting) -> None:
        """The configuration may make all marks strict."""
        expecting.change("test_a.py", "xfail(strict=True)", "xfail")
        expecting.pytester.makeini("[pytest]\npythonpath = .\nxfail_strict = true\n")
        assert expecting.run(AUTO).ret == 0

    def test_not_strict(self, expecting) -> None:
        """A mark that is not strict lets anything pass, and so it hides the failure."""
        expecting.change("test_a.py", "xfail(strict=True)", "xfail")
        result = expecting.run(AUTO)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["  test_a.py::test_one did not fail, but a gate did: *"])

    def test_another_failure(self, expecting) -> None:
        """An expected failure that is none of a gate has judged nothing."""
        expecting.change("test_a.py", ASSERT, "    assert False\n")
        result = expecting.run(AUTO)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines([f"  {ONE}: test_a.py::test_one did not fail, and did not *"])


RERUN = """
import pytest

# What pytest-rerunfailures does: a test that fails is run once more, and both runs are logged.
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    from _pytest.runner import runtestprotocol
    for last in (False, True):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = any(report.failed for report in reports)
        for report in reports:
            if report.failed and not last:
                report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if not failed:
            break
        item._initrequest()
    return True

def pytest_report_teststatus(report):
    if report.outcome == "rerun":
        return "rerun", "R", "RERUN"
"""
FLAKY = """
calls = []

def sometimes(x):
    return (worse if calls[0] == 1 else model)(x)

def test_one(robustness, noise_baseline):
    calls[:] = [len(calls) + 1]
    robustness.evaluate(sometimes, *images(), scales=[0.2, 1])
    assert_no_regression(robustness.curve, noise_baseline)
"""


@pytest.mark.parametrize("xdist", [(), ("-n2",)], ids=["alone", "xdist"])
def test_last_report(own, xdist, monkeypatch) -> None:
    """Of a test that is run again the last time counts: exit code and summary say the same."""
    own.make()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    own.pytester.makeconftest(RERUN)
    own.write("test_a.py", FLAKY.replace("[len(calls) + 1]", "[calls[0] + 1 if calls else 1]"))
    result = own.run(AUTO, *xdist)
    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(["*1 rerun*"])
    assert "::error" not in result.stdout.str()
    assert [v["verdict"] for v in own.results["verdicts"]] == ["pass", "pass"]
    assert (own.folder / "summary.md").read_text().splitlines()[0].endswith(": pass")
    assert [len(each["trials"]) for each in own.results["records"]] == [3, 3]
