"""The hooks for whoever logs elsewhere: each is called once, after the report was written."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
import textwrap

import pytest
from answering import answer_signals
from gate_bench import CURVE

from noisecore.judging.curves import CurveError
from noisecore.plugin import hooks

HOOKS = [name for name in vars(hooks) if name.startswith("pytest_")]

# Writes a line a call: what was heard of, whether the report was there, and whether in a worker.
NOTED = """
import json
from pathlib import Path

def note(config, *what):
    reported = any(Path("noisecore-results").rglob("results.json"))
    with open("calls.jsonl", "a") as file:
        file.write(json.dumps([*what, reported, hasattr(config, "workerinput")]) + "\\n")

def pytest_noisecore_record(config, record):
    note(config, "record", record.trial.label, record.status)

def pytest_noisecore_curve(config, curve):
    note(config, "curve", curve.name, str(curve.mean_accuracy.round(2)))

def pytest_noisecore_verdict(config, verdict, nodeid):
    note(config, "verdict", nodeid, verdict.gate + " " + verdict.verdict)
"""

FLOOR = """
import pytest
from noisecore.judging.gates import assert_floor

@pytest.mark.robustness(scales=[4.0])
def test_floor(robustness):
    assert_floor(robustness.point, {4.0: 0.99})
"""

RECORDS = [
    ["record", f"{CURVE} scale {scale} seed {seed}", "complete"]
    for scale in (0, 1, 4)
    for seed in (0, 1)
]
VERDICT = ["verdict", "test_floor.py::test_floor", "floor fail"]


def calls(bench) -> list[list]:
    """Return the calls of the hooks, after checking that they came in order and in their place."""
    lines = (bench.path / "calls.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    assert all(reported and not worker for *_, reported, worker in found)
    kinds = [kind for kind, *_ in found]
    assert kinds == sorted(kinds, key=["record", "curve", "verdict"].index)
    return [what for *what, _, _ in found]


@pytest.fixture
def noted(bench, monkeypatch):
    """Return a pytester whose hooks note their calls, with a gate that fails."""
    # The pictures are looked at elsewhere, and cost a second a run.
    monkeypatch.setattr("noisecore.showing.report._pictures", lambda *given: ())
    bench.makepyfile(test_floor=FLOOR)
    bench.makeconftest(NOTED)
    return bench


@pytest.mark.parametrize("extra", [[], ["-n2"]])
def test_given_records(noted, given, extra) -> None:
    """Each record, curve and verdict is told once, after the report, with and without xdist."""
    run = noted.runpytest_subprocess if extra else noted.runpytest_inprocess
    run(*given, *extra).assert_outcomes(passed=4, failed=1)
    found = calls(noted)
    assert sorted(found[:6]) == RECORDS
    assert found[6:] == [["curve", CURVE, "[0.9 0.8 0.6]"], VERDICT]


@pytest.mark.parametrize("extra", [[], ["-n2"]])
def test_given_models(own, extra) -> None:
    """Curves of models that tests evaluate are told too, wherever the tests ran."""
    own.write(
        "test_a.py",
        "def test_a(robustness):\n    robustness.evaluate(model, *images(), scales=[1])\n",
    )
    own.write(
        "test_b.py",
        "def test_b(robustness):\n"
        "    curve = robustness.evaluate(model, *images(), scales=[1])\n"
        "    assert_floor(curve.at(0), {0: 0.5})\n",
    )  # fmt: skip
    own.pytester.makeconftest(NOTED)
    own.run(*extra).assert_outcomes(passed=2)
    found = calls(own)
    curves = ["test_a.py::test_a/gaussian", "test_b.py::test_b/gaussian"]
    assert sorted(found[:6]) == [
        ["record", f"{curve} draw {draw}", "complete"] for curve in curves for draw in range(3)
    ]
    assert [what[:2] for what in found[6:8]] == [["curve", curve] for curve in curves]
    assert found[8:] == [["verdict", "test_b.py::test_b", "floor pass"]]


def test_training(noted, run_in) -> None:
    """A run that trains tells its records, those that `--noise-resume` takes over among them."""
    arguments = ["--noise-seeds=2", "--noise-workers=0", "-k", "test_point"]
    assert run_in(noted.path, *arguments).code == 0
    first = calls(noted)
    assert [what[0] for what in first] == ["record"] * 6 + ["curve"]
    (noted.path / "calls.jsonl").unlink()
    assert "from an earlier run" in run_in(noted.path, *arguments, "--noise-resume").output
    assert sorted(calls(noted)) == sorted(first)


def test_failed_trials(noted, given, save_records) -> None:
    """A record of a trial that failed is told as any other; its figures in the curve are NaN."""
    shutil.rmtree(noted.path / "records")
    save_records(noted.path / "records", status="failed")
    noted.runpytest_inprocess(*given)
    found = calls(noted)
    assert [what[2] for what in found[:6]] == ["failed"] * 6
    assert found[6] == ["curve", CURVE, "[nan nan nan]"]
    assert [what[2] for what in found[7:]] == ["trials fail"] * 5  # one a test


def test_interrupted(own) -> None:
    """Of a run that is interrupted the hooks hear what there is."""
    own.write(
        "test_a.py",
        "def test_a(robustness):\n"
        "    robustness.evaluate(model, *images(), scales=[1])\n"
        "    raise KeyboardInterrupt\n",
    )
    own.pytester.makeconftest(NOTED)
    result = own.pytester.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert [what[0] for what in calls(own)] == ["record"] * 3 + ["curve"]


@pytest.mark.parametrize(
    ("hook", "raising", "said", "extra"),
    [
        ("pytest_noisecore_record", "{}['server']", "KeyError: 'server'", []),
        ("pytest_noisecore_record", "{}['server']", "KeyError: 'server'", ["-n2"]),
        ("pytest_noisecore_curve", "sys.exit('no server')", "SystemExit: no server", []),
        ("pytest_noisecore_verdict", "pytest.fail('no server')", "Failed: no server", []),
    ],
)
def test_hook_that_raises(noted, given, hook, raising, said, extra) -> None:
    """It fails the run in one line that names its file, and costs no report and no other hook."""
    noted.makepyfile(test_floor=FLOOR.replace("0.99", "0.5"))
    code = f"def {hook}():\n    open('tried', 'a').write('.')\n    {raising}\n"
    noted.makepyfile(broken=f"import pytest, sys\n{code}")
    noted.syspathinsert()
    run = noted.runpytest_subprocess if extra else noted.runpytest_inprocess
    result = run(*given, *extra, "-p", "broken", "-k", "test_floor")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [f"broken.py, line 4: the hook {hook} raised {said}: fix or remove it *"]
    )
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert (noted.path / "tried").read_text() == "."  # and not again
    assert [what[0] for what in calls(noted)] == ["record"] * 2 + ["curve", "verdict"]


def test_no_further_hook_of_its_file(noted, given) -> None:
    """Where a hook raised, those of the same file are left alone: they may build upon it."""
    noted.makeconftest(NOTED + "\ndef pytest_noisecore_curve(curve):\n    raise OSError('full')\n")
    result = noted.runpytest_inprocess(*given)
    lines = [line for line in result.outlines if "the hook" in line]
    assert len(lines) == 1
    assert lines[0].startswith("conftest.py, line ")
    assert [what[0] for what in calls(noted)] == ["record"] * 6


def test_report_that_breaks(noted, given, monkeypatch) -> None:
    """A report that could not be written costs no hook."""
    monkeypatch.setattr("noisecore.showing.report.make_summary", lambda *given: 1 / 0)
    result = noted.runpytest_inprocess(*given)
    result.stdout.fnmatch_lines(["*summary.md could not be made: ZeroDivisionError*"])
    assert len(calls(noted)) == 8


def test_records_that_do_not_belong_together(noted, given, monkeypatch) -> None:
    """Of records that make no curve, the hooks hear the records."""

    def refuse(records, **how):
        raise CurveError("two records differ")

    monkeypatch.setattr("noisecore.judging.results.matched_curves", refuse)
    noted.runpytest_inprocess(*given)
    assert [what[0] for what in calls(noted)] == ["record"] * 6 + ["verdict"]


def test_no_hook(noted, given, monkeypatch) -> None:
    """Where nobody has a hook, nothing is made ready for one."""
    noted.makeconftest("")
    monkeypatch.setattr("noisecore.plugin.reporting.calling._calls", lambda *given: 1 / 0)
    result = noted.runpytest_inprocess(*given)
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.no_fnmatch_line("*the hook*")


def test_nothing_measured(noted) -> None:
    """A run that measures nothing calls no hook."""
    noted.runpytest_inprocess("--collect-only")
    noted.runpytest_inprocess("-k", "nothing")
    assert not (noted.path / "calls.jsonl").exists()


WAITING = """
import os, signal, time

