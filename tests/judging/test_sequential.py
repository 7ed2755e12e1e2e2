"""Seeds one after another: when a curve has enough of them, and what it is judged to be then."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from records_factory import make_record

from noisecore.judging.baselines import compare_curves
from noisecore.judging.curves import Curve, matched_curves
from noisecore.judging.gates import Rule, Verdict, judge_comparison
from noisecore.judging.sequential import LEAST, STAGES, wanted_seeds
from noisecore.records import TrialRecord

SCALES = (0.0, 1.0, 2.0, 4.0)
MEANS = dict(zip(SCALES, (0.96, 0.94, 0.85, 0.6), strict=True))
# One seed's standard deviation; the seeds of both sides are drawn with it.
SPREAD = dict(zip(SCALES, (0.002, 0.003, 0.006, 0.012), strict=True))


def records(draw: int, drops: Mapping[float, float] | None = None, **more) -> list[TrialRecord]:
    """Return ten seeds of a model that lost so much at some scales; draw: which ten seeds."""
    rng, found = np.random.default_rng(draw), []
    for scale in SCALES:
        for seed, off in enumerate(rng.standard_normal(10)):
            accuracy = MEANS[scale] + SPREAD[scale] * off - (drops or {}).get(scale, 0.0)
            found.append(make_record("cnn", scale, seed, {scale: accuracy}, **more))
    return found


def curve(every: list[TrialRecord], seeds: Mapping[float, int] | int) -> Curve:
    """Return the curve of the first so many seeds of each scale."""
    counts = dict.fromkeys(SCALES, seeds) if isinstance(seeds, int) else seeds
    kept = [each for each in every if each.trial.seed < counts[each.trial.train_scale]]
    (found,) = matched_curves(kept).values()
    return found


BASELINE = curve(records(1), 10)


def run(every: list[TrialRecord], margins: str | None = None) -> list[dict[float, int]]:
    """Return how many seeds each scale has at each stage, until no more are wanted."""
    stages = [dict.fromkeys(SCALES, 1)]
    while (wanted := wanted_seeds(curve(every, stages[-1]), BASELINE, margins)) != stages[-1]:
        stages.append(wanted)
    return stages


def judge(measured: Curve, baseline: Curve = BASELINE, *, sequential: bool = True) -> Verdict:
    """Return the verdict on a run."""
    return judge_comparison(compare_curves(measured, baseline, sequential=sequential), Rule())


class TestWanted:
    """How many seeds each scale needs by now."""

    def test_an_identical_curve_has_enough(self) -> None:
        """One seed that gives the baseline's answers and losses at every scale is enough."""
        assert run(records(1)) == [dict.fromkeys(SCALES, 1)]

    def test_one_other_answer_is_not_identical(self) -> None:
        """A curve that differs from the baseline at one scale alone needs more at all of them."""
        every = [
            r if r.trial.train_scale < 4 else o for r, o in zip(records(1), records(2), strict=True)
        ]
        assert run(every)[1] == dict.fromkeys(SCALES, LEAST)

    def test_an_unchanged_curve_stops_at_three(self) -> None:
        """A curve that clearly passes needs the least number of seeds, and no more."""
        assert run(records(2)) == [dict.fromkeys(SCALES, 1), dict.fromkeys(SCALES, LEAST)]

    def test_a_clear_fall_stops_at_three(self) -> None:
        """A curve that clearly fails needs no more, at whichever scales it fell."""
        assert run(records(2, {4.0: 0.3}))[-1] == dict.fromkeys(SCALES, LEAST)

    def test_only_an_open_scale_goes_on(self) -> None:
        """A scale that lies near its margin gets the next stage's seeds; the others have enough."""
        stages = run(records(2, {4.0: 0.03}), "mean>none")
        assert stages[2] == dict.fromkeys(SCALES, LEAST) | {4.0: 5}
        assert stages[-1][4.0] == STAGES[-1]

    def test_an_open_mean_asks_the_scales_that_move_it(self) -> None:
        """Where the mean is open, the scales that spread most get more seeds."""
        lost = dict.fromkeys(SCALES[1:], 0.015)
        stages = run(records(2, lost), "mean>1.5,scale>none,clean>none")
        assert stages[2] == dict.fromkeys(SCALES, LEAST) | {2.0: 5, 4.0: 5}

    def test_a_failed_trial_ends_it(self) -> None:
        """A curve with a failed trial fails: no seed can help it, and it is not identical."""
        every = [make_record("cnn", 4.0, 0, status="failed", accuracies={4.0: 0.6})]
        every += [each for each in records(1) if each.trial.train_scale < 4]
        measured = curve(every, 1)
        assert wanted_seeds(measured, BASELINE) == dict.fromkeys(SCALES, 1)
        assert judge(measured).verdict == "fail"

    @pytest.mark.parametrize("held", [1, 2, 4])
    def test_no_more_than_the_baseline_has(self, held) -> None:
        """A baseline with few seeds sets the number at which all is decided."""
        found = wanted_seeds(curve(records(2), 1), curve(records(1), held), "scale>0.1")
        assert found == dict.fromkeys(SCALES, min(held, LEAST))
        last = wanted_seeds(curve(records(2), min(held, 3)), curve(records(1), held), "scale>0.1")
        assert max(last.values()) == held

    def test_rigorous_mode_needs_all(self) -> None:
        """Rigorous mode has to show that the mean is within its margin, with all seeds."""
        found = wanted_seeds(curve(records(2), 5), BASELINE, mode="rigorous")
        assert max(found.values()) == 10
