"""What the gate against a baseline promises, simulated: each rate beside a stated bound.

The simulations are those of `benchmarks/studies/gate/design.py`, which has larger ones.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from records_factory import make_sweep

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "studies" / "gate"))

from simulation import (
    checks,
    decline,
    given,
    intervals,
    sequential,
    trained,
)  # (the path above leads there)
from simulation.models import Model, add_answers, fit_spreads, fitted, measured, read_answers

from noisecore.judging.differences import matched_difference
from noisecore.judging.gates.case import judge_comparison
from noisecore.judging.gates.rows import AccuracyRow
from noisecore.judging.margins import Margins, Rule
from noisecore.judging.power import Spread, change_answers, draw_pair
from noisecore.judging.stopping import luck_of

BASELINE = Path(__file__).parents[2] / "benchmarks" / "baselines" / "quick.json"
PAIRS = 10_000


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    """Return the two models of the committed baseline, with the covariance of its ten seeds."""
    return {name: measured(*each) for name, each in read_answers(BASELINE).items()}


def not_passed(models: list[Model], rule: Rule, drop: float = 0.0) -> float:
    """Return the share of runs of 3 seeds against 10 that do not pass; the first model is worse."""
    rng = np.random.default_rng(0)
    found = []
    for place, model in enumerate(models):
        sides = model.draw(PAIRS, 3, rng), model.draw(PAIRS, 10, rng)
        found.append(trained.judge_drop(model, *sides, rule, 0.0 if place else drop, rng))
    return trained.rates_of_run(found)[0]


def test_what_is_simulated_in_stages_is_the_package() -> None:
    """On the same answers the fast stages ask for the same seeds, and end as the gate does."""
    spreads, rng, rule = fit_spreads(BASELINE), np.random.default_rng(1), Rule(curves=2)
    for n in range(8):
        drops = dict.fromkeys(spreads, 0.01 * (n % 3))
        for one in draw_pair(spreads, 10, 10, rng, drops).values():
            sides = one.new_accuracy[None], one.baseline_accuracy[None]
            fast = sequential.run_stages(*sides, one.noisy, luck_of(one.baseline), rule)
            stopped = sequential.by_the_gate(one, rule)
            assert stopped.counts.tolist() == fast.counts[0].tolist()
            assert judge_comparison(stopped, rule).verdict == fast.verdicts[0]


@pytest.mark.parametrize("margins", [Margins(), trained.NO_MARGINS])
@pytest.mark.parametrize("mode", ["simple", "rigorous"])
def test_what_is_simulated_is_the_gate(mode, margins) -> None:
    """On the same answers the fast rule finds the gate's own bounds and verdicts, row by row."""
    spreads, rng = fit_spreads(BASELINE), np.random.default_rng(1)
    rule = Rule(mode=mode, curves=2, margins=margins)
    for n in range(12):
        for name, one in draw_pair(
            spreads, 3, 10, rng, dict.fromkeys(spreads, 0.01 * (n % 3))
        ).items():
            fast = trained.judge_seeds(
                one.new_accuracy[None],
                one.baseline_accuracy[None],
                one.noisy,
                checks.real_luck(one),
                rule,
                columns=checks.real_columns(one)[None],
            )
            verdict = judge_comparison(one, rule)
            rows = verdict.rows(AccuracyRow)
            assert checks.verdicts(fast) == [verdict.verdict], name
            for kind in ("difference", "bound_high"):
                ours = fast.estimate if kind == "difference" else fast.bound_high
                np.testing.assert_allclose(
                    ours[0], [getattr(row, kind) for row in rows], atol=1e-12
                )
            assert fast.half[0] == pytest.approx(rows[0].caught_half)
            assert fast.most[0] == pytest.approx(rows[0].caught_most)


def test_an_unchanged_run_of_three_seeds_passes(models) -> None:
    """Of unchanged runs of both models, at most 1 in 100 does not pass, in either mode."""
    for mode in ("simple", "rigorous"):
        assert not_passed(list(models.values()), Rule(mode=mode, curves=2)) <= 0.01


def test_twenty_unchanged_curves_pass(models) -> None:
    """Twenty curves in a run raise no more false alarms than the rule's alpha."""
    assert not_passed([models["cnn"]] * 20, Rule(curves=20)) <= 0.01