def pytest_noisecore_curve(curve):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
"""


def test_hook_that_waits(noted, given) -> None:
    """Ctrl-C ends a hook that waits for a server: the report is there, and the run fails."""
    noted.makeconftest(WAITING)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *given, "-k", "not test_floor"],
        cwd=noted.path, capture_output=True, text=True, timeout=50, start_new_session=True,
        preexec_fn=answer_signals,
    )  # fmt: skip
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout + ended.stderr
    assert "SIGINT: not all hooks that log this run were called" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert (noted.path / "noisecore-results/quick/summary.md").is_file()


def test_unknown_argument(noted, given) -> None:
    """A hook that asks for what there is not is refused before anything is measured."""
    noted.makeconftest("def pytest_noisecore_curve(curves):\n    pass\n")
    result = noted.runpytest_subprocess(*given)
    assert result.ret != 0
    assert "pytest_noisecore_curve" in result.stdout.str() + result.stderr.str()
    assert not (noted.path / "noisecore-results").exists()


@pytest.mark.parametrize("name", HOOKS)
def test_described(name) -> None:
    """Each hook says when it is called and how often, and shows an example that Python takes."""
    doc = inspect.getdoc(getattr(hooks, name))
    assert "Called once for each" in doc
    example = doc[doc.index(f"def {name}") :]
    compile(textwrap.dedent(example), name, "exec")
