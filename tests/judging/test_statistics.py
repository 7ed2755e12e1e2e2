"""The statistics agree with closed forms, with SciPy, and with simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from noisecore.judging.differences import _quantile
from noisecore.judging.statistics import (
    holm,
    mean_interval,
    prediction_interval,
    prediction_p_value,
    rise_allowance,
    wilson_interval,
)

SEEDS = [0.91, 0.93, 0.95]


def test_mean_interval_by_hand() -> None:
    """Three seeds 0.02 apart give 0.93 plus or minus 4.3027 * 0.02 / sqrt(3)."""
    interval = mean_interval(SEEDS)
    assert float(interval.estimate) == pytest.approx(0.93)
    assert float(interval.half_width) == pytest.approx(4.302653 * 0.02 / math.sqrt(3), rel=1e-6)


def test_mean_interval_agrees_with_scipy() -> None:
    """Each column of a table gets the interval that SciPy's t test gives it."""
    table = np.random.default_rng(0).normal(size=(6, 4))
    interval = mean_interval(table, confidence=0.9)
    expected = stats.ttest_1samp(table, 0).confidence_interval(0.9)
    np.testing.assert_allclose(interval.low, expected.low)
    np.testing.assert_allclose(interval.high, expected.high)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_quantiles_are_scipys_to_the_bit(seeds, confidence) -> None:
    """What is computed without the slow import of `scipy.stats` is what that gives."""
    table = np.random.default_rng(seeds).uniform(size=(seeds, 3))
    upper = (1 + confidence) / 2
    half = stats.t.ppf(upper, seeds - 1) * table.std(axis=0, ddof=1) * (1 / math.sqrt(seeds))
    assert np.array_equal(mean_interval(table, confidence).high, table.mean(axis=0) + half)
    off = np.abs(0.3 - table.mean(axis=0))
    distance = off / (table.std(axis=0, ddof=1) * math.sqrt(1 + 1 / seeds))
    assert np.array_equal(prediction_p_value(table, 0.3), 2 * stats.t.sf(distance, seeds - 1))
    alpha = 1 - confidence
    assert _quantile(alpha, seeds) == stats.t.isf(alpha, seeds)
    assert _quantile(alpha, math.inf) == stats.norm.isf(alpha)


@pytest.mark.parametrize("interval", [mean_interval, prediction_interval])
def test_one_seed_has_no_interval(interval) -> None:
    """With one seed the estimate stands and the half width is NaN."""
    found = interval([[0.9, 0.8]])
    np.testing.assert_array_equal(found.estimate, [0.9, 0.8])
    assert np.isnan(found.half_width).all()


def test_missing_seed_makes_its_scale_unknown() -> None:
    """A NaN spreads over its own scale and over no other."""
    interval = mean_interval([[0.9, np.nan], [0.8, 0.7]])
    assert np.isfinite(interval.low[0])
    assert np.isnan(interval.low[1])
    assert np.isnan(prediction_p_value([0.9, np.nan], 0.9))
    assert np.isnan(rise_allowance([[0.9, np.nan], [0.8, 0.7]], 100, 0.01)).all()


def test_prediction_interval_by_hand() -> None:
    """Three seeds 0.02 apart predict 0.93 plus or minus 4.3027 * 0.02 * sqrt(4/3)."""
    interval = prediction_interval(SEEDS)
    assert float(interval.half_width) == pytest.approx(4.302653 * 0.02 * math.sqrt(4 / 3), rel=1e-6)


def test_prediction_p_value_inverts_the_interval() -> None:
    """A value at the bound of the 95 % prediction interval has p = 0.05, one in the middle 1."""
    table = np.random.default_rng(1).normal(size=(5, 3))
    interval = prediction_interval(table)
    np.testing.assert_allclose(prediction_p_value(table, interval.low), 0.05)
    np.testing.assert_allclose(prediction_p_value(table, interval.high), 0.05)
    np.testing.assert_allclose(prediction_p_value(table, interval.estimate), 1)


def test_prediction_p_value_is_a_two_sample_t_test() -> None:
    """It equals SciPy's pooled two-sample test against a sample of one."""
    expected = stats.ttest_ind([0.85], SEEDS, equal_var=True).pvalue
    assert float(prediction_p_value(SEEDS, 0.85)) == pytest.approx(expected)


def test_prediction_p_value_without_spread() -> None:
    """Seeds that agree to the digit agree with that value alone, rounding aside."""
    same = [0.1135, 0.1135, 0.1135]
    assert float(prediction_p_value(same, 0.1135)) == 1
    assert float(prediction_p_value(same, 0.1137)) == 0


def test_prediction_p_value_of_one_seed_is_unknown() -> None:
    """One seed has no spread to compare with, whatever the single value."""
    assert np.isnan(prediction_p_value([0.9], 0.9))


