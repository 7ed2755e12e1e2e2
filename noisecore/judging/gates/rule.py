"""The rule of the gate against a baseline: from a comparison to rows of figures, each judged."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.judging.baselines import Comparison
from noisecore.judging.differences import (
    Difference,
    matched_difference,
    paired_difference,
    pooled_difference,
)
from noisecore.judging.gates.verdict import ROUNDING, Outcome
from noisecore.judging.margins import Margins, Rule
from noisecore.judging.statistics import Floats

Row = dict[str, Any]

CONFIDENCE = 0.95  # with which rigorous mode must know that a drop is within its margin
MISSED = 0.05  # a drop that is caught 95 % of the time is missed so often
BLIND = 2  # a pass that would not have caught so many margins says too little


def accuracy_rows(comparison: Comparison, rule: Rule) -> list[Row]:
    """Return a row for the mean over the noisy scales, one a scale, and one since the ancestor.

    Each has what was measured on both sides, the difference with its 95 % interval, what is
    allowed, the bound or bounds that the verdict rests on, and the least drops that the row would
    have caught half of the time and 95 % of the time.
    """
    places = [*([-1] if comparison.noisy.any() else []), *range(len(comparison.scales))]
    others = sum(_margin(rule.margins, comparison, place) is not None for place in places[1:])
    since = comparison.since_first is not None and rule.margins.since_first is not None
    alpha = rule.mean_alpha / max(others + since, 1)
    rows = []
    for place in places:
        difference = _difference(comparison, place, rule)
        row = _row(comparison, place, difference)
        margin = _margin(rule.margins, comparison, place)
        if place < 0 and rule.mode_for(comparison.replicates) == "rigorous":
            row |= _show_within(difference, margin, rule.mean_alpha)
        else:
            row |= show_drop(difference, margin, rule.mean_alpha if place < 0 else alpha)
        rows.append(row)
    if comparison.since_first is not None:
        first = comparison.since_first
        row = _figures(first.new, first.old, first.difference) | {"since": first.when}
        rows.append(row | show_drop(first.difference, rule.margins.since_first, alpha))
    return rows


def show_drop(difference: Difference, margin: float | None, alpha: float) -> Row:
    """Judge a drop that fails when it exceeds its margin and is shown to be one."""
    row: Row = {"allowed": None, "bound_high": difference.upper(1 - alpha)}
    row |= {"level": 1 - alpha, "verdict": None}
    if margin is None:
        return row
    limit = margin / 100
    row |= {"allowed": limit, "verdict": "inconclusive"}
    if math.isnan(difference.error):
        return row

    def needed(after: Difference) -> float:
        return max(limit, after.distance(alpha))

    row |= _caught(difference, needed)
    failed = -difference.estimate > needed(difference) + ROUNDING
    return row | {"verdict": "fail" if failed else "pass"}


def _caught(difference: Difference, needed: Callable[[Difference], float]) -> Row:
    """Return the least drops that are caught half of the time, and 95 % of the time.

    needed: how far below 0 an estimate must lie to be caught, from a difference.
    """
    found = {}
    for name, sure in (("caught_half", 0.0), ("caught_most", 1.0)):
        drop = 0.0
        # A drop over images widens its own error.
        for _ in range(1 if difference.images is None else 50):
            after = difference.after(drop)
            drop = max(needed(after) + sure * after.distance(MISSED), 0.0)
        found[name] = drop
    return found


def _show_within(difference: Difference, margin: float | None, alpha: float) -> Row:
    """Judge a mean that passes when it is shown to lie within its margin, and fails when not to.

    A run passes where every curve does: a curve that is worse passes at the one level, however many
    there are (an intersection-union test: Berger, Technometrics 24 (1982), 295).
    """
    low, high = difference.lower(CONFIDENCE), difference.upper(1 - alpha)
    row: Row = {"allowed": None, "bound_low": low, "bound_high": high}
    row |= {"level": 1 - alpha, "verdict": None}
    if margin is None:
        return row
    limit = margin / 100
    row |= {"allowed": limit}
    if not math.isnan(difference.error):
        # What is caught does not pass, whether it fails or is inconclusive.
        row |= _caught(difference, lambda after: limit - after.distance(1 - CONFIDENCE))
    verdict: Outcome = "inconclusive"
    if low > -limit - ROUNDING:
        verdict = "pass"
    elif high < -limit - ROUNDING:
        verdict = "fail"
    return row | {"verdict": verdict}


def _difference(comparison: Comparison, place: int, rule: Rule) -> Difference:
    """Return the difference at a scale, or on the mean over the scales for a place of -1."""
    at = _at(comparison, place)
    sides = comparison.new[:, at].mean(axis=1), comparison.baseline[:, at].mean(axis=1)
    if comparison.identical:  # nothing changed: no error, and nothing that it is uncertain from
        return Difference(float(sides[0].mean() - sides[1].mean()), 0.0, 1.0)
    if comparison.replicates == "draws":
        return matched_difference(*sides)
    simple = rule.mode_for(comparison.replicates) == "simple"
    return pooled_difference(*sides) if simple else paired_difference(*sides)


def _at(comparison: Comparison, place: int) -> NDArray[np.bool_] | slice:
    """Return which scales a row is of: all noisy ones for a place of -1."""
    return comparison.noisy if place < 0 else slice(place, place + 1)


def _margin(margins: Margins, comparison: Comparison, place: int) -> float | None:
    if place < 0:
        return margins.mean
    return margins.scale if comparison.noisy[place] else margins.clean


def _row(comparison: Comparison, place: int, difference: Difference) -> Row:
    at = _at(comparison, place)
    new, old = comparison.new_accuracy[:, at], comparison.baseline_accuracy[:, at]
    scale = None if place < 0 else float(comparison.scales[place])
    return _figures(new, old, difference) | {"scale": scale}


def _figures(new: Floats, old: Floats, difference: Difference) -> Row:
    return {
        "scale": None,
        "measured": float(new.mean()),
        "baseline": float(old.mean()),
        "difference": difference.estimate,
        "low": difference.lower(0.975),
        "high": difference.upper(0.975),
    }


def cost_rows(comparison: Comparison, margins: Margins) -> list[Row]:
    """Return a row for training time and one for peak memory, judged where a margin was given."""
    rows = []
    for name, (new, old) in (("seconds", comparison.seconds), ("memory", comparison.memory)):
        margin = getattr(margins, name)
        ratio = new / old if old > 0 else math.nan
        row: Row = {"cost": name, "measured": new, "baseline": old, "ratio": ratio}
        row |= {"allowed": margin, "verdict": None}
        if margin is not None:
            row["verdict"] = (
                "inconclusive" if math.isnan(ratio) else "fail" if ratio > margin else "pass"
            )
        if margin is not None or not math.isnan(ratio):
            rows.append(row)
    return rows
