"""What a user can mend is one line and exit code 4; a bug is a traceback."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pickle
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from records_factory import make_sweep

import noisecore
from noisecore.cli import codes, main
from noisecore.errors import NoisecoreError, RefusedError, refusals
from noisecore.records import RecordError, join_trials, write_atomically
from noisecore.showing.terminal import say

# One of which each is: what caught it before there was a base of them all still does.
_BUILTIN = (ValueError, TypeError, OSError, RuntimeError, KeyError)


def classes() -> set[type[BaseException]]:
    """Return the classes of errors that noisecore defines."""
    names = [each.name for each in pkgutil.walk_packages(noisecore.__path__, "noisecore.")]
    return {
        each
        for name in names
        for _, each in inspect.getmembers(importlib.import_module(name), inspect.isclass)
        if issubclass(each, BaseException) and each.__module__.startswith("noisecore.")
    }


def test_one_base() -> None:
    """Every error that noisecore defines is a NoisecoreError, and the built-in one that it was."""
    own = classes() - {NoisecoreError}
    assert len(own) >= 19
    for each in own:
        assert issubclass(each, NoisecoreError), each
        assert issubclass(each, _BUILTIN), each
        assert each.__doc__


def test_travels() -> None:
    """Each of them is the same after its way to another process."""
    for each in classes():
        there = pickle.loads(pickle.dumps(each("what it says")))
        assert (type(there), str(there)) == (each, "what it says")


def test_refusals() -> None:
    """What the system refuses is one line of what cannot be done, and why; the rest passes."""
    with (
        pytest.raises(RefusedError, match="x: cannot be read: No such file or directory"),
        refusals("x: cannot be read"),
    ):
        os.listdir("/nowhere/at/all")
    with pytest.raises(RecordError, match="ours"), refusals("x"):
        raise RecordError("ours")
    with pytest.raises(KeyError), refusals("x"):
        raise KeyError("a bug")


@pytest.fixture
def folder(tmp_path) -> str:
    """Return a folder of records."""
    for record in join_trials(make_sweep({0.0: 0.9, 1.0: 0.8, 4.0: 0.6}, seeds=(0, 1))):
        write_atomically(tmp_path / f"{record.key}.json", json.dumps(record.to_dict()))
    return str(tmp_path)


COMMANDS = {
    "data": ("noisecore.data.list_datasets", ["data"]),
    "report": ("noisecore.showing.report.read_results", ["report", "FOLDER"]),
    "compare": ("noisecore.judging.gates.judge", ["compare", "FOLDER", "FOLDER"]),
    "power": ("noisecore.judging.baselines.compare_records", ["power", "FOLDER"]),
    "calibrate": (
        "noisecore.judging.results.read_any",
        ["calibrate", "FOLDER", "--records", "FOLDER"],
    ),
    "floors": ("noisecore.judging.floors.propose_floors", ["floors", "FOLDER"]),
    "drift": ("noisecore.judging.drift.Environment", ["drift", "FOLDER"]),
}


@pytest.mark.parametrize("error", [ValueError, KeyError, OSError, TypeError])
@pytest.mark.parametrize("command", COMMANDS)
def test_bug(folder, monkeypatch, command, error) -> None:
    """A command does not take a bug inside it for a mistake of its user's."""

    def broken(*_, **__):
        raise error("a bug")

    place, arguments = COMMANDS[command]
    monkeypatch.setattr(place, broken)
    with pytest.raises(error, match="a bug"):
        main([folder if each == "FOLDER" else each for each in arguments])


BROKEN = """
import sys
import noisecore.judging.gates as gates
from noisecore.cli import main
from noisecore.errors import ArgumentError

def judge(*given, **named):
    raise {error}("a\\nb")

gates.judge = judge
sys.exit(main())
"""


@pytest.mark.parametrize("error", ["ValueError", "KeyError"])
def test_bug_in_a_shell(folder, error) -> None:
    """There it is a traceback, and an exit code that stands for no verdict."""
    ended = shell("-c", BROKEN.format(error=error), "compare", folder, folder)
    assert ended.returncode == codes.BUG
    others = {value for name, value in vars(codes).items() if name.isupper() and name != "BUG"}
    assert codes.BUG not in others
    assert ended.stderr.startswith("Traceback (most recent call last):\n")
    assert "in judge\n" in ended.stderr


def test_mistake_in_a_shell(folder) -> None:
    """What noisecore says of a mistake is one line there, and exit code 4."""
    ended = shell("-c", BROKEN.format(error="ArgumentError"), "compare", folder, folder)
    assert (ended.returncode, ended.stderr) == (4, "noisecore: a b\n")


def shell(*arguments: str, **how: object) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, on the noisecore that is tested here."""
    paths = [str(Path(noisecore.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.run(
        [sys.executable, *arguments], stderr=subprocess.PIPE, text=True, env=environment, **how
    )


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone")


@FULL
def test_full_disk_for_the_output(folder) -> None:
    """An output that cannot be written is one line, and exit code 4."""
    with open("/dev/full", "w") as full:
        ended = shell("-m", "noisecore", "compare", folder, folder, stdout=full)
    assert ended.returncode == 4
    assert ended.stderr == "noisecore: the output cannot be written: No space left on device\n"


@FULL
def test_say(monkeypatch) -> None:
    """A reader that has left is no error; a full disk is one."""
    read, write = os.pipe()
    with open(write, "w") as nobody:
        os.close(read)
        monkeypatch.setattr(sys, "stdout", nobody)
        say("to nobody")
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        with pytest.raises(RefusedError, match="the output cannot be written: No space left"):
            say("to a full disk", err=True)


def test_great_number(tmp_path, capsys) -> None:
    """A number of more digits than Python reads is damage of the file, and no bug."""
    (tmp_path / "results.json").write_text('{"schema": ' + "9" * 5000 + "}")
    assert main(["report", str(tmp_path)]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert "results.json: is not JSON: " in line
