"""Records and curves in, Matplotlib figures out; nothing here touches the disk.

Figures are made without pyplot: no global state, no backend, nothing to close. Colours can be told
apart by the colour-blind and, with the markers beside them, in black and white.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from noisecore.judging.curves import Curve, Matrix
from noisecore.records import TrialRecord
from noisecore.showing.rows import curve_rows, estimate

Floats = NDArray[np.floating[Any]]

# Blue and purple, as in the notebook; the purple is dark enough to differ when printed in grey.
LOSS, ACCURACY = "#1f7fc4", "#5e1287"
PALE, GRID = "#595959", "#dddddd"
MARKERS = "osD^vP*X<>"
MODELS = {"cnn": "Convolutional Model", "mlp": "Multilayer Perceptron"}
WIDE = 200.0  # greatest over least scale, beyond which a linear axis would press the small ones


def plot_curve(curve: Curve) -> Figure:
    """Draw loss (blue, left axis) and accuracy (purple, right axis) over scale.

    Lines join the means over the seeds, bars are 95 % t intervals of these means (from two seeds
    on), faint dots are single seeds. Scale 0 stands outside every claim, so its markers are hollow
    and stand apart, left of a dotted line. Values that are not there leave gaps, and the note
    under the picture says how many trials failed or are missing.
    """
    figure = Figure(figsize=(7.6, 5.6), layout="constrained")
    left = figure.add_subplot()
    right = left.twinx()
    # The left axes are drawn last: the grid, which belongs to accuracy, then lies under both lines.
    left.set_zorder(right.get_zorder() + 1)
    left.patch.set_visible(False)
    rows = curve_rows(curve)
    scales = np.array([row.scale for row in rows])
    places, noisy = _set_places(left, scales), scales > 0
    handles = []
    for axes, name, values, estimates, colour, marker, line, aside in (
        (right, "accuracy", curve.accuracy, [row.accuracy for row in rows], ACCURACY, "o", "-", -3),
        (left, "loss", curve.loss, [row.loss for row in rows], LOSS, "s", "--", 3),
    ):
        # A few points to the side, so that bars do not hide each other where the lines cross.
        shift = axes.transData + ScaledTranslation(aside / 72, 0, figure.dpi_scale_trans)
        dots: dict[str, Any] = {"color": colour, "alpha": 0.4, "markersize": 5, "transform": shift}
        for seed in values:
            axes.plot(places, seed, ".", zorder=1.5, **dots)
        means = np.array([e.mean for e in estimates])
        halves = np.nan_to_num([e.half for e in estimates])
        for chosen, hollow in ((noisy, False), (~noisy, True)):
            if chosen.any():
                bars = axes.errorbar(
                    places[chosen],
                    means[chosen],
                    yerr=halves[chosen] if halves.any() else None,
                    color=colour,
                    marker=marker,
                    markersize=7,
                    markerfacecolor="white" if hollow else colour,
                    linestyle="none" if hollow else line,
                    linewidth=1.8,
                    elinewidth=1.2,
                    capsize=3,
                    transform=shift,
                    label=f"{name}, no noise" if hollow else name,
                )
                handles.append(bars)
        axes.set_ylabel(name, color=colour, fontsize="large")
        axes.tick_params(axis="y", colors=colour)
        axes.spines["top"].set_visible(False)
    right.set_ylim(0, 1.04)
    right.set_yticks(np.linspace(0, 1, 6))
    right.grid(axis="y", color=GRID, linewidth=0.6)
    tops = [top for row in rows for top in (row.loss.mean, row.loss.high) if math.isfinite(top)]
    tops += [top for top in np.ravel(curve.loss) if math.isfinite(top)]
    left.set_ylim(0, 1.08 * max(tops) if tops and max(tops) > 0 else 1)
    noise = curve.name.split("/")[1] if "/" in curve.name else "noise"
    left.set_xlabel(f"scale ({noise})")
    model = curve.name.split("/")[0]
    title = f"Combined Loss and Accuracy vs Scale Plot ({MODELS.get(model, model)})"
    left.set_title(_wrap(title, 84), pad=30)
    left.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        ncols=4,
        frameon=False,
        fontsize="small",
    )
    seeds = len(curve.seeds)
    how = (
        f"means of {seeds} seeds (dots), bars: 95 % t interval"
        if seeds > 1
        else "one seed, no interval"
    )
    missing = sum(row.missing for row in rows)
    _set_note(figure, curve.name, how, _trials(missing, "failed or missing"))
    return figure


def plot_learning(records: Sequence[TrialRecord]) -> Figure:
    """Draw test accuracy after each epoch: a panel a curve, a line a train scale.

    Lines are means over the seeds, bands reach from the least to the greatest seed. Failed trials
    are left out, and counted in the note.
    """
    curves: dict[str, dict[float, list[list[float]]]] = {}
    for record in records:
        panel = curves.setdefault(record.trial.curve, {})
        if record.status == "complete" and record.history:
            seeds = panel.setdefault(record.trial.train_scale, [])
            seeds.append([epoch.test_accuracy for epoch in record.history])
    columns = min(max(len(curves), 1), 3)
    rows = max(math.ceil(len(curves) / columns), 1)
    figure = Figure(figsize=(1.6 + 4.2 * columns, 1.1 + 3.6 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    scales = sorted({scale for panel in curves.values() for scale in panel})
    styles = _styles(scales)
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
        axes.set_title(_wrap(name, 40), fontsize="medium")
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
    _set_note(
        figure,
        "lines: means of the seeds, bands: their range",
        "tested at the train scale",
        _trials(sum(record.status == "failed" for record in records), "failed"),
    )
    return figure


def plot_matrix(matrix: Matrix) -> Figure:
    """Draw mean accuracy for each train scale (rows) and test scale (columns) as a heat map.

    The matched cells, trained and tested at one scale, are outlined: they are the curve. Cells
    without a value are hatched.
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
            red, green, blue, _ = colours(float(norm(value)))
            # The luminance at which black and white text differ equally from the cell (WCAG 2.1).
            bright = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.18
            text = axes.text(column, row, f"{value:.3f}", ha="center", va="center")
            text.set_color("black" if bright else "white")
        if train[row] == test[column]:
            for colour, width in (("black", 3.6), ("white", 1.4)):  # seen on every cell's colour
                outline = Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, fill=False)
                outline.set(edgecolor=colour, linewidth=width)
                axes.add_patch(outline)
    axes.set_xticks(range(test.size), [f"{scale:g}" for scale in test])
    axes.set_yticks(range(train.size), [f"{scale:g}" for scale in train])
    axes.set_xlabel("test scale")
    axes.set_ylabel("train scale")
    axes.set_title("Accuracy by Train and Test Scale", pad=10)
    figure.colorbar(picture, ax=axes, label="accuracy")
    seeds = f"means of {len(values)} seeds" if len(values) > 1 else "one seed"
    outlined = "outlined: trained and tested at one scale"
    hatched = "hatched: no value" if np.isnan(means).any() else ""
    _set_note(figure, matrix.name, seeds, outlined, hatched)
    return figure


