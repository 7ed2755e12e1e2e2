"""A curve as a table for people."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from noisecore.escaping import visible

if TYPE_CHECKING:
    from noisecore.judging.curves.curve import Curve

_SHOWN_SEEDS = 5


def as_text(curve: Curve) -> str:
    """Return the curve's table, one line per scale, under its name."""
    head = f"{visible(curve.name)} on {tested_on(curve.images, curve.whole)}"
    return "\n".join([head, *aligned(table_rows(curve))])


def tested_on(images: int, whole: int | None) -> str:
    """Return how many test images there were, in words, and of how many if these are not all."""
    return f"{images:,} of {whole:,} test images" if whole else f"{images} test images"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one line per row, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def as_html(rows: Iterable[Sequence[str]]) -> str:
    """Return a table for a notebook; the first row is its head."""
    head, *others = rows
    cells = "".join(
        "<tr>" + "".join(f"<{tag}>{escape(visible(cell))}</{tag}>" for cell in row) + "</tr>"
        for tag, row in (("th", head), *(("td", row) for row in others))
    )
    return f"<table>{cells}</table>"


def table_rows(curve: Curve) -> list[tuple[str, ...]]:
    """Return the cells of the curve's table, the head first."""
    interval, given = curve.interval, curve.replicates == "draws"
    many = len(curve.seeds) > _SHOWN_SEEDS
    what = curve.replicates
    seeds = f"{len(curve.seeds)} {what}" if many else f"{what} {' '.join(map(str, curve.seeds))}"
    # Near 0 and 1 an interval over images is wider on one side, so its two bounds are shown.
    head = "95 % over images" if given else "± 95 %"
    rows: list[tuple[str, ...]] = [("scale", "accuracy", head, seeds, "loss")]
    for i, scale in enumerate(curve.scales):
        column = curve.at(scale).accuracy
        once = float(scale) in curve.once
        each = " ".join(_figure(value).rjust(6) for value in curve.accuracy[:, i])
        span = f"{_figure(column.min())} to {_figure(column.max())}"
        shown = "once" if once else span if many else each
        bounds = f"{_figure(interval.low[i])} to {_figure(interval.high[i])}"
        half = _figure(interval.half_width[i])
        rows.append(
            (
                f"{scale:g}",
                _figure(curve.mean_accuracy[i]),
                bounds if given and not math.isnan(interval.low[i]) else half,
                shown,
                _figure(curve.mean_loss[i]),
            )
        )
    return rows


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"
