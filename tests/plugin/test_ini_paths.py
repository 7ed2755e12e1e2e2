"""Paths of the ini file go by its folder, those of the command line by the current one."""

from __future__ import annotations

import json

import pytest

SHOW = """
from noisecore.plugin.settings import SETTINGS

def pytest_sessionfinish(session):
    choices = session.config.stash[SETTINGS]
    print("PLACES", __import__("json").dumps({
        "dataset": choices.profile.dataset,
        "data-dir": choices.data_dir,
        "records": str(choices.records),
        "artifacts": str(choices.artifacts.parent),
        "baseline": str(choices.baseline.path),
        "scheduler": choices.scheduler,
    }))
"""

VALUES = {
    "dataset": "mine.py:load",
    "data-dir": "data",
    "records": "records",
    "artifacts": "left-here",
    "baseline": "held.json",
    "scheduler": "scheduler.json",
}
# What is no path stays as it is.
NAMES = {"dataset": "digits", "baseline": "none", "scheduler": "tcp://host:8786"}


@pytest.fixture
def places(bench, monkeypatch):
    """Return a function that gives the places of a run in a folder below that of the ini file."""
    (bench.path / "show.py").write_text(SHOW)
    bench.syspathinsert()
    (bench.path / "below/records").mkdir(parents=True)
    for folder in (bench.path, bench.path / "below"):
        (folder / "mine.py").touch()
        (folder / "scheduler.json").touch()

    def read(ini: str, *arguments: str, folder: str = "below"):
        bench.makeini(f"[pytest]\n{ini}\n")
        monkeypatch.chdir(bench.path / folder)
        result = bench.runpytest_inprocess("-p", "show", "--collect-only", *arguments)
        (line,) = [line for line in result.outlines if line.startswith("PLACES")]
        return json.loads(line.removeprefix("PLACES "))

    return read


@pytest.mark.parametrize("name", VALUES)
def test_path(bench, places, name) -> None:
    """A path is found from the ini file's folder, wherever pytest is started."""
    ini = f"noise_{name.replace('-', '_')}"
    value = VALUES[name]
    assert places(f"{ini} = {value}")[name] == str(bench.path / value)
    assert places(f"{ini} = {bench.path / value}")[name] == str(bench.path / value)
    found = places("", f"--noise-{name}={value}")[name]
    assert found in (value, str(bench.path / "below" / value))


@pytest.mark.parametrize("name", NAMES)
def test_name(places, name) -> None:
    """A name, a word and an address are no path."""
    found = places(f"noise_{name} = {NAMES[name]}")[name]
    assert found == ("None" if name == "baseline" else NAMES[name])


def test_profile(bench, places) -> None:
    """So is the data set of a profile; that of the command line goes first, from where one is."""
    lines = "noise_profile = mine\nnoise_profiles =\n  mine: dataset=mine.py:load"
    assert places(lines)["dataset"] == str(bench.path / "mine.py:load")
    assert places(lines, "--noise-dataset=mine.py:load")["dataset"] == "mine.py:load"
    assert places(lines, folder=".")["dataset"] == "mine.py:load"