@pytest.mark.parametrize("curves", [1, 8])
def test_alpha_alone_keeps_false_failures_rare(models, curves) -> None:
    """Without margins to speak of, an unchanged run fails at most as often as alpha says."""
    rule, rng = (
        Rule(curves=curves, margins=trained.NO_MARGINS, alpha=0.05),
        np.random.default_rng(2),
    )
    failed = np.zeros(PAIRS, bool)
    for _ in range(curves):
        model = replace(models["mlp"], late=True)
        sides = model.draw(PAIRS, 3, rng), model.draw(PAIRS, 10, rng)
        failed |= trained.judge_drop(model, *sides, rule, 0.0, rng).failed
    assert 0.005 <= failed.mean() <= 0.05


@pytest.mark.parametrize("worse", ["cnn", "mlp"])
def test_two_points_are_caught(models, worse) -> None:
    """A model that is worse by 2 points is caught by 3 seeds nine times out of ten."""
    order = sorted(models, key=lambda name: name != worse)
    assert not_passed([models[name] for name in order], Rule(curves=2), drop=2.0) >= 0.9


@pytest.mark.parametrize(("sides", "most"), [((6, 6), 0.97), ((2, 2), 1.0)])
def test_intervals_of_trained_models_hold_the_truth(sides, most) -> None:
    """Intervals of 95 % hold 93 to 97 in 100, and of two seeds no fewer.

    Two seeds may agree by luck; the floor under their spread makes up for that, and for more.
    """
    share = np.random.default_rng(3).beta(0.8, 0.3, (1, 120))
    spread = Spread(np.array([1.0]), share, np.array([[0.05**2]]), np.array([0.0]))
    rng = np.random.default_rng(4)
    rows = intervals.cover(spread, *sides, 600, rng, rows=("mean",), changed=1.0)
    for held in rows.values():
        assert 0.93 <= held.inside / held.count <= most


def test_intervals_of_given_models_hold_the_truth() -> None:
    """Of a thousand images, intervals of 95 % hold the loss of a given model 93 to 97 in 100."""
    rng = np.random.default_rng(8)
    for drop in (0.0, 0.01):
        inside = 0
        for _ in range(600):
            held = given.draw_held(1000, rng)
            sides = (change_answers(held, rng, drop)[:, 1:], held.answers[:, 1:])
            difference = matched_difference(*(side.mean(axis=1) for side in sides))
            inside += difference.lower(0.975) <= -drop <= difference.upper(0.975)
        assert 0.93 <= inside / 600 <= 0.97


def test_a_slow_decline_is_caught_by_the_first_ancestor_alone(models) -> None:
    """A quarter of a point lost at each release is caught in twelve, and nothing else sees it."""
    for since, low, high in ((Margins().since_first, 0.95, 1.0), (None, 0.0, 0.05)):
        rule = Rule(curves=2, margins=replace(Margins(), since_first=since))
        rng = np.random.default_rng(5)
        shares = decline.caught(models, {"mlp": 0.25}, rule, 500, rng)
        assert low <= shares["a run fails"] <= high


def test_twelve_unchanged_releases_pass(models) -> None:
    """An unchanged model that is renewed twelve times raises an alarm at most 1 time in 100."""
    shares = decline.caught(models, {}, Rule(curves=2), 2000, np.random.default_rng(6))
    assert shares["or inconclusive"] <= 0.01


def test_the_fitted_model_is_the_one_that_is_drawn() -> None:
    """The model that stands for draw_answers has the spreads that it states."""
    for spread in fit_spreads(BASELINE).values():
        deviation = np.sqrt(np.diag(fitted(spread).covariance))
        np.testing.assert_allclose(deviation, spread.simulated)


def test_answers_are_added(tmp_path) -> None:
    """Seeds that are packed later stand behind those before, and none is packed twice."""
    file = tmp_path / "seeds.npz"
    first, later = (make_sweep({0.0: 0.9, 1.0: 0.8}, seeds=seeds) for seeds in ((0, 1), (5,)))
    add_answers(file, first)
    assert add_answers(file, later) == {"cnn": [0, 1, 5]}
    scales, answers = read_answers(file)["cnn"]
    assert scales.tolist() == [0.0, 1.0]
    expected = [
        [r.at(s).right for r in (*first, *later) if r.trial.train_scale == s] for s in scales
    ]
    np.testing.assert_array_equal(answers, np.swapaxes(expected, 0, 1))
    with pytest.raises(ValueError, match="some seeds of cnn are there already"):
        add_answers(file, later)
    with pytest.raises(ValueError, match="cnn has other scales or images there"):
        add_answers(file, make_sweep({0.0: 0.9, 2.0: 0.8}, seeds=(7,)))
