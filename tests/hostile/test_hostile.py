"""Whatever noisecore is given: a documented exit code, a few lines, no traceback, nothing left.

Slow: `pytest tests/hostile -m slow`, with `-n 2` in about half the time.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from hostile import shard
from hostile.cases import Case, Ended, no_trace, problem
from hostile.watch import HEADING, watch

LEAST = 1000


@pytest.mark.slow
@pytest.mark.parametrize("kind", shard.KINDS)
def test_nothing_breaks(kind, tmp_path, capsys) -> None:
    """Each case of a kind ends as it should, and what is wrong is said with its number."""
    if kind == "addresses" and importlib.util.find_spec("distributed") is None:
        pytest.skip("distributed is not installed")
    row = watch(kind, tmp_path)
    with capsys.disabled():
        print(f"\n{HEADING}\n{row}")
    wrong = [f"{kind} {case}: {what}: {why}" for case, (what, why) in row.wrong.items()]
    assert not wrong, "\n".join(["", *wrong])
    assert row.tried == len(shard.KINDS[kind]())


def test_there_are_enough() -> None:
    """There are a thousand cases and more, the same each time, and no two are described alike."""
    cases = {kind: [case.what for case in make()] for kind, make in shard.KINDS.items()}
    assert sum(map(len, cases.values())) >= LEAST
    assert cases == {kind: [case.what for case in make()] for kind, make in shard.KINDS.items()}


@pytest.mark.parametrize(
    ("ended", "found"),
    [
        (Ended(0, "fine"), ""),
        (Ended(4, err="ERROR: noisecore: x\n"), ""),
        (Ended(4), "a usage error without a word"),
        (Ended(4, err="x\n" * 9), "a usage error of 9 lines"),
        (Ended(4, err="x" * 5000), "a usage error with a line of 5000 characters"),
        (Ended(3, "INTERNALERROR> x"), "INTERNALERROR: ?"),
        (
            Ended(1, err="Traceback (most recent call last):\n  x\nOSError: no\n"),
            "Traceback: OSError: no",
        ),
        (Ended(7), "exit code 7"),
        (
            Ended(1, "noisecore/plugin/session.py:3: in report\nE   KeyError: 1\n"),
            "fails inside noisecore/plugin/session.py:3: E   KeyError: 1",
        ),
        (Ended(1, "noisecore/judging/gates/verdict.py:3: in check\nE   AssertionError: x\n"), ""),
    ],
)
def test_is_judged(ended, found) -> None:
    """What is wrong with an end is found, and nothing else."""
    assert problem(Case("", lambda room: ended), ended) == found


def test_finds_what_is_left(tmp_path) -> None:
    """A process, a lock that is held and a temporary file are found, and nothing else."""
    import fcntl

    room, temporary = tmp_path / "room", tmp_path / "temporary"
    room.mkdir()
    temporary.mkdir()
    (room / ".lock").touch()
    with no_trace(room, temporary) as left:
        pass
    assert left == []
    with open(room / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (room / ".x.json.123").touch()
        (temporary / "half").touch()
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        try:
            with no_trace(room, temporary) as left:
                pass
        finally:
            child.kill()
            child.communicate()
    assert {name.partition(" ")[0] for name in left} == {"process", "lock", "file", "temporary"}


# Cases that do what none should.
ODD = """
import os, time
from hostile.cases import Case, Ended

def ends(room): os._exit(3)
def hangs(room): time.sleep(1000)
def fine(room): return Ended(0)
def raises(room): raise KeyError("x")

def cases():
    return [Case(each.__name__, each) for each in (fine, ends, fine, hangs, raises, fine)]
"""


def test_goes_on_after_a_hang_and_an_end(tmp_path, monkeypatch) -> None:
    """A case that hangs, or ends the process, is named, and the others are tried all the same."""
    (tmp_path / "odd_cases.py").write_text(ODD)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    (tmp_path / "folder").mkdir()
    row = watch("odd_cases:cases", tmp_path / "folder", seconds=20)
    assert row.tried == 6
    assert {number: why.partition(":")[0] for number, (_, why) in row.wrong.items()} == {
        1: "exit code 3",
        3: "hangs",
        4: "Traceback",
    }
