"""Signals: they end the tests of a run, and never its report."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from answering import answer_signals

from noisecore.plugin import signals as module
from noisecore.plugin.signals import Signals

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
NAMES = [each.name for each in SIGNALS]


def send(number: int) -> None:
    """Send this process a signal, and wait until Python has heard it."""
    os.kill(os.getpid(), number)
    time.sleep(0.01)


@pytest.fixture
def caught(monkeypatch):
    """Return what takes the signals of this process, one as soon after another as they come."""
    monkeypatch.setattr(module, "_ONE_WISH", 0.0)
    usual = signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL
    kept = list(map(signal.signal, SIGNALS, usual))  # whoever started the tests may ignore some
    caught = Signals(reports=True)
    yield caught
    caught.release()
    assert tuple(map(signal.getsignal, SIGNALS)) == usual
    for number, handler in zip(SIGNALS, kept, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS, ids=NAMES)
def test_signal_ends_the_tests(caught, number) -> None:
    """Each signal does what Ctrl-C does, says which one it was, and tells whoever waits."""
    told = []
    caught.catch(lambda: told.append(True))
    for _ in range(2):  # whoever swallowed the first is told again
        with pytest.raises(KeyboardInterrupt, match=signal.Signals(number).name):
            send(number)
    assert told == [True, True]
    assert caught.late is None


@pytest.mark.parametrize("number", SIGNALS, ids=NAMES)
def test_signal_does_not_end_the_report(caught, number, capfd) -> None:
    """From the end of the tests on a signal is noted, in one line, and nothing more."""
    caught.catch()
    caught.hold()
    send(number)
    assert caught.late == signal.Signals(number).name
    said = capfd.readouterr().err.strip()
    assert said.startswith(f"noisecore: {caught.late}: ")
    assert "\n" not in said


def test_signal_ends_what_comes_after_the_report(caught) -> None:
    """Once the report is written, a signal ends what is done in its place, and is noted after."""
    told = []
    caught.catch(lambda: told.append(True))
    caught.hold()
    with pytest.raises(KeyboardInterrupt, match="SIGINT"), caught.answering():
        send(signal.SIGINT)
    assert caught.late is None
    send(signal.SIGTERM)
    assert caught.late == "SIGTERM"
    assert told == []  # nobody waits for trials any more


def test_report_without_tests(caught) -> None:
    """A process that only reports, as xdist's controller may, holds its signals too."""
    caught.hold()
    send(signal.SIGHUP)
    assert caught.late == "SIGHUP"


def test_one_wish_as_two_signals(caught, monkeypatch) -> None:
    """`timeout` sends a process the same signal twice: the second does not disturb the first."""
    monkeypatch.setattr(module, "_ONE_WISH", 60.0)
    told = []
    caught.catch(lambda: told.append(True))
    with pytest.raises(KeyboardInterrupt):
        send(signal.SIGTERM)
    send(signal.SIGTERM)
    assert told == [True, True]


def test_nohup(caught) -> None:
    """A run that was started with nohup outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        caught.catch()
        send(signal.SIGHUP)
        caught.release()
    finally:
        signal.signal(signal.SIGHUP, before)


# Sends the pytest around it a signal while its report is written.
IN_REPORT = """
import os, signal
import noisecore.showing.report as report

def drawn(figure):
    os.kill(os.getpid(), signal.{name})
    return render(figure)

render, report.render = report.render, drawn
"""
IN_TEST = """
import os, signal, time
import pytest

@pytest.mark.robustness()
def test_curve(robustness, noise_model):
    os.kill(os.getpid(), signal.{name})
    time.sleep(60)

@pytest.mark.robustness()
def test_other(robustness, noise_model):
    raise AssertionError("it goes on")
"""


def run(bench, given) -> subprocess.CompletedProcess[str]:
    """Run pytest on the given records in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *given],
        cwd=bench.path, capture_output=True, text=True, timeout=120, start_new_session=True,
        preexec_fn=answer_signals,
    )  # fmt: skip


def is_whole(bench) -> bool:
    """Return whether all of a report is there."""
    folder = bench.path / "noisecore-results/quick"
    names = ("results.json", "curve.csv", "summary.md", "plots/all-noise.png")
    return all((folder / name).is_file() for name in names)


@pytest.mark.parametrize("name", NAMES)
def test_ended_while_the_report_is_written(bench, given, name) -> None:
    """The report is whole, nothing breaks, and the run does not pass: somebody wanted its end."""
    bench.makeconftest(IN_REPORT.format(name=name))
    ended = run(bench, given)
    assert ended.returncode == pytest.ExitCode.INTERRUPTED, ended.stdout + ended.stderr
    assert is_whole(bench)
    assert "Traceback" not in ended.stdout + ended.stderr
    assert f"noisecore: {name}: the run is ending already" in ended.stderr
    assert "artifacts: noisecore-results" in ended.stdout


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM"])
def test_ended_while_a_test_judges(bench, given, name) -> None:
    """The other tests do not run, and what there is is reported; nothing is trained for that."""
    bench.makepyfile(test_bench=IN_TEST.format(name=name))
    bench.makeconftest("import noisecore.showing.report as r\nr._pictures = lambda *given: ()\n")
    ended = run(bench, given)
    assert ended.returncode == pytest.ExitCode.INTERRUPTED, ended.stdout + ended.stderr
    assert (bench.path / "noisecore-results/quick/summary.md").is_file()
    assert "it goes on" not in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_half_written_files_of_a_killed_run(bench, given, monkeypatch) -> None:
    """The next run removes what a killed one was writing, and no file of anybody else."""
    monkeypatch.setattr("noisecore.showing.report._pictures", lambda *given: ())
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    dead, alive = process.pid, os.getppid()
    folder = bench.path / "noisecore-results/quick"
    names = [".results.json", ".summary.md", "..plan", "plots/.mlp-curve.png"]
    (folder / "plots").mkdir(parents=True)
    kept = [f".summary.md.{alive}", f".notes.{dead}", "plots/.mine.txt.1"]
    for name in [*(f"{name}.{dead}" for name in names), *kept]:
        (folder / name).write_text("")
    assert bench.runpytest_inprocess(*given).ret == 0
    assert not [name for name in names if (folder / f"{name}.{dead}").exists()]
    assert all((folder / name).exists() for name in kept)


def test_ended_while_nothing_is_ours(bench) -> None:
    """A pytest that has no benchmarks of ours ends as it always did."""
    bench.makepyfile(test_bench="import os\ndef test_it():\n    os.kill(os.getpid(), 1)\n")
    assert run(bench, []).returncode == -signal.SIGHUP


IN_XDIST = """
import os, signal, time
from mine import images, model

def test_one(robustness):
    robustness.evaluate(model, *images(), scales=[0.2, 1])

def test_two(robustness):
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(60)
"""


def test_controller_that_trains_nothing(own) -> None:
    """The controller of xdist does not know which tests come; what they evaluated is reported."""
    pytest.importorskip("xdist")
    (own.path / "test_a.py").write_text(IN_XDIST)
    (own.path / "test_b.py").unlink()
    ended = run(own, ["-n1"])
    assert ended.returncode == pytest.ExitCode.INTERRUPTED, ended.stdout + ended.stderr
    assert len(own.results["records"]) > 0
    assert "Traceback" not in ended.stdout + ended.stderr
