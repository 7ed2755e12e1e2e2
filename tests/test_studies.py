"""The committed records are judged as they were, and the scripts of the studies fit the code."""

import ast
import shutil
from pathlib import Path

import pytest
from scripts import load_script

import noisecore
from noisecore.cli import main

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RECORDS = BENCHMARKS / "records"


@pytest.fixture(scope="module")
def regressions():
    """The script that puts regressions into a copy of noisecore, as a module."""
    return load_script("regressions")


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


def test_drift_is_judged_again(tmp_path):
    """The records of the seven TensorFlows still give the tables that are kept beside them."""
    folders = sorted((RECORDS / "drift").glob("py311-tf*"))
    if not folders:
        pytest.skip("the benchmarks are not here")
    assert main(["drift", *map(str, folders), "--out", str(tmp_path)]) == 3  # two are undecided
    kept = (RECORDS / "drift" / "drift.md").read_text()
    assert (tmp_path / "drift.md").read_text() == kept


def test_scripts_import_what_is_there():
    """What the scripts and benchmarks take from noisecore is there under that name."""
    for path in BENCHMARKS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("noisecore"):
                exec(ast.unparse(node), {})  # raises unless it is
