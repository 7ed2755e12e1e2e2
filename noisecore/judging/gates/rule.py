"""The rule of the gate against a baseline: from a comparison to rows of figures, each judged."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from noisecore.judging.baselines import Comparison, SinceFirst
from noisecore.judging.differences import (
    Difference,
    matched_difference,
    paired_difference,
    pooled_difference,
)
from noisecore.judging.gates.rows import (
    ROUNDING,
    AccuracyRow,
    CostRow,
    MeanRow,
    Outcome,
    ScaleRow,
    SinceFirstRow,
    WithinRow,
)
from noisecore.judging.margins import Margins, Rule
from noisecore.judging.statistics import Floats
from noisecore.judging.stopping import DOUBT, Early, early_difference

CONFIDENCE = 0.95  # with which rigorous mode must know that a drop is within its margin
MISSED = 0.05  # how often a drop is missed that is caught 95 % of the time
BLIND = 2  # a pass that would not have caught a drop of this many margins says too little


_A = TypeVar("_A", bound=AccuracyRow)


def accuracy_rows(comparison: Comparison, rule: Rule) -> list[AccuracyRow]:
    """Return a row for the mean over the noisy scales, for each scale, and since the ancestor.

    Each has what was measured on both sides, the difference with its 95 % interval, what is
    allowed, the bound or bounds that the verdict rests on, and the least drops that the row would
    have caught half of the time and 95 % of the time. A row of which seeds are still to come is
    judged by `noisecore.judging.stopping`, and is inconclusive while it is open.
    """
    margins, scales = rule.margins, comparison.scales
    limits = [margins.scale if noisy else margins.clean for noisy in comparison.noisy]
    first = None if comparison.identical else comparison.since_first
    since = first is not None and margins.since_first is not None
    alpha = rule.mean_alpha / max(sum(limit is not None for limit in limits) + since, 1)
    rows: list[AccuracyRow] = []
    if comparison.noisy.any():
        mean = rule.mean_alpha
        rows.append(accuracy_row(MeanRow, comparison, comparison.noisy, margins.mean, rule, mean))
    for place, (scale, limit) in enumerate(zip(scales.tolist(), limits, strict=True)):
        at = slice(place, place + 1)
        rows.append(accuracy_row(ScaleRow, comparison, at, limit, rule, alpha, scale=scale))
    if first is not None:
        rows.append(since_row(comparison, first, margins.since_first, alpha))
    return rows


def accuracy_row(
    kind: type[AccuracyRow],
    comparison: Comparison,
    at: NDArray[np.bool_] | slice,
    margin: float | None,
    rule: Rule,
    alpha: float,
    **own: Any,
) -> AccuracyRow:
    """Return the row of the mean over some scales, judged at the level alpha.

    own: the fields that only this kind has. The mean over all noisy scales, a `MeanRow`, is judged
    by the rule's mode.
    """
    early = early_difference(comparison, at)
    difference = early.now if early else _difference(comparison, at, rule)
    means, old = comparison.means_at(at), comparison.baseline_accuracy[:, at]
    one = _unjudged(kind, means, old, difference, **own)
    if comparison.by_scale:
        counts = comparison.counts[at]
        one = replace(one, seeds=(int(counts.min()), int(counts.max())))
    if kind is MeanRow and rule.mode_for(comparison.replicates) == "rigorous":
        if early:  # it is shown to lie within its margin with all seeds, or not
            return show_early(one, replace(early, reach=math.inf), margin, alpha)
        within = _unjudged(WithinRow, means, old, difference, bound_low=None, seeds=one.seeds)
        return _show_within(within, difference, margin, alpha)
    if early:
        return show_early(one, early, margin, alpha)
    return show_drop(one, difference, margin, alpha)


def since_row(
    comparison: Comparison, first: SinceFirst, margin: float | None, alpha: float
) -> AccuracyRow:
    """Return the row of the mean since the first ancestor, judged at the level alpha."""
    row = _unjudged(SinceFirstRow, first.new, first.old, first.difference, since=first.when)
    row = replace(row, seeds=(len(first.new),) * 2 if comparison.by_scale else None)
    return show_drop(row, first.difference, margin, alpha)


def _unjudged(kind: type[_A], new: Floats, old: Floats, difference: Difference, **own: Any) -> _A:
    """Return a row of a kind before it is judged; own: the fields that only this kind has."""
    return kind(
        measured=float(new.mean()),
        baseline=float(old.mean()),
        difference=difference.estimate,
        low=difference.lower(0.975),
        high=difference.upper(0.975),
        allowed=None,
        verdict=None,
        **own,
    )


def show_drop(row: _A, difference: Difference, margin: float | None, alpha: float) -> _A:
    """Judge a drop: it fails when it exceeds its margin and is shown not to be chance."""
    row = replace(row, bound_high=difference.upper(1 - alpha), level=1 - alpha)
    if margin is None:
        return row
    limit = margin / 100
    row = replace(row, allowed=limit, verdict="inconclusive")
    if math.isnan(difference.error):
        return row
    half, most = drops_caught(difference, limit, alpha)
    failed = -difference.estimate > _needed(difference, limit, alpha) + ROUNDING
    verdict: Outcome = "fail" if failed else "pass"
    return replace(row, verdict=verdict, caught_half=half, caught_most=most)


def show_early(row: _A, early: Early, margin: float | None, alpha: float) -> _A:
    """Judge a drop of which seeds are still to come: it is open while they may decide otherwise.

    Its bounds are what the change lies between with all seeds, and the drops that are caught are
    those of all seeds, because a row that is open gets them.
    """
    low, high = early.now.estimate - early.reach, early.now.estimate + early.reach
    row = replace(row, final_low=low, bound_high=high, level=1 - DOUBT)
    if margin is None:
        return row
    limit = margin / 100
    half, most = drops_caught(early.final, limit, alpha)
    verdict: Outcome = "inconclusive"
    if low >= -limit - ROUNDING:
        verdict = "pass"
    elif high < -_needed(early.final, limit, alpha) - ROUNDING:
        verdict = "fail"
    return replace(row, allowed=limit, verdict=verdict, caught_half=half, caught_most=most)


def drops_caught(difference: Difference, limit: float, alpha: float) -> tuple[float, float]:
    """Return the least drops that `show_drop` catches half of the time, and 95 % of the time.

    limit: the margin, as a share.
    """

    def least(sure: float) -> float:
        drop = 0.0
        # A drop over images widens its own error.
        for _ in range(1 if difference.images is None else 50):
            after = difference.after(drop)
            drop = _needed(after, limit, alpha) + sure * after.distance(MISSED)
        return drop

    return least(0.0), least(1.0)


def seeing_margin(difference: Difference, alpha: float) -> float:
    """Return the least margin, as a share, such that twice as much is caught 95 % of the time.

    With a smaller margin, a pass of `show_drop` says too little.
    """
    margin = 1.0
    # A drop over images widens its own error. Start above, as 0 also solves it if nothing changed.
    for _ in range(1 if difference.images is None else 50):
        after = difference.after(BLIND * margin)
        shown, missed = after.distance(alpha), after.distance(MISSED)
        margin = max(missed / (BLIND - 1), (shown + missed) / BLIND)
    return margin


def _needed(difference: Difference, limit: float, alpha: float) -> float:
    """Return how far below 0 an estimate must lie to exceed its margin, and to be shown."""
    return max(limit, difference.distance(alpha))


def _show_within(
    row: WithinRow, difference: Difference, margin: float | None, alpha: float
) -> WithinRow:
    """Judge a mean: it passes when shown to lie within its margin, and fails when shown not to.

    A run passes only if every curve does, so a worse curve passes at this one level, however many
    curves there are (an intersection-union test: Berger, Technometrics 24 (1982), 295).
    """
    low, high = difference.lower_after_loss(CONFIDENCE), difference.upper(1 - alpha)
    row = replace(row, bound_low=low, bound_high=high, level=1 - alpha)
    if margin is None:
        return row
    limit = margin / 100
    row = replace(row, allowed=limit)
    if not math.isnan(difference.error):
        # A drop is caught if it does not pass: it fails or is inconclusive. A model that lost
        # exactly the margin passes in 5 % of cases: that is what the lower bound says.
        half = max(limit - difference.after(limit).distance(1 - CONFIDENCE), 0.0)
        row = replace(row, caught_half=half, caught_most=limit)
    verdict: Outcome = "inconclusive"
    if low > -limit - ROUNDING:
        verdict = "pass"
    elif high < -limit - ROUNDING:
        verdict = "fail"
    return replace(row, verdict=verdict)


def _difference(comparison: Comparison, at: NDArray[np.bool_] | slice, rule: Rule) -> Difference:
    """Return the difference of the mean over some scales."""
    sides = comparison.new_at(at).mean(axis=1), comparison.baseline[:, at].mean(axis=1)
    if comparison.identical:  # nothing changed: no error, and no uncertainty
        return Difference(float(sides[0].mean() - sides[1].mean()), 0.0, 1.0)
    if comparison.replicates == "draws":
        return matched_difference(*sides)
    simple = rule.mode_for(comparison.replicates) == "simple"
    return pooled_difference(*sides) if simple else paired_difference(*sides)


def cost_rows(comparison: Comparison, margins: Margins) -> list[CostRow]:
    """Return a row for training time and one for peak memory, judged where a margin was given."""
    found = [
        _cost("seconds", *comparison.seconds, margins.seconds),
        _cost("memory", *comparison.memory, margins.memory),
    ]
    return [row for row in found if row is not None]


def _cost(
    name: Literal["seconds", "memory"], new: float, old: float, margin: float | None
) -> CostRow | None:
    """Return the row of a cost; None if it is not known, and need not be."""
    ratio = new / old if old > 0 else math.nan
    if margin is None and math.isnan(ratio):
        return None
    verdict: Outcome | None = None
    if margin is not None:
        verdict = "inconclusive" if math.isnan(ratio) else "fail" if ratio > margin else "pass"
    return CostRow(
        cost=name, measured=new, baseline=old, ratio=ratio, allowed=margin, verdict=verdict
    )
