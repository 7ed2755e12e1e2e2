"""Drift: accuracy over the environments, its change against the reference, and its cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from noisecore.judging.curves.rows import curve_rows
from noisecore.judging.drift import Drift
from noisecore.judging.gates.rows import AccuracyRow
from noisecore.showing.plots.style import (
    ACCURACY,
    GRID,
    PALE,
    SMALL,
    drawable,
    in_words,
    plain_text,
    scale_styles,
    set_note,
    set_panel_title,
)


@plain_text
def plot_drift(found: Sequence[Drift]) -> Figure:
    """Draw one row per curve: accuracy by environment, its change, and the cost of a training.

    The bars of accuracy and of change are 95 % intervals.
    """
    names = list(dict.fromkeys(one.name for one in found))
    places = list(dict.fromkeys(one.environment for one in found))
    costs = _known_costs(found)
    figure = Figure(
        figsize=(max(15.0, 2.2 * len(places)), 1.4 + 2.5 * len(names)), layout="constrained"
    )
    panels = figure.subplots(
        len(names), 2 + len(costs), sharex=True, sharey="col", squeeze=False,
        width_ratios=(5, 5, *[3.6] * len(costs)),
    )  # fmt: skip
    for row, name in zip(panels, names, strict=True):
        mine = [one for one in found if one.name == name]
        accuracy, change, *bars = row
        _draw_accuracy(accuracy, mine, places)
        _draw_changes(change, mine, places)
        for axes, cost in zip(bars, costs.values(), strict=True):
            _draw_cost(axes, [(places.index(one.environment), cost(one)) for one in mine])
        curve = next((one.curve.id for one in mine if one.curve is not None), None)
        set_panel_title(accuracy, in_words(curve, name), name, 84)
        for axes, label in zip(row, ("accuracy", "change, points", *costs), strict=True):
            axes.set_ylabel(label)
            axes.grid(axis="y", color=GRID, linewidth=0.6)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_visible(bool(axes.containers))  # nothing is known: no empty panel
    for column in panels.T:
        _name_places([axes for axes in column if axes.get_visible()], places)
    figure.suptitle("Accuracy and cost by environment")
    reference = next((one.environment for one in found if one.verdict is None), "?")
    set_note(
        figure,
        "accuracy: means over the seeds, bars: 95 % t interval (of a given model: means over the "
        "draws, 95 % interval over images)",
        f"change: against {reference}, black: of the mean over the scales, bars: 95 % interval",
        *(f"{cost.partition(',')[0]}: medians over the trials with noise" for cost in costs),
    )
    return figure


def _name_places(column: Sequence[Axes], places: Sequence[str]) -> None:
    """Write the environments below the lowest panel of a column that has any."""
    shown = list(map(drawable, places))
    for axes in column[-1:]:
        axes.set_xticks(range(len(places)), shown, rotation=45, ha="right", fontsize=SMALL)
        axes.tick_params(axis="x", labelbottom=True)
        axes.set_xlim(-0.6, len(places) - 0.4)


def _known_costs(found: Sequence[Drift]) -> dict[str, Callable[[Drift], float]]:
    """Return each cost of a trial that any record has, by label: not all trials are trainings."""
    costs: dict[str, Callable[[Drift], float]] = {
        "training, s": lambda one: one.seconds,
        "peak memory, MiB": lambda one: one.memory / 2**20,
    }
    return {
        label: cost for label, cost in costs.items() if any(np.isfinite(cost(one)) for one in found)
    }


def _draw_accuracy(axes: Axes, mine: Sequence[Drift], places: Sequence[str]) -> None:
    """Draw the accuracies of one curve, one line per scale."""
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
            yerr=np.transpose([accuracy.arms for _, accuracy in line]),
            capsize=3,
            label=f"{scale:g}",
            **style,
        )
    axes.set_ylim(0, 1.04)
    if drawn := axes.containers:
        # One legend per row: another noise has other scales, in its own unit.
        axes.legend(
            handles=drawn, title="scale", loc="upper left", bbox_to_anchor=(1.0, 1.0),
            frameon=False, fontsize=SMALL, title_fontsize=SMALL, alignment="left",
        )  # fmt: skip


def _draw_changes(axes: Axes, mine: Sequence[Drift], places: Sequence[str]) -> None:
    """Draw the change of each scale and of their mean, side by side."""
    axes.axhline(0, color=PALE, linewidth=0.8, zorder=0)
    rows = [
        (places.index(one.environment), row)
        for one in mine
        if one.verdict is not None
        for row in one.verdict.rows(AccuracyRow)
    ]
    scales = sorted({row.scale for _, row in rows if row.scale is not None})
    styles: dict[Any, dict[str, Any]] = {**scale_styles(scales)}
    styles[None] = {"color": "black", "marker": "_", "markersize": 11, "linewidth": 2.2}
    for n, scale in enumerate([None, *scales]):
        aside = 0.11 * (n - len(scales) / 2)
        points = [(at, row) for at, row in rows if row.scale == scale]
        if not points:
            continue
        # None, for what is unknown, becomes NaN.
        found = [(row.difference, row.low, row.high) for _, row in points]
        changes, low, high = 100 * np.array(found, dtype=float).reshape(-1, 3).T
        axes.errorbar(
            [at + aside for at, _ in points],
            changes,
            yerr=np.nan_to_num([changes - low, high - changes]),
            **styles[scale] | {"linestyle": "none"},
        )


def _draw_cost(axes: Axes, points: Sequence[tuple[int, float]]) -> None:
    """Draw one bar per environment, with its figure; none if it is unknown."""
    known = [(at, value) for at, value in points if np.isfinite(value)]
    if not known:
        return
    bars = axes.bar([at for at, _ in known], [value for _, value in known], color=ACCURACY)
    axes.bar_label(bars, fmt="%.3g", fontsize=8)
