"""A comparison with a baseline in words and tables, from the rows of its verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from noisecore.escaping import visible
from noisecore.judging.curves.table import aligned
from noisecore.judging.gates.rows import (
    ROUNDING,
    AccuracyRow,
    CostRow,
    JudgedRow,
    MeanRow,
    NoteRow,
    Outcome,
    SinceFirstRow,
    WithinRow,
)
from noisecore.judging.gates.suite_rows import CorruptionErrorRow, FamilyRow

if TYPE_CHECKING:
    from noisecore.judging.gates.verdict import Verdict

HEAD = ("scale", "measured", "baseline", "change", "bound", "allowed", "50 %", "95 %", "verdict")
_UNITS = (
    "changes and drops in points of accuracy\n"
    "50 %, 95 %: the drop that a row catches half of the time, and nearly always"
)
_SUITE_UNITS = (
    "changes and drops in points of accuracy\n95 %: the drop that a row catches nearly always"
)
_DROP = "A row fails when its change is below what is allowed and its bound is below 0."
_EARLY = (
    " Where seeds are still to come, the bound is what the change would hardly be below (>) or "
    "above (<) with all of them: a row passes if that is above what is allowed, and fails if it is "
    "below. 50 % and 95 % are those of all seeds."
)
_WITHIN = (
    "The mean passes when its lower bound is above what is allowed, and fails when its upper bound "
    "is below it. "
)


def regression_head(verdict: Verdict) -> tuple[str, ...]:
    """Return the head of a regression verdict's table: `HEAD`, with the seeds if rows have them.

    The table of a suite has families in place of scales, and no column 50 %, which would not fit.
    """
    head = HEAD if not verdict.rows(FamilyRow) else ("family", *HEAD[1:6], *HEAD[7:])
    return (*head[:-1], "seeds", head[-1]) if _has_seeds(verdict) else head


def regression_rows(verdict: Verdict) -> list[tuple[str, ...]]:
    """Return the cells of a regression verdict's table under its head, changes in points."""
    seeds, suite = _has_seeds(verdict), bool(verdict.rows(FamilyRow))
    return [
        (
            "clean" if suite and row.scale == 0 else _scale(row),
            f"{row.measured:.4f}",
            f"{row.baseline:.4f}",
            points(row.difference),
            _deciding_bound(row) if suite else _bound(row),
            _allowed(row),
            *([] if suite else [_caught(row.caught_half)]),
            _caught(row.caught_most),
            *([_seeds(row, "-")] if seeds else []),
            row.verdict or "-",
        )
        for row in verdict.rows(AccuracyRow)
    ]


def regression_lines(verdict: Verdict) -> list[str]:
    """Return the lines below that table: training time, memory, and other differences."""
    lines = [_cost_line(row) for row in verdict.rows(CostRow)]
    lines += map(str, verdict.rows(CorruptionErrorRow))
    return lines + [f"note: {row.note}" for row in verdict.rows(NoteRow)]


def regression_table(verdict: Verdict) -> str:
    """Return the figures of a regression verdict as a table of at most 80 columns."""
    rows = regression_rows(verdict)
    if not rows:
        return ""
    units = _SUITE_UNITS if verdict.rows(FamilyRow) else _UNITS
    lines = [units, *aligned([regression_head(verdict), *rows])]
    for line in (how_to_read(verdict), *regression_lines(verdict)):
        lines += wrap(visible(line), 80, subsequent_indent="  ")
    return "\n".join(lines)