def plot_noise(
    clean: Floats, frames: Sequence[Floats], noisy: Sequence[tuple[float, Floats]], unit: str
) -> Figure:
    """Draw frames of noise alone, a clean image, and the same image at each scale.

    clean, frames and noisy images: (height, width, channels), 1 or 3 channels, in `unit`. Grey (or
    colour) values run from -r to r. The frames share one r, so that they can be compared; each
    image has its own, so that the clean one can be seen beside the noisiest. It is stated below.
    """
    shared = _reach(*frames)
    panels = [(f"noise, frame {n}", frame, shared) for n, frame in enumerate(frames, start=1)]
    panels.append(("clean image", clean, _reach(clean)))
    panels += [(f"scale {scale:g}", image, _reach(image)) for scale, image in noisy]
    columns = min(4, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(0.4 + 1.9 * columns, 0.9 + 2.3 * rows), layout="constrained")
    for place, (title, image, reach) in enumerate(panels, start=1):
        axes = figure.add_subplot(rows, columns, place)
        values = np.asarray(image, float)
        if values.shape[-1] == 1:
            axes.imshow(values[..., 0], cmap="gray", vmin=-reach, vmax=reach)
        else:
            axes.imshow(np.clip((values / reach + 1) / 2, 0, 1))
        axes.set_title(title, fontsize="medium")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(f"\N{MINUS SIGN}{reach:.3g} to {reach:.3g}", fontsize="small")
    figure.suptitle("Noise, and One Image under It")
    _set_note(figure, f"under each: its values from black to white, in {unit}")
    return figure


