"""Learning curves: accuracy after each epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from noisecore.records import Trial, TrialRecord
from noisecore.showing.plots.style import (
    GRID,
    in_words,
    plain_model,
    plain_text,
    scale_styles,
    set_note,
    set_panel_title,
    trials,
)


@plain_text
def plot_learning(records: Sequence[TrialRecord]) -> Figure:
    """Draw test accuracy after each epoch: one panel per curve, one line per train scale.

    Lines are means over the seeds, bands reach from the least to the greatest seed. Failed trials
    are left out, and counted in the note. A training that several curves test is drawn once.
    """
    curves = _panels(records)
    columns = min(max(len(curves), 1), 3)
    rows = max(math.ceil(len(curves) / columns), 1)
    figure = Figure(figsize=(1.6 + 4.2 * columns, 1.1 + 3.6 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    scales = sorted({scale for panel in curves.values() for scale in panel})
    styles = scale_styles(scales)
    handles: dict[float, Any] = {}
    for axes, ((words, name), panel) in zip(panels.flat, curves.items(), strict=False):
        longest = 1
        for scale in sorted(panel):
            # Seeds of one recipe have the same number of epochs; two recipes of one name might not.
            longest = max(longest, epochs := min(len(seed) for seed in panel[scale]))
            values = np.array([seed[:epochs] for seed in panel[scale]])
            steps, style = np.arange(1, epochs + 1), styles[scale]
            low, high = values.min(axis=0), values.max(axis=0)
            axes.fill_between(steps, low, high, color=style["color"], alpha=0.2, linewidth=0)
            label = f"{scale:g}"
            (handles[scale],) = axes.plot(steps, values.mean(axis=0), label=label, **style)
        set_panel_title(axes, words, name, 46)
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
    figure.suptitle("Test accuracy after each epoch")
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


def _panels(
    records: Sequence[TrialRecord],
) -> dict[tuple[str, str], dict[float, list[list[float]]]]:
    """Return the accuracies by epoch of each panel, train scale and seed.

    The key of a panel is its title, in words, and the name of its curve; for a model that several
    curves test, it is the name of the recipe instead.
    """
    panels: dict[tuple[str, str], dict[float, list[list[float]]]] = {}
    drawn = set()
    for record in sorted(records, key=lambda record: record.trial.curve):
        trial = record.trial
        if not isinstance(trial, Trial):
            continue  # it was not trained here
        name = trial.curve
        words = in_words(trial.curve_id, name)
        if trial.trained_with is not None:
            words, name = plain_model(trial.curve_id, name), f"recipe {trial.recipe.name}"
        panel = panels.setdefault((words, name), {})
        once = words, name, trial.train_scale, trial.seed
        if record.status == "complete" and record.history and once not in drawn:
            drawn.add(once)
            seeds = panel.setdefault(trial.train_scale, [])
            seeds.append([epoch.test_accuracy for epoch in record.history])
    return panels
