"""In CI nothing is green by being skipped, and nothing is renewed unseen."""

from __future__ import annotations

import pytest
from own_bench import AUTO, TEST, UPDATE

IN_CI = ("true", "1", "yes", "github")
NOT_CI = ("false", "0", "", "False", "no")


@pytest.mark.parametrize("value", IN_CI)
def test_no_word_about_a_baseline(own, monkeypatch, usage_line, value) -> None:
    """A test that compares, and no word about a baseline: a usage error that says what to add."""
    monkeypatch.setenv("CI", value)
    line = usage_line(own.run())
    assert "test_two would be skipped" in line or "test_one would be skipped" in line
    assert "add --noise-baseline=auto, or --noise-baseline=none" in line


@pytest.mark.parametrize("value", NOT_CI)
def test_not_in_ci(own, monkeypatch, value) -> None:
    """A variable that says no is no CI: the tests are skipped, as on anybody's machine."""
    monkeypatch.setenv("CI", value)
    own.run().assert_outcomes(skipped=2)
    assert own.run(UPDATE).ret == 0
    own.run().assert_outcomes(skipped=2)  # and what the last run left stays
    assert own.results["verdicts"]


def test_answered(own, monkeypatch) -> None:
    """An explicit none is an answer, on the command line or in the ini file."""
    monkeypatch.setenv("CI", "true")
    own.run("--noise-baseline=none").assert_outcomes(skipped=2)
    own.pytester.makeini("[pytest]\npythonpath = .\nnoise_baseline = none\n")
    own.run().assert_outcomes(skipped=2)
    own.pytester.makeini("[pytest]\npythonpath = .\nnoise_baseline = auto\n")
    assert own.run().ret == pytest.ExitCode.TESTS_FAILED  # there is none yet


def test_nothing_would_be_skipped(own, monkeypatch) -> None:
    """Without a test that compares, and for listing, no word is needed."""
    monkeypatch.setenv("CI", "true")
    assert own.run("--collect-only").ret == 0
    own.change("test_a.py", "def test_one", "@pytest.mark.skip\ndef test_one")
    assert own.run("test_a.py").ret == 0
    own.write("test_c.py", "def test_plain(): pass\n")
    assert own.run("test_c.py").ret == 0


def test_under_xdist(own, monkeypatch) -> None:
    """The controller of xdist says it, in one line."""
    monkeypatch.setenv("CI", "true")
    result = own.run("-n1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: noisecore: CI is set, *would be skipped*"])


def test_trainings_beside_an_evaluation(own, monkeypatch, usage_line) -> None:
    """A test that evaluates does not excuse those that would train and are skipped."""
    monkeypatch.setenv("CI", "true")
    own.write(
        "test_c.py", "@pytest.mark.robustness(models=['mlp'])\ndef test_trained(robustness): pass\n"
    )
    assert "add --noise-scales" in usage_line(own.run("--noise-baseline=none"))


def test_renewal(own, monkeypatch, usage_line) -> None:
    """In CI a renewal needs a word of its own."""
    monkeypatch.setenv("CI", "true")
    assert "add --noise-update-in-ci" in usage_line(own.run(UPDATE))
    assert "add --noise-update-in-ci" in usage_line(own.run(AUTO, f"{UPDATE}=missing"))
    assert own.run(UPDATE, "--noise-update-in-ci").ret == 0
    assert len(own.curves) == 2


@pytest.mark.parametrize(
    ("ini", "xdist"),
    [
        ("noise_update_baseline = all", ()),
        ("addopts = {}", ()),
        ("addopts = {}", ("-n1",)),
        ("addopts = {}=missing", ()),
    ],
)
def test_renewed_by_the_configuration(own, ini, xdist) -> None:
    """What the configuration says holds for every run: it renews nothing, and one line says so."""
    own.make()
    before = own.baseline.read_bytes()
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    own.write("test_c.py", TEST.replace("NAME", "three"))
    own.pytester.makeini(f"[pytest]\npythonpath = .\n{ini.format(UPDATE)}\n")
    result = own.run(AUTO, *xdist)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    lines = [line for line in result.outlines if "is not read from the configuration" in line]
    assert len(lines) == 1
    assert "give --noise-update-baseline on the command line" in lines[0]
    assert own.baseline.read_bytes() == before


def test_renewed_by_hand_all_the_same(own) -> None:
    """On the command line the option works beside a configuration that has it."""
    own.pytester.makeini("[pytest]\npythonpath = .\nnoise_update_baseline = all\n")
    own.make()
