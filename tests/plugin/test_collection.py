"""What a run without training collects, skips and imports."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
HEAVY = ("keras", "matplotlib", "pandas", "scipy", "tensorflow")


PROBE = """
import sys

def pytest_unconfigure():
    print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_skipped_without_scales(bench) -> None:
    """Without scales nothing is trained: benchmarks are skipped, and the reason says how to run."""
    result = bench.runpytest_inprocess("-rs")
    assert result.ret == 0
    result.assert_outcomes(skipped=14)
    result.stdout.fnmatch_lines(["SKIPPED*train models: add --noise-scales*"])
    assert not (bench.path / "noisecore-results").exists()


def test_skipping_is_refused_in_ci(bench, monkeypatch, usage_line) -> None:
    """With CI set a run that would measure nothing is a usage error, not a green build."""
    monkeypatch.setenv("CI", "true")
    line = usage_line(bench.runpytest_inprocess())
    assert "CI is set" in line
    assert "add --noise-scales" in line


@pytest.mark.parametrize("arguments", [["--collect-only"], ["-m", "not robustness"]])
def test_ci_without_benchmarks(bench, monkeypatch, arguments) -> None:
    """In CI too one may list the benchmarks, and run the tests that train nothing."""
    monkeypatch.setenv("CI", "true")
    bench.makepyfile(test_plain="def test_plain(): pass")
    result = bench.runpytest_inprocess(*arguments)
    assert result.ret == 0


def loaded(bench, *arguments: str) -> set[str]:
    """Return the top-level modules that a pytest has loaded when it ends."""
    (bench.path / "probe.py").write_text(PROBE)
    result = bench.runpytest_subprocess("-p", "probe", *arguments)
    assert result.ret == 0, result.stderr.str()
    (line,) = [line for line in result.outlines if line.startswith("LOADED ")]
    return set(line.split())


@pytest.mark.parametrize(
    ("arguments", "light"),
    [
        (["--help"], HEAVY),
        # What a benchmark imports itself, the gates, may take its time; drawing and training not.
        (["--collect-only", "benchmarks"], ("keras", "matplotlib", "tensorflow")),
        (["benchmarks", "--collect-only", "--scales"], ("keras", "matplotlib", "tensorflow")),
    ],
)
def test_nothing_heavy_is_loaded(bench, arguments, light) -> None:
    """Help and collection of this repository's own benchmarks load no TensorFlow, nor plots.

    Nor is anything looked for among the records.
    """
    (bench.path / "tox.ini").unlink()
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, bench.path)
    records = bench.path / "benchmarks/records"
    without = shutil.ignore_patterns("records")
    shutil.copytree(REPOSITORY / "benchmarks", records.parent, ignore=without)
    records.mkdir()
    (records / "test_record.py").touch()
    (bench.path / "tests").mkdir()
    modules = loaded(bench, *arguments)
    assert "noisecore" in modules
    assert modules.isdisjoint([*light, "test_record"])
