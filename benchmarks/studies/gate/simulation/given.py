"""Given models: false alarms, power, and what the gate itself says that it would catch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import stats

from noisecore.judging.baselines import Comparison
from noisecore.judging.gates.case import judge_comparison
from noisecore.judging.gates.outlook import CHURN, fitting_margin
from noisecore.judging.margins import Margins, Mode, Rule
from noisecore.judging.power import Held, change_answers
from noisecore.judging.statistics import Floats
from simulation.fast import Found, add_mean, judge_rows
from simulation.text import percent, say

SCALES = np.array([0.0, 0.5, 1.0, 2.0])
ACCURACY = (0.98, 0.95, 0.90, 0.75)
FOCUS = 0.8  # of the Beta of difficulties: most images are nearly always right, or nearly never
DRAWS = 3
DROPS = (0.0, 0.5, 1.0, 2.0)
BATCH = 50  # pairs that share a baseline
_GRID = (np.arange(4000) + 0.5) / 4000
_CHANCE = np.stack([stats.beta.ppf(_GRID, FOCUS * p, FOCUS * (1 - p)) for p in ACCURACY])


@dataclass(frozen=True)
class Change:
    """How a given model changes.

    churn: the share of its answers that turn each way. independent: whether other images turn at
    each scale.
    """

    churn: float = CHURN
    independent: bool = False

    def __str__(self) -> str:
        return f"{100 * self.churn:g} %" + (", other images at each scale" * self.independent)


CHANGES = (Change(), Change(CHURN / 2), Change(2 * CHURN), Change(independent=True))


def draw_held(images: int, rng: np.random.Generator) -> Held:
    """Return a given model's answers: an image that is hard at one scale is hard at the others."""
    chance = _CHANCE[:, rng.integers(0, len(_GRID), images)]
    answers = rng.random((DRAWS, *chance.shape)) < chance
    answers[:, 0] = answers[0, 0]  # scale 0 has no noise, so all draws are the same
    return Held(SCALES, answers)


