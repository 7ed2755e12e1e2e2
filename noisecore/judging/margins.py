"""Margins: how much a run may lose against its baseline, as a person writes it down."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from noisecore.escaping import shorten

# What an expression may name: points of accuracy, then ratios.
_POINTS = ("mean", "scale", "clean")
_NAMES = (*_POINTS, "seconds", "memory")


class MarginsError(ValueError):
    """An expression of margins cannot be read; the message says which part, and why."""


@dataclass(frozen=True, kw_only=True)
class Margins:
    """The margins of a comparison with a baseline; None for what is shown and not judged.

    mean: of accuracy averaged over the noisy scales, in points (hundredths). scale: of accuracy at
    any one of these, in points. clean: of accuracy at scale 0, in points. seconds, memory: of
    training time and peak memory, as ratios to the baseline's.
    """

    mean: float | None = 1.5
    scale: float | None = 3.0
    clean: float | None = 1.5
    seconds: float | None = None
    memory: float | None = None

    def __str__(self) -> str:
        given = ((name, getattr(self, name)) for name in _NAMES)
        return ",".join(f"{name}>{value:g}" for name, value in given if value is not None)


def parse_margins(text: object, default: Margins | None = None) -> Margins:
    """Return the margins written as `mean>1.5,scale>3,clean>2`; what is not named stays.

    `mean>none` switches a check off. Raises `MarginsError` on anything else.
    """
    if not isinstance(text, str):
        raise MarginsError(f"margins must be a text such as mean>1.5,scale>3, got {text!r}")
    margins = default or Margins()
    seen: set[str] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\w+)\s*>\s*(\S+)\s*", part)
        if match is None or match[1] not in _NAMES:
            raise MarginsError(
                "margins must be written as mean>1.5,scale>3 (points) or seconds>2,memory>1.5 "
                f"(ratios), got {shorten(part.strip())!r}"
            )
        name, value = match[1], match[2]
        if name in seen:
            raise MarginsError(f"margins must name {name} once, got it twice in {shorten(text)!r}")
        seen.add(name)
        margins = replace(margins, **{name: None if value == "none" else _number(name, value)})
    return margins


def _number(name: str, text: str) -> float:
    low, high, what = (0, 100, "points") if name in _POINTS else (1, math.inf, "a ratio")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and low < value <= high):
        bounds = f"in ({low}, {high}]" if math.isfinite(high) else f"> {low}"
        raise MarginsError(f"{name}> needs {what} {bounds}, or none, got {shorten(text)!r}")
    return value
