"""A comparison with a baseline in words and tables, from the rows of its verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from noisecore.escaping import visible
from noisecore.judging.gates.verdict import Outcome, Verdict

Row = dict[str, Any]

HEAD = ("scale", "measured", "baseline", "change", "95 % interval", "allowed", "verdict")


def regression_rows(verdict: Verdict) -> list[tuple[str, ...]]:
    """Return the cells of a regression verdict's table under `HEAD`, changes in points."""
    return [
        (
            "mean" if row["scale"] is None else f"{row['scale']:g}",
            f"{row['measured']:.4f}",
            f"{row['baseline']:.4f}",
            points(row["difference"]),
            f"{points(row['low'])} to {points(row['high'])}",
            "-" if row["allowed"] is None else points(-row["allowed"]),
            row["verdict"] or "-",
        )
        for row in verdict.figures
        if "difference" in row
    ]


def regression_lines(verdict: Verdict) -> list[str]:
    """Return what stands below that table: training time, memory, and differences to know of."""
    lines = [_cost_line(row) for row in verdict.figures if "cost" in row]
    return lines + [f"note: {row['note']}" for row in verdict.figures if "note" in row]


def regression_table(verdict: Verdict) -> str:
    """Return the figures of a regression verdict as a table of at most 80 columns."""
    rows = regression_rows(verdict)
    if not rows:
        return ""
    table = [HEAD, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["change, interval and allowed in points of accuracy"]
    lines += [
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    for line in regression_lines(verdict):
        lines += wrap(visible(line), 80, subsequent_indent="  ")
    return "\n".join(lines)


def regression_sentence(
    curve: str, outcome: Outcome, rows: Sequence[Row], *, identical: bool = False
) -> str:
    """Return the finding in words: what decided it, or what came nearest to it.

    identical: whether both sides gave the same answers.
    """
    if identical and outcome == "pass":
        return f"{curve} is identical to its baseline: the same answers and losses"
    if outcome != "pass":
        deciding = [row for row in rows if row["verdict"] == outcome]
        scales = [row for row in deciding if "difference" in row and row["scale"]]  # noisy ones
        # The table has them all: the sentence names the scale that fell the most.
        worst = min(scales, key=lambda row: float(row["difference"]), default=None)
        shown = "; ".join(_in_words(row) for row in deciding if row is worst or row not in scales)
        if len(scales) > 1:
            shown += f"; and {len(scales) - 1} more of the scales"
        if outcome == "fail":
            return f"{curve} is {_how_worse(rows)} than its baseline: {shown}"
        return f"whether {curve} is worse than its baseline is undecided: {shown}"
    judged = [row for row in rows if row["verdict"] == "pass" and "difference" in row]
    if not judged:
        return f"nothing of {curve} that was judged is worse than its baseline"
    nearest = max(judged, key=lambda row: -float(row["difference"]) - float(row["allowed"]))
    return f"{curve} is no worse than its baseline allows; nearest to it {_in_words(nearest)}"


def _how_worse(rows: Sequence[Row]) -> str:
    """Return which it is, as far as clean images were judged."""
    accuracy = [row for row in rows if "difference" in row]
    clean = {row["verdict"] for row in accuracy if row["scale"] == 0}
    noisy = {row["verdict"] for row in accuracy if row["scale"] != 0}
    if "fail" in clean:
        return "worse everywhere" if "fail" in noisy else "worse on clean images only"
    return "more fragile" if "pass" in clean and "fail" in noisy else "worse"


def points(value: float | None) -> str:
    """Return a share of accuracy in points, signed; a question mark if it is not known."""
    return "?" if value is None or math.isnan(value) else f"{100 * value:+.2f}"


def _in_words(row: Row) -> str:
    if "cost" in row:
        what = "training time" if row["cost"] == "seconds" else "peak memory"
        if math.isnan(row["ratio"]):
            return f"{what} is not known on both sides"
        return f"{what} is {row['ratio']:.2f} times the baseline's, allowed {row['allowed']:g}"
    where = "mean accuracy over the scales" if row["scale"] is None else f"scale {row['scale']:g}"
    where = "accuracy on clean images" if row["scale"] == 0 else where
    change = (
        f"{where} changed by {points(row['difference'])} points, from {row['baseline']:.4f} to "
        f"{row['measured']:.4f}"
    )
    if math.isnan(row["low"]):
        return f"{change}, with too few seeds to know their spread"
    interval = f"95 % {points(row['low'])} to {points(row['high'])}"
    return f"{change} ({interval}), allowed {points(-row['allowed'])}"


def _cost_line(row: Row) -> str:
    if row["ratio"] is None:
        return f"{row['cost']} (median): not known on both sides: {row['verdict']}"
    if row["cost"] == "seconds":
        what, shown = "training time", f"{row['measured']:.1f} s, was {row['baseline']:.1f} s"
    else:
        new, old = (f"{row[side] / 2**20:.0f} MiB" for side in ("measured", "baseline"))
        what, shown = "peak memory", f"{new}, was {old}"
    judged = "" if row["allowed"] is None else f", allowed {row['allowed']:g}: {row['verdict']}"
    return f"{what} (median): {shown}, ratio {row['ratio']:.2f}{judged}"
