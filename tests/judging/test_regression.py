"""The gate against a baseline passes, fails or is undecided for the right reason, and says it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from records_factory import make_record, make_sweep

from noisecore.judging.baselines import Comparison, compare_records
from noisecore.judging.gates import (
    Case,
    Margins,
    assert_no_regression,
    collect_verdicts,
    judge_no_regression,
    regression_table,
)

CURVE = "cnn/gaussian/quick"


LEVEL = {0.5: 0.9, 1.0: 0.85, 4.0: 0.6}


def case(new, old, **choices) -> Case:
    """Return the case of the CNN's curve in two lists of records."""
    return Case(curve=CURVE, comparisons=compare_records(new, old), **choices)


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
        verdict = judge_no_regression(case(make_sweep(LEVEL), make_sweep(LEVEL)))
        assert verdict.verdict == "pass"
        assert [row["scale"] for row in verdict.figures if "scale" in row] == [None, 0.5, 1.0, 4.0]
        assert all(row["difference"] == 0 for row in verdict.figures if "scale" in row)

    def test_better_run_passes(self) -> None:
        """Only a fall is a regression."""
        verdict = judge_no_regression(case(make_sweep(shifted(6.0)), make_sweep(LEVEL)))
        assert verdict.verdict == "pass"

    def test_fall_at_one_scale(self) -> None:
        """A fall beyond the margin and three errors fails, and its scale is named."""
        verdict = judge_no_regression(case(make_sweep(shifted({1.0: -6.0})), make_sweep(LEVEL)))
        assert verdict.verdict == "fail"
        assert "scale 1 changed by -6.00 points, from 0.8500 to 0.7900" in verdict.sentence
        assert "scale 4" not in verdict.sentence
        failing = [row["scale"] for row in verdict.figures if row["verdict"] == "fail"]
        assert 1.0 in failing

    def test_the_sentence_names_the_worst_scale(self) -> None:
        """Of many scales that fell the sentence has the greatest fall, and counts the others."""
        worse = make_sweep(shifted({0.5: -10.0, 1.0: -25.0, 4.0: -20.0}))
        verdict = judge_no_regression(case(worse, make_sweep(LEVEL)))
        assert "scale 1 changed by -25.00 points" in verdict.sentence
        assert verdict.sentence.endswith("; and 2 more of the scales")
        assert "scale 4 changed" not in verdict.sentence

    def test_allowed_by_hand(self) -> None:
        """What is allowed is the margin, or three pooled standard errors if that is more."""
        new, old = make_sweep({1.0: 0.81}, spread=0.03), make_sweep({1.0: 0.8}, spread=0.03)
        (mean, row) = [row for row in judge_no_regression(case(new, old)).figures if "scale" in row]
        assert row["allowed"] == mean["allowed"] == pytest.approx(3 * 0.03 * (2 / 3) ** 0.5)
        wide = Margins(mean=20.0, scale=10.0)
        rows = judge_no_regression(case(new, old, margins=wide)).figures
        assert [row["allowed"] for row in rows if "scale" in row] == [0.2, 0.1]

    def test_one_seed_each_is_undecided(self) -> None:
        """Without any spread to go by the verdict is inconclusive, and says why."""
        new, old = make_sweep(shifted(-0.1), seeds=[0]), make_sweep(LEVEL, seeds=[0])
        verdict = judge_no_regression(case(new, old))
        assert verdict.verdict == "inconclusive"
        assert "too few seeds to know their spread" in verdict.sentence

    def test_a_margin_that_is_switched_off(self) -> None:
        """A check without a margin is shown and decides nothing."""
        off = Margins(mean=None, scale=None)
        verdict = judge_no_regression(
            case(make_sweep(shifted(-30.0)), make_sweep(LEVEL), margins=off)
        )
        assert verdict.verdict == "pass"
        assert "-30.00" in regression_table(verdict)


