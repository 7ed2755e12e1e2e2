"""What a gate can see: whether a pass says enough, and how many seeds or images suffice."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count

import numpy as np

from noisecore.judging.baselines import Comparison
from noisecore.judging.differences import Difference, matched_difference, pooled_difference
from noisecore.judging.gates.rows import ROUNDING, AccuracyRow, WithinRow
from noisecore.judging.gates.rule import (
    BLIND,
    CONFIDENCE,
    MISSED,
    drops_caught,
    seeing_margin,
)
from noisecore.judging.margins import Margins, Rule

# For a given model that changed a little: the share of its answers that turn wrong, and the equal
# share that turn right, so that nothing is gained or lost.
CHURN = 0.01

# In points: a margin of the mean greater than this is not proposed.
MOST = 20.0

# If more images than this would be needed, the exact number is not given.
MOST_IMAGES = 10**8

# With this many seeds or more, both sides together, one stray seed is left out of the spread.
ENOUGH = 8


def blindness(comparison: Comparison, row: AccuracyRow, rule: Rule) -> str | None:
    """Return why the mean's pass says too little, and what would help; None if it says enough.

    If a drop of twice the margin is not caught 95 % of the time, a pass is a matter of luck. One
    seed that strayed far from the others is not a reason: it is left out of the spread here,
    because it widens every bound and would make a gate that sees look blind. Where seeds are still
    to come, what all of them will catch is asked.
    """
    # Identical answers need no power, and a drop that passes rigorous mode was shown to be small.
    if comparison.identical or isinstance(row, WithinRow) or row.allowed is None:
        return None
    calm = _with_all_seeds(without_stray(comparison), comparison)
    if seeing_margin(calm, rule.mean_alpha) <= row.allowed + ROUNDING:
        return None
    if comparison.replicates == "draws":
        return _blind_over_images(calm, rule, comparison.whole)
    ours, theirs = len(comparison.new_at(comparison.noisy)), len(comparison.baseline)
    if comparison.by_scale:  # it is blind even with the seeds that are still to come
        ours = comparison.final
    have = f"{ours} seed{'s' * (ours > 1)} against {theirs}"
    more = _more_seeds(_each(comparison), theirs, rule) + _or_images(comparison)
    return _blind(have, calm, rule, more)


def _or_images(comparison: Comparison) -> str:
    """Return what narrows the spread of seeds too, if not all test images were tested."""
    return ", or more images (--noise-images)" if comparison.whole else ""


def _blind(have: str, difference: Difference, rule: Rule, more: str) -> str:
    """Return why a pass would say too little, and what would help. more: seeds or images."""
    margin = rule.margins.mean or 0.0
    _, most = drops_caught(difference, margin / 100, rule.mean_alpha)
    caught = f"a drop must be {100 * most:.1f} points to be caught 95 % of the time"
    if most > 1:
        caught = "no drop is caught 95 % of the time"
    enough = math.ceil(1000 * seeing_margin(difference, rule.mean_alpha)) / 10
    wider = f", or a margin of {enough:g} or more (--noise-margins)" if enough <= MOST else ""
    return f"with {have} {caught}; the margin is {margin:g}: {more}{wider}"


def _blind_over_images(difference: Difference, rule: Rule, whole: int | None = None) -> str:
    """Return the same for a given model; whole: how many images the set has, if more."""
    images, usual = difference.images or 0, Margins().mean or 0.0
    have = f"{images} image{'s' * (images > 1)}"
    needed, sees = images, False
    while not sees and needed < MOST_IMAGES:
        needed = _round_up(1.1 * needed)
        error = difference.error * math.sqrt(images / needed)
        then = replace(difference, error=error, freedom=needed - 1.0, images=needed)
        # A baseline of more images may hold a narrower margin.
        margin = min(rule.margins.mean or 0.0, fitting_margin(needed, usual) or math.inf)
        sees = seeing_margin(then, rule.mean_alpha) <= margin / 100
    more = f"give {needed:,} images or more" if sees else f"give more than {MOST_IMAGES:,} images"
    if whole and needed <= whole:
        more += f" (--noise-images={needed}, in the run and in its baseline)"
    elif whole:
        more += f"; the set has {whole:,} (--noise-images=all, in the run and in its baseline)"
    return f"{_blind(have, difference, rule, more)}, or rigorous mode (--noise-gate=rigorous)"


def outlook(comparison: Comparison, seeds: int, rule: Rule) -> str:
    """Return what a new baseline will catch, in a line, and how many seeds would suffice.

    comparison: the baseline's records compared with themselves. seeds: how many later runs have.
    """
    if not comparison.noisy.any() or rule.margins.mean is None:
        return ""
    if comparison.replicates == "draws":
        return _outlook_over_images(comparison.images, rule, comparison.whole)
    held = len(comparison.new)
    if held < 2:
        return (
            "one seed shows no spread, so that a gate sees only whether two runs are identical: "
            "make the baseline with 3 seeds or more (--noise-seeds)"
        )
    each = _each(comparison)
    limit = rule.margins.mean / 100
    half, most = drops_caught(_between(each, seeds, held), limit, rule.mean_alpha)
    line = (
        f"a run of {seeds} seed{'s' * (seeds > 1)} will catch a drop of the mean of "
        f"{100 * half:.1f} points half of the time, of "
        f"{100 * most:.1f} points 95 % of the time"
    )
    if most <= BLIND * limit:
        return line
    more = _more_seeds(each, held, rule) + _or_images(comparison)
    return f"{line}; its pass would be inconclusive: {more}"


def _outlook_over_images(images: int, rule: Rule, whole: int | None) -> str:
    """Return what simple mode will miss in a given model; rigorous mode has margins that fit."""
    change = _costless_change(images)
    margin = (rule.margins.mean or 0.0) / 100
    if rule.mode_for("draws") == "rigorous" or images < 2:
        return ""
    if seeing_margin(change, rule.mean_alpha) <= margin + ROUNDING:
        return ""
    return (
        "a pass of a model that changed a little will be inconclusive in simple mode: "
        f"{_blind_over_images(change, rule, whole)}"
    )


def fitting_margin(images: int, default: float) -> float | None:
    """Return the margin of the mean, in points, that fits a given model on so many images.

    It is the least margin with which rigorous mode, 95 % of the time, passes a small change that
    costs nothing. It is rounded up to a tenth, and is at least the default. Small means that a
    hundredth of the answers turns each way (`CHURN`), for the same images at each scale and draw.
    None if it would be greater than `MOST`: a gate with so wide a margin would hardly be a gate.
    """
    margin = max(default, math.ceil(10 * _costless(images)) / 10)
    return margin if margin <= MOST else None


def too_few(images: int, default: float, whole: int | None = None) -> list[str]:
    """Return a line if no margin fits a given model on so few images: how many are needed.

    whole: how many images the set has, if more.
    """
    if fitting_margin(images, default) is not None:
        return []
    least, plenty = (next(n for n in count(1) if _costless(n) <= most) for most in (MOST, default))
    have = f"{images} images are" if images > 1 else "1 image is"
    return [
        f"{have} too few for a margin that fits: the usual margins hold, and few changes can be "
        f"judged by them. Give {least} images or more{' (--noise-images)' * bool(whole)}; from "
        f"{plenty} on the usual margins fit"
    ]


def _costless(images: int) -> float:
    """Return the bound, in points, of a small change that costs nothing but looks like a loss."""
    change = _costless_change(images)
    return -100 * replace(change, estimate=-change.distance(MISSED)).lower_after_loss(CONFIDENCE)


def _costless_change(images: int) -> Difference:
    """Return the difference of a given model if a hundredth of its answers turns each way."""
    error = math.sqrt(2 * CHURN / images)
    return Difference(0.0, error, max(images - 1.0, 1.0), images=images)


def _round_up(number: float) -> int:
    """Return the number rounded up to two significant digits."""
    step = int(10 ** max(int(math.log10(number)) - 1, 0))
    return math.ceil(number / step) * step


def _seeds_for(each: Difference, baseline_seeds: int | None, rule: Rule) -> int | None:
    """Return how many seeds let the mean catch twice its margin 95 % of the time; None if over 100.

    each: the error of one seed. baseline_seeds: None if the baseline has as many as the run.
    """
    if rule.margins.mean is None or math.isnan(each.error):
        return None
    limit = rule.margins.mean / 100
    for seeds in range(2, 101):
        difference = _between(each, seeds, baseline_seeds or seeds)
        _, most = drops_caught(difference, limit, rule.mean_alpha)
        if most <= BLIND * limit:
            return seeds
    return None


def _more_seeds(each: Difference, baseline_seeds: int, rule: Rule) -> str:
    found = _seeds_for(each, baseline_seeds, rule)
    if found is not None:
        return f"give {found} seeds or more (--noise-seeds={found})"
    found = _seeds_for(each, None, rule)
    return f"give both sides {found} seeds or more" if found else "give more than 100 seeds"


def _each(comparison: Comparison) -> Difference:
    """Return the error of one seed's mean, pooled as in simple mode."""
    at = comparison.noisy
    sides = [side.mean(axis=1) for side in (comparison.new_at(at), comparison.baseline[:, at])]
    found = pooled_difference(*sides)
    scale = math.sqrt(sum(1 / len(side) for side in sides))
    return replace(found, error=found.error / scale, least=found.least / scale)


