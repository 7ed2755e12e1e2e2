"""What the commands are given: numbers, names and paths that cannot be are one line each."""

from __future__ import annotations

import json
import shutil

import pytest
from odd_places import KINDS, put
from records_factory import make_sweep

from noisecore.cli import main

SIMPLE = ["compare", "report", "drift", "power", "calibrate"]


@pytest.fixture
def records(tmp_path):
    """Return a folder of records."""
    folder = tmp_path / "records"
    folder.mkdir()
    for record in make_sweep({0.0: 0.9, 1.0: 0.8}):
        (folder / f"{record.key}.json").write_text(json.dumps(record.to_dict()))
    return folder


def one_line(capsys, *arguments) -> str:
    """Return the line of a usage error, after checking that there is one alone."""
    try:
        code = main([str(each) for each in arguments])
    except SystemExit as ended:
        code = ended.code
    shown = capsys.readouterr()
    assert code == 4, shown
    (line,) = shown.err.splitlines()
    assert "Traceback" not in line
    return line


def command(name, path, records):
    """Return the arguments of a command that reads what stands at a path."""
    return {
        "compare": ["compare", records, path],
        "report": ["report", path],
        "drift": ["drift", path, records],
        "power": ["power", path],
        "calibrate": ["calibrate", records, "--records", path],
    }[name]


@pytest.mark.parametrize("name", ["compare", "power", "calibrate"])
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"folder"}))
def test_no_file(tmp_path, records, capsys, name, kind) -> None:
    """What is no file is not waited for, and said what it is."""
    put(kind, tmp_path / "here")
    line = one_line(capsys, *command(name, tmp_path / "here", records))
    assert KINDS[kind] in line


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize("kind", KINDS)
def test_no_results(tmp_path, records, capsys, name, kind) -> None:
    """So is what stands in the place of a run's results."""
    put(kind, tmp_path / "run/results.json")
    line = one_line(capsys, *command(name, tmp_path / "run", records))
    assert KINDS[kind] in line or kind == "folder"


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize("text", ["a\0b", "9" * 5000])
def test_text(records, capsys, name, text) -> None:
    """A text that no argument can have is one line, and a short one."""
    assert len(one_line(capsys, *command(name, text, records))) < 300


@pytest.mark.parametrize("name", ["compare", "report", "power", "calibrate"])
def test_long_name(records, capsys, name) -> None:
    """A name that no file system takes is one line."""
    line = one_line(capsys, *command(name, "x" * 300, records))
    assert "File name too long" in line


def test_drift_of_a_loop(tmp_path, records, capsys) -> None:
    """A folder that is a loop of links is an environment that left nothing."""
    put("loop", tmp_path / "loop")
    assert main(["drift", str(tmp_path / "loop"), str(records)]) == 5
    assert "no results.json in" in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
def test_drift_logs(tmp_path, records, capsys, kind) -> None:
    """A log that is no file is not waited for: it is said of the environment."""
    put(kind, tmp_path / "logs/gone/log/1.log")
    code = main(["drift", str(records), "--expected", "gone", "--logs", str(tmp_path / "logs")])
    assert code == 5
    assert KINDS[kind] in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["fifo", "device", "loop", "huge"])
def test_drift_out(tmp_path, records, capsys, kind) -> None:
    """What stands in the place of the folder to write to is one line."""
    for name in ("one", "two"):
        folder = tmp_path / name
        shutil.copytree(records, folder)
        (folder / "results.json").write_text("{}")
    put(kind, tmp_path / "out")
    one_line(capsys, "drift", tmp_path / "one", tmp_path / "two", "--out", tmp_path / "out")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["power", "RECORDS", "--seeds", "99999999"], "from 1 to 1000, got '99999999'"),
        (["power", "RECORDS", "--seeds", "3,1001"], "from 1 to 1000, got '1001'"),
        (["power", "RECORDS", "--seeds", "9" * 4000], "(4000 characters)"),
        (["power", "RECORDS", "--pairs", "99999999"], "from 1 to 1000000"),
        (["power", "RECORDS", "--drops", "9" * 4000], "expected points in (0, 100]"),
        (["calibrate", "RECORDS", "--seeds", "99999999"], "from 1 to 1000"),
        (["calibrate", "RECORDS", "--runs", "99999999"], "from 1 to 1000000"),
        (["calibrate", "RECORDS", "--runs", "5001", "--seeds", "2"], "10000 seeds at most"),
    ],
)
def test_number(records, capsys, arguments, expected) -> None:
    """A number that would be simulated or trained for ever is refused, and not begun."""
    given = [str(records) if each == "RECORDS" else each for each in arguments]
    line = one_line(capsys, *given)
    assert expected in line
    assert len(line) < 400
