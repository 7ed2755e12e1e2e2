"""A suite in a run: from no baseline to a renewed one, and what the reports show."""

from __future__ import annotations

import json

import pytest

from noisecore import Verdict
from noisecore.judging.gates.suite_rows import FamilyRow

TESTS = """
from made_suites import blind_to, images, nearest
from noisecore import assert_no_regression

def test_mine(robustness, noise_baseline):
    suite = robustness.evaluate(nearest, *images(60), suite="mnist-c", name="bars", draws=1)
    assert_no_regression(suite, noise_baseline, margins="mean>5,scale>5")
"""
RUN = ("--noise-baseline=auto",)


@pytest.fixture
def repository(pytester, monkeypatch):
    """A repository whose test evaluates a suite; no pictures are drawn."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("noisecore.showing.report._pictures", lambda *given: iter(()))
    pytester.makepyfile(test_mine=TESTS)
    return pytester


def change(repository, old: str, new: str) -> None:
    """Change the test file of a repository."""
    path = repository.path / "test_mine.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def said(result) -> str:
    """Return what a run printed, with single spaces."""
    return " ".join(result.stdout.str().split())


def verdict_of(repository) -> Verdict:
    """Return the verdict that the run left in its results."""
    content = (repository.path / "noisecore-results/quick/results.json").read_text()
    (verdict,) = json.loads(content)["verdicts"]
    return Verdict.from_dict(verdict)


def test_from_no_baseline_to_a_worse_model(repository) -> None:
    """No baseline fails; made, passes with all curves compared; a worse model fails, and stays."""
    missing = repository.runpytest(*RUN)
    assert missing.ret == pytest.ExitCode.TESTS_FAILED
    assert "bars/mnist-c cannot be judged: there is no baseline at" in said(missing)
    made = repository.runpytest(*RUN, "--noise-update-baseline")
    assert made.ret == pytest.ExitCode.OK
    assert "bars/mnist-c/brightness and 14 more: added, 2 scales of 1 draw" in said(made)

    same = repository.runpytest(*RUN)
    assert same.ret == pytest.ExitCode.OK
    assert "bars/mnist-c is identical to its baseline" in said(same)
    assert "15 of 15 curves and 30 of 30 scales compared" in said(same)
    verdict = verdict_of(repository)
    assert len(verdict.curves) == len(verdict.rows(FamilyRow)) == 15
    summary = (repository.path / "noisecore-results/quick/summary.md").read_text()
    section = summary.partition("## `bars/mnist-c`\n")[2].partition("\n## ")[0]
    assert "| family | clean | mean | worst | at severity |" in section
    assert "| fog | " in section.partition("Against the baseline")[2]
    lines = same.stdout.str().splitlines()
    assert any(line.split()[:1] == ["canny_edges"] for line in lines)  # of the terminal's table
    assert any(line.split()[:3] == ["mean", "of", "15"] for line in lines)

    change(repository, "evaluate(nearest", "evaluate(blind_to(8)")
    worse = repository.runpytest(*RUN)
    assert worse.ret == pytest.ExitCode.TESTS_FAILED
    (row, *_) = sorted(verdict_of(repository).rows(FamilyRow), key=lambda row: row.difference)
    assert f"mean accuracy under {row.family} changed by -" in said(worse)
    refused = repository.runpytest(*RUN, "--noise-update-baseline")
    assert refused.ret == pytest.ExitCode.TESTS_FAILED
    assert "not accepted as the new baseline" in said(refused)


def test_no_family_is_lost(repository) -> None:
    """A suite that is not judged, and families that are no longer evaluated, fail the run."""
    assert repository.runpytest(*RUN, "--noise-update-baseline").ret == pytest.ExitCode.OK
    change(repository, "    assert_no_regression(suite", "    print(suite")
    change(repository, 'margins="mean>5,scale>5"', 'end=""')
    unjudged = repository.runpytest(*RUN)
    assert unjudged.ret == pytest.ExitCode.TESTS_FAILED
    assert "15 curves were not compared with the baseline" in said(unjudged)
    change(
        repository,
        "    print(suite, noise_baseline",
        "    assert_no_regression(suite, noise_baseline",
    )
    change(repository, ', end=""', "")
    change(repository, 'suite="mnist-c"', 'noise="mnist-c/fog", scales=[1]')
    lost = repository.runpytest(*RUN)
    assert lost.ret == pytest.ExitCode.TESTS_FAILED
    assert "14 of the curves in" in said(lost)
    assert "bars/mnist-c/zigzag: no test in test_mine.py compares it" in said(lost)
