"""`python -m noisecore`: what needs no pytest, with pytest's exit code for what cannot be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from records_factory import make_sweep

import noisecore
from noisecore.cli import main
from noisecore.data import DATASETS
from noisecore.showing.report import write_report


@pytest.fixture
def folder(tmp_path):
    """Return the artifact folder of a run that was never made."""
    records = make_sweep({0.0: 0.9, 1.0: 0.8, 4.0: 0.6}, seeds=(0, 1))
    write_report(
        tmp_path / "run",
        run={"id": "r", "started": "2025-01-01T00:00:00+00:00", "command": "pytest"},
        profile={"name": "quick", "dataset": "mnist-5k"},
        records=records,
        verdicts=[],
        planned=[record.trial.label for record in records],
    )
    return tmp_path / "run"


def refused(capsys, *arguments: str) -> str:
    """Return the one line with which arguments are refused."""
    try:
        code = main(arguments)
    except SystemExit as end:
        code = end.code
    assert code == 4
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    return line


def test_data(capsys, tmp_path, monkeypatch) -> None:
    """`data` lists every data set, each with its state and its licence."""
    monkeypatch.setenv("HOME", str(tmp_path))
    code = main(["data", "--data-dir", str(tmp_path)])
    shown = capsys.readouterr().out
    assert code in (0, 1)
    assert (code == 1) == (" altered " in shown)
    for name in DATASETS:
        assert any(line.split()[0] == name for line in shown.splitlines())
    assert shown.count("licence: ") == len(DATASETS)


def test_data_that_was_altered(capsys, tmp_path, monkeypatch) -> None:
    """`data` ends with 1 when a data set that is there is not the known one."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mnist.npz").write_bytes(b"PK not really")
    assert main(["data", "--data-dir", str(tmp_path)]) == 1
    assert " altered " in capsys.readouterr().out


def test_report(folder, capsys) -> None:
    """`report` draws everything anew from results.json, which itself stays as it is."""
    before = (folder / "results.json").read_bytes()
    gone = [path for path in folder.rglob("*") if path.is_file() and path.name != "results.json"]
    assert len(gone) > 4
    for path in gone:
        path.unlink()
    assert main(["report", str(folder)]) == 0
    assert all(path.is_file() for path in gone)
    assert (folder / "results.json").read_bytes() == before
    assert f"{len(gone)} files written to {folder}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "came"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is cut off"),
        ('{"schema": 3}', "expected schema 1 to 2, got 3: update noisecore"),
        ('{"schema": 0}', "expected schema 1 to 2, got 0: make it again"),
        ("[]", "got no schema"),
    ],
)
def test_report_of_nothing(tmp_path, capsys, content, came) -> None:
    """A folder without results that can be used is one line, and nothing is written."""
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    before = sorted(tmp_path.iterdir())
    line = refused(capsys, "report", str(tmp_path))
    assert line.startswith(f"noisecore: {tmp_path / 'results.json'}: ")
    assert came in line
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "came"),
    [
        ([], "required: COMMAND"),
        (["compere"], "invalid choice: 'compere'"),
        (["report"], "required: FOLDER"),
        (["data", "--data-dir=--"], "--data-dir needs a value, got '--'"),
        (["data", "--date-dir=x"], "unrecognized arguments: --date-dir=x"),
    ],
)
def test_bad_arguments(capsys, arguments, came) -> None:
    """What is no command is one line that says what came and where help is, and exit code 4."""
    line = refused(capsys, *arguments)
    assert came in line
    assert "--help" in line


def test_version(capsys) -> None:
    """`--version` is the version alone."""
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"{noisecore.__version__}\n"


def test_module() -> None:
    """`python -m noisecore --help` names every command, and loads nothing heavy."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "noisecore", "--help"],
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith("usage: python -m noisecore ")
    assert "data " in ended.stdout
    assert "report " in ended.stdout
    assert "70 a bug in noisecore" in " ".join(ended.stdout.split())
    loaded = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "noisecore.cli" in loaded
    assert loaded.isdisjoint({"keras", "matplotlib", "pandas", "scipy", "tensorflow"})


def test_console_script(capsys) -> None:
    """The package has a script that calls what `python -m noisecore` does, by its own name."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert list(project["scripts"]) == ["noisecore"]
    called = EntryPoint("noisecore", project["scripts"]["noisecore"], "console_scripts").load()
    assert called is main
    assert "(see noisecore report --help)" in refused(capsys, "report")
    with pytest.raises(SystemExit):
        called(["--help"])
    assert capsys.readouterr().out.startswith("usage: noisecore ")


def test_plugin() -> None:
    """Pytest's start loads nothing heavy either, whatever it is asked for."""
    command = [sys.executable, "-X", "importtime", "-c", "import noisecore.plugin"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "noisecore.plugin" in loaded
    assert loaded.isdisjoint({"keras", "matplotlib", "pandas", "scipy", "tensorflow"})


def test_module_fails_in_one_line(tmp_path) -> None:
    """The exit code and the one line reach the shell."""
    ended = subprocess.run(
        [sys.executable, "-m", "noisecore", "report", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 4
    assert len(ended.stderr.splitlines()) == 1


COMMANDS = ("compare", "power", "floors", "report", "data", "noises", "calibrate", "drift")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_and_has_an_example(command, capsys, monkeypatch, tmp_path) -> None:
    """Each help fits 80 columns, and its example is a command that can be typed."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main([command, "--help"] if command else ["--help"])
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    (example,) = re.findall(r"^example:\n  noisecore (.*)$", shown, re.M)
    assert example.split()[0] == command or not command
    code = main(example.split())  # nothing is there: the command says so, and not how it is used
    assert code in (0, 4, 5)
    assert "--help" not in capsys.readouterr().err
