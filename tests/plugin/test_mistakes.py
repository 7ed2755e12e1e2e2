"""A mistake in a test is one line, at that test's own line; a bug of noisecore's shows its way."""

from __future__ import annotations

import re

import pytest
from own_bench import AUTO

# A call each that cannot be meant, and what is said of it.
MISTAKES = {
    "assert_no_regression(curve)": "TypeError: baseline must be the fixture noise_baseline, what "
    "read_baseline returns, or a curve, got None",
    "assert_no_regression(None, noise_baseline)": "TypeError: curve must be a curve",
    "assert_no_regression(curve, 'path')": "got 'path'",
    "assert_no_regression(noise_baseline, curve)": "got NoiseBaseline",
    "assert_no_regression(replace(curve, name='b'), noise_baseline)": "b must have the name of its "
    "records",
    "assert_no_regression(replace(curve, records=()), noise_baseline)": "has no records",
    "assert_no_regression(curve, noise_baseline, margins='drop>3')": "margins must be written as",
    "assert_no_regression(curve, noise_baseline, margins=3)": "margins must be a text",
    "assert_no_regression(curve, noise_baseline, mode='strict')": "mode must be",
    "assert_no_regression(curve, noise_baseline, alpha=2)": "alpha must be",
    "robustness.against(None)": "TypeError: baseline must be the fixture noise_baseline",
    "robustness.against('path')": "got 'path'",
    "robustness.against(curve, noise_baseline)": "got Curve",
    "robustness.against(noise_baseline, 'name')": "TypeError: curve must be one that "
    "robustness.evaluate gave, or left out, got 'name'",
    "robustness.record(None)": "TypeError: benchmark must be the fixture of pytest-benchmark",
    "robustness.point": "ArgumentError: this test has 3 scales",
    "assert_floor(curve, 0.5)": "TypeError: floors must be a dict from scale to the least accuracy "
    "there, such as {1: 0.9}, got 0.5",
    "assert_floor(curve, {1: 50}, scale=1)": "ArgumentError: the floor of scale 1 must be a finite "
    "number in [0, 1], got 50",
    "assert_floor(curve, {1: 'a'}, scale=1)": "TypeError: the floor of scale 1 must be a finite "
    "number in [0, 1], got 'a'",
    "assert_floor(curve, {'1': 0.5}, scale=1)": "TypeError: the scale of a floor must be a number",
    "assert_floor(curve, {1: 0.5})": "ArgumentError: scale must be given for a curve, one of 0, "
    "0.2, 1, got None",
    "assert_floor(curve, {1: 0.5}, scale=7)": "scale must be one of 0, 0.2, 1, got 7",
    "assert_floor(curve, {1: 0.5}, scale='7')": "scale must be one of 0, 0.2, 1, got '7'",
    "assert_floor(curve.at(1), {1: 0.5}, scale='1')": "TypeError: scale must be a number",
    "assert_floor([0.9], {1: 0.5})": "TypeError: measured must be a curve or a point",
    "floor_for({1: 0.5}, 'a')": "TypeError: scale must be a number, got 'a'",
    "assert_monotonic(curve, slack=-1)": "ArgumentError: slack must be a finite number >= 0, got "
    "-1",
    "assert_monotonic(curve, slack='a')": "TypeError: slack must be a finite number >= 0, got 'a'",
    "assert_monotonic(curve, chance=9)": "ArgumentError: chance must be",
    "assert_monotonic(curve.at(1))": "TypeError: curve must be a curve, such as robustness.curve, "
    "got Point",
    "assert_noise_bites(None, least_drop=0.1)": "TypeError: curve must be a curve",
    "assert_noise_bites(curve, least_drop='a')": "TypeError: least_drop must be",
    "assert_at_chance(curve, chance=0.1, loss=2)": "scale must be given for a curve",
    "assert_published([curve.at(1)], {'a': (1, 0.9)})": "TypeError: points must be a dict by name",
    "assert_published(curve, {7: (1, 0.9)})": "scale must be one of 0, 0.2, 1, got 7",
    "assert_published(curve, 0.9)": "TypeError",
    "assert_published({'a': curve.at(1)}, {'a': 0.9})": "TypeError: published['a'] must be a pair",
    "assert_published({'a': curve.at(1)}, {'b': (1, 0.9)})": "ArgumentError: published must name",
    "assert_published({'a': curve.at(1)}, {'a': (1, 90)})": "ArgumentError: the accuracy of",
    "assert_published({'a': curve}, {'a': (1, 0.9)})": "TypeError: points['a'] must be a point",
    "curve.at(7)": "ArgumentError: test_a.py::test_mistake",
    "curve.at(None)": "scale must be one of 0, 0.2, 1, got None",
    "check_noise(lambda x, s, *, rng: x, 3)": "NoiseError: scales must be a list of numbers",
}
HEAD = """
from dataclasses import replace
from noisecore.judging import statistics
from noisecore.judging.gates import *
from noisecore.testing import check_noise
"""
TEST = """
@pytest.mark.parametrize("call", {calls!r})
def test_mistake(robustness, noise_baseline, call):
    curve = robustness.evaluate(model, *images(), scales=[0.2, 1], draws=1)
    eval(call)  # the user's own line
"""
BUG = """
def test_bug(robustness, monkeypatch):
    curve = robustness.evaluate(model, *images(), scales=[0.2, 1], draws=1)
    monkeypatch.setattr("noisecore.judging.gates.curve_gates.{name}", {wrong})
    assert_monotonic(curve)  # the user's own line
"""


