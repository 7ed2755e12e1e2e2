"""Accuracy over scale, class by class."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from noisecore.showing.plots.style import GRID, MARKERS, plain_text, set_note


@plain_text
def plot_classes(frame: pd.DataFrame, name: str) -> Figure:
    """Draw one line per class: mean accuracy over the seeds at each scale, all at equal distances.

    frame: rows of `class_frame`, of the curve called `name`. The black dashes are the mean over
    the classes. Classes stand in the legend as they end at the greatest scale, the best first.
    """
    means = frame.pivot_table(index="scale", columns="class", values="accuracy")
    figure = Figure(figsize=(7.6, 5.0), layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(means))
    colours = matplotlib.colormaps["tab10" if means.shape[1] <= 10 else "tab20"]
    lines = {}
    for number, label in enumerate(means.columns):
        (lines[label],) = axes.plot(
            places,
            means[label],
            color=colours(number % colours.N),
            marker=MARKERS[number % len(MARKERS)],
            markersize=5,
            linewidth=1.2,
            label=f"{label}",
        )
    average = axes.plot(places, means.mean(axis=1), color="black", linestyle="--", label="mean")
    axes.set_xticks(places, [f"{scale:g}" for scale in means.index])
    axes.set_xlabel("scale of the noise (not to scale)")
    axes.set_ylabel("accuracy")
    axes.set_ylim(0, 1.04)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    best_first = means.iloc[-1].sort_values(ascending=False, kind="stable").index
    figure.suptitle("Accuracy by Class")
    figure.legend(
        handles=[*(lines[label] for label in best_first), *average],
        title="class",
        loc="outside right center",
        frameon=False,
    )
    images = frame["images"]
    least, most = images.min(), images.max()
    seeds = frame["seed"].nunique()
    set_note(
        figure,
        name,
        f"means of {seeds} seeds" if seeds > 1 else "one seed",
        f"{least if least == most else f'{least} to {most}'} test images a class",
    )
    return figure
