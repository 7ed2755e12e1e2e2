"""A curve: accuracy and loss over scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from noisecore.errors import ArgumentTypeError
from noisecore.escaping import described
from noisecore.judging.baselines import Baseline
from noisecore.judging.curves import Curve
from noisecore.judging.curves.rows import Estimate, Row, curve_rows
from noisecore.judging.gates import Verdict, judge_no_regression
from noisecore.judging.margins import Margins
from noisecore.showing.plots.against import compared_in_words, draw_baseline
from noisecore.showing.plots.style import (
    ACCURACY,
    GRID,
    LOSS,
    MODELS,
    PALE,
    Floats,
    drawable,
    plain_model,
    plain_noise,
    plain_text,
    set_note,
    trials,
    wrap_name,
)

WIDE = 200.0  # greatest over least scale, beyond which a linear axis would squeeze the small ones


@dataclass(frozen=True)
class _Line:
    """How a score is drawn; aside: how many points to the right of its scales."""

    name: str
    colour: str
    marker: str
    style: str
    aside: int


_PANELS = _Line("accuracy", ACCURACY, "o", "-", 0), _Line("loss", LOSS, "s", "--", 0)
# For the notebook: blue and purple, dark enough to differ from each other when printed in grey.
_AXES = _Line("accuracy", "#5e1287", "o", "-", -3), _Line("loss", "#1f7fc4", "s", "--", 3)


def plot_compared(
    curve: Curve, baseline: Baseline | Curve, margins: Margins | str | None = None
) -> Figure:
    """Draw a curve and the baseline it is judged against; raises as `judge_no_regression` does."""
    if isinstance(baseline, str | PurePath):
        raise ArgumentTypeError(
            f"baseline must be a baseline or a curve, got {described(baseline)}: "
            "read_baseline reads one; to write a picture, save it, curve.plot().savefig(path)"
        )
    return plot_curve(curve, judge_no_regression(curve, baseline, margins=margins))


@plain_text
def plot_curve(curve: Curve, verdict: Verdict | None = None) -> Figure:
    """Draw accuracy over scale, and loss in a panel below, if there is any.

    verdict: that of the comparison with a baseline: if given, the baseline is drawn in grey, with
    its margin below it, and the scales that fail are marked.
    Lines join the means over the seeds, bars are 95 % t intervals of these means (from two seeds
    on), faint dots are single seeds. For a given model, the dots are draws, and only accuracy has
    bars: its interval over images. No claim is made about scale 0, so its markers are hollow and
    set apart, left of a dotted line. Missing values leave gaps, and the note under the picture says
    how many trials failed or are missing.
    """
    loss = bool(np.isfinite(curve.loss).any())
    figure = Figure(figsize=(7.6, 6.8 if loss else 4.6), layout="constrained")
    ratios = (2.6, 1) if loss else (1,)
    panels = figure.subplots(
        len(ratios), 1, sharex=True, squeeze=False, height_ratios=ratios
    )[:, 0]  # fmt: skip
    sides = [*zip(panels, _PANELS, strict=False)]
    handles = _draw_scores(figure, curve, verdict, sides, panels[-1])
    for axes in panels[:-1]:
        _divide(axes, curve.scales)
    for axes in panels:
        axes.grid(axis="y", color=GRID, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    noise = f"{plain_noise(curve.noise)} noise" if curve.noise else "noise"
    title = f"Accuracy under {noise}: {plain_model(curve.id, curve.model or curve.name)}"
    figure.suptitle(wrap_name(title, 66))
    panels[0].legend(
        handles=[each for each in handles if not each.get_label().startswith("loss")],
        loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False, fontsize="small",
    )  # fmt: skip
    return figure


@plain_text
def plot_notebook(curve: Curve, verdict: Verdict | None = None) -> Figure:
    """Draw loss (blue, left axis) and accuracy (purple, right axis) over scale, like the notebook.

    In all other ways it is like `plot_curve`.
    """
    figure = Figure(figsize=(7.6, 5.6), layout="constrained")
    left = figure.add_subplot()
    right = left.twinx()
    # The left axes are drawn last: the grid, which belongs to accuracy, then lies under both lines.
    left.set_zorder(right.get_zorder() + 1)
    left.patch.set_visible(False)
    sides = [*zip((right, left), _AXES, strict=True)]
    handles = _draw_scores(figure, curve, verdict, sides, left)
    for axes, line in sides:
        axes.yaxis.label.set_color(line.colour)
        axes.tick_params(axis="y", colors=line.colour)
        axes.spines["top"].set_visible(False)
    right.grid(axis="y", color=GRID, linewidth=0.6)
    named = drawable(MODELS.get(curve.model, curve.model))
    model = f" ({named.title() if curve.model in MODELS else named})" if curve.model else ""
    left.set_title(
        wrap_name(f"Combined Loss and Accuracy vs Scale Plot{model}", 66),
        pad=30 if len(handles) <= 4 else 46,
    )
    left.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, frameon=False,
        fontsize="small",
    )  # fmt: skip
    return figure


def _draw_scores(
    figure: Figure,
    curve: Curve,
    verdict: Verdict | None,
    sides: Sequence[tuple[Axes, _Line]],
    lowest: Axes,
) -> list[Any]:
    """Draw accuracy and loss, each on its axes, and all that belongs to them.

    lowest: the axes that have the scales below them. Returns the handles for a legend.
    """
    rows = curve_rows(curve)
    scales = np.array([row.scale for row in rows])
    places, noisy = _set_places(lowest, scales), scales > 0
    handles: list[Any] = []
    for axes, line in sides:
        values = curve.accuracy if line.name == "accuracy" else curve.loss
        estimates = [row.accuracy if line.name == "accuracy" else row.loss for row in rows]
        handles += _draw_score(axes, line, places, noisy, values, estimates)
        axes.set_ylabel(line.name, fontsize="large")
    first, *others = [axes for axes, _ in sides]
    first.set_ylim(0, 1.04)
    first.set_yticks(np.linspace(0, 1, 6))
    for axes in others:
        axes.set_ylim(0, _top(curve, rows))
    if verdict is not None:
        handles += draw_baseline(first, verdict, dict(zip(scales.tolist(), places, strict=True)))
    noise = f"{plain_noise(curve.noise)} noise" if curve.noise else "noise"
    lowest.set_xlabel(f"scale of the {noise}")
    missing = sum(row.missing for row in rows)
    set_note(
        figure,
        curve.name,
        _dots_and_bars(curve, rows),
        "" if verdict is None else compared_in_words(verdict),
        trials(missing, "failed or missing"),
    )
    return handles


def _top(curve: Curve, rows: Sequence[Row]) -> float:
    """Return where the axis of loss ends."""
    tops = [top for row in rows for top in (row.loss.mean, row.loss.high) if math.isfinite(top)]
    tops += [top for top in np.ravel(curve.loss) if math.isfinite(top)]
    return 1.08 * max(tops) if tops and max(tops) > 0 else 1


def _draw_score(
    axes: Axes,
    line: _Line,
    places: Floats,
    noisy: NDArray[np.bool_],
    values: Floats,
    estimates: Sequence[Estimate],
) -> list[ErrorbarContainer]:
    """Draw one score: its dots, means and bars; return the handles for the legend.

    places: those of the scales, (K,); noisy: which of them have noise. values: (S, K). estimates:
    one for each scale.
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
    """Return in words what the dots and the bars show."""
    seeds = len(curve.seeds)
    counts = {len(curve.at(row.scale).seeds) for row in rows}
    number = " to ".join(map(str, sorted({min(counts), max(counts)})))
    how = (
        f"means of {number} {curve.replicates} (dots)"
        if seeds > 1
        else f"one {curve.replicates[:-1]}"
    )
    if curve.replicates == "draws" and any(math.isfinite(row.accuracy.low) for row in rows):
        how += ", bars: 95 % interval of accuracy over images"
    else:
        how += ", bars: 95 % t interval" if seeds > 1 else ", no interval"
    return how


