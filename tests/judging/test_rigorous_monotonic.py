"""The isotonic check of a curve, by hand-made curves."""

from __future__ import annotations

import numpy as np
import pytest
from records_factory import make_sweep
from scipy.optimize import isotonic_regression
from scripts import load_script

from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import judge_monotonic
from noisecore.judging.gates.rows import FittedRow
from noisecore.judging.statistics import _falling_fits, isotonic_test

CURVE = "cnn/gaussian/quick"
LEVEL = {0.5: 0.9, 1.0: 0.85, 4.0: 0.6}


class TestRigorousMonotonic:
    """The isotonic check of a curve."""

    def curve(self, levels, **choices):
        """Return a curve with these accuracies."""
        return matched_curves(make_sweep(levels, **choices))[CURVE]

    def test_falling(self) -> None:
        """A falling curve passes."""
        assert judge_monotonic(self.curve(LEVEL), rigorous=True).verdict == "pass"

    def test_rising(self) -> None:
        """A rise that is large and significant fails, with the fitted curve in the figures."""
        found = judge_monotonic(
            self.curve({0.5: 0.7, 1.0: 0.9, 4.0: 0.6}, spread=0.002), rigorous=True
        )
        assert found.verdict == "fail"
        assert [row.scale for row in found.rows(FittedRow)] == [0.5, 1.0, 4.0]

    def test_within_the_slack(self) -> None:
        """A significant rise within the slack passes."""
        levels = {0.5: 0.8, 1.0: 0.81, 4.0: 0.6}
        curve = self.curve(levels, spread=0.0001, images=100_000)
        assert judge_monotonic(curve, slack=0.01, rigorous=True).verdict == "pass"
        assert judge_monotonic(curve, slack=0.001, rigorous=True).verdict == "fail"

    def test_at_chance(self) -> None:
        """What rises at chance alone is not judged."""
        curve = self.curve({0.5: 0.9, 1.0: 0.10, 4.0: 0.125}, spread=0.0001)
        assert judge_monotonic(curve, rigorous=True).verdict == "fail"
        assert judge_monotonic(curve, chance=0.1, rigorous=True).verdict == "pass"

    def test_one_seed(self) -> None:
        """One seed is undecided."""
        assert judge_monotonic(self.curve(LEVEL, seeds=[0]), rigorous=True).verdict == (
            "inconclusive"
        )


@pytest.fixture(scope="module")
def level():
    """The function of the script whose figures docs/explanation/statistics.md has."""
    return load_script("monotonic").level


@pytest.mark.parametrize("seeds", [2, 3, 10])
@pytest.mark.parametrize("variances", [(1, 1, 1, 1, 1), (1, 2, 4, 8, 16)])
def test_level(level, seeds, variances) -> None:
    """A flat curve fails in about 5 % of cases, or fewer; drawn at the fit it was 8 to 15 %."""
    # Of 400 cases the share has a standard error of 1.1 points: this is 5 % and three of them.
    assert level(seeds, variances, 0.3, cases=400) <= 0.083


def test_fits() -> None:
    """The fits of all draws at once are SciPy's, however far the weights are apart."""
    rng = np.random.default_rng(0)
    means, weights = rng.normal(size=(100, 7)), 10 ** rng.uniform(-8, 3, (100, 7))
    for mean, weight, fit in zip(means, weights, _falling_fits(means, weights), strict=True):
        expected = isotonic_regression(mean, weights=weight, increasing=False).x
        np.testing.assert_allclose(fit, expected, atol=1e-12)


def test_a_rise_is_still_found() -> None:
    """A rise of five standard errors of the difference is significant with five seeds and ten."""
    rng = np.random.default_rng(0)
    for seeds in (5, 10):
        rise = 5 * np.sqrt(2 / seeds) * 0.01 * np.array([0, 1, 0, 0, 0])
        curves = 0.7 + rise + 0.01 * rng.standard_normal((50, seeds, 5))
        found = [isotonic_test(curve, 100_000).p < 0.05 for curve in curves]
        assert np.mean(found) > 0.8
