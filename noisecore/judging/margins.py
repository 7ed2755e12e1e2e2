"""How a run is judged against its baseline: mode, margins, and how often it may be wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from noisecore.errors import NoisecoreError
from noisecore.escaping import shorten, shown
from noisecore.functions import unknown

ALPHA = 0.01  # the greatest chance that a whole run fails an unchanged model

Mode = Literal["simple", "rigorous"]

# What an expression may name: points of accuracy, then ratios.
_POINTS = ("mean", "scale", "clean", "since-first")
_NAMES = (*_POINTS, "seconds", "memory")


class MarginsError(NoisecoreError, ValueError):
    """An expression of margins cannot be read; the message says which part, and why."""


@dataclass(frozen=True, kw_only=True)
class Margins:
    """The margins of a comparison with a baseline; None for what is shown but not judged.

    mean: for accuracy averaged over the noisy scales, in points (hundredths). scale: for accuracy
    at any one of these, in points. clean: for accuracy at scale 0, in points. since_first: for the
    mean again, against the baseline's first ancestor, written since-first. seconds, memory: for
    training time and peak memory, as ratios to the baseline's.

    Example:
        >>> str(Margins(mean=2, seconds=1.5))
        'mean>2,scale>3,clean>1.5,since-first>2,seconds>1.5'
    """

    mean: float | None = 1.5
    scale: float | None = 3.0
    clean: float | None = 1.5
    since_first: float | None = 2.0
    seconds: float | None = None
    memory: float | None = None

    def __post_init__(self) -> None:
        for name in _NAMES:
            value = getattr(self, _field(name))
            if value is not None:
                object.__setattr__(self, _field(name), _number(name, value))

    def __str__(self) -> str:
        given = ((name, getattr(self, _field(name))) for name in _NAMES)
        return ",".join(f"{name}>{value:g}" for name, value in given if value is not None)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How a curve is judged against a baseline.

    mode: None takes the one that suits the model: "rigorous" for one that was given, "simple" for
    one that is trained. alpha: the greatest rate at which a run of this many `curves` fails an
    unchanged model; the mean over the noisy scales gets half of it, all other checks share the
    rest. own: the margins of curves that have their own, by name; they replace `margins`.
    """

    mode: Mode | None = None
    margins: Margins = field(default_factory=Margins)
    alpha: float = ALPHA
    curves: int = 1
    own: Mapping[str, Margins] = field(default_factory=dict)

    def of(self, curve: str) -> Rule:
        """Return the rule by which one curve is judged."""
        return replace(self, margins=self.own.get(curve, self.margins), own={})

    @property
    def mean_alpha(self) -> float:
        """The level of each curve's mean."""
        return self.alpha / 2 / self.curves

    def mode_for(self, replicates: Literal["seeds", "draws"]) -> Mode:
        """Return the mode for trained models, which have seeds, or given ones, which have draws."""
        return self.mode or ("rigorous" if replicates == "draws" else "simple")


def parse_margins(text: object, default: Margins | None = None) -> Margins:
    """Return the margins written as `mean>1.5,scale>3,clean>2`; those not named stay.

    `mean>none` switches a check off. Raises `MarginsError` on anything else.
    """
    if not isinstance(text, str):
        raise MarginsError(
            "margins must be a text such as 'mean>3,scale>5', or Margins(mean=3, scale=5), got "
            f"{shown(text)}"
        )
    margins = default or Margins()
    seen: set[str] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*([\w-]+)\s*>\s*(\S+)\s*", part)
        if match is None or match[1] not in _NAMES:
            why = f": {unknown('margin', match[1], _NAMES)}" if match else ""
            raise MarginsError(
                "margins must be written as NAME>NUMBER, such as mean>1.5,scale>3 (points) or "
                f"seconds>2,memory>1.5 (ratios), got {shorten(part.strip())!r}{why}"
            )
        name, value = match[1], match[2]
        if name in seen:
            raise MarginsError(f"margins must name {name} once, got it twice in {shorten(text)!r}")
        seen.add(name)
        number = None if value == "none" else _number(name, value)
        margins = replace(margins, **{_field(name): number})
    return margins


def changed_margins(margins: Margins, *said: Margins | str | None) -> Margins:
    """Return margins after each change: new margins, a text that names some, or None for none.

    Raises `MarginsError` on anything else.
    """
    for each in said:
        if isinstance(each, Margins):
            margins = each
        elif each is not None:
            margins = parse_margins(each, margins)
    return margins


def check_mode(mode: object) -> None:
    """Raise `MarginsError` unless it is a mode or None."""
    if mode is not None and not (isinstance(mode, str) and mode in get_args(Mode)):
        raise MarginsError(f"mode must be 'simple' or 'rigorous', got {shown(mode)}")


def parse_alpha(text: object) -> float:
    """Return the rate of false alarms in a text; raise `MarginsError` on anything else."""
    try:
        rate = float(str(text))
    except ValueError:
        rate = math.nan
    if not 0 < rate <= _MOST_ALPHA:
        raise MarginsError(
            f"alpha must be a rate of false alarms in (0, {_MOST_ALPHA:g}], such as 0.01, got "
            f"{shown(text)}"
        )
    return rate


_MOST_ALPHA = 0.5


def _field(name: str) -> str:
    return name.replace("-", "_")


def _number(name: str, text: object) -> float:
    low, high, what = (0, 100, "points") if name in _POINTS else (1, math.inf, "a ratio")
    try:
        value = math.nan if isinstance(text, bool) else float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and low < value <= high):
        bounds = f"in ({low}, {high}]" if math.isfinite(high) else f"> {low}"
        raise MarginsError(
            f"margin {name} must be {what} {bounds}, such as 2, or none, got {shown(text)}"
        )
    return value