def without_stray(comparison: Comparison) -> Difference:
    """Return the error of the mean without the seed that lies farthest from its side's others.

    If there are few seeds, all of them count. For a given model, all images count.
    """
    at = comparison.noisy
    sides = [side.mean(axis=1) for side in (comparison.new_at(at), comparison.baseline[:, at])]
    if comparison.replicates == "draws":
        return matched_difference(*sides)
    found = pooled_difference(*sides)
    off = [np.abs(side.mean(axis=1) - side.mean()) for side in sides]
    if sum(map(len, sides)) < ENOUGH:
        return found
    place = int(np.argmax([each.max() if len(each) > 2 else -1.0 for each in off]))
    kept = list(sides)
    kept[place] = np.delete(sides[place], int(off[place].argmax()), axis=0)
    calm = pooled_difference(*kept)
    # The seed is left out of the spread only: the mean is over all seeds.
    before, after = (sum(1 / len(side) for side in each) for each in (sides, kept))
    scale = math.sqrt(before / after)
    return replace(calm, error=calm.error * scale, least=calm.least * scale)


def _with_all_seeds(each: Difference, comparison: Comparison) -> Difference:
    """Return the same difference with the error that it has when no seeds are still to come."""
    seeds, old = len(comparison.new_at(comparison.noisy)), len(comparison.baseline)
    if not comparison.by_scale or seeds >= comparison.final:
        return each
    scale = math.sqrt((1 / comparison.final + 1 / old) / (1 / seeds + 1 / old))
    freedom = each.freedom + comparison.final - seeds
    return replace(each, error=each.error * scale, least=each.least * scale, freedom=freedom)


def _between(each: Difference, seeds: int, baseline_seeds: int) -> Difference:
    """Return the difference of an unchanged model, with this many seeds on each side."""
    scale = math.sqrt(1 / seeds + 1 / baseline_seeds)
    freedom = seeds + baseline_seeds - 2.0
    return Difference(0.0, each.error * scale, freedom, each.least * scale)
