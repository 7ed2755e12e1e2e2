"""The simulated spread is the measured one, and the simulated gate is the real one."""

from __future__ import annotations

import numpy as np
import pytest

from noisecore.judging.gates import Margins, Rule, judge_comparison
from noisecore.judging.power import (
    Held,
    Spread,
    binomial_interval,
    change_answers,
    draw_answers,
    draw_pair,
    fit_spread,
    least_margins,
    recommend_margins,
    simulate,
)

SCALES = np.array([0.5, 4.0])


def make_spread(sd: float = 0.01, images: int = 400) -> Spread:
    """Return a model whose seeds move together over two scales, with images of all kinds."""
    share = np.random.default_rng(0).beta([[0.6], [1.0]], [[0.08], [0.6]], (2, images))
    return Spread(SCALES, share, np.full((2, 2), sd**2) + 1e-9 * np.eye(2), np.full(2, sd))


def test_drawn_answers_have_the_spread() -> None:
    """Means, deviations and their correlation over the scales come out as they went in."""
    spread = make_spread(0.02)
    accuracy = draw_answers(spread, 3000, np.random.default_rng(1)).mean(axis=2)
    np.testing.assert_allclose(accuracy.mean(axis=0), spread.share.mean(axis=1), atol=0.003)
    np.testing.assert_allclose(accuracy.std(axis=0), spread.simulated, rtol=0.05)
    shared = 0.02**2 / np.prod(spread.simulated)
    assert np.corrcoef(accuracy.T)[0, 1] == pytest.approx(shared, abs=0.08)


def test_a_worse_model_is_worse_by_the_drop() -> None:
    """A drop lowers accuracy at each scale by nearly itself."""
    spread = make_spread()
    rng = np.random.default_rng(2)
    means = [draw_answers(spread, 800, rng, drop).mean(axis=(0, 2)) for drop in (0.0, 0.03)]
    np.testing.assert_allclose(means[0] - means[1], 0.03, atol=0.0015)


def test_an_easy_task_keeps_its_spread_and_its_drop() -> None:
    """Where nearly all images are right for all seeds, skill and drop are not cut off."""
    share = np.ones((1, 1000))
    share[:, :60] = np.linspace(0.2, 0.9, 60)
    spread = Spread(np.array([0.5]), share, np.array([[0.004**2]]), np.array([0.004]))
    rng = np.random.default_rng(5)
    same, worse = (draw_answers(spread, 4000, rng, drop).mean(axis=2) for drop in (0.0, 0.05))
    assert same.std() == pytest.approx(float(spread.simulated[0]), rel=0.05)
    assert (same.mean() - worse.mean()) == pytest.approx(0.05, abs=0.001)


def test_fitted_spread_is_that_of_the_seeds() -> None:
    """What is fitted to many drawn seeds is what they were drawn from."""
    spread = make_spread(0.02)
    fitted = fit_spread(SCALES, draw_answers(spread, 400, np.random.default_rng(3)))
    np.testing.assert_allclose(fitted.simulated, spread.simulated, rtol=0.15)
    np.testing.assert_allclose(np.sqrt(np.diag(fitted.skill)), 0.02, rtol=0.25)


def test_one_seed_has_no_spread() -> None:
    """A spread of one seed is refused."""
    with pytest.raises(ValueError, match="at least 2 seeds, got 1"):
        fit_spread(SCALES, np.ones((1, 2, 9), bool))


@pytest.mark.parametrize("mode", ["simple", "rigorous"])
def test_least_margins_are_those_of_the_gate(mode) -> None:
    """With its least margins a pair passes; a little below either of them it does not."""
    rng = np.random.default_rng(4)
    spreads = {"a": make_spread(0.02)}
    tried = 0
    for _ in range(40):
        pair = draw_pair(spreads, 4, 4, rng, {"a": 0.05})
        mean, scale, clean = least_margins(pair, Rule(mode=mode))
        assert clean == 0  # these curves have no clean images

        def outcome(mean: float, scale: float, pair=pair) -> str:
            margins = Margins(mean=max(mean, 0.01), scale=max(scale, 0.01))
            return judge_comparison(pair["a"], Rule(mode=mode, margins=margins)).verdict

        assert outcome(mean + 0.001, scale + 0.001) == "pass"
        if mean > 0.1:
            tried += 1
            assert outcome(mean - 0.001, scale + 0.001) != "pass"
        if scale > 0.1:
            tried += 1
            assert outcome(mean + 0.001, scale - 0.001) == "fail"
    assert tried > 20


