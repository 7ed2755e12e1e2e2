"""A user's own data set is read in a process of its own, and says why if it is not."""

from __future__ import annotations

import sys

import pytest

from noisecore import imports
from noisecore.data import load_dataset
from noisecore.running.apart import read_apart

LOAD = """
import numpy as np
from helper_read_apart import images

def load():
    print("a line of its own")
    return (images(), np.arange(6) % 3), (images(), np.arange(6) % 3)
"""
HELPER = """
import numpy as np

def images():
    return np.full((6, 4, 4), 255, np.uint8)
"""


@pytest.fixture
def location(tmp_path):
    """A function that imports from a folder which is not on the path."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/helper_read_apart.py").write_text(HELPER)
    (tmp_path / "mine.py").write_text(LOAD)
    return f"{tmp_path / 'mine.py'}:load", None


def test_imports_as_told(location, tmp_path, monkeypatch) -> None:
    """It is the very data set that is read here, with the path that this process has."""
    told = imports.note()
    sha256, why = read_apart(location, told, 60)
    assert sha256 is None
    assert "No module named 'helper_read_apart'" in why
    assert "\n" not in why
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    assert read_apart(location, imports.note(), 60) == (load_dataset(*location).sha256, "")
    monkeypatch.delitem(sys.modules, "helper_read_apart")


@pytest.mark.parametrize(
    ("body", "seconds", "message"),
    [
        ("import time; time.sleep(60)", 2, "it was not read within 2 s"),
        ("import os; os._exit(7)", 60, r"reading it ended the process (7)"),
        ("raise SystemExit(7)", 60, "got SystemExit: 7"),
        ("return 3", 60, "give the four arrays like this"),
    ],
)
def test_what_goes_wrong(tmp_path, body, seconds, message) -> None:
    """A function that fails, ends its process or takes too long is one line."""
    (tmp_path / "mine.py").write_text(f"def load():\n    {body}\n")
    sha256, why = read_apart((f"{tmp_path / 'mine.py'}:load", None), imports.note(), seconds)
    assert sha256 is None
    assert message in why
    assert "\n" not in why


def test_no_process(location, monkeypatch) -> None:
    """Where no process can be started, that is said."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    sha256, why = read_apart(location, imports.note(), 60)
    assert sha256 is None
    assert why.startswith("no process could be started to read it: ")