def regression_sentence(
    curve: str,
    outcome: Outcome,
    rows: Sequence[JudgedRow],
    *,
    identical: bool = False,
    blind: str | None = None,
) -> str:
    """Return the finding in words: what decided it, or what came nearest to it.

    identical: whether both sides gave the same answers. blind: why a pass would say too little.
    """
    families = [row for row in rows if isinstance(row, FamilyRow)]
    over = "families" if families else "scales"
    if identical and outcome == "pass":
        return f"{curve} is identical to its baseline: the same answers and losses"
    if blind and outcome == "inconclusive":
        return f"{curve} did not fail, but {blind}{_worst_family(families)}"
    if outcome != "pass":
        deciding = [row for row in rows if row.verdict == outcome]
        parts = [  # noisy scales, or families
            row
            for row in deciding
            if isinstance(row, AccuracyRow) and (row.scale or isinstance(row, FamilyRow))
        ]
        # The table has them all: the sentence names the one that fell the most.
        worst = min(parts, key=lambda row: row.difference, default=None)
        shown = "; ".join(
            _in_words(row, over) for row in deciding if row is worst or row not in parts
        )
        if len(parts) > 1:
            shown += f"; and {len(parts) - 1} more of the {over}"
        shown += _worst_family(families, worst) + _taken(rows)
        if outcome == "fail":
            return f"{curve} is {_how_worse(rows)} than its baseline: {shown}"
        return f"whether {curve} is worse than its baseline is undecided: {shown}"
    judged = [row for row in rows if row.verdict == "pass" and isinstance(row, AccuracyRow)]
    if not any(row.verdict for row in rows):
        return f"{curve} was not judged, because its margins allow any loss"
    if not judged:
        return f"{curve} is not worse than its baseline in what was judged"
    nearest = max(judged, key=lambda row: -row.difference - (row.allowed or 0.0))
    within = nearest.difference >= -(nearest.allowed or 0.0) - ROUNDING
    says = "is no worse than its baseline allows; nearest to it"
    if not within:  # the drop exceeds its margin, and its bound does not show that it is one
        says = "is not shown to be worse than its baseline allows, though"
    chance = "" if within else ", which may be chance"
    rest = f"{_power(judged[0])}{_worst_family(families, nearest)}{_taken(rows)}"
    return f"{curve} {says} {_in_words(nearest, over)}{chance}{rest}"


def _worst_family(families: Sequence[FamilyRow], named: AccuracyRow | None = None) -> str:
    """Return in words which family changed for the worst, unless it is the row that is named."""
    worst = min(families, key=lambda row: row.difference, default=None)
    if worst is None or worst is named:
        return ""
    return f"; the worst family is {worst.family}, {points(worst.difference)} points"


def _how_worse(rows: Sequence[JudgedRow]) -> str:
    """Return in what way a curve is worse, as far as clean images were judged."""
    accuracy = [
        row for row in rows if isinstance(row, AccuracyRow) and not isinstance(row, SinceFirstRow)
    ]
    clean = {row.verdict for row in accuracy if row.scale == 0}
    noisy = {row.verdict for row in accuracy if row.scale != 0}
    if "fail" in clean:
        if any(row.difference > 0 for row in accuracy):
            families = any(isinstance(row, FamilyRow) for row in accuracy)
            return f"worse {'under some families' if families else 'at some scales'}"
        return "worse everywhere" if "fail" in noisy else "worse on clean images only"
    return "more fragile" if "pass" in clean and "fail" in noisy else "worse"


def points(value: float | None) -> str:
    """Return a share of accuracy in points, signed; a question mark if it is not known."""
    return "?" if value is None or math.isnan(value) else f"{100 * value:+.2f}"


def _in_words(row: JudgedRow, over: str) -> str:
    """Return the change of a row in words; over: what its mean is over, scales or families."""
    if isinstance(row, CostRow):
        what = "training time" if row.cost == "seconds" else "peak memory"
        if row.ratio is None or math.isnan(row.ratio):
            return f"{what} is not known on both sides"
        return f"{what} is {row.ratio:.2f} times the baseline's, allowed {row.allowed:g}"
    assert isinstance(row, AccuracyRow)
    where = f"mean accuracy over the {over}" if row.scale is None else f"scale {row.scale:g}"
    where = "accuracy on clean images" if row.scale == 0 else where
    where = f"mean accuracy under {row.family}" if isinstance(row, FamilyRow) else where
    if isinstance(row, SinceFirstRow):
        where += f" since its first ancestor of {row.since}"
    change = (
        f"{where} changed by {points(row.difference)} points, from {row.baseline:.4f} to "
        f"{row.measured:.4f}"
    )
    if row.low is None or math.isnan(row.low):
        return f"{change}, with too few seeds to know their spread"
    return f"{change} (bound {_bound(row)}), allowed {_allowed(row)}"


