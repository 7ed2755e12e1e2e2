"""The train-by-test matrix as a heat map."""

from __future__ import annotations

import math

import matplotlib
import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from noisecore.judging.curves import Matrix
from noisecore.judging.curves.rows import estimate
from noisecore.records import CurveId
from noisecore.showing.plots.style import in_words, plain_text, readable, set_note, wrap_name


@plain_text
def plot_matrix(matrix: Matrix, curve: CurveId | None = None) -> Figure:
    """Draw mean accuracy for each train scale (rows) and test scale (columns) as a heat map.

    curve: the id of the matrix's curve. The matched cells, trained and tested at one scale, are
    outlined: they are the curve. Cells without a value are hatched.
    """
    train, test = np.asarray(matrix.train_scales, float), np.asarray(matrix.test_scales, float)
    values = np.asarray(matrix.accuracy, float)
    means = np.full((train.size, test.size), np.nan)
    for row, column in np.ndindex(means.shape):
        means[row, column] = estimate(values[:, row, column]).mean
    size = (max(2.9 + 0.78 * test.size, 5.4), max(2.2 + 0.62 * train.size, 3.4))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.patch.set(hatch="///", edgecolor="#aaaaaa")
    colours, norm = matplotlib.colormaps["cividis"], Normalize(0, 1)
    picture = axes.imshow(np.ma.masked_invalid(means), cmap=colours, norm=norm, aspect="auto")
    for row, column in np.ndindex(means.shape):
        value = float(means[row, column])
        if math.isfinite(value):
            text = axes.text(column, row, f"{value:.3f}", ha="center", va="center")
            text.set_color(readable(colours(float(norm(value)))))
        if train[row] == test[column]:
            for colour, width in (("black", 3.6), ("white", 1.4)):  # seen on every cell's colour
                outline = Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, fill=False)
                outline.set(edgecolor=colour, linewidth=width)
                axes.add_patch(outline)
    axes.set_xticks(range(test.size), [f"{scale:g}" for scale in test])
    axes.set_yticks(range(train.size), [f"{scale:g}" for scale in train])
    axes.set_xlabel("test scale")
    axes.set_ylabel("train scale")
    width = int(size[0] * 9)
    title = f"Accuracy by train and test scale\n{wrap_name(in_words(curve, matrix.name), width)}"
    axes.set_title(title, pad=10)
    figure.colorbar(picture, ax=axes, label="accuracy")
    counts = {int(np.isfinite(row).sum()) for row in values[:, :, 0].T} or {len(values)}
    number = " to ".join(map(str, sorted({min(counts), max(counts)})))
    seeds = f"means of {number} seeds" if len(values) > 1 else "one seed"
    outlined = "outlined: trained and tested at one scale"
    hatched = "hatched: no value" if np.isnan(means).any() else ""
    set_note(figure, matrix.name, seeds, outlined, hatched)
    return figure
