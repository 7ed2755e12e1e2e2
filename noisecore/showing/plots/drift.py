"""Drift: accuracy over the environments, and its change against the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from noisecore.judging.drift import Drift
from noisecore.showing.plots.style import GRID, PALE, scale_styles, set_note, wrap_name
from noisecore.showing.rows import curve_rows


def plot_drift(found: Sequence[Drift]) -> Figure:
    """Draw accuracy at each scale over the environments, below it the change against the reference.

    A panel a curve; the bars are 95 % intervals.
    """
    names = list(dict.fromkeys(one.name for one in found))
    places = list(dict.fromkeys(one.environment for one in found))
    wide = 2.6 + max(0.75 * len(places), 2.4) * len(names)
    figure = Figure(figsize=(wide, 7.6), layout="constrained")
    panels = figure.subplots(
        2, len(names), sharex=True, sharey="row", squeeze=False, height_ratios=(3, 2)
    )
    for (above, below), name in zip(panels.T, names, strict=True):
        mine = [one for one in found if one.name == name]
        _draw_accuracy(above, mine, places)
        _draw_changes(below, mine, places)
        # A legend a panel: another noise has other scales, in a unit of its own.
        above.legend(title="scale", loc="lower left", ncols=3, frameon=False, fontsize="small")
        above.set_title(wrap_name(name, 40), fontsize="medium")
        above.set_ylim(0, 1.04)
        below.axhline(0, color=PALE, linewidth=0.8, zorder=0)
        below.set_xticks(range(len(places)), places, rotation=45, ha="right")
        below.set_xlim(-0.5, len(places) - 0.5)
        for axes in (above, below):
            axes.grid(axis="y", color=GRID, linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
    panels[0, 0].set_ylabel("accuracy")
    panels[1, 0].set_ylabel("change, points")
    figure.suptitle("Accuracy by Environment")
    reference = next((one.environment for one in found if one.verdict is None), "?")
    set_note(
        figure,
        "above: means over the seeds, bars: 95 % t interval",
        f"below: change against {reference}, black: of the mean over the scales, bars: its 95 % "
        "interval",
    )
    return figure


def _draw_accuracy(axes: Axes, mine: Sequence[Drift], places: Sequence[str]) -> None:
    """Draw the accuracies of one curve, a line a scale."""
    rows = [
        (places.index(one.environment), row)
        for one in mine
        if one.curve is not None
        for row in curve_rows(one.curve)
        if row.accuracy.seeds
    ]
    styles = scale_styles(sorted({row.scale for _, row in rows}))
    for scale, style in sorted(styles.items()):
        line = [(at, row.accuracy) for at, row in rows if row.scale == scale]
        axes.errorbar(
            [at for at, _ in line],
            [accuracy.mean for _, accuracy in line],
            yerr=[np.nan_to_num(accuracy.half) for _, accuracy in line],
            capsize=3,
            label=f"{scale:g}",
            **style,
        )


def _draw_changes(axes: Axes, mine: Sequence[Drift], places: Sequence[str]) -> None:
    """Draw what became of each scale and of their mean, side by side."""
    rows = [
        (places.index(one.environment), row)
        for one in mine
        if one.verdict is not None
        for row in one.verdict.figures
        if "difference" in row
    ]
    scales = sorted({row["scale"] for _, row in rows if row["scale"] is not None})
    styles: dict[Any, dict[str, Any]] = {**scale_styles(scales)}
    styles[None] = {"color": "black", "marker": "_", "markersize": 11, "linewidth": 2.2}
    for n, scale in enumerate([None, *scales]):
        aside = 0.11 * (n - len(scales) / 2)
        points = [(at, row) for at, row in rows if row["scale"] == scale]
        # None, for what is unknown, becomes NaN.
        found = np.array(
            [[row[key] for _, row in points] for key in ("difference", "low", "high")], dtype=float
        )
        changes, low, high = 100 * found
        axes.errorbar(
            [at + aside for at, _ in points],
            changes,
            yerr=np.nan_to_num([changes - low, high - changes]),
            **styles[scale] | {"linestyle": "none"},
        )
