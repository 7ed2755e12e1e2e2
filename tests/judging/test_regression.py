"""The gate against a baseline passes, fails or is undecided for the right reason, and says it."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from records_factory import make_case as case
from records_factory import make_record, make_sweep
from scipy import stats

from noisecore.judging.baselines import Comparison
from noisecore.judging.gates import (
    Margins,
    Rule,
    assert_no_regression,
    collect_verdicts,
    judge_comparison,
    regression_table,
)
from noisecore.judging.gates.case import Case, judge_case
from noisecore.judging.gates.rows import AccuracyRow, NoteRow

CURVE = "cnn/gaussian/quick"


LEVEL = {0.5: 0.9, 1.0: 0.85, 4.0: 0.6}


def shifted(points: dict[float, float] | float) -> dict[float, float]:
    """Return the accuracies with some scales moved by points."""
    moves = dict.fromkeys(LEVEL, points) if isinstance(points, float) else points
    return {scale: level + moves.get(scale, 0.0) / 100 for scale, level in LEVEL.items()}


def side(rng, seeds: int, spread: float, drop: float, images: int = 1000):
    """Return right answers (seeds, 3, images) of models with their own skill and luck."""
    levels = np.array(list(LEVEL.values()))[:, None] - drop
    skill = rng.normal(0, spread, (seeds, 1, 1))
    return rng.random((seeds, 3, images)) < np.clip(levels + skill, 0, 1)


def comparison(rng, seeds: tuple[int, int], spread: float, drop: float = 0.0) -> Comparison:
    """Return a comparison of a model with one that is `drop` worse at each scale."""
    return Comparison(
        curve=CURVE,
        scales=np.array(list(LEVEL)),
        new=side(rng, seeds[0], spread, drop),
        baseline=side(rng, seeds[1], spread, 0.0),
    )


class TestSimple:
    """The tolerance rule."""

    def test_equal_runs_pass(self) -> None:
        """A run that equals its baseline passes, with a row for the mean and for each scale."""
        verdict = judge_case(case(make_sweep(LEVEL), make_sweep(LEVEL)))
        assert verdict.verdict == "pass"
        assert [row.scale for row in verdict.rows(AccuracyRow)] == [None, 0.5, 1.0, 4.0]
        assert all(row.difference == 0 for row in verdict.rows(AccuracyRow))

    def test_better_run_passes(self) -> None:
        """Only a fall is a regression."""
        verdict = judge_case(case(make_sweep(shifted(6.0)), make_sweep(LEVEL)))
        assert verdict.verdict == "pass"

    def test_fall_at_one_scale(self) -> None:
        """A fall beyond the margin and three errors fails, and its scale is named."""
        verdict = judge_case(case(make_sweep(shifted({1.0: -6.0})), make_sweep(LEVEL)))
        assert verdict.verdict == "fail"
        assert "scale 1 changed by -6.00 points, from 0.8500 to 0.7900" in verdict.sentence
        assert "scale 4" not in verdict.sentence
        assert 1.0 in [row.scale for row in verdict.fallen]

    def test_the_sentence_names_the_worst_scale(self) -> None:
        """Of many scales that fell the sentence has the greatest fall, and counts the others."""
        worse = make_sweep(shifted({0.5: -10.0, 1.0: -25.0, 4.0: -20.0}))
        verdict = judge_case(case(worse, make_sweep(LEVEL)))
        assert "scale 1 changed by -25.00 points" in verdict.sentence
        assert verdict.sentence.endswith("; and 2 more of the scales")
        assert "scale 4 changed" not in verdict.sentence

    def test_bounds_by_hand(self) -> None:
        """A bound is Student's, of the pooled spread, at the check's share of alpha."""
        new, old = make_sweep({1.0: 0.81}, spread=0.03), make_sweep({1.0: 0.8}, spread=0.03)
        rule = {"margins": Margins(mean=1.0, scale=50.0, clean=None), "alpha": 0.04, "curves": 2}
        mean, row = judge_case(case(new, old, **rule)).rows(AccuracyRow)
        error = 0.03 * (2 / 3) ** 0.5
        for each in (mean, row):  # one scale: half of alpha for the mean, half for the scale
            assert each.level == pytest.approx(0.99)
            assert each.bound_high == pytest.approx(0.01 + stats.t.isf(0.01, 4) * error)
        assert mean.allowed == 0.01
        assert mean.caught_half == pytest.approx(stats.t.isf(0.01, 4) * error)
        assert row.caught_half == 0.5
        missed = stats.t.isf(0.05, 4) * error
        assert mean.caught_most == pytest.approx(mean.caught_half + missed)

    def test_alpha_is_shared(self) -> None:
        """The more curves and scales there are, the surer each check must be of a drop."""
        levels = {}
        for curves in (1, 20):
            verdict = judge_case(case(make_sweep(shifted(-1.0)), make_sweep(LEVEL), curves=curves))
            levels[curves] = [row.level for row in verdict.rows(AccuracyRow)]
        assert levels[1] == pytest.approx([1 - 0.005, *[1 - 0.005 / 3] * 3])
        assert levels[20] == pytest.approx([1 - 0.005 / 20, *[1 - 0.005 / 60] * 3])

    def test_a_pass_that_sees_nothing_is_none(self) -> None:
        """Seeds that spread too much make a pass inconclusive, which says what would help."""
        wide = [make_sweep(LEVEL, spread=0.03, seeds=seeds) for seeds in (range(3), range(3, 6))]
        verdict = judge_case(case(*wide))
        assert verdict.verdict == "inconclusive"
        assert "did not fail, but with 3 seeds against 3 a drop must be" in verdict.sentence
        found = re.search(r"give both sides (\d+) seeds or more", verdict.sentence)
        seeds = int(found[1])
        step = 0.03 / np.arange(seeds).std(ddof=1)
        more = [make_sweep(LEVEL, spread=step, seeds=range(k, k + seeds)) for k in (0, 500)]
        assert judge_case(case(*more)).verdict == "pass"
        margins = Margins(mean=12.0, scale=12.0, clean=None)
        assert judge_case(case(*wide, margins=margins)).verdict == "pass"

    def test_identical_on_the_seeds_that_both_have(self) -> None:
        """Where shared seeds gave the same answers nothing changed, whatever other seeds did."""
        old = make_sweep(LEVEL, spread=0.03, seeds=range(10))
        for mode in ("simple", "rigorous"):
            for seeds in (1, 3, 10):
                new = [record for record in old if record.trial.seed < seeds]
                verdict = judge_case(case(new, old, mode=mode))
                assert verdict.verdict == "pass"
                assert "is identical to its baseline" in verdict.sentence
                assert verdict.figures[0].difference == 0
        broken = [*old[1:], make_record(scale=4.0, seed=99, status="failed", reason="lost")]
        assert judge_case(case(broken, old)).verdict == "fail"

    def test_one_seed_each_is_undecided(self) -> None:
        """Without any spread to go by the verdict is inconclusive, and says why."""
        new, old = make_sweep(shifted(-0.1), seeds=[0]), make_sweep(LEVEL, seeds=[0])
        verdict = judge_case(case(new, old))
        assert verdict.verdict == "inconclusive"
        assert "too few seeds to know their spread" in verdict.sentence

    def test_a_margin_that_is_switched_off(self) -> None:
        """A check without a margin is shown and decides nothing."""
        off = Margins(mean=None, scale=None)
        verdict = judge_case(case(make_sweep(shifted(-30.0)), make_sweep(LEVEL), margins=off))
        assert verdict.verdict == "pass"
        assert "-30.00" in regression_table(verdict)


class TestRigorous:
    """Non-inferiority on the mean, and significant falls at a scale."""

    def test_three_outcomes(self) -> None:
        """An equal run passes, a much worse one fails, and one at the margin is undecided."""
        rng = np.random.default_rng(0)
        found = [
            judge_comparison(
                comparison(rng, (10, 10), 0.005, drop),
                Rule(mode="rigorous", margins=Margins(mean=1.5, scale=None)),
            ).verdict
            for drop in (0.0, 0.05, 0.015)
        ]
        assert found == ["pass", "fail", "inconclusive"]

    def test_few_seeds_do_not_pass_by_silence(self) -> None:
        """Where the seeds spread widely nothing is shown, and that is no pass."""
        rng = np.random.default_rng(1)
        verdict = judge_comparison(comparison(rng, (3, 3), 0.04), Rule(mode="rigorous"))
        assert verdict.verdict == "inconclusive"

    def test_one_scale(self) -> None:
        """A significant fall at one scale fails although the mean holds."""
        new, old = (
            make_sweep(level, spread=0.001, seeds=range(10))
            for level in (shifted({4.0: -4.0}), LEVEL)
        )
        verdict = judge_case(case(new, old, mode="rigorous", margins=Margins(mean=5.0)))
        assert verdict.verdict == "fail"
        assert [row.scale for row in verdict.fallen] == [4.0]

    def test_bounds_of_the_mean(self) -> None:
        """It passes at 95 %, however many curves there are; to fail it takes more evidence."""
        rng = np.random.default_rng(2)
        alone = comparison(rng, (6, 6), 0.003)
        one, many = (
            judge_comparison(alone, Rule(mode="rigorous", curves=curves)).figures[0]
            for curves in (1, 10)
        )
        assert one.bound_low == many.bound_low
        assert one.bound_high < many.bound_high

    def test_one_seed_on_each_side_is_undecided(self) -> None:
        """With one seed on either side nothing is shown; six on one side show both spreads."""
        other = make_sweep(shifted(0.1), seeds=[7])
        for seeds, outcome in (([0], "inconclusive"), (range(1, 7), "pass")):
            new = make_sweep(LEVEL, spread=0.002, seeds=seeds)
            assert judge_case(case(new, other, mode="rigorous")).verdict == outcome

    def test_other_scales(self) -> None:
        """Scales that one side lacks are noted; where both must have the same ones they fail."""
        new, old = make_sweep({0.5: 0.9, 1.0: 0.85, 9.0: 0.2}), make_sweep(LEVEL)
        noted = judge_case(case(new, old))
        assert noted.verdict == "pass"
        lines = [row.note for row in noted.rows(NoteRow)]
        assert lines == ["scale 4 of the baseline was not run", "scale 9 is not in the baseline"]
        whole = judge_case(case(new, old, whole=True))
        assert whole.verdict == "fail"
        assert "scale 9 is not in the baseline" in whole.sentence
        assert judge_case(case(new, old, whole=True, accepted=True)).verdict == "pass"


class TestMissing:
    """What cannot be judged never passes."""

    def test_failed_trial(self) -> None:
        """A failed trial fails the gate with its reason."""
        new = make_sweep(LEVEL)
        new[-1] = make_record(scale=4.0, seed=2, status="failed", reason="loss became NaN")
        verdict = judge_case(case(new, make_sweep(LEVEL)))
        assert verdict.verdict == "fail"
        assert "scale 4 seed 2: loss became NaN" in verdict.sentence

    def test_obstacles(self) -> None:
        """What is not comparable fails with the list of differences."""
        verdict = judge_case(
            case(make_sweep(LEVEL, test_draw=1, dataset_sha256="e" * 64), make_sweep(LEVEL))
        )
        assert verdict.verdict == "fail"
        assert "cannot be compared" in verdict.sentence
        assert [row.obstacle for row in verdict.figures] == [
            "dataset sha256 is eeeeeeeeeeee, was dddddddddddd",
            "test draw is 1, was 0",
        ]

    def test_not_in_the_baseline(self) -> None:
        """A curve without a counterpart fails, with the problem that was given or its own words."""
        new = case(make_sweep(LEVEL), [])
        assert judge_case(new).sentence == f"{CURVE} is not in the baseline"
        told = Case(curve=CURVE, comparison=None, problem="there is no baseline: make one")
        assert judge_case(told).sentence == "there is no baseline: make one"
        assert judge_case(told).verdict == "fail"


class TestCosts:
    """Training time and memory."""

    @pytest.mark.parametrize(("margin", "outcome"), [(None, "pass"), (2.0, "pass"), (1.2, "fail")])
    def test_seconds(self, margin, outcome) -> None:
        """Training time is shown, and fails only beyond a ratio that was given."""
        new, old = (make_sweep(LEVEL, cost={"train_seconds": s}) for s in (6.0, 4.0))
        verdict = judge_case(case(new, old, margins=Margins(seconds=margin)))
        assert verdict.verdict == outcome
        assert "training time (median): 6.0 s, was 4.0 s, ratio 1.50" in regression_table(verdict)

    def test_unknown_memory(self) -> None:
        """A margin on what was not recorded is undecided; without a margin it is not mentioned."""
        new, old = (make_sweep(LEVEL) for _ in range(2))
        found = judge_case(case(new, old, margins=Margins(memory=2.0)))
        assert found.verdict == "inconclusive"
        assert "peak memory is not known on both sides" in found.sentence
        assert "memory" in regression_table(found)
        assert "memory" not in regression_table(judge_case(case(new, old)))


class TestMessage:
    """What a person reads."""

    def test_table_fits_80_columns(self) -> None:
        """The table has one line per scale, in points, and is no wider than a terminal."""
        verdict = judge_case(case(make_sweep(shifted(-20.0)), make_sweep(LEVEL)))
        lines = regression_table(verdict).splitlines()
        assert max(map(len, lines)) <= 80
        assert lines[2].split() == ["scale", "measured", "baseline", "change", "bound", "allowed",
                                    "50", "%", "95", "%", "verdict"]  # fmt: skip
        assert lines[3].split()[0] == "mean"
        assert lines[6].split()[:4] == ["4", "0.4000", "0.6000", "-20.00"]
        assert lines[7].startswith("A row fails when its change is below")

    def test_failure(self) -> None:
        """The message has the sentence, the table, and the two ways on."""
        with pytest.raises(AssertionError) as caught:
            assert_no_regression(case(make_sweep(shifted(-20.0)), make_sweep(LEVEL)))
        text = str(caught.value)
        for words in ("no regression: fail", "worse than its baseline", "--noise-update-baseline",
                      "--noise-gate=rigorous", "measured"):  # fmt: skip
            assert words in text

    def test_verdict_is_plain_json(self) -> None:
        """Whatever is missing, the verdict is JSON without NaN."""
        new, old = (make_sweep(LEVEL, seeds=[0]) for _ in range(2))
        for mode in ("simple", "rigorous"):
            verdict = judge_case(
                case(new, old, mode=mode, margins=Margins(seconds=2.0, memory=2.0))
            )
            json.dumps(verdict.to_dict(), allow_nan=False)
            regression_table(verdict)

    def test_tolerant(self) -> None:
        """Where inconclusive counts as a pass it is collected and does not raise; a fall does."""
        undecided = case(make_sweep(shifted(-0.1), seeds=[0]), make_sweep(LEVEL, seeds=[0]))
        with collect_verdicts(tolerant=True) as verdicts:
            assert_no_regression(undecided)
            with pytest.raises(AssertionError):
                assert_no_regression(case(make_sweep(shifted(-20.0)), make_sweep(LEVEL)))
        assert [verdict.verdict for verdict in verdicts] == ["inconclusive", "fail"]

    def test_accepted(self) -> None:
        """What is to become the baseline passes with its fall shown, unless a trial failed."""
        fall = judge_case(case(make_sweep(shifted(-20.0)), make_sweep(LEVEL), accepted=True))
        assert fall.verdict == "pass"
        assert "accepted as the new baseline" in fall.sentence
        assert "-20.00" in regression_table(fall)
        failed = [*make_sweep(LEVEL)[:-1], make_record(scale=4.0, seed=2, status="failed")]
        broken = judge_case(case(failed, make_sweep(LEVEL), accepted=True))
        assert broken.verdict == "fail"
