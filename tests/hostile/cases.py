"""A case, the room that it is tried in, and how its end is judged."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SEED = 20250101  # every case is made from it: a failure can be repeated by its number
SECONDS = 90  # a case that takes longer hangs; the longest wait of noisecore's own is 10
MOST_LINES = 5  # of a usage error
MOST_CHARACTERS = 2000  # of a line of it

PYTEST = frozenset({0, 1, 4, 5})
COMMAND = frozenset({0, 1, 2, 3, 4, 5})


@dataclass(frozen=True)
class Ended:
    """What a case came to: its exit code, and what it printed."""

    code: int
    out: str = ""
    err: str = ""


@dataclass(frozen=True)
class Case:
    """Something hostile. what: in words, to repeat it. run: does it, in a folder of its own."""

    what: str
    run: Callable[[Path], Ended]
    codes: frozenset[int] = PYTEST


# A failure inside noisecore, as pytest shows it; an assertion of a gate is a verdict.
# So is not where a signal came in, which pytest names too.
_FRAME = re.compile(r"^\S*noisecore/(?!judging/gates)\S+\.py:\d+: (?!KeyboardInterrupt\b)", re.M)


def problem(case: Case, ended: Ended) -> str:
    """Return what is wrong with the end of a case, empty if nothing is."""
    shown = ended.out + ended.err
    for word in ("Traceback (most recent call last)", "INTERNALERROR"):
        if word in shown:
            last = [
                line for line in shown.splitlines() if re.match(r"\S*(Error|Exception)\b", line)
            ]
            return f"{word.split(' ')[0]}: {(last or ['?'])[-1][:160]}"
    if ended.code not in case.codes:
        return f"exit code {ended.code}"
    if found := _FRAME.search(shown):
        errors = [line for line in shown.splitlines() if line.startswith("E  ")]
        return f"fails inside {found[0].rstrip(': ')}: {(errors or ['?'])[-1][:160]}"
    if ended.code == 4:
        lines = [line for line in ended.err.splitlines() if line.strip()]
        if not lines:
            return "a usage error without a word"
        if len(lines) > MOST_LINES:
            return f"a usage error of {len(lines)} lines"
        if (longest := max(map(len, lines))) > MOST_CHARACTERS:
            return f"a usage error with a line of {longest} characters"
    return ""


@contextmanager
def no_trace(room: Path, temporary: Path) -> Iterator[list[str]]:
    """Find what a block leaves: processes, locks that are held, and temporary files."""
    left: list[str] = []
    yield left
    end = time.monotonic() + 5
    while (found := children()) and time.monotonic() < end:
        time.sleep(0.05)
    left += [f"process {name}" for name in found]
    for path in room.rglob(".*"):
        if path.name.startswith(".lock") and path.is_file() and _held(path):
            left.append(f"lock {path.relative_to(room)}")
        if re.search(r"\.probe-|\.json\.\d+$|\.tmp$", path.name):
            left.append(f"file {path.relative_to(room)}")
    left += [f"temporary {name}" for name in os.listdir(temporary)]


def children() -> list[str]:
    """Return the names of this process's children."""
    names = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text().rpartition(") ")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if int(parent) == os.getpid() and state != "Z":
            names.append(name.partition("(")[2])
    return names


def _held(path: Path) -> bool:
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
