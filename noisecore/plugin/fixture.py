"""The fixture `robustness`: what a test sees of its trials."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from noisecore.plugin.choices import Choices
from noisecore.profiles import Profile
from noisecore.records import TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve, Point
    from noisecore.judging.gates import Case
    from noisecore.plugin.baseline import Reference
    from noisecore.plugin.declare import Request


class _ReplayClock:
    """A timer for pytest-benchmark: the seconds that records hold, while they are replayed.

    At any other time it is the usual one, so that a test can measure what it does itself.
    """

    __name__ = "recorded_training_seconds"

    def __init__(self) -> None:
        self.now: float | None = None

    def __call__(self) -> float:
        return time.perf_counter() if self.now is None else self.now

    def replay(self, benchmark: Any, seconds: list[float]) -> None:
        """Give `benchmark` a round of each of these lengths."""
        left = iter(seconds)
        now = self.now = 0.0

        def advance() -> None:
            nonlocal now
            now += next(left, 0.0)
            self.now = now

        try:
            benchmark.pedantic(advance, rounds=len(seconds))
        finally:
            self.now = None


CLOCK = _ReplayClock()


class Robustness:
    """The records of one test's trials, as curves or a point.

    profile: the run's. rigorous: whether it is judged in rigorous mode. records: a list for each
    condition that the test's marker declares.
    """

    def __init__(self, choices: Choices, requests: Sequence[Request]) -> None:
        self.profile: Profile = choices.profile
        self.rigorous = choices.baseline.rigorous
        self.records: list[list[TrialRecord]] = []
        self._requests = requests

    @property
    def curves(self) -> list[Curve]:
        """The matched curve (train scale = test scale) of each condition, in their order."""
        from noisecore.judging.curves import matched_curves

        return [curve for records in self.records for curve in matched_curves(records).values()]

    @property
    def curve(self) -> Curve:
        """The matched curve of a test with one condition."""
        curves = self.curves
        if not curves:
            raise RuntimeError("the records are there in the test itself, not in its fixtures")
        if len(curves) > 1:
            raise ValueError(f"this test has {len(curves)} curves: use robustness.curves")
        return curves[0]

    @property
    def point(self) -> Point:
        """The scale of a test with one condition and one scale."""
        curve = self.curve
        if len(curve.scales) > 1:
            raise ValueError(
                f"this test has {len(curve.scales)} scales: use robustness.curve.at(scale), or "
                "take noise_scale to run once for each"
            )
        return curve.at(float(curve.scales[0]))

    def against(self, baseline: Reference) -> Case:
        """Return the case of this test's one curve against the fixture `noise_baseline`."""
        if len(self.records) != 1:
            raise ValueError(f"this test has {len(self.records)} curves: compare one a test")
        return baseline.case(self._requests[0], self.records[0])

    def properties(self) -> list[tuple[str, object]]:
        """Return what JUnit keeps of the test: accuracy and its interval at each scale."""
        from noisecore.showing.rows import curve_rows

        found: list[tuple[str, object]] = []
        try:
            curves = self.curves
        except ValueError:  # records that do not belong together: the test fails for it
            return []
        for curve in curves:
            for row in curve_rows(curve):
                at, accuracy = f"{curve.name} scale {row.scale:g}", row.accuracy
                found.append((f"{at}: accuracy", f"{accuracy.mean:.4f}"))
                if accuracy.seeds > 1:
                    interval = f"{accuracy.low:.4f} to {accuracy.high:.4f}"
                    found.append((f"{at}: 95 % interval", interval))
        return found

    def record(self, benchmark: Any) -> None:
        """Put the training seconds of the seeds into pytest-benchmark's `benchmark` as rounds.

        Accuracy, loss and seeds go into its `extra_info`, in the order of the seeds.
        """
        point = self.point
        (records,) = self.records
        benchmark.group = point.curve
        benchmark.extra_info |= {
            "scale": point.scale,
            "seeds": list(point.seeds),
            "accuracy": point.accuracy.tolist(),
            "loss": point.loss.tolist(),
        }
        CLOCK.replay(benchmark, [record.cost["train_seconds"] for record in records])
