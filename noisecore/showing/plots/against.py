"""What a curve is compared with: its baseline, the margins below it, and the scales that fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from noisecore.judging.gates import Verdict
from noisecore.judging.gates.rows import CostRow, JudgedRow, ScaleRow, SinceFirstRow
from noisecore.showing.plots.style import BASELINE, FAILS


def draw_baseline(axes: Axes, verdict: Verdict, places: Mapping[float, float]) -> list[Any]:
    """Draw the baseline, how far below it accuracy may lie, and which scales fail.

    verdict: that of the gate against a baseline. places: where on the axes each scale is. Returns
    the handles for the legend.
    """
    rows = [row for row in verdict.rows(ScaleRow) if row.scale in places]
    handles: list[Any] = []
    for noisy in (True, False):
        chosen = [row for row in rows if (row.scale > 0) == noisy]
        if chosen:
            drawn = _draw_side(axes, chosen, places, noisy=noisy)
            handles = handles or drawn
    failing = [row for row in rows if row.verdict == "fail"]
    if failing:
        names = ", ".join(f"{row.scale:g}" for row in failing)
        where = f"scales {names}" if len(failing) > 1 else f"scale {names}"
        where = "every scale" if len(failing) == len(rows) > 1 else where
        handles += axes.plot(
            [places[row.scale] for row in failing],
            [row.measured for row in failing],
            linestyle="none", marker="o", markersize=15, markerfacecolor="none",
            markeredgecolor=FAILS, markeredgewidth=2.4, zorder=5,
            label=f"fails at {where}",
        )  # fmt: skip
    return handles


def _draw_side(
    axes: Axes, rows: list[ScaleRow], places: Mapping[float, float], *, noisy: bool
) -> list[Any]:
    """Draw the baseline of the noisy scales, joined, or of scale 0, which stands apart."""
    at = np.array([places[row.scale] for row in rows])
    baseline = np.array([row.baseline for row in rows])
    least = baseline - np.array([np.nan if row.allowed is None else row.allowed for row in rows])
    line: dict[str, Any] = {"color": BASELINE, "zorder": 1.8, "markersize": 6}
    handles: list[Any] = axes.plot(
        at, baseline, marker="D", markerfacecolor=BASELINE if noisy else "white",
        linestyle="-" if noisy else "none", linewidth=1.8, label="baseline", **line,
    )  # fmt: skip
    if np.isfinite(least).any():
        axes.fill_between(at, least, baseline, color=BASELINE, alpha=0.2, linewidth=0, zorder=1)
        handles += axes.plot(
            at, least, marker="_", linestyle=":" if noisy else "none", linewidth=1.4,
            label="baseline less its margin", **line | {"markersize": 10},
        )  # fmt: skip
    return handles


def compared_in_words(verdict: Verdict) -> str:
    """Return how a curve compares with its baseline, for the line under the picture."""
    if not verdict.rows(ScaleRow):
        return f"no baseline is drawn: {verdict.sentence}"
    failing = ", ".join(map(_named, verdict.fallen))
    return f"against the baseline: {verdict.verdict}" + (f" ({failing})" if failing else "")


def _named(row: JudgedRow) -> str:
    """Return what a row is about."""
    if isinstance(row, ScaleRow):
        return f"scale {row.scale:g}"
    if isinstance(row, CostRow):
        return "training time" if row.cost == "seconds" else "peak memory"
    since = isinstance(row, SinceFirstRow)
    return "mean since the first baseline" if since else "mean over the noisy scales"