class TestRigorous:
    """Non-inferiority on the mean, and significant falls at a scale."""

    def test_three_outcomes(self) -> None:
        """An equal run passes, a much worse one fails, and one at the margin is undecided."""
        rng = np.random.default_rng(0)
        found = [
            judge_no_regression(
                Case(
                    curve=CURVE,
                    comparisons={CURVE: comparison(rng, (10, 10), 0.005, drop)},
                    mode="rigorous",
                    margins=Margins(mean=1.5, scale=None),
                )
            ).verdict
            for drop in (0.0, 0.05, 0.015)
        ]
        assert found == ["pass", "fail", "inconclusive"]

    def test_few_seeds_do_not_pass_by_silence(self) -> None:
        """Where the seeds spread widely nothing is shown, and that is no pass."""
        rng = np.random.default_rng(1)
        verdict = judge_no_regression(
            Case(
                curve=CURVE,
                comparisons={CURVE: comparison(rng, (3, 3), 0.04)},
                mode="rigorous",
            )
        )
        assert verdict.verdict == "inconclusive"

    def test_one_scale(self) -> None:
        """A significant fall at one scale fails although the mean holds."""
        new, old = (
            make_sweep(level, spread=0.001, seeds=range(10))
            for level in (shifted({4.0: -4.0}), LEVEL)
        )
        verdict = judge_no_regression(case(new, old, mode="rigorous", margins=Margins(mean=5.0)))
        assert verdict.verdict == "fail"
        assert [row["scale"] for row in verdict.figures if row["verdict"] == "fail"] == [4.0]

    def test_holm_counts_the_curves(self) -> None:
        """The same curve needs more evidence beside others, even if they cannot be judged."""
        rng = np.random.default_rng(2)
        alone = comparison(rng, (6, 6), 0.003)
        p = {}
        for beside in (0, 1, 3):
            others = {
                f"other{i}": Comparison(
                    curve=f"other{i}",
                    scales=np.zeros(0),
                    new=np.zeros((0, 0, 0), bool),
                    baseline=np.zeros((0, 0, 0), bool),
                    obstacles=("other data",),
                )
                for i in range(beside)
            }
            found = judge_no_regression(
                Case(curve=CURVE, comparisons={CURVE: alone, **others}, mode="rigorous")
            )
            p[beside] = found.figures[0]["p"]
        assert p[1] == pytest.approx(2 * p[0])
        assert p[3] == pytest.approx(4 * p[0])

    def test_one_seed_is_undecided(self) -> None:
        """With one seed on a side nothing is shown."""
        found = judge_no_regression(
            case(make_sweep(LEVEL, seeds=[0]), make_sweep(LEVEL), mode="rigorous")
        )
        assert found.verdict == "inconclusive"

    def test_holm_takes_each_curve_by_its_own_margin(self) -> None:
        """A curve beside it counts with the margin that it is judged by itself."""
        rng = np.random.default_rng(3)
        both = {CURVE: comparison(rng, (6, 6), 0.003), "b": comparison(rng, (6, 6), 0.003)}

        def p_of(**choices) -> float:
            found = judge_no_regression(
                Case(curve=CURVE, comparisons=both, mode="rigorous", **choices)
            )
            return found.figures[0]["p"]

        hopeless, easy = Margins(mean=0.001), Margins(mean=50.0)
        assert p_of(others={"b": hopeless}) == pytest.approx(2 * p_of(others={"b": easy}))
        assert p_of(others={"b": Margins(mean=None)}) == pytest.approx(p_of(others={"b": easy}))

    def test_other_scales(self) -> None:
        """Scales that one side lacks are noted; where both must have the same ones they fail."""
        new, old = make_sweep({0.5: 0.9, 1.0: 0.85, 9.0: 0.2}), make_sweep(LEVEL)
        noted = judge_no_regression(case(new, old))
        assert noted.verdict == "pass"
        lines = [row["note"] for row in noted.figures if "note" in row]
        assert lines == ["scale 4 of the baseline was not run", "scale 9 is not in the baseline"]
        whole = judge_no_regression(case(new, old, whole=True))
        assert whole.verdict == "fail"
        assert "scale 9 is not in the baseline" in whole.sentence
        assert judge_no_regression(case(new, old, whole=True, accepted=True)).verdict == "pass"


