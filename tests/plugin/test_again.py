"""After a verdict that is no pass there is a command to be copied, and it is the right one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from noisecore.judging.gates import Rule, Verdict
from noisecore.judging.gates.rows import FloorRow, MeanRow, ObstacleRow, ProblemRow
from noisecore.plugin.reporting.rerun import next_commands

SIMPLE = {
    "profile": SimpleNamespace(seeds=(0,)),
    "baseline": SimpleNamespace(rule=Rule()),
}
FELL = MeanRow(
    measured=0.8, baseline=0.9, difference=-0.1, low=-0.12, high=-0.08, allowed=0.015,
    bound_high=-0.07, level=0.995, verdict="fail", caught_half=0.02, caught_most=0.03,
)  # fmt: skip
BELOW = FloorRow(
    scale=1.0, mean=0.4, floor=0.5, wilson_low=0.3, wilson_high=0.5, seeds=3, images=100
)
NODE = "benchmarks/test_a.py::test_no_regression[cnn]"


def commands(tmp_path, monkeypatch, gate, figures=(), outcome="fail", node=NODE, **choices):
    """Return the commands after one verdict."""
    monkeypatch.chdir(tmp_path)
    verdict = Verdict(gate=gate, curve="c", verdict=outcome, sentence="s", figures=tuple(figures))
    given = {
        "records": None,
        "typed": {"scales": "profile", "baseline": "auto", "artifacts": "out"},
        "profile": SimpleNamespace(seeds=(0, 1, 2)),
        "baseline": SimpleNamespace(rule=Rule()),
    }
    return next_commands([(node, verdict)], SimpleNamespace(**given | choices), tmp_path, given=())


@pytest.mark.parametrize(
    ("gate", "figures", "expected"),
    [
        (
            "no regression",
            [FELL],
            f"pytest '{NODE}' --noise-scales --noise-baseline=auto --noise-seeds=10 "
            "--noise-gate=rigorous",
        ),
        (
            "no regression",
            [ProblemRow(problem="none there")],
            "pytest benchmarks/test_a.py --noise-scales --noise-baseline=auto "
            "--noise-update-baseline=missing",
        ),
        (
            "no regression",
            [ObstacleRow(obstacle="other data")],
            "pytest benchmarks/test_a.py --noise-scales --noise-baseline=auto "
            "--noise-update-baseline",
        ),
        (
            "trials",
            [],
            f"pytest '{NODE}' --noise-scales --noise-baseline=auto --noise-resume",
        ),
        (
            "floor",
            [BELOW],
            f"pytest '{NODE}' --noise-scales --noise-baseline=auto --noise-seeds=10",
        ),
    ],
)
def test_command(tmp_path, monkeypatch, gate, figures, expected) -> None:
    """More seeds for a doubt, a renewal for what cannot be compared, a resumption for a failure."""
    ((line,),) = commands(tmp_path, monkeypatch, gate, figures).values()
    assert line == expected


def test_more_than_many_seeds(tmp_path, monkeypatch) -> None:
    """Who ran many seeds is told to run twice as many."""
    found = commands(
        tmp_path, monkeypatch, "monotonic", profile=SimpleNamespace(seeds=tuple(range(8)))
    )
    assert "--noise-seeds=16" in found["to look again:"][0]


@pytest.mark.parametrize(
    "choices", [{"outcome": "pass"}, {"node": "noisecore::baseline"}, {"records": "folder"}]
)
def test_nothing_to_do(tmp_path, monkeypatch, choices) -> None:
    """A pass, a vanished curve and given records need no command."""
    assert commands(tmp_path, monkeypatch, "floor", **choices) == {}


def test_a_few_at_most(tmp_path, monkeypatch) -> None:
    """Of many failures three commands are shown, none twice, and the others are counted."""
    monkeypatch.chdir(tmp_path)
    verdict = Verdict(gate="floor", curve="c", verdict="fail", sentence="s")
    found = [(f"test_a.py::test_floor[{i % 7}]", verdict) for i in range(14)]
    choices = SimpleNamespace(records=None, typed={}, **SIMPLE)
    (lines,) = next_commands(found, choices, tmp_path, given=()).values()
    assert len(set(lines)) == 4
    assert lines[3] == "# and 4 more"
    (lines,) = next_commands(found[:3], choices, tmp_path, given=()).values()
    assert len(lines) == 3


def test_the_baseline_first(tmp_path, monkeypatch) -> None:
    """However many floors fail, the comparison with the baseline is looked at again first."""
    monkeypatch.chdir(tmp_path)
    floor = Verdict(gate="floor", curve="c", verdict="fail", sentence="s")
    fall = Verdict(
        gate="no regression", curve="c", verdict="fail", sentence="s",
        figures=(FELL,),
    )  # fmt: skip
    found = [*((f"test_a.py::test_floor[{i}]", floor) for i in range(5)), ("test_a.py::last", fall)]
    choices = SimpleNamespace(records=None, typed={}, **SIMPLE)
    (lines,) = next_commands(found, choices, tmp_path, given=()).values()
    assert lines[0].startswith("pytest test_a.py::last ")


def test_from_another_folder(tmp_path, monkeypatch) -> None:
    """A node is written as it is reached from here."""
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    verdict = Verdict(gate="floor", curve="c", verdict="fail", sentence="s")
    choices = SimpleNamespace(records=None, typed={}, **SIMPLE)
    ((line,),) = next_commands(
        [("test_a.py::test_b", verdict)], choices, tmp_path, given=()
    ).values()
    assert line.startswith("pytest ../test_a.py::test_b ")
