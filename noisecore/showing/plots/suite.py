"""A suite: the accuracy of one model under each family of corruptions."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from noisecore.judging.suites import Suite
from noisecore.showing.plots.style import (
    ACCURACY,
    GRID,
    PALE,
    SMALL,
    plain_noise,
    plain_text,
    set_note,
    wrap_name,
)

# The ends of a shorter bar have no numbers, which the dot would hide.
_NUMBERED = 0.03


@plain_text
def plot_suite(suite: Suite) -> Figure:
    """Draw the accuracy of each family: its mean over the severities, and a line for each of these.

    The families are in the order of their means, the best at the top. A dashed line is accuracy on
    clean images. Families without a figure have no mark.
    """
    means = suite.mean_accuracies
    order = sorted(suite, key=lambda family: (np.isnan(means[family]), -means[family]))
    figure = Figure(figsize=(7.6, 1.9 + 0.27 * len(order)), layout="constrained")
    axes = figure.add_subplot()
    for place, family in enumerate(order):
        curve = suite[family]
        noisy = curve.scales > 0
        accuracy, scales = curve.mean_accuracy[noisy], curve.scales[noisy]
        if not np.isfinite(accuracy).any():
            continue
        ends = np.nanargmin(accuracy), np.nanargmax(accuracy)
        axes.plot(accuracy[list(ends)], [place] * 2, color=GRID, linewidth=5)
        if len(scales) > 1:
            axes.plot(accuracy, [place] * len(accuracy), "|", color=PALE, markersize=5)
        if accuracy[ends[1]] - accuracy[ends[0]] > _NUMBERED:
            for end, side, align in zip(ends, (-0.008, 0.008), ("right", "left"), strict=True):
                axes.text(
                    accuracy[end] + side, place, f"{scales[end]:g}", fontsize=SMALL, color=PALE,
                    ha=align, va="center_baseline",
                )  # fmt: skip
        filled = family in suite.counted
        axes.plot(
            means[family], place, "o", markersize=8, markeredgecolor=ACCURACY,
            markerfacecolor=ACCURACY if filled else "white", zorder=3,
            alpha=0.75 if len(scales) > 1 else 1,
        )  # fmt: skip
    if np.isfinite(suite.clean_accuracy):
        axes.axvline(suite.clean_accuracy, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(order)), [plain_noise(family) for family in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("accuracy")
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(wrap_name(f"Accuracy by family: {suite.name}", 66), loc="left")
    several = any(len(curve.scales) > 2 for curve in suite.values())
    extras = len(suite.counted) < len(suite)
    set_note(
        figure,
        "dots: means over the severities, lines: each severity, numbered at the ends of longer bars"
        if several
        else "",
        "hollow: extras, which do not count in the mean" if extras else "",
        "dashed: clean images",
        suite.note,
    )
    return figure