def test_holm_by_hand() -> None:
    """The example .01 .04 .03 .005 gives .03 .06 .06 .02, in the order given."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_holm_is_clipped_and_monotone() -> None:
    """Adjusted values never pass 1, never fall below the raw ones, and keep their order."""
    p = np.random.default_rng(2).uniform(size=20)
    adjusted = holm(p)
    assert adjusted.max() <= 1
    assert (adjusted >= p).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()
    assert holm([]).shape == (0,)


def test_holm_keeps_the_family_wise_error() -> None:
    """Of 4,000 families of 7 true hypotheses about 5 % raise any false alarm."""
    families = np.random.default_rng(3).uniform(size=(4000, 7))
    alarms = np.mean([holm(p).min() < 0.05 for p in families])
    assert alarms == pytest.approx(0.05, abs=0.012)


def test_wilson_by_hand() -> None:
    """None of 10 gives 0 to z^2 / (n + z^2), and all of 10 mirrors it."""
    z2 = stats.norm.ppf(0.975) ** 2
    none, full = wilson_interval(0, 10), wilson_interval(10, 10)
    assert float(none.low) == 0
    assert float(none.high) == pytest.approx(z2 / (10 + z2))
    assert float(full.low) == pytest.approx(10 / (10 + z2))
    assert float(full.high) == 1


@pytest.mark.parametrize("right", [0, 1, 37, 99, 100])
def test_wilson_agrees_with_scipy(right) -> None:
    """Bounds are those of SciPy's Wilson interval."""
    expected = stats.binomtest(right, 100).proportion_ci(0.9, method="wilson")
    found = wilson_interval(right, 100, confidence=0.9)
    assert (float(found.low), float(found.high)) == pytest.approx((expected.low, expected.high))


def test_intervals_cover_what_they_claim() -> None:
    """Simulated with 3 and 5 seeds, t and prediction intervals hold their 95 %."""
    rng = np.random.default_rng(4)
    for seeds in (3, 5):
        values = rng.normal(0.9, 0.02, size=(seeds, 20_000))
        mean, prediction = mean_interval(values), prediction_interval(values)
        further = rng.normal(0.9, 0.02, size=20_000)
        assert np.mean((mean.low <= 0.9) & (mean.high >= 0.9)) == pytest.approx(0.95, abs=0.006)
        inside = (prediction.low <= further) & (further <= prediction.high)
        assert np.mean(inside) == pytest.approx(0.95, abs=0.006)
        assert np.mean(prediction_p_value(values, further) < 0.05) == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_wilson_covers_what_it_claims(share) -> None:
    """Exactly summed over all outcomes of 1,000 images, coverage is 95 % but for its waves."""
    right = np.arange(1001)
    interval = wilson_interval(right, 1000)
    inside = (interval.low <= share) & (share <= interval.high)
    coverage = stats.binom.pmf(right, 1000, share)[inside].sum()
    assert coverage == pytest.approx(0.95, abs=0.015)


def test_rise_allowance_by_hand() -> None:
    """Where seeds spread by more than the binomial, their spread counts; else the binomial does."""
    accuracy = np.array([[0.88, 0.9, 0.5], [0.92, 0.9, 0.5]])
    spread, half = 0.04**2 / 2, 0.25 / 10_000
    expected = [
        3 * math.sqrt((spread + 0.9 * 0.1 / 10_000) / 2),
        3 * math.sqrt((0.9 * 0.1 / 10_000 + half) / 2),
    ]
    np.testing.assert_allclose(rise_allowance(accuracy, 10_000, 0.0), expected)
    np.testing.assert_allclose(rise_allowance(accuracy, 10_000, 0.02), [expected[0], 0.02])


def test_rise_allowance_of_one_seed() -> None:
    """One seed leaves the binomial error alone."""
    expected = 3 * math.sqrt((0.9 * 0.1 + 0.8 * 0.2) / 1000)
    np.testing.assert_allclose(rise_allowance([[0.9, 0.8]], 1000, 0.01), [expected])


@pytest.mark.parametrize(
    ("sd", "images", "most"),
    [
        pytest.param(0.005, 1000, 0.002, id="half a point"),
        pytest.param(0.01, 1000, 0.01, id="one point, the aim of the quick recipe"),
        pytest.param(0.02, 1000, 0.07, id="two points"),
        pytest.param(0.05, 10_000, 0.1, id="five points, unfinished training"),
    ],
)
def test_monotone_rule_on_equal_scales(sd, images, most) -> None:
    """Five truly equal scales, three seeds, slack 0.01: false alarms grow with the spread alone.

    A curve whose seeds spread by half a point almost never fails falsely, by a point in less than
    1 % of the runs; by five points, three seeds are too few: up to a tenth.
    """
    rng = np.random.default_rng(5)
    curves = rng.normal(0.9, sd, size=(4000, 3, 5)).clip(0, 1)
    alarms = [
        (np.diff(curve.mean(axis=0)) > rise_allowance(curve, images, 0.01)).any()
        for curve in curves
    ]
    assert np.mean(alarms) < most


def test_strict_comparison_would_flake() -> None:
    """Without the allowance, one truly equal step fails half of the time: why the rule exists."""
    means = np.random.default_rng(6).normal(0.9, 0.01, size=(4000, 3, 2)).mean(axis=1)
    assert np.mean(means[:, 1] > means[:, 0]) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mean_interval([]), "values must have the shape"),
        (lambda: mean_interval(0.9), "values must have the shape"),
        (lambda: mean_interval([0.9, 0.8], 95), "confidence must lie between 0 and 1, got 95"),
        (lambda: holm([0.5, math.nan]), "p_values must be"),
        (lambda: wilson_interval(11, 10), "right must lie between 0 and n"),
        (lambda: rise_allowance([0.9, 0.8], 10, 0.01), "accuracy must have the shape"),
        (lambda: rise_allowance([[0.9, 0.8]], 0, 0.01), "images must be"),
        (lambda: rise_allowance([[0.9, 0.8]], 10, -0.01), "slack must be"),
    ],
)
def test_bad_input(call, words) -> None:
    """Each unusable argument is refused in a sentence that names it."""
    with pytest.raises(ValueError, match=words):
        call()
