"""Learning curves: accuracy after each epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from noisecore.records import GivenTrial, TrialRecord
from noisecore.showing.plots.style import (
    GRID,
    drawable,
    plain_text,
    scale_styles,
    set_note,
    trials,
    wrap_name,
)


@plain_text
def plot_learning(records: Sequence[TrialRecord]) -> Figure:
    """Draw test accuracy after each epoch: one panel per curve, one line per train scale.

    Lines are means over the seeds, bands reach from the least to the greatest seed. Failed trials
    are left out, and counted in the note.
    """
    curves: dict[str, dict[float, list[list[float]]]] = {}
    for record in sorted(records, key=lambda record: record.trial.curve):
        if isinstance(record.trial, GivenTrial):
            continue  # it was not trained here
        panel = curves.setdefault(record.trial.curve, {})
        if record.status == "complete" and record.history:
            seeds = panel.setdefault(record.trial.train_scale, [])
            seeds.append([epoch.test_accuracy for epoch in record.history])
    columns = min(max(len(curves), 1), 3)
    rows = max(math.ceil(len(curves) / columns), 1)
    figure = Figure(figsize=(1.6 + 4.2 * columns, 1.1 + 3.6 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    scales = sorted({scale for panel in curves.values() for scale in panel})
    styles = scale_styles(scales)
    handles: dict[float, Any] = {}
    for axes, (name, panel) in zip(panels.flat, curves.items(), strict=False):
        longest = 1
        for scale in sorted(panel):
            # Seeds of one recipe have equally many epochs; two recipes of one name might not.
            longest = max(longest, epochs := min(len(seed) for seed in panel[scale]))
            values = np.array([seed[:epochs] for seed in panel[scale]])
            steps, style = np.arange(1, epochs + 1), styles[scale]
            low, high = values.min(axis=0), values.max(axis=0)
            axes.fill_between(steps, low, high, color=style["color"], alpha=0.2, linewidth=0)
            label = f"{scale:g}"
            (handles[scale],) = axes.plot(steps, values.mean(axis=0), label=label, **style)
        axes.set_title(wrap_name(drawable(name), 40), fontsize="medium")
        axes.set_xlabel("epoch")
        axes.set_xlim(0.5, longest + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
        axes.set_ylim(0, 1.04)
        axes.grid(axis="y", color=GRID, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in list(panels.flat)[len(curves) :]:
        axes.set_visible(False)
    for row in panels:
        row[0].set_ylabel("test accuracy")
    figure.suptitle("Test Accuracy after Each Epoch")
    if handles:
        figure.legend(
            handles=[handles[scale] for scale in scales],
            title="train scale",
            loc="outside right center",
            frameon=False,
        )
    set_note(
        figure,
        "lines: means of the seeds, bands: their range",
        "tested at the train scale",
        trials(sum(record.status == "failed" for record in records), "failed"),
    )
    return figure
