"""The scripts beside the reference runs still fit the code that they change."""

import importlib.util
import shutil
from pathlib import Path

import pytest

import noisecore

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "reference" / "gate" / "regressions.py"


@pytest.fixture(scope="module")
def regressions():
    """The script that puts regressions into a copy of noisecore, as a module."""
    if not SCRIPT.exists():
        pytest.skip("the benchmarks are not here")
    spec = importlib.util.spec_from_file_location("regressions", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_regressions_can_be_put_in(regressions, tmp_path):
    """Each changes the source, in places that are there once, and leaves it Python."""
    package = Path(noisecore.__file__).parent
    for number, changes in enumerate(regressions.REGRESSIONS.values()):
        copy = tmp_path / str(number)
        shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
        regressions.put_in(copy, changes)
        for name, _, _ in changes:
            changed = (copy / name).read_text()
            assert changed != (package / name).read_text()
            compile(changed, name, "exec")
