"""The statistics of two runs, and of a whole curve, against SciPy, closed forms and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from noisecore.judging.differences import (
    Difference,
    matched_difference,
    paired_difference,
    pooled_difference,
)
from noisecore.judging.statistics import isotonic_test


def answers(rng, seeds: int, spread: float, share):
    """Return right answers, (seeds, images), of seeds whose accuracy spreads beyond their luck."""
    doubt = share * (1 - share)
    weight = doubt / np.mean(doubt)
    return rng.random((seeds, share.size)) < np.clip(
        share + rng.normal(0, spread, (seeds, 1)) * weight, 0, 1
    )


def test_pooled_difference_agrees_with_scipy() -> None:
    """Where seeds spread more than by luck, the bounds are those of the t test of two groups."""
    rng = np.random.default_rng(3)
    share = rng.beta(3, 1, 2000)
    new, old = answers(rng, 4, 0.05, share), answers(rng, 7, 0.05, share)
    found = pooled_difference(new, old)
    expected = stats.ttest_ind(new.mean(axis=1), old.mean(axis=1))
    interval = expected.confidence_interval(0.95)
    assert found.lower(0.975) == pytest.approx(interval.low)
    assert found.upper(0.975) == pytest.approx(interval.high)
    assert found.freedom == 9


def test_pooled_difference_keeps_the_luck_of_a_seed() -> None:
    """Seeds that agree by chance do not pass for certain: their answers to images still differ."""
    rng = np.random.default_rng(4)
    new, old = (rng.permuted(np.tile(np.arange(400) < 300, (3, 1)), axis=1) for _ in range(2))
    found = pooled_difference(new, old)
    table = np.concatenate([new - new.mean(axis=0), old - old.mean(axis=0)])  # all seeds are equal
    residual = (table**2).sum() / (4 * 399)
    assert found.error == pytest.approx(0.0)
    assert found.least == pytest.approx(math.sqrt(residual / 400 * 2 / 3))
    assert found.distance(0.05) == pytest.approx(stats.norm.isf(0.05) * found.least)


def test_luck_of_the_mean_is_that_of_the_mean_over_scales() -> None:
    """A mean over five scales has a fifth of the luck of one, not the luck of one."""
    rng = np.random.default_rng(5)
    share = rng.beta(3, 1, (5, 1000))
    sides = [rng.random((50, 5, 1000)) < share for _ in range(2)]
    one = pooled_difference(*(side[:, 0] for side in sides)).least
    mean = pooled_difference(*(side.mean(axis=1) for side in sides)).least
    assert mean == pytest.approx(one / math.sqrt(5), rel=0.05)


def test_pooled_difference_of_one_seed_each_has_no_error() -> None:
    """One seed on each side gives a difference and no error; one against two gives both."""
    rng = np.random.default_rng(6)
    right = rng.random((3, 100)) < 0.8
    alone = pooled_difference(right[:1], right[1:2])
    assert alone.estimate == pytest.approx(right[0].mean() - right[1].mean())
    assert math.isnan(alone.error)
    assert math.isnan(alone.upper(0.95))
    assert math.isfinite(pooled_difference(right[:1], right[1:]).error)


def test_models_without_spread_differ_for_certain() -> None:
    """A training that gives the same answers with every seed has no error, and bounds at itself."""
    right = np.tile(np.arange(50) % 3 == 0, (3, 1))
    worse = right & (np.arange(50) != 0)
    found = pooled_difference(worse, right)
    assert (found.error, found.least) == (0.0, 0.0)
    assert found.upper(0.99) == found.lower(0.99) == pytest.approx(-0.02)


@pytest.mark.parametrize(("new", "old"), [(3, 10), (1, 10)])
@pytest.mark.parametrize("spread", [0.0, 0.03])
def test_pooled_difference_covers(new: int, old: int, spread: float) -> None:
    """The two-sided 95 % interval misses an unchanged model in about one of twenty pairs."""
    rng = np.random.default_rng(17)
    share = rng.beta(3, 1, 200)
    pairs = 1500
    missed = 0
    for _ in range(pairs):
        found = pooled_difference(*(answers(rng, seeds, spread, share) for seeds in (new, old)))
        missed += not found.lower(0.975) <= 0 <= found.upper(0.975)
    assert 0.02 * pairs < missed < 0.07 * pairs


def test_paired_difference_is_what_resampling_converges_to() -> None:
    """Its variance is that of resampled seeds and images, less what that counts twice."""
    rng = np.random.default_rng(5)
    seeds, images = 6, 80
    # Seeds and images that both matter, and images that the two sides find unlike hard.
    new, old = (
        rng.random((seeds, images)) < rng.beta(3, 1, images) * rng.uniform(0.5, 1, (seeds, 1))
        for _ in range(2)
    )
    draws = []
    for _ in range(8000):
        columns = rng.integers(0, images, images)
        sides = [side[rng.integers(0, seeds, seeds)][:, columns].mean() for side in (new, old)]
        draws.append(sides[0] - sides[1])
    # Resampling divides by S and n where the estimate divides by S - 1 and n - 1.
    parts = [side.mean(axis=1).var() / seeds for side in (new, old)]
    parts.append((new.mean(axis=0) - old.mean(axis=0)).var() / images)
    rest = [
        (side - side.mean(axis=0) - side.mean(axis=1, keepdims=True) + side.mean())
        for side in (new, old)
    ]
    excess = sum((each**2).mean() / each.size for each in rest)
    assert np.var(draws) == pytest.approx(sum(parts) + excess, rel=0.06)
    ours = paired_difference(new, old).error ** 2
    # The sides are as large as each other: pooling their spreads changes nothing.
    unbiased = sum(
        [side.mean(axis=1).var(ddof=1) / seeds for side in (new, old)]
        + [(new.mean(axis=0) - old.mean(axis=0)).var(ddof=1) / images]
        + [-(each**2).sum() / ((seeds - 1) * (images - 1)) / each.size for each in rest]
    )
    assert ours == pytest.approx(unbiased)


@pytest.mark.parametrize(("new", "old"), [(3, 3), (3, 10), (10, 10)])
@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_paired_difference_covers(new: int, old: int, spread: float) -> None:
    """An unchanged model lies outside a one-sided 95 % bound in about one of twenty pairs."""
    rng = np.random.default_rng(7)
    missed = 0
    pairs = 400
    for _ in range(pairs):
        share = rng.beta(0.6, 0.08, 300)
        weight = share * (1 - share) / np.mean(share * (1 - share))
        sides = [
            rng.random((seeds, 300))
            < np.clip(share + rng.normal(0, spread, (seeds, 1)) * weight, 0, 1)
            for seeds in (new, old)
        ]
        missed += paired_difference(*sides).lower(0.95) > 0
    # Never much too often; without a spread of seeds it errs on the safe side.
    assert stats.binom.sf(missed - 1, pairs, 0.05) > 0.001
    if spread:
        assert stats.binom.cdf(missed, pairs, 0.05) > 0.001


def test_paired_difference_of_equal_runs_is_zero_without_error() -> None:
    """Two runs that agree to the bit differ by nothing, for certain where all seeds agree too."""
    same = np.tile(np.arange(50) % 3 == 0, (3, 1))
    found = paired_difference(same, same)
    assert (found.estimate, found.error, found.lower(0.99)) == (0.0, 0.0, 0.0)


def test_paired_difference_needs_a_spread_and_the_same_images() -> None:
    """One seed on each side gives no error, nor does one image; both sides have the same images."""
    assert math.isnan(paired_difference(np.ones((1, 9)), np.ones((1, 9))).error)
    assert math.isnan(paired_difference(np.ones((3, 1)), np.ones((3, 1))).error)
    assert math.isfinite(paired_difference(np.ones((1, 9)), np.ones((3, 9))).error)
    with pytest.raises(ValueError, match=r"\(3, 9\) and \(3, 8\)"):
        paired_difference(np.ones((3, 9)), np.ones((3, 8)))


def test_matched_difference_agrees_with_scipy() -> None:
    """Two given models on the same images: SciPy's paired t test over the images."""
    rng = np.random.default_rng(3)
    new, old = rng.random((3, 400)) < 0.7, rng.random((3, 400)) < 0.75
    found = matched_difference(new, old)
    expected = stats.ttest_rel(new.mean(axis=0), old.mean(axis=0), alternative="less")
    assert found.estimate == pytest.approx(new.mean() - old.mean())
    high = expected.confidence_interval(0.95).high
    assert found.upper(0.95) == pytest.approx(high)
    assert found.upper(1 - expected.pvalue) == pytest.approx(0.0, abs=1e-12)


