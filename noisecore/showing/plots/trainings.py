"""Trained with one, tested with all, as a heat map."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from noisecore.judging.suites import Suite
from noisecore.judging.suites.trainings import one_model
from noisecore.showing.plots.style import (
    SMALL,
    drawable,
    plain_noise,
    plain_text,
    readable,
    set_note,
    wrap_name,
)


@plain_text
def plot_trainings(suites: Sequence[Suite]) -> Figure:
    """Draw mean accuracy in percent: a row for each training, a column for each family.

    suites: of one model, trained in several ways, such as `robustness.suites`. Below each figure is
    its difference from the training on clean images, in points. Raises `CurveError` on other
    suites.
    """
    found = one_model(suites)
    means, changes = 100 * found.accuracies(), 100 * found.differences()
    figure = Figure(
        figsize=(2.6 + 0.56 * means.shape[1], 2.5 + 0.55 * len(means)), layout="constrained"
    )
    axes = figure.add_subplot()
    axes.patch.set(hatch="///", edgecolor="#aaaaaa")
    colours, norm = matplotlib.colormaps["cividis"], Normalize(0, 100)
    picture = axes.imshow(np.ma.masked_invalid(means), cmap=colours, norm=norm, aspect="auto")
    trained = list(found.suites)
    for row, column in np.ndindex(means.shape):
        value, change = float(means[row, column]), float(changes[row, column])
        if not math.isfinite(value):
            continue
        said = f"{value:.1f}"
        if trained[row] != "clean" and math.isfinite(change):
            said += f"\n{change:+.1f}"
        axes.text(
            column, row, said, ha="center", va="center", fontsize=SMALL,
            color=readable(colours(float(norm(value)))),
        )  # fmt: skip
    for edge in (0.5, means.shape[1] - 1.5):  # clean images and the mean are no families
        axes.axvline(edge, color="white", linewidth=4)
    names = ["clean images", *map(plain_noise, found.families), "mean"]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(trained)), [_words(each) for each in trained])
    axes.set_xlabel("tested with")
    axes.set_ylabel("trained with")
    axes.set_title(wrap_name(f"Accuracy by training and family: {drawable(found.name)}", 90), pad=8)
    figure.colorbar(picture, ax=axes, label="accuracy in %", pad=0.01)
    several = any(
        len(curve.scales) > 2 for suite in found.suites.values() for curve in suite.values()
    )
    set_note(
        figure,
        "means over the severities" if several else "",
        "second figure: points above training on clean images" if "clean" in trained else "",
        *dict.fromkeys(suite.note for suite in found.suites.values()),
        "hatched: no value" if np.isnan(means).any() else "",
    )
    return figure


def _words(trained: str) -> str:
    """Return in words what a model was trained with, in at most two lines."""
    if trained == "clean":
        return "clean images"
    noise, _, scale = trained.rpartition(":")
    return f"{wrap_name(plain_noise(noise), 24)} {scale}"
