"""Runs that share a cache: nothing is trained twice, and a reader is told."""

from __future__ import annotations

import os
import re
import shutil

import pytest

from noisecore.judging.margins import Margins
from noisecore.plugin.sources.training import _unfit

COMPARED = """
import pytest
from noisecore import assert_no_regression

pytestmark = pytest.mark.robustness()

def test_compared(robustness, noise_baseline):
    assert_no_regression(robustness.curve, noise_baseline)

def test_point(robustness, benchmark, noise_scale):
    robustness.record(benchmark)
"""
CHOICES = ["--noise-scales=1", "--noise-seeds=1", "--noise-inconclusive=pass"]


def words(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(text.split())


@pytest.fixture(scope="module")
def project(tmp_path_factory, write_tiny):
    """Return a folder of tests that compare with a baseline."""
    folder = tmp_path_factory.mktemp("cached") / "one"
    folder.mkdir()
    write_tiny(folder)
    (folder / "pytest.ini").write_text("[pytest]\nnoise_cache = ../kept\n")
    (folder / "test_compared.py").write_text(COMPARED)
    return folder


@pytest.fixture(scope="module")
def first(project, run_in):
    """Return the run that trains, under xdist."""
    return run_in(project, *CHOICES, "--noise-update-baseline", "-n2", "-p", "no:cacheprovider")


@pytest.fixture(scope="module")
def second(first, project, run_in):
    """Return the run of another checkout of the same, with warnings that are errors."""
    other = project.with_name("two")
    shutil.copytree(project, other, ignore=shutil.ignore_patterns("noisecore-results"))
    return run_in(other, *CHOICES, "--noise-baseline=auto", "-n2", "-W", "error")


def test_first(first, project) -> None:
    """The run that trains says that nothing was there, and leaves an entry for each training."""
    assert first.code == 0, first.output
    kept = project.with_name("kept")
    assert f"0 of 2 trainings taken from the cache ({kept})" in words(first.output)
    assert len(list(kept.glob("*/*.json"))) == 2
    assert {record.is_cached for record in first.records.values()} == {False}


def test_second(first, second) -> None:
    """Another one trains nothing, under xdist too: the same numbers, with whence they came."""
    assert second.code == 0, second.output
    assert not (second.artifacts / "trials/.logs").exists()  # no worker was started
    assert sorted(second.records) == sorted(first.records)
    for label, record in second.records.items():
        assert record.is_cached
        assert record.numbers() == first.records[label].numbers()


def test_said(second) -> None:
    """The summary, the table of the verdict, results.json and summary.md say it; no time counts."""
    output = words(second.output)
    assert "2 of 2 trials, 0 s of training and tests" in output
    assert re.search(
        r"note: 2 of 2 trainings taken from the cache, done on \d{4}-\d\d-\d\d", output
    )
    assert "training time (median)" not in output
    assert "from the cache" in output
    assert ", by an earlier run" not in output
    (said,) = second.results["run"]["notes"]
    assert said.startswith("2 of 2 trainings taken from the cache (")
    summary = (second.artifacts / "summary.md").read_text()
    assert "2 of 2 trials ran, 2 of them in an earlier run, from the cache" in summary
    assert "s over all trials" not in summary


def test_unfit() -> None:
    """A run that trains in its own process, or compares times, is not cached."""
    assert "--noise-workers=0" in _unfit(0, [Margins()])
    assert "seconds or memory" in _unfit(2, [Margins(), Margins(seconds=2)])
    assert "seconds or memory" in _unfit(2, [Margins(memory=2)])
    assert _unfit(2, [Margins()]) == ""


SHOW = """
from noisecore.plugin.settings import SETTINGS

def pytest_sessionfinish(session):
    print("CACHE", session.config.stash[SETTINGS].cache)
"""


@pytest.mark.parametrize(
    ("options", "ini", "variable", "expected"),
    [
        ([], "", "", "None"),
        ([], "", "there", "{}/there"),
        ([], "kept", "there", "{}/kept"),
        (["--noise-cache=mine"], "kept", "there", "{}/mine"),
        (["--noise-cache=none"], "kept", "there", "None"),
    ],
)
def test_which(bench, given, monkeypatch, options, ini, variable, expected) -> None:
    """The command line wins over the configuration, and that over the environment."""
    bench.makeconftest(SHOW)
    bench.makeini(f"[pytest]\nnoise_cache = {ini}\n")
    if variable:
        monkeypatch.setenv("NOISECORE_CACHE", variable)
    result = bench.runpytest_inprocess(*given, *options, "-k", "test_curve")
    result.stdout.fnmatch_lines([f"*CACHE {expected.format(bench.path)}"])
    assert not os.path.exists(bench.path / "kept")
