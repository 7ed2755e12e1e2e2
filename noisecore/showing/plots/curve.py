"""A curve: loss and accuracy over scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from noisecore.judging.curves import Curve
from noisecore.judging.curves.rows import Estimate, Row, curve_rows
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


@dataclass(frozen=True)
class _Line:
    """How a score is drawn; aside: how many points to the right of its scales."""

    name: str
    colour: str
    marker: str
    style: str
    aside: int


_ACCURACY = _Line("accuracy", ACCURACY, "o", "-", -3)
_LOSS = _Line("loss", LOSS, "s", "--", 3)


@plain_text
def plot_curve(curve: Curve) -> Figure:
    """Draw loss (blue, left axis) and accuracy (purple, right axis) over scale.

    Lines join the means over the seeds, bars are 95 % t intervals of these means (from two seeds
    on), faint dots are single seeds. Of a given model the dots are draws, and only accuracy has
    bars: its interval over images. No claim is made about scale 0, so its markers are hollow
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
    handles: list[ErrorbarContainer] = []
    for axes, line, values, estimates in (
        (right, _ACCURACY, curve.accuracy, [row.accuracy for row in rows]),
        (left, _LOSS, curve.loss, [row.loss for row in rows]),
    ):
        handles += _draw_score(axes, line, places, noisy, values, estimates)
        axes.set_ylabel(line.name, color=line.colour, fontsize="large")
        axes.tick_params(axis="y", colors=line.colour)
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
    missing = sum(row.missing for row in rows)
    set_note(figure, curve.name, _dots_and_bars(curve, rows), trials(missing, "failed or missing"))
    return figure


def _draw_score(
    axes: Axes,
    line: _Line,
    places: Floats,
    noisy: NDArray[np.bool_],
    values: Floats,
    estimates: Sequence[Estimate],
) -> list[ErrorbarContainer]:
    """Draw one score: its dots, means and bars; return what the legend names.

    places: of the scales, (K,); noisy: which of them have noise. values: (S, K). estimates: of each
    scale.
    """
    # A few points to the side, so that bars do not hide each other where the lines cross.
    aside = ScaledTranslation(line.aside / 72, 0, axes.figure.dpi_scale_trans)
    shift = axes.transData + aside
    dots: dict[str, Any] = {"color": line.colour, "alpha": 0.4, "markersize": 5, "transform": shift}
    for seed in values:
        axes.plot(places, seed, ".", zorder=1.5, **dots)
    means = np.array([e.mean for e in estimates])
    arms = np.transpose([e.arms for e in estimates])
    handles: list[ErrorbarContainer] = []
    for chosen, hollow in ((noisy, False), (~noisy, True)):
        if chosen.any():
            bars = axes.errorbar(
                places[chosen],
                means[chosen],
                yerr=arms[:, chosen] if arms.any() else None,
                color=line.colour,
                marker=line.marker,
                markersize=7,
                markerfacecolor="white" if hollow else line.colour,
                linestyle="none" if hollow else line.style,
                linewidth=1.8,
                elinewidth=1.2,
                capsize=3,
                transform=shift,
                label=f"{line.name}, no noise" if hollow else line.name,
            )
            handles.append(bars)
    return handles


def _dots_and_bars(curve: Curve, rows: Sequence[Row]) -> str:
    """Return in words what the dots and the bars are of."""
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
    return how


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