def render(figure: Figure) -> dict[str, bytes]:
    """Return the figure's files by their ending, png and svg: always the same for the same figure.

    Without the settings here, SVG has random ids and the time in it, and both have the version of
    Matplotlib.
    """
    files = {}
    varying: dict[str, dict[str, Any]] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
    }
    with matplotlib.rc_context({"svg.hashsalt": "noisecore"}):
        for kind, metadata in varying.items():
            content = io.BytesIO()
            figure.savefig(content, format=kind, dpi=150, metadata=metadata, facecolor="white")
            files[kind] = content.getvalue()
    return files


def _set_places(axes: Axes, scales: Floats) -> Floats:
    """Set the scale axis up; return where on it each scale stands, 0 apart from the others."""
    noisy = scales[scales > 0]
    low, high = (float(noisy.min()), float(noisy.max())) if noisy.size else (1.0, 1.0)
    # Linear, as in the notebook, wherever that can be read.
    wide = high / low > WIDE
    if wide:
        axes.set_xscale("log")

    def place(share: float) -> float:
        """Return the scale at a share of the way from the least to the greatest."""
        if wide:
            return float(low * (high / low) ** share)
        return low + share * ((high - low) or 1.0)

    apart = bool((scales == 0).any())
    places: Floats = np.where(scales > 0, scales, place(-0.14))
    start, end = (-0.2 if apart else -0.06), (1.06 if high > low else 0.2)
    if scales.size == 1:  # alone in the middle
        start, end = (-0.64, 0.36) if apart else (-0.5, 0.5)
    axes.set_xlim(place(start), place(end))
    if apart and noisy.size:
        axes.axvline(place(-0.07), color=PALE, linewidth=1, linestyle=":")
    ticks: list[tuple[float, str]] = []
    last = -1.0
    for at, scale in sorted(zip(places, scales, strict=True)):
        share = float((axes.transScale + axes.transLimits).transform((at, 0.5))[0])
        if share - last >= 0.055:  # labels would run into each other: the smaller scale's stays
            ticks.append((float(at), f"{scale:g}"))
            last = share
    axes.minorticks_off()
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks])
    return places


def _styles(scales: Sequence[float]) -> dict[float, dict[str, Any]]:
    """Return the line of each scale: the more noise, the lighter; without noise, black dashes."""
    noisy = [scale for scale in scales if scale > 0]
    colours = matplotlib.colormaps["viridis"](np.linspace(0, 0.8, max(len(noisy), 1)))
    styles: dict[float, dict[str, Any]] = {
        scale: {"color": colours[n], "marker": MARKERS[n % len(MARKERS)]}
        for n, scale in enumerate(noisy)
    }
    styles[0.0] = {"color": "black", "marker": ".", "linestyle": "--"}
    return {scale: style | {"markersize": 4, "linewidth": 1.5} for scale, style in styles.items()}


def _reach(*images: Floats) -> float:
    """Return the r of a grey range -r to r that holds all of the images."""
    return max((float(np.abs(image).max()) for image in images), default=0.0) or 1.0


def _trials(count: int, what: str) -> str:
    return f"{count} trial{'s' if count > 1 else ''} {what}" if count else ""


def _set_note(figure: Figure, *parts: str) -> None:
    """Write what the picture's reader must know under it, in lines that fit its width."""
    width = max(int(figure.get_figwidth() * 14.5), 40)
    text = _wrap("; ".join(part for part in parts if part), width)
    figure.supxlabel(text, fontsize="small", color=PALE)


def _wrap(text: str, width: int) -> str:
    """Break text into lines: at spaces, and within a curve's name behind / and comma only."""
    seam = "\N{ZERO WIDTH SPACE}"
    breakable = re.sub(r"([/,])(?=\S)", rf"\1{seam} ", text)
    return textwrap.fill(breakable, width).replace(f"{seam} ", "").replace(seam, "")