def differences(
    images: int, drop: float, change: Change, pairs: int, rng: np.random.Generator
) -> Iterator[Floats]:
    """Yield the difference of each image's mean answer, (batch, images, k), of `change_answers`."""
    for _ in range(pairs // BATCH):
        right = draw_held(images, rng).answers.mean(axis=0).astype(np.float32)  # (k, images)
        turns = len(SCALES) if change.independent else 1
        to_turn = rng.random((2, BATCH, turns, images), np.float32)
        share = right.mean(axis=1)[:, None]
        turned = np.minimum(change.churn, np.minimum(share, 1 - share))
        lost = turned + np.where(SCALES > 0, drop, 0.0)[:, None]
        wrong = to_turn[0] < np.minimum(lost / share, 1.0).astype(np.float32)
        better = to_turn[1] < (turned / np.maximum(1 - share, 1e-9)).astype(np.float32)
        yield np.moveaxis(better * (1 - right) - wrong * right, 1, 2)


def figures(each: Floats) -> tuple[Floats, Floats]:
    """Return estimate and error of `matched_difference`, (batch, 1 + k)."""
    rows = add_mean(each, SCALES > 0)
    error = rows.std(axis=1, ddof=1, dtype=np.float64) / rows.shape[1] ** 0.5
    return rows.mean(axis=1, dtype=np.float64), error


def judge_given(estimate: Floats, error: Floats, images: int, rule: Rule) -> Found:
    """Judge differences of given models."""
    free = np.full(estimate.shape, images - 1.0)
    rigorous = rule.mode_for("draws") == "rigorous"
    return judge_rows(estimate, error, free, SCALES > 0, rule, rigorous=rigorous, images=images)


def rule_for(images: int, mode: Mode) -> Rule:
    """Return the rule with the margin that a baseline of so many images stores."""
    margins = Margins()
    fitting = fitting_margin(images, margins.mean or 0) or margins.mean
    return Rule(mode=mode, margins=replace(margins, mean=fitting))


def print_given(source: Path) -> None:
    """Print false alarms and power by images, mode and change, and whether the gate says so."""
    del source  # of given models there are no records here
    say(f"""Given models, {DRAWS} draws, scales {", ".join(f"{s:g}" for s in SCALES)} with accuracy
    {", ".join(map(str, ACCURACY))}; the Beta of difficulties has a + b = {FOCUS}; alpha 0.01, one
    curve. % that do not pass (of these inconclusive), by the points lost at each noisy scale:
    {", ".join(f"{drop:g}" for drop in DROPS)}; then what the gate says that the mean catches half
    and 95 % of the time (averaged, at no loss), and how many % of the pairs with just that loss do
    not pass; and how often the 95 % interval of the mean holds the truth (at no loss, 1 point).""")
    _check()
    for images, pairs in ((200, 10_000), (1000, 5000), (10_000, 1000)):
        margin = rule_for(images, "simple").margins.mean
        print(f"\n{images} images, margin of the mean {margin:g}, {pairs} pairs a cell")
        for change in CHANGES:
            drawn = {}
            for drop in DROPS:
                drawn[drop] = draw(images, drop / 100, change, pairs)
            for mode in ("simple", "rigorous"):
                rule = rule_for(images, mode)
                found = {drop: judge_given(*drawn[drop], images, rule) for drop in DROPS}
                cells = [_share(each) for each in found.values()]
                stated = []
                for name, what in (("half", "50 %"), ("most", "95 %")):
                    drop = float(getattr(found[0.0], name).mean())
                    at = judge_given(*draw(images, drop, change, pairs // 2), images, rule)
                    stated.append(f"{what} at {100 * drop:.2f}: {100 * (~at.passed).mean():.0f}")
                held = [coverage(*drawn[drop], -drop / 100, images) for drop in (0.0, 1.0)]
                print(
                    f"{mode:>8} {change!s:<32} {'  '.join(f'{cell:>13}' for cell in cells)}   "
                    f"{'; '.join(stated)}; holds {held[0]:.1f}, {held[1]:.1f} %",
                    flush=True,
                )


def draw(images: int, drop: float, change: Change, pairs: int) -> tuple[Floats, Floats]:
    """Return estimate and error of each row of so many pairs."""
    rng = np.random.default_rng(round(1e6 * drop) + images)
    each = [figures(batch) for batch in differences(images, drop, change, pairs, rng)]
    return np.concatenate([e for e, _ in each]), np.concatenate([e for _, e in each])


def _share(found: Found) -> str:
    return percent(float((~found.passed).mean()), float(found.undecided.mean()))


def coverage(estimate: Floats, error: Floats, truth: float, images: int) -> float:
    """Return in how many % of the pairs the 95 % interval of the mean holds the truth."""
    wide = stats.t.isf(0.025, images - 1) * error[:, 0]
    return 100 * float((np.abs(estimate[:, 0] - truth) <= wide + 1e-9).mean())


def _check(images: int = 1000, pairs: int = 250) -> None:
    """Print whether these rules are the gate's, and whether an identical model passes."""
    rng = np.random.default_rng(12)
    same, counts = 0, [0, 0]
    modes: tuple[Mode, ...] = ("simple", "rigorous")
    for n in range(pairs):
        held = draw_held(images, rng)
        new = change_answers(held, rng, 0.01 * (n % 3))
        one = Comparison(
            curve="given", scales=SCALES, new=new, baseline=held.answers, replicates="draws"
        )
        each = np.moveaxis(new.mean(axis=0) - held.answers.mean(axis=0), 0, 1)[None]
        other = figures(next(differences(images, 0.01 * (n % 3), Change(), BATCH, rng))[:1])
        for mode in modes:
            rule = rule_for(images, mode)
            found = judge_given(*figures(each), images, rule)
            passes = judge_comparison(one, rule).verdict == "pass"
            same += passes == bool(found.passed[0])
            counts[0] += passes
            counts[1] += bool(judge_given(*other, images, rule).passed[0])
    say(f"""Of {2 * pairs} pairs of change_answers the gate and this rule agree on {same};
    {counts[0]} pass; {counts[1]} of as many that were drawn as below pass.""")
    for identical in (True, False):
        for mode in modes:
            passed = []
            for n in (200, 1000, 10_000):
                held = draw_held(n, rng)
                one = Comparison(
                    curve="given",
                    scales=SCALES,
                    new=held.answers,
                    baseline=held.answers,
                    replicates="draws",
                    identical=identical,
                )
                passed += [n] * (judge_comparison(one, rule_for(n, mode)).verdict == "pass")
            print(
                f"{mode:>8}, the same answers, {'the same' if identical else 'other'} losses: "
                f"passes with {', '.join(map(str, passed))} images"
            )