class TestMissing:
    """What cannot be judged never passes."""

    def test_failed_trial(self) -> None:
        """A failed trial fails the gate with its reason."""
        new = make_sweep(LEVEL)
        new[-1] = make_record(scale=4.0, seed=2, status="failed", reason="loss became NaN")
        verdict = judge_no_regression(case(new, make_sweep(LEVEL)))
        assert verdict.verdict == "fail"
        assert "scale 4 seed 2: loss became NaN" in verdict.sentence

    def test_obstacles(self) -> None:
        """What is not comparable fails with the list of differences."""
        verdict = judge_no_regression(
            case(make_sweep(LEVEL, test_draw=1, dataset_sha256="e" * 64), make_sweep(LEVEL))
        )
        assert verdict.verdict == "fail"
        assert "cannot be compared" in verdict.sentence
        assert [row["obstacle"] for row in verdict.figures] == [
            "dataset sha256 is eeeeeeeeeeee, was dddddddddddd",
            "test draw is 1, was 0",
        ]

    def test_not_in_the_baseline(self) -> None:
        """A curve without a counterpart fails, with the problem that was given or its own words."""
        new = case(make_sweep(LEVEL), [])
        assert judge_no_regression(new).sentence == f"{CURVE} is not in the baseline"
        told = Case(curve=CURVE, comparisons={}, problem="there is no baseline: make one")
        assert judge_no_regression(told).sentence == "there is no baseline: make one"
        assert judge_no_regression(told).verdict == "fail"


class TestCosts:
    """Training time and memory."""

    @pytest.mark.parametrize(("margin", "outcome"), [(None, "pass"), (2.0, "pass"), (1.2, "fail")])
    def test_seconds(self, margin, outcome) -> None:
        """Training time is shown, and fails only beyond a ratio that was given."""
        new, old = (make_sweep(LEVEL, cost={"train_seconds": s}) for s in (6.0, 4.0))
        verdict = judge_no_regression(case(new, old, margins=Margins(seconds=margin)))
        assert verdict.verdict == outcome
        assert "training time (median): 6.0 s, was 4.0 s, ratio 1.50" in regression_table(verdict)

    def test_unknown_memory(self) -> None:
        """A margin on what was not recorded is undecided; without a margin it is not mentioned."""
        new, old = (make_sweep(LEVEL) for _ in range(2))
        found = judge_no_regression(case(new, old, margins=Margins(memory=2.0)))
        assert found.verdict == "inconclusive"
        assert "peak memory is not known on both sides" in found.sentence
        assert "memory" in regression_table(found)
        assert "memory" not in regression_table(judge_no_regression(case(new, old)))


class TestMessage:
    """What a person reads."""

    def test_table_fits_80_columns(self) -> None:
        """The table has a line a scale, in points, and is no wider than a terminal."""
        verdict = judge_no_regression(case(make_sweep(shifted(-20.0)), make_sweep(LEVEL)))
        lines = regression_table(verdict).splitlines()
        assert max(map(len, lines)) <= 80
        assert lines[1].split() == ["scale", "measured", "baseline", "change", "95", "%",
                                    "interval", "allowed", "verdict"]  # fmt: skip
        assert lines[2].split()[0] == "mean"
        assert lines[-2].split()[:4] == ["4", "0.4000", "0.6000", "-20.00"]

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
            verdict = judge_no_regression(
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
        fall = judge_no_regression(
            case(make_sweep(shifted(-20.0)), make_sweep(LEVEL), accepted=True)
        )
        assert fall.verdict == "pass"
        assert "accepted as the new baseline" in fall.sentence
        assert "-20.00" in regression_table(fall)
        failed = [*make_sweep(LEVEL)[:-1], make_record(scale=4.0, seed=2, status="failed")]
        broken = judge_no_regression(case(failed, make_sweep(LEVEL), accepted=True))
        assert broken.verdict == "fail"
