"""Seeds one after another: when a curve has enough of them, and what it is judged to be then."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from records_factory import make_record

from noisecore.judging.baselines import compare_curves, first_of, with_first
from noisecore.judging.curves import Curve, matched_curves
from noisecore.judging.gates import Margins, Rule, Verdict, judge_comparison, regression_table
from noisecore.judging.gates.rows import AccuracyRow, MeanRow, ScaleRow, SinceFirstRow
from noisecore.judging.sequential import STAGES, wanted_seeds
from noisecore.judging.stopping import LEAST, later, pooled_covariance, quadratic, to_come
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
        assert found == {0.0: 5, 1.0: 10, 2.0: 10, 4.0: 10}


class TestJudged:
    """What the gate says of a curve with the seeds that it took."""

    def test_an_early_pass(self) -> None:
        """A curve that stopped early passes; it says how many seeds it took and what it catches."""
        verdict = judge(curve(records(2), LEAST))
        (mean,) = verdict.rows(MeanRow)
        assert verdict.verdict == "pass"
        assert "seeds came one after another, 3 at each scale" in verdict.sentence
        assert "95 % of the time" in verdict.sentence
        ten = judge(curve(records(2), 10)).rows(MeanRow)[0]
        assert mean.caught_half == ten.caught_half == 0.015
        assert mean.caught_most == pytest.approx(ten.caught_most, rel=0.2)

    def test_unequal_seeds_are_no_failure(self) -> None:
        """Scales may have unequal numbers of seeds; without `sequential`, trials are missing."""
        measured = curve(records(2), {0.0: 3, 1.0: 3, 2.0: 5, 4.0: 10})
        verdict = judge(measured)
        assert verdict.verdict == "pass"
        means = [measured.accuracy[:, place] for place in range(4)]
        means = [each[np.isfinite(each)].mean() for each in means]
        rows = verdict.rows(AccuracyRow)
        assert [row.measured for row in rows] == pytest.approx([np.mean(means[1:]), *means])
        assert [row.seeds for row in rows] == [(3, 10), (3, 3), (3, 3), (5, 5), (10, 10)]
        table = regression_table(verdict).splitlines()
        assert [line.split()[-2] for line in table[2:8]] == ["seeds", "3-10", "3", "3", "5", "10"]
        assert max(map(len, table)) <= 80
        assert Verdict.from_dict(verdict.to_dict()) == verdict
        assert judge(measured, sequential=False).verdict == "fail"

    def test_a_hole_is_a_failure(self) -> None:
        """A scale may end before the others, but no trial before its last one may be missing."""
        gone = [r for r in records(2) if (r.trial.train_scale, r.trial.seed) != (4.0, 1)]
        verdict = judge(curve(gone, 3))
        assert verdict.verdict == "fail"
        assert "scale 4 seed 1: no record of this trial" in verdict.sentence

    def test_two_seeds_decide_nothing(self) -> None:
        """A run that ended with two seeds a scale is inconclusive, although nothing fell."""
        assert judge(curve(records(2), 2), curve(records(1), 4)).verdict == "inconclusive"

    def test_an_open_row_does_not_pass(self) -> None:
        """A run that ended before its curve was decided is inconclusive."""
        verdict = judge(curve(records(2, {4.0: 0.03}), LEAST))
        assert verdict.verdict == "inconclusive"
        assert "is undecided: " in verdict.sentence

    @pytest.mark.parametrize("drop", [0.0, 0.01, 0.02, 0.03, 0.2])
    def test_stages_agree_with_ten(self, drop) -> None:
        """What stops early is judged as ten seeds would be."""
        for draw in range(2, 6):
            every = records(draw, dict.fromkeys(SCALES[2:], drop))
            stopped = judge(curve(every, run(every)[-1]))
            assert stopped.verdict == judge(curve(every, 10), sequential=False).verdict

    def test_with_all_seeds_nothing_is_different(self) -> None:
        """With ten seeds at each scale the verdict is that of the fixed design, word for word."""
        measured = curve(records(2, {4.0: 0.04}), 10)
        assert judge(measured) == judge(measured, sequential=False)

    def test_with_all_seeds_of_a_scale_its_row_is_the_same(self) -> None:
        """A scale that has ten seeds is judged as in the fixed design, whatever the others have."""
        every = records(2, {4.0: 0.04})
        rows = [
            next(row for row in judge(curve(every, n)).rows(ScaleRow) if row.scale == 4)
            for n in ({0.0: 3, 1.0: 3, 2.0: 3, 4.0: 10}, 10)
        ]
        figures = [{**row.to_dict(), "seeds": None} for row in rows]
        assert figures[0] == pytest.approx(figures[1])

    def test_scattered_seeds_stay_open(self) -> None:
        """Where the run's own seeds scatter more than the baseline's, three of them do not pass."""
        every = [r for r in records(2) if (r.trial.train_scale, r.trial.seed) != (4.0, 1)]
        every.append(make_record("cnn", 4.0, 1, {4.0: 0.52}))
        assert run(every)[2][4.0] == 5
        assert judge(curve(every, LEAST)).verdict == "inconclusive"

    def test_since_the_first_ancestor(self) -> None:
        """The loss since the first ancestor is judged on the seeds that all scales have."""
        first = first_of(records(1, dict.fromkeys(SCALES, -0.03)), date="2026-01-01", commit=None)
        measured = curve(records(2), {0.0: 3, 1.0: 3, 2.0: 5, 4.0: 10})
        compared = compare_curves(measured, BASELINE, sequential=True)
        compared = with_first(compared, first, measured.records)
        (row,) = judge_comparison(compared, Rule()).rows(SinceFirstRow)
        assert (row.verdict, row.seeds) == ("fail", (3, 3))
        assert row.measured == pytest.approx(measured.accuracy[:3, 1:].mean())

    def test_blind_with_all_seeds(self) -> None:
        """A mean that even all seeds would leave blind is no early pass: it needs them all."""
        measured = curve(records(2), LEAST)
        found = wanted_seeds(measured, BASELINE, "mean>0.5,scale>none,clean>none")
        assert found[4.0] == 5
        rule = Rule(margins=Margins(mean=0.4, scale=None, clean=None))
        measured = curve(records(2, dict.fromkeys(SCALES, -0.02)), LEAST)
        verdict = judge_comparison(compare_curves(measured, BASELINE, sequential=True), rule)
        assert verdict.verdict == "inconclusive"
        assert "with 10 seeds against 10 a drop must be" in verdict.sentence


class TestEstimator:
    """The mean over scales that have unequal numbers of nested seeds."""

    def test_its_variance(self) -> None:
        """The variances of the estimate and of what is still to come are those of a simulation."""
        spread = np.array([[4.0, 1.0, 2.0], [1.0, 1.0, 0.5], [2.0, 0.5, 9.0]])
        counts, weights = np.array([5, 3, 10]), np.full(3, 1 / 3)
        root = np.linalg.cholesky(spread)
        seeds = np.random.default_rng(0).standard_normal((200_000, 10, 3)) @ root.T
        means = np.stack([seeds[:, :n, place].mean(axis=1) for place, n in enumerate(counts)], 1)
        estimate, final = means @ weights, seeds.mean(axis=1) @ weights
        assert estimate.var() == pytest.approx(quadratic(spread / later(counts), weights), rel=0.02)
        left = quadratic(to_come(spread, counts, 10), weights)
        assert (final - estimate).var() == pytest.approx(left, rel=0.02)

    def test_the_covariance_that_is_used(self) -> None:
        """It is the baseline's, more where both sides spread more, and at least that of luck."""
        rng = np.random.default_rng(0)
        old = rng.standard_normal((10, 2)) * [1, 2]
        calm = [np.zeros(3), np.zeros(5)]
        no_luck = np.zeros((2, 2))
        own = np.cov(old, rowvar=False)
        assert np.diag(pooled_covariance(calm, old, no_luck)) == pytest.approx(np.diag(own))
        assert pooled_covariance(calm, old, no_luck)[0, 1] == pytest.approx(max(own[0, 1], 0))
        assert (pooled_covariance(calm, old, no_luck + 50) == 50).all()
        wild = [np.array([0.0, 0.0, 30.0]), np.zeros(5)]
        pooled = (600 + 9 * own[0, 0]) / 11
        assert pooled_covariance(wild, old, no_luck)[0, 0] == pytest.approx(pooled)