@pytest.mark.parametrize("style", ["auto", "short", "native"])
def test_mistakes(own, style) -> None:
    """Each is its one line, below the line of the test, and no line of noisecore's is shown."""
    calls = list(MISTAKES) if style == "short" else list(MISTAKES)[:2]
    own.write("test_a.py", HEAD + TEST.format(calls=calls))
    result = own.run("test_a.py", AUTO, f"--tb={style}", "-q")
    assert result.ret == 1
    text = result.stdout.str()
    shown = re.split(r"\n_+ test_mistake\[.*\n", text.partition("short test summary")[0])[1:]
    assert len(shown) == len(calls)
    for call, lines in zip(calls, shown, strict=True):
        assert MISTAKES[call] in lines
        assert "the user's own line" in lines
        assert "noisecore/" not in lines, call


def test_without_a_curve(own) -> None:
    """A test that evaluated nothing is told how one gets a curve."""
    own.write("test_a.py", "\ndef test_early(robustness):\n    robustness.curve  # own line\n")
    text = own.run("test_a.py", "-q").stdout.str()
    assert "ArgumentError: this test has no curve: mark the test itself" in text
    assert "own line" in text
    assert "fixture.py" not in text


def test_the_whole_way(own) -> None:
    """`--full-trace` shows every frame of a mistake."""
    own.write("test_a.py", HEAD + TEST.format(calls=["curve.at(7)"]))
    text = own.run("test_a.py", AUTO, "--full-trace", "-q").stdout.str()
    assert "judging/curves/curve.py" in text


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("rise_allowance", "lambda *_: np.zeros(3) + np.zeros(2)"),
        ("rise_allowance", "None"),
        ("rise_allowance", "lambda given, *_: statistics.rise_allowance(given, 0, 0.0)"),
        ("missing_figures", "lambda *_: {}['no']"),
        ("check_curve", "lambda curve: curve.nothing"),
    ],
)
def test_bugs(own, name, wrong) -> None:
    """An error that is none of noisecore's own shows where in noisecore it was, raised or not."""
    own.write("test_a.py", "import numpy as np\n" + HEAD + BUG.format(name=name, wrong=wrong))
    result = own.run("test_a.py", "-q")
    assert result.ret == 1
    text = result.stdout.str()
    assert "gates/curve_gates.py" in text
    assert "the user's own line" in text


@pytest.mark.parametrize("ours", ["robustness", "noise_baseline"])
@pytest.mark.parametrize("scope", ["session", "module"])
def test_fixture_of_a_wider_scope(own, ours, scope) -> None:
    """A fixture that lasts longer than a test, and asks for ours, is told in a line what to do."""
    for file, fixture in (
        ("test_a.py", f"def curve({ours}): return {ours}"),
        ("test_b.py", f"def curve(request): return request.getfixturevalue('{ours}')"),
    ):
        own.write(file, f"@pytest.fixture(scope='{scope}')\n{fixture}\n\ndef test_it(curve): ...\n")
    result = own.run(AUTO)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "ScopeMismatch" not in result.stdout.str()
    lines = [line for line in result.outlines if line.startswith("noisecore: the fixture")]
    for line, file in zip(lines, ("test_a.py", "test_b.py"), strict=True):
        assert line.startswith(f"noisecore: the fixture {ours} belongs to one test, and a {scope}-")
        assert f"({file}:" in line
        assert "call noisecore.evaluate(" in line
