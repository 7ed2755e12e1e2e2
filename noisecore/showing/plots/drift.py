"""Drift: accuracy over the environments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from noisecore.judging.drift import Drift
from noisecore.showing.plots.style import GRID, scale_styles, set_note, wrap_name
from noisecore.showing.rows import curve_rows


def plot_drift(found: Sequence[Drift]) -> Figure:
    """Draw accuracy at each scale over the environments: a panel a curve, bars 95 % t intervals."""
    names = list(dict.fromkeys(one.name for one in found))
    places = list(dict.fromkeys(one.environment for one in found))
    wide = 2.6 + max(0.75 * len(places), 2.4) * len(names)
    figure = Figure(figsize=(wide, 5.2), layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    handles: dict[float, Any] = {}
    for axes, name in zip(panels, names, strict=True):
        mine = [one for one in found if one.name == name and one.curve is not None]
        scales = sorted({s for one in mine if one.curve for s in one.curve.scales.tolist()})
        chosen = scale_styles(scales)
        for scale in scales:
            at, means, halves = [], [], []
            for one in mine:
                for row in curve_rows(one.curve) if one.curve else ():
                    if row.scale == scale and row.accuracy.seeds:
                        at.append(places.index(one.environment))
                        means.append(row.accuracy.mean)
                        halves.append(np.nan_to_num(row.accuracy.half))
            handles[scale] = axes.errorbar(
                at, means, yerr=halves, capsize=3, label=f"{scale:g}", **chosen[scale]
            )
        axes.set_title(wrap_name(name, 40), fontsize="medium")
        axes.set_xticks(range(len(places)), places, rotation=45, ha="right")
        axes.set_xlim(-0.5, len(places) - 0.5)
        axes.set_ylim(0, 1.04)
        axes.grid(axis="y", color=GRID, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("accuracy")
    figure.suptitle("Accuracy by Environment")
    order = [handles[scale] for scale in sorted(handles)]
    figure.legend(handles=order, title="scale", loc="outside right center", frameon=False)
    set_note(figure, "means over the seeds, bars: 95 % t interval")
    return figure
