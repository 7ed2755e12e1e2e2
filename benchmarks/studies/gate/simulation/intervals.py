"""How often the intervals that the gate prints hold the true difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from noisecore.judging.differences import Difference, paired_difference, pooled_difference
from noisecore.judging.margins import ALPHA
from noisecore.judging.power import Spread, binomial_interval, draw_answers
from simulation.models import fit_spreads
from simulation.text import say

SIDES = ((3, 10), (10, 10), (1, 10), (2, 2))
LEVEL = 1 - ALPHA / 2 / 2  # the upper bound of a mean's row, of two curves
ROWS = ("mean", "greatest", "clean")  # the mean over the noisy scales, the greatest scale, scale 0
CHANGED = 0.1  # the share of the images that the new model finds as hard as it found others


def deterministic(spread: Spread) -> Spread:
    """Return a model that all seeds agree on."""
    return replace(spread, share=np.round(spread.share), skill=np.zeros_like(spread.skill))


def changed_share(spread: Spread, changed: float, rng: np.random.Generator) -> Spread:
    """Return a model that finds other images hard: a share of them change places."""
    which = np.flatnonzero(rng.random(spread.share.shape[1]) < changed)
    share = spread.share.copy()
    share[:, which] = share[:, rng.permutation(which)]
    return replace(spread, share=share)


class Held:
    """How often each interval held the truth."""

    def __init__(self) -> None:
        self.inside, self.lower, self.upper, self.count = 0, 0, 0, 0

    def add(self, difference: Difference, truth: float) -> None:
        """Count whether an interval holds the truth, give or take the rounding of a float."""
        off = 1e-9
        self.count += 1
        low, high = difference.lower(0.975), difference.upper(0.975)
        self.inside += low - off <= truth <= high + off
        self.lower += difference.lower(0.95) - off <= truth
        self.upper += truth <= difference.upper(LEVEL) + off

    def __str__(self) -> str:
        low, high = binomial_interval(self.inside, self.count)
        inside, lower = 100 * self.inside / self.count, 100 * self.lower / self.count
        missed = 100 - 100 * self.upper / self.count
        return (
            f"{inside:5.1f} % ({100 * low:.1f} to {100 * high:.1f})   "
            f"{lower:5.1f} %   {missed:.2f} % beyond"
        )


def cover(
    spread: Spread,
    new: int,
    old: int,
    repeats: int,
    rng: np.random.Generator,
    rows: Sequence[str] = ROWS,
    changed: float = CHANGED,
) -> dict[tuple[str, str], Held]:
    """Return how often each interval held the truth, by difference and row.

    The images of each repeat are drawn from the model's, which are the population; the new model
    finds some of them harder and others easier, for no gain or loss over all of them.
    """
    population = changed_share(spread, changed, rng)
    scales = spread.scales
    every = dict(zip(ROWS, (scales > 0, scales == scales.max(), scales == 0), strict=True))
    held = {(what, row): Held() for what in ("pooled", "paired") for row in rows}
    images = spread.share.shape[1]
    for _ in range(repeats):
        at = rng.integers(0, images, images)
        sides = [replace(each, share=each.share[:, at]) for each in (population, spread)]
        ours, theirs = (
            draw_answers(side, count, rng) for side, count in zip(sides, (new, old), strict=True)
        )
        for row, which in ((row, every[row]) for row in rows):
            answers = ours[:, which].mean(axis=1), theirs[:, which].mean(axis=1)
            here = float(sides[0].share[which].mean() - sides[1].share[which].mean())
            held["pooled", row].add(pooled_difference(*answers), here)
            held["paired", row].add(paired_difference(*answers), 0.0)
    return held


def print_coverage(source: Path, repeats: int = 1500) -> None:
    """Print the coverage of pooled and paired differences, by seeds, model and row."""
    say(f"""Truth: pooled, the difference on these images; paired, that over all images (none). A
    tenth of the images changes its difficulty. {repeats} repeats. The columns: 95 % on both sides;
    the lower bound of 95 %; the upper bound of {100 * LEVEL:g} % (0.25 % beyond
    is the promise).""")
    spreads = fit_spreads(source)
    models = dict(spreads) | {"deterministic": deterministic(next(iter(spreads.values())))}
    for sides in SIDES:
        print(f"\n{sides[0]} against {sides[1]} seeds")
        for name, spread in models.items():
            count = repeats // 3 if name == "deterministic" else repeats
            found = cover(spread, *sides, count, np.random.default_rng(sides[0]))
            for (what, row), held in found.items():
                print(f"{what:>8} {name:<13} {row:<8}  {held}", flush=True)
