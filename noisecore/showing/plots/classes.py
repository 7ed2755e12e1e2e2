"""Accuracy over scale, class by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from noisecore.records import CurveId
from noisecore.showing.plots.style import (
    GRID,
    MARKERS,
    OKABE_ITO,
    in_words,
    plain_text,
    set_note,
    wrap_name,
)

_ALL = 12  # classes that one panel can show
_ENDS = 10  # if there are more: so many of the worst, and of the best
_DASHES = ("-", "--")


@plain_text
def plot_classes(frame: pd.DataFrame, name: str, curve: CurveId | None = None) -> Figure:
    """Draw one line per class: mean accuracy over the seeds at each scale, scales evenly spaced.

    frame: rows of `class_frame`, of the curve called `name`, whose id is `curve`. The black dots
    are the mean over the classes. The legend lists the classes by their mean over the noisy scales,
    the best first. If there are many classes, the best and the worst have a panel each.
    """
    means = frame.pivot_table(index="scale", columns="class", values="accuracy")
    noisy = means[means.index > 0] if (means.index > 0).any() else means
    best_first = noisy.mean().sort_values(ascending=False, kind="stable").index.tolist()
    panels, which = {"class": best_first}, ""
    if len(best_first) > _ALL:
        ends = min(_ENDS, len(best_first) // 2)
        panels = {f"best {ends}": best_first[:ends], f"worst {ends}": best_first[-ends:]}
        which = f": the {ends} best and the {ends} worst of {len(best_first)} classes"
    figure = Figure(figsize=(7.6, 1.2 + 3.9 * len(panels)), layout="constrained")
    drawn = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (title, chosen) in zip(drawn, panels.items(), strict=True):
        _draw_panel(axes, means, chosen, title)
    drawn[-1].set_xlabel("scale of the noise (not to scale)")
    figure.suptitle(f"Accuracy by class{which}\n{wrap_name(in_words(curve, name), 66)}")
    images = frame["images"]
    least, most = images.min(), images.max()
    seeds = frame["seed"].nunique()
    set_note(
        figure,
        name,
        f"means of {seeds} seeds" if seeds > 1 else "one seed",
        f"{least if least == most else f'{least} to {most}'} test images per class",
        "classes in the order of their mean over the noisy scales",
    )
    return figure


def _draw_panel(axes: Axes, means: pd.DataFrame, chosen: Sequence[int], title: str) -> None:
    """Draw some classes, the mean over all of them, and a legend."""
    places = np.arange(len(means))
    for number, label in enumerate(chosen):
        axes.plot(
            places,
            means[label],
            color=OKABE_ITO[number % len(OKABE_ITO)],
            linestyle=_DASHES[number // len(OKABE_ITO) % len(_DASHES)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=5,
            linewidth=1.2,
            label=f"{label}",
        )
    axes.plot(places, means.mean(axis=1), color="black", linestyle=":", linewidth=2.2, label="mean")
    axes.set_xticks(places, [f"{scale:g}" for scale in means.index])
    axes.set_ylabel("accuracy")
    axes.set_ylim(0, 1.04)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        title=title, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="medium"
    )
