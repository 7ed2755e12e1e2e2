"""The isotonic check of a curve, by hand-made curves."""

from __future__ import annotations

from records_factory import make_sweep

from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import judge_monotonic

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
        assert [row["scale"] for row in found.figures if "fitted" in row] == [0.5, 1.0, 4.0]

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