def test_the_spread_shown_is_that_of_the_sample() -> None:
    """What is printed is the seeds' own standard deviation, and what is drawn is no wider."""
    answers = draw_answers(make_spread(0.003), 10, np.random.default_rng(8))
    fitted = fit_spread(SCALES, answers)
    sample = answers.mean(axis=2).std(axis=0, ddof=1)
    np.testing.assert_allclose(fitted.sample, sample)
    luck = np.sqrt((fitted.share * (1 - fitted.share)).mean(axis=1) / 400)
    np.testing.assert_allclose(fitted.simulated, np.maximum(sample, luck), rtol=1e-6)


def test_a_given_model_is_drawn_by_its_images() -> None:
    """A given model that changes loses the drop under noise, and nothing on clean images."""
    rng = np.random.default_rng(9)
    right = rng.random((1, 3, 4000)) < np.array([0.95, 0.9, 0.7])[:, None]
    held = Held(np.array([0.0, 0.5, 4.0]), np.repeat(right, 3, axis=0))
    changes = [change_answers(held, rng, 0.05) - held.answers.astype(float) for _ in range(40)]
    moved = np.mean([each.mean(axis=(0, 2)) for each in changes], axis=0)
    np.testing.assert_allclose(moved, [0.0, -0.05, -0.05], atol=0.004)
    assert all((each[0] == each[1]).all() for each in changes)  # the draws were the same
    about = {"seeds": 3, "baseline_seeds": 3, "pairs": 60}
    spreads = {"given": held}
    assert simulate(spreads, rule=Rule(), drops={"given": 0.05}, **about).failed == 60
    assert simulate(spreads, rule=Rule(), **about).passed > 54


@pytest.mark.parametrize("right", [1.0, 0.998, 0.0])
def test_a_given_model_that_has_nothing_to_gain_loses_nothing(right) -> None:
    """As many answers turn each way as can: unchanged, a perfect model fails as seldom."""
    rng = np.random.default_rng(10)
    levels = np.array([right, 0.9, 0.7])[:, None]
    answers = np.broadcast_to(rng.random((3, 1000)) < levels, (3, 3, 1000))
    held = Held(np.array([0.0, 0.5, 4.0]), answers)
    changes = [change_answers(held, rng) - answers.astype(float) for _ in range(200)]
    assert abs(np.mean([each[:, 0].mean() for each in changes])) < 0.0005
    about = {"seeds": 1, "baseline_seeds": 1, "pairs": 200}
    assert simulate({"given": held}, rule=Rule(), **about).failed == 0


def test_rates_are_repeatable_and_add_up() -> None:
    """The same call gives the same rates; every simulated run ended somehow."""
    spreads = {"a": make_spread(), "b": make_spread(0.03)}
    about = {
        "seeds": 3, "baseline_seeds": 3, "rule": Rule(mode="rigorous"), "pairs": 30,
    }  # fmt: skip
    first = simulate(spreads, **about)
    assert first == simulate(spreads, **about)
    assert first.pairs == 30
    assert first.not_passed == (first.failed + first.inconclusive) / 30


def test_a_large_drop_of_one_curve_is_caught() -> None:
    """A run is as bad as its worst curve."""
    spreads = {"a": make_spread(), "b": make_spread()}
    rates = simulate(
        spreads, seeds=5, baseline_seeds=5, rule=Rule(mode="simple"), pairs=20,
        drops={"b": 0.15},
    )  # fmt: skip
    assert rates.failed == 20


def test_recommended_margins_keep_their_promise() -> None:
    """With the margins recommended, fresh unchanged pairs pass as often as was promised."""
    spreads = {"a": make_spread(0.02, images=150)}
    about = {"seeds": 3, "baseline_seeds": 5, "pairs": 300}
    margins = recommend_margins(spreads, rule=Rule(mode="rigorous"), rate=0.1, **about)
    rule = Rule(mode="rigorous", margins=margins)
    rates = simulate(spreads, rule=rule, key=99, **about)
    low, _ = binomial_interval(rates.failed + rates.inconclusive, rates.pairs, 0.998)
    assert low <= 0.1


def test_exact_interval_by_hand() -> None:
    """None of 20 leaves up to 1 - 0.025 ** (1/20) open."""
    low, high = binomial_interval(0, 20)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 20))