@dataclass(frozen=True)
class _Scales:
    """Where scales are on an axis, which is linear, as in the notebook, if that can be read."""

    scales: Floats

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest scale above 0."""
        noisy = self.scales[self.scales > 0]
        return (float(noisy.min()), float(noisy.max())) if noisy.size else (1.0, 1.0)

    @property
    def wide(self) -> bool:
        """Whether a linear axis would squeeze the small scales together."""
        low, high = self.ends
        return high / low > WIDE

    @property
    def apart(self) -> bool:
        """Whether the curve has scale 0, which is set apart."""
        return bool((self.scales == 0).any())

    def place(self, share: float) -> float:
        """Return the scale at a share of the way from the least to the greatest."""
        low, high = self.ends
        if self.wide:
            return float(low * (high / low) ** share)
        return low + share * ((high - low) or 1.0)


def _divide(axes: Axes, scales: Floats) -> None:
    """Draw the line between scale 0 and the others."""
    on = _Scales(scales)
    if on.apart and (scales > 0).any():
        axes.axvline(on.place(-0.07), color=PALE, linewidth=1, linestyle=":")


def _set_places(axes: Axes, scales: Floats) -> Floats:
    """Set the scale axis up; return where on it each scale is, 0 apart from the others."""
    on = _Scales(scales)
    low, high = on.ends
    if on.wide:
        axes.set_xscale("log")
    places: Floats = np.where(scales > 0, scales, on.place(-0.14))
    start, end = (-0.2 if on.apart else -0.06), (1.06 if high > low else 0.2)
    if scales.size == 1:  # alone in the middle
        start, end = (-0.64, 0.36) if on.apart else (-0.5, 0.5)
    axes.set_xlim(on.place(start), on.place(end))
    _divide(axes, scales)
    ticks: list[tuple[float, str]] = []
    last = -1.0
    for at, scale in sorted(zip(places, scales, strict=True)):
        share = float((axes.transScale + axes.transLimits).transform((at, 0.5))[0])
        if share - last >= 0.055:  # closer labels would overlap: the smaller scale keeps its own
            ticks.append((float(at), f"{scale:g}"))
            last = share
    axes.minorticks_off()
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks])
    return places
