"""Hostile surroundings, each a process of its own: streams, folders, variables, signals."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from answering import answer_signals

from hostile.cases import COMMAND, PYTEST, Case, Ended
from hostile.commands import BASELINE
from hostile.room import GIVEN, QUIET, furnish

# What is tried in each of the surroundings.
COMMANDS = {
    "data": ["noisecore", "data"],
    "compare": ["noisecore", "compare", BASELINE, BASELINE],
    "run": ["pytest", *QUIET, "test_bench.py", *GIVEN, "--noise-baseline=auto"],
}
# A line of a shell; $@ is the command. How it ends is the shell's own where it says so.
SURROUNDINGS = {
    "no standard input": '"$@" <&-',
    "an endless input": '"$@" </dev/zero',
    "no such home": 'HOME=/nowhere/at/all "$@"',
    "no home": 'env -u HOME "$@"',
    "an empty home": 'HOME= "$@"',
    "plain locale": 'LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 "$@"',
    "ASCII output": 'PYTHONIOENCODING=ascii "$@"',
    "no such locale": 'LC_ALL=xx_YY.UTF-8 "$@"',
    "narrow": 'COLUMNS=1 LINES=1 "$@"',
    "odd width": 'COLUMNS=x "$@"',
    "a dumb terminal": 'TERM=dumb "$@"',
    "warnings": 'PYTHONWARNINGS=default "$@"',
    "optimised": 'PYTHONOPTIMIZE=2 "$@"',
    "no bytecode": 'PYTHONDONTWRITEBYTECODE=1 "$@"',
    "hashes": 'PYTHONHASHSEED=12345 "$@"',
    "few descriptors": 'ulimit -n 32; "$@"',
    "CI": 'CI=true GITHUB_ACTIONS=true "$@"',
    "CI without a folder": 'CI=1 GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=/nowhere/x "$@"',
    "CI on a full disk": 'CI=1 GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=/dev/full "$@"',
    "a data folder that is none": 'NOISECORE_DATA_DIR=/dev/null "$@"',
    "a data folder of no name": 'NOISECORE_DATA_DIR= "$@"',
    "a reader that leaves": '"$@" | true; exit "${PIPESTATUS[0]}"',
    "no output": '"$@" >&-',
    "no errors": '"$@" 2>&-',
    "a full disk for the output": '"$@" >/dev/full',
}
# Python's own words when an output cannot be written, and its exit code.
_STREAMS = ("a reader that leaves", "no output", "no errors", "a full disk for the output")

SLOW = """
import time
import numpy as np
from pathlib import Path

def model(x):
    Path("begun").touch()
    time.sleep(0.05)
    return np.stack([x[:, 2 * k : 2 * k + 2].mean(axis=(1, 2)) for k in range(3)], 1)

def test_slow(robustness):
    rng = np.random.default_rng(0)
    y = np.arange(400) % 3
    x = rng.random((400, 8, 8)).astype(np.float32) / 2
    for k in range(3):
        x[y == k, 2 * k : 2 * k + 2] += 0.4
    robustness.evaluate(model, x, y, scales=[0.5, 1], draws=50, batch_size=1)
"""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("CI", "COLUMNS")}


def surroundings() -> list[Case]:
    """The commands and a run, in surroundings that nobody thought of."""

    def run(command: str, line: str, room: Path) -> Ended:
        furnish(room, baseline=True)
        ended = subprocess.run(
            ["bash", "-c", line, "bash", sys.executable, "-m", *COMMANDS[command]], cwd=room,
            env=_environment(), capture_output=True, errors="backslashreplace", timeout=80,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    cases = []
    for command in COMMANDS:
        for what, line in SURROUNDINGS.items():
            codes = PYTEST if command == "run" else COMMAND
            if what in _STREAMS:
                if command == "run":
                    continue  # what pytest itself makes of its streams is not ours
                codes = codes | {120, 141}
            call = functools.partial(run, command, line)
            cases.append(Case(f"{command}: {what}: {line}", call, codes))
    return cases


def signals() -> list[Case]:
    """Signals to a run while it evaluates, once and twice; then the same run again."""

    def run(number: signal.Signals, times: int, room: Path) -> Ended:
        furnish(room)
        (room / "test_slow.py").write_text(SLOW)
        command = [sys.executable, "-m", "pytest", *QUIET, "test_slow.py"]
        with open(room / "out", "wb") as out:
            child = subprocess.Popen(
                command,
                cwd=room,
                env=_environment(),
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                preexec_fn=answer_signals,
            )
            try:
                end = time.monotonic() + 60
                while not (room / "begun").exists() and time.monotonic() < end:
                    time.sleep(0.02)
                for _ in range(times):
                    child.send_signal(number)
                    time.sleep(0.05)
                code = child.wait(timeout=60)
            finally:
                child.kill()
                child.wait()
        # At a second signal pytest itself shows where it was interrupted.
        shown = "" if times > 1 else (room / "out").read_text(errors="backslashreplace")
        if times == 1 and code < 0 and number in (signal.SIGINT, signal.SIGTERM):
            return Ended(128 - code, shown)  # these are answered, and not died of
        # What a run leaves that was killed must not be in the way of the next one.
        (room / "test_slow.py").write_text(SLOW.replace("draws=50", "draws=1").replace("0.05", "0"))
        again = subprocess.run(
            [*command, "--noise-resume"], cwd=room, env=_environment(), capture_output=True,
            text=True, timeout=80,
        )  # fmt: skip
        return Ended(again.returncode, shown + again.stdout, again.stderr)

    return [
        Case(f"{number.name} x {times}", functools.partial(run, number, times), frozenset({0}))
        for number in SIGNALS
        for times in (1, 2)
    ]