def test_matched_difference_of_one_model_with_itself() -> None:
    """The same answers differ by nothing, and that is certain."""
    right = np.random.default_rng(3).random((2, 50)) < 0.7
    found = matched_difference(right, right)
    assert (found.estimate, found.error, found.lower(0.99)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("images", [20, 200, 2000])
def test_no_change_seen_rules_out_what_wilson_says(images) -> None:
    """That no image changed rules out no more than Wilson's interval of 0 of n, with t for z."""
    right = np.ones((1, images), bool)
    confidence = 1 - 2 * stats.norm.sf(stats.t.isf(0.05, images - 1))
    wilson = stats.binomtest(0, images).proportion_ci(confidence, method="wilson")
    found = matched_difference(right, right)
    assert found.lower_after_loss(0.95) == pytest.approx(-wilson.high)


@pytest.mark.parametrize(
    ("images", "churn", "loss"), [(50, 0.0, 0.1), (200, 0.01, 0.04), (1000, 0.01, 0.017)]
)
def test_bound_of_a_loss_is_as_sure_as_it_says(images, churn, loss) -> None:
    """A model that lost just its margin passes in 5 % of cases or less, of however few changes."""
    turned = np.random.default_rng(8).random((4000, images))
    each = np.where(turned < churn + loss, -1.0, np.where(turned > 1 - churn, 1.0, 0.0))
    errors = each.std(axis=1, ddof=1) / images**0.5
    bounds = [
        Difference(mean, error, images - 1.0, images=images).lower_after_loss(0.95)
        for mean, error in zip(each.mean(axis=1), errors, strict=True)
    ]
    assert 0.01 <= np.mean(np.array(bounds) > -loss) <= 0.055


def test_matched_difference_needs_the_same_draws() -> None:
    """Sides with other numbers of draws are refused."""
    right = np.ones((2, 50), bool)
    with pytest.raises(ValueError, match="must have one shape"):
        matched_difference(right, right[:1])


def test_isotonic_fit_by_hand() -> None:
    """Two scales that are out of order by 0.02 are fitted by their mean, weighted by precision."""
    accuracy = np.array([[0.90, 0.80, 0.82], [0.92, 0.82, 0.84]])
    found = isotonic_test(accuracy, 10**9)
    np.testing.assert_allclose(found.fitted, [0.91, 0.82, 0.82])
    assert found.distance == pytest.approx(0.01)


def test_isotonic_test_of_a_falling_curve() -> None:
    """A curve that falls lies on its own fit, with p = 1; one that rises widely has a small p."""
    noise = np.random.default_rng(0).normal(0, 0.004, (5, 4))
    falling = isotonic_test(np.array([0.95, 0.9, 0.8, 0.6]) + noise, 1000)
    assert (falling.distance, falling.p) == (0.0, 1.0)
    rising = isotonic_test(np.array([0.95, 0.8, 0.9, 0.6]) + noise, 1000)
    assert rising.p < 0.01
    assert rising.distance > 0.03


def test_isotonic_test_is_repeatable() -> None:
    """The same curve gives the same p, whatever was drawn before."""
    curve = np.array([[0.9, 0.91, 0.8], [0.91, 0.9, 0.81], [0.9, 0.92, 0.8]])
    assert isotonic_test(curve, 500).p == isotonic_test(curve, 500).p


@pytest.mark.parametrize("seeds", [3, 10])
def test_isotonic_test_keeps_its_level(seeds: int) -> None:
    """Equal accuracies at all scales, the hardest falling curve, fail about one time in twenty."""
    rng = np.random.default_rng(11)
    curves = 0.8 + rng.normal(0, 0.02, (200, seeds, 4))
    failed = sum(isotonic_test(curve, 1000, draws=200).p < 0.05 for curve in curves)
    assert stats.binom.sf(failed - 1, len(curves), 0.05) > 0.001


def test_isotonic_test_needs_two_seeds() -> None:
    """One seed has no spread to compare with."""
    with pytest.raises(ValueError, match="2 or more seeds"):
        isotonic_test([[0.9, 0.8]], 100)
