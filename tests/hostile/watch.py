"""Watches the process that tries cases: one that hangs or ends is replaced, after the case."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hostile.cases import SECONDS

TESTS = Path(__file__).parents[1]


@dataclass
class Row:
    """What came of a kind: how many cases were tried, and what is wrong with which of them."""

    kind: str
    tried: int = 0
    seconds: float = 0.0
    wrong: dict[int, tuple[str, str]] = field(default_factory=dict)  # (case, problem) by number

    def __str__(self) -> str:
        return f"{self.kind:14}{self.tried:>6}{len(self.wrong):>6}{self.seconds:>8.0f} s"


HEADING = f"{'kind':14}{'cases':>6}{'wrong':>6}{'time':>10}"


def watch(kind: str, folder: Path, *, seconds: float = SECONDS) -> Row:
    """Try all cases of a kind in a process that may hang or end; return what came of them."""
    started = time.monotonic()
    row = Row(kind)
    for name in ("temporary", "home"):
        (folder / name).mkdir()
    journal = folder / "journal"
    journal.touch()
    first = 0
    while True:
        ended = _run(kind, first, folder, seconds)
        begun, wrong = _read(journal)
        for number, what in begun.items():
            if wrong.get(number):
                row.wrong[number] = what, wrong[number]
        row.tried = len(begun)
        last = max(begun, default=-1)
        if last in wrong or last == -1:
            if ended != "exit code 0":  # between two cases, or before the first
                row.wrong[last + 1] = "the process that tries the cases", ended
            break
        row.wrong[last] = begun[last], ended
        first = last + 1
    row.seconds = time.monotonic() - started
    return row


def _read(journal: Path) -> tuple[dict[int, str], dict[int, str]]:
    """Return what was begun, and what was wrong with what ended, by number."""
    begun: dict[int, str] = {}
    wrong: dict[int, str] = {}
    for line in journal.read_text().splitlines():
        entry = json.loads(line)
        if "begun" in entry:
            begun[entry["begun"]] = entry["what"]
        else:
            wrong[entry["ended"]] = entry["wrong"]
    return begun, wrong


def _run(kind: str, first: int, folder: Path, seconds: float) -> str:
    """Run the process until it ends, or until a case takes too long; return how that was."""
    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "CI" and not name.startswith(("GITHUB_", "PYTEST_", "NOISECORE_"))
    }
    environment = kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "temporary"),
        "MPLCONFIGDIR": str(folder / "home"),
        "OPENBLAS_NUM_THREADS": "1",
    }
    with open(folder / "log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hostile.shard", kind, str(first), str(folder)],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        ended = _wait(process, (folder / "journal").stat, seconds)
    finally:
        left = _in_session(process.pid)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if ended == "exit code 0" and left:
        return f"left behind: {', '.join(left)}"
    return ended


def _wait(
    process: subprocess.Popen[bytes], journal: Callable[[], os.stat_result], seconds: float
) -> str:
    size, since = -1, time.monotonic()
    while process.poll() is None:
        if journal().st_size != size:
            size, since = journal().st_size, time.monotonic()
        elif time.monotonic() - since > seconds:
            return f"hangs: more than {seconds:g} s"
        time.sleep(0.05)
    code = process.returncode
    return f"exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"


def _in_session(leader: int) -> list[str]:
    """Return the processes that are left of a session, by its leader."""
    left = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text().rpartition(") ")
        except OSError:
            continue
        state, *others = rest.split()
        if int(others[2]) == leader and state != "Z":
            left.append(name.partition("(")[2])
    return left
