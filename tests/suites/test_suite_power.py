"""`power` simulates a suite as a whole, and its verdicts are those of the gate."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_suites import two_models

from noisecore.cli import main
from noisecore.judging.baselines import Comparison, compare_records
from noisecore.judging.gates import judge
from noisecore.judging.gates.case import judge_case
from noisecore.judging.margins import Margins, Rule
from noisecore.judging.power import Held, least_margins, recommend_margins, simulate
from noisecore.judging.suite_power import joined_answers, suite_part

NAME = "bars/mnist-c"


@pytest.fixture(scope="module")
def suites():
    """A model's whole suite, and that of a worse one."""
    return two_models(draws=2)


def answers_of(suite):
    """Return a suite's scales, answers and families."""
    return joined_answers(suite, compare_records(suite.records, suite.records))


@pytest.fixture
def drawn(suites):
    """The comparison of two suites as a simulation draws one, and the families."""
    (scales, old, families), (_, new, _) = map(answers_of, suites)
    pair = Comparison(curve=NAME, scales=scales, new=new, baseline=old, replicates="draws")
    return pair, families


@pytest.mark.parametrize("mode", ["simple", "rigorous"])
def test_a_drawn_suite_is_judged_as_a_measured_one(suites, drawn, mode) -> None:
    """The rows of a suite whose conditions are in one array are those of its curves' records."""
    old, new = suites
    margins = Margins(mean=2)
    measured = judge(new.records, old.records, mode=mode, margins=margins)[NAME]
    pair, families = drawn
    simulated = judge_case(suite_part(pair, families, Rule(mode=mode, margins=margins, curves=15)))
    assert simulated.verdict == measured.verdict
    names = {curve.name: NAME for curve in new.values()}  # drawn families have the suite's name
    rows = [
        replace(row, of=names[row.of]) if hasattr(row, "of") else row
        for row in measured.figures[: len(simulated.figures)]
    ]
    assert list(simulated.figures) == rows


def test_the_least_margins_of_a_suite_let_it_pass(drawn) -> None:
    """With the least margins the suite passes, and with a little less it does not."""
    pair, families = drawn
    rule = Rule(mode="rigorous", curves=15)
    mean, scale, clean = least_margins({NAME: pair}, rule, {NAME: families})

    def verdict(less: float) -> str:
        margins = Margins(mean=mean - less, scale=scale + 0.01, clean=clean + 0.01)
        return judge_case(suite_part(pair, families, replace(rule, margins=margins))).verdict

    assert verdict(-0.01) == "pass"
    assert verdict(0.01) != "pass"


def test_margins_are_recommended_for_a_suite(suites) -> None:
    """With the margins that are recommended, unchanged runs of the suite pass."""
    scales, answers, families = answers_of(suites[0])
    spreads = {NAME: Held(scales, answers, families)}
    about = {"seeds": 1, "baseline_seeds": 1, "pairs": 8}
    found = recommend_margins(spreads, rule=Rule(mode="rigorous"), **about)
    wide = simulate(spreads, rule=Rule(mode="rigorous", margins=found), **about)
    assert wide.passed == 8
    narrow = replace(found, mean=found.mean / 2)
    assert simulate(spreads, rule=Rule(mode="rigorous", margins=narrow), **about).passed < 8


def test_a_suites_curves_share_alpha(suites) -> None:
    """A suite alone has all of alpha, and half of it among thirty curves; extras do not count."""
    scales, answers, families = answers_of(suites[0])
    pair = Comparison(curve=NAME, scales=scales, new=answers, baseline=answers, replicates="draws")
    for curves, share in ((15, 1), (30, 0.5)):
        assert (
            suite_part(pair, families, Rule(alpha=0.02, curves=curves)).rule.alpha == 0.02 * share
        )
    counted = replace(families, counted=tuple(families.places)[:-1])
    case = suite_part(pair, counted, Rule(curves=15))
    assert len(case.comparison.scales) == len(scales) - 1
    assert len(case.families) == 15


def test_the_command_shows_one_table_for_a_suite(suites, tmp_path, capsys) -> None:
    """`noisecore power` names the suite, and none of its families' curves."""
    suites[0].save(tmp_path / "bars.json")
    told = ["power", str(tmp_path / "bars.json"), "--pairs", "5", "--drops", "40"]
    assert main(told) == 0
    shown = capsys.readouterr().out
    assert shown.count(f"{NAME} worse by this many points") == 2  # in both modes
    assert "bars/mnist-c/fog" not in shown
    rows = [line.split() for line in shown.splitlines() if line[:8].isspace() and "(" in line]
    assert [row[2] for row in rows] == ["100", "100"]


def test_a_suite_that_lacks_answers_is_not_joined(suites) -> None:
    """Where a family has no comparison, or other seeds, its curves are simulated one by one."""
    compared = compare_records(suites[0].records, suites[0].records)
    fewer = {name: each for name, each in compared.items() if not name.endswith("fog")}
    assert joined_answers(suites[0], fewer) is None
    fog = compared[f"{NAME}/fog"]
    other = compared | {f"{NAME}/fog": replace(fog, seeds=((7,), (7,)))}
    assert joined_answers(suites[0], other) is None
