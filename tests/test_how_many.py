"""The figures of docs/explanation/how-many.md are those of its script."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "how-many.md"
SCRIPT = ROOT / "benchmarks" / "studies" / "how_many.py"


@pytest.fixture
def script(monkeypatch):
    """The script as a module."""
    if not (SCRIPT.parent / "gate" / "simulation").is_dir():
        pytest.skip("the benchmarks are not here")
    monkeypatch.setattr(sys, "path", [*sys.path])  # it puts a folder there
    spec = importlib.util.spec_from_file_location("how_many", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "how_many", module)  # where its dataclass looks
    spec.loader.exec_module(module)
    return module


def test_lines_of_given_and_trained_models_are_simulated_again(script) -> None:
    """A line of each table, simulated again, is the page's, digit by digit."""
    given = script.given_line(100, script.IMAGES[100])
    trained = [script.trained_line(curve, 3, 10) for curve in ("cnn", "mlp")]
    page = PAGE.read_text(encoding="utf-8")
    drops = f"{given.margin:.1f} | {given.half:.1f} | {given.most:.1f}"
    assert f"| 100 | {drops} | {100 * given.alarms:.1f} % |" in page
    drops = " | ".join(f"{line.half:.1f} | {line.most:.1f}" for line in trained)
    assert f"| 3 | 10 | {drops} | {100 * trained[0].alarms:.2f} % |" in page
