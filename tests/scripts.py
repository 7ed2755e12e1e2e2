"""The scripts in `benchmarks`, whose figures the documentation has."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

GATE = Path(__file__).parents[1] / "benchmarks" / "studies" / "gate"


def load_script(name: str) -> ModuleType:
    """Return a script about the gate as a module; skip the test where it is not."""
    path = GATE / f"{name}.py"
    if not path.exists():
        pytest.skip("the benchmarks are not here")
    # A name of its own: others may be called like it.
    spec = importlib.util.spec_from_file_location(f"{name}_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
