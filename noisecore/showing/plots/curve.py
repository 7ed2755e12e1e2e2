"""A curve: loss and accuracy over scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from noisecore.judging.curves import Curve
from noisecore.judging.curves.rows import curve_rows
from noisecore.showing.plots.style import (
    ACCURACY,
    GRID,
    LOSS,
    MODELS,
    PALE,
    Floats,
    drawable,
    plain_text,
    set_note,
    trials,
    wrap_name,
)

WIDE = 200.0  # greatest over least scale, beyond which a linear axis would press the small ones


@plain_text
def plot_curve(curve: Curve) -> Figure:
    """Draw loss (blue, left axis) and accuracy (purple, right axis) over scale.

    Lines join the means over the seeds, bars are 95 % t intervals of these means (from two seeds
    on), faint dots are single seeds. Of a given model the dots are draws, and only accuracy has
    bars: its interval over images. Scale 0 stands outside every claim, so its markers are hollow
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
        arms = np.transpose([e.arms for e in estimates])
        for chosen, hollow in ((noisy, False), (~noisy, True)):
            if chosen.any():
                bars = axes.errorbar(
                    places[chosen],
                    means[chosen],
                    yerr=arms[:, chosen] if arms.any() else None,
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
    left.set_xlabel(f"scale ({drawable(curve.noise)})" if curve.noise else "scale")
    model = f" ({drawable(MODELS.get(curve.model, curve.model))})" if curve.model else ""
    left.set_title(wrap_name(f"Combined Loss and Accuracy vs Scale Plot{model}", 66), pad=30)
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
        f"means of {seeds} {curve.replicates} (dots)"
        if seeds > 1
        else f"one {curve.replicates[:-1]}"
    )
    if curve.replicates == "draws" and any(math.isfinite(row.accuracy.low) for row in rows):
        how += ", bars: 95 % interval of accuracy over images"
    else:
        how += ", bars: 95 % t interval" if seeds > 1 else ", no interval"
    missing = sum(row.missing for row in rows)
    set_note(figure, curve.name, how, trials(missing, "failed or missing"))
    return figure


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