def _scale(row: AccuracyRow) -> str:
    if isinstance(row, FamilyRow):
        return visible(row.family)
    if row.scale is not None:
        return f"{row.scale:g}"
    return "since" if isinstance(row, SinceFirstRow) else "mean"


def _bound(row: AccuracyRow) -> str:
    """Return what the verdict rests on: one bound, or two."""
    low, high = row.rests_on
    if high is None and low is not None:
        return f"> {points(low)}"
    return f"< {points(high)}" if low is None else f"{points(low)} to {points(high)}"


def _deciding_bound(row: AccuracyRow) -> str:
    """Return the bound that decided, or both if neither did: a suite's table has room for one."""
    low, _ = row.rests_on
    if row.verdict == "pass" and low is not None:
        return f"> {points(low)}"
    return f"< {points(row.bound_high)}" if row.verdict == "fail" else _bound(row)


def _allowed(row: AccuracyRow) -> str:
    return "-" if row.allowed is None else points(-row.allowed)


def _caught(share: float | None) -> str:
    return "-" if share is None or math.isnan(share) else f"{100 * share:.2f}"


def _power(row: AccuracyRow) -> str:
    """Return in words which drop would have kept the mean from passing."""
    most = row.caught_most
    if not isinstance(row, MeanRow) or most is None or math.isnan(most):
        return ""
    return f"; a drop of {100 * most:.1f} points of the mean is caught 95 % of the time"


def _has_seeds(verdict: Verdict) -> bool:
    return any(row.seeds for row in verdict.rows(AccuracyRow))


def _seeds(row: AccuracyRow, to: str) -> str:
    """Return how many seeds a row has: a number, or the least and the greatest at its scales."""
    return to.join(map(str, dict.fromkeys(row.seeds or ())))


def _taken(rows: Sequence[JudgedRow]) -> str:
    """Return in words how many seeds each scale took, if they came one after another."""
    taken = [each for row in rows if isinstance(row, AccuracyRow) for each in row.seeds or ()]
    if not taken:
        return ""
    least, most = min(taken), max(taken)
    span = f"{least} to {most}" if most > least else f"{most}"
    return f"; seeds came one after another, {span} at each scale"


def how_to_read(verdict: Verdict) -> str:
    """Return how the verdicts of the table follow from its rows, in a sentence or two."""
    rows = verdict.rows(AccuracyRow)
    if all(row.level is None for row in rows):  # as noisecore 0.1 wrote them
        return ""
    within = isinstance(rows[0], WithinRow) and rows[0].bound_low is not None
    early = any(row.final_low is not None for row in rows)
    return (_WITHIN if within else "") + _DROP + (_EARLY if early else "")


def _cost_line(row: CostRow) -> str:
    new, old, ratio = row.measured, row.baseline, row.ratio
    if new is None or old is None or ratio is None:
        return f"{row.cost} (median): not known on both sides: {row.verdict}"
    if row.cost == "seconds":
        what, shown = "training time", f"{new:.1f} s, was {old:.1f} s"
    else:
        what, shown = "peak memory", f"{new / 2**20:.0f} MiB, was {old / 2**20:.0f} MiB"
    judged = "" if row.allowed is None else f", allowed {row.allowed:g}: {row.verdict}"
    return f"{what} (median): {shown}, ratio {ratio:.2f}{judged}"
