"""Check what gates are given: a mistake gets one line that says what to give."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from noisecore.errors import ArgumentError, ArgumentTypeError, warn
from noisecore.escaping import described, shown
from noisecore.judging.baselines import Baseline
from noisecore.judging.curves import Curve, Point
from noisecore.records import RecordError, TrialRecord


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Raise unless a gate's own number is finite and lies within its bounds.

    Raises `ArgumentTypeError` if it is not a number, `ArgumentError` if it is out of bounds.
    """
    bounds = f"in [{low:g}, {high:g}]" if math.isfinite(high) else f">= {low:g}"
    try:
        finite = math.isfinite(value)
    except TypeError:
        raise ArgumentTypeError(
            f"{name} must be a finite number {bounds}, got {described(value)}"
        ) from None
    if not (finite and low <= value <= high):
        raise ArgumentError(f"{name} must be a finite number {bounds}, got {value}")


def check_scale(name: str, value: Any) -> None:
    """Raise `ArgumentTypeError` unless it is a number; the last floor may be at infinity."""
    try:
        math.isnan(value)
    except TypeError:
        raise ArgumentTypeError(f"{name} must be a number, got {described(value)}") from None


def curve_from(value: Any) -> str:
    """Return how to get a curve from what was given instead, as the end of a message."""
    if isinstance(value, str | PurePath):
        return ": read_curves(path) returns the curves of a file, by name"
    if isinstance(value, Point):
        return ": give the curve that it is a point of"
    if isinstance(value, Baseline):
        return ": give one of its curves, baseline.curves['NAME']"
    if isinstance(value, Mapping) and any(isinstance(each, Curve) for each in value.values()):
        name = shown(next(iter(value)))
        return f": give one of its values, such as [{name}], or .values() where several are allowed"
    if isinstance(value, TrialRecord) or (isinstance(value, list | tuple) and value):
        return ": give the curve itself; compare(new, old) takes records and lists"
    return ": evaluate(model, x, y, scales=[0.1, 1]) returns a curve"


def check_curve(value: Any) -> None:
    """Raise `ArgumentTypeError` unless it is a curve."""
    if not isinstance(value, Curve):
        raise ArgumentTypeError(
            "curve must be a curve, such as robustness.curve, got "
            f"{described(value)}{curve_from(value)}"
        )


def check_measured(curve: Curve) -> None:
    """Raise `RecordError` unless a curve has records, and the same name as they have."""
    if not curve.records:
        raise RecordError(
            f"{curve.name} has no records to compare: give a curve of evaluate or train_sweep"
        )
    (named, *others) = dict.fromkeys(record.trial.curve for record in curve.records)
    if others or named != curve.name:
        raise RecordError(
            f"{curve.name} must have the name of its records, {named}: give the curve as it was "
            "measured"
        )


def swapped(new: Iterable[TrialRecord], old: Iterable[TrialRecord]) -> str:
    """Return a line if all of `new` was measured before all of `old`; otherwise an empty text."""
    dated = ([r for r in side if "started" in r.cost and not r.is_cached] for side in (new, old))
    days = [[str(record.cost["started"]) for record in side] for side in dated]
    if not all(days) or max(days[0]) >= min(days[1]):
        return ""
    return (
        f"what is judged was measured before what it is compared with ({max(days[0])} and "
        f"{min(days[1])}): were the two swapped?"
    )


def warn_if_swapped(new: Iterable[TrialRecord], old: Iterable[TrialRecord]) -> None:
    """Warn of what `swapped` says: a worse model would pass if the two sides were swapped."""
    if line := swapped(new, old):
        warn(line)


def check_point(name: str, value: Any) -> None:
    """Raise `ArgumentTypeError` unless it is a point."""
    if not isinstance(value, Point):
        raise ArgumentTypeError(
            f"{name} must be a point, such as robustness.point or robustness.curve.at(1), got "
            f"{described(value)}"
        )


def check_floors(floors: Any) -> None:
    """Raise an error, as `check_number` does, unless floors are accuracies by scale."""
    if not isinstance(floors, Mapping):
        raise ArgumentTypeError(
            "floors must be a dict from scale to the least accuracy there, such as {1: 0.9}, got "
            f"{described(floors)}"
        )
    for listed, floor in floors.items():
        check_scale("the scale of a floor", listed)
        check_number(f"the floor of scale {listed:g}", floor, 0, 1)


def check_figures(points: Any, published: Any) -> None:
    """Raise an error, as `check_number` does, unless they are points and figures by name."""
    for name, value, example in (
        ("points", points, "{'cnn': robustness.point}"),
        ("published", published, "{'cnn': (0.12, 0.97)}, loss and accuracy"),
    ):
        if not isinstance(value, Mapping):
            raise ArgumentTypeError(
                f"{name} must be a dict by name, such as {example}, got {described(value)}"
            )
    if set(points) != set(published) or not points:
        measured, wanted = (", ".join(map(str, each)) or "nothing" for each in (points, published))
        raise ArgumentError(f"published must name what was measured: {measured}, got {wanted}")
    for name, figures in published.items():
        check_point(f"points[{name!r}]", points[name])
        try:
            loss, accuracy = figures
            float(loss)  # an unknown loss may be NaN
        except (TypeError, ValueError):
            raise ArgumentTypeError(
                f"published[{name!r}] must be a pair of loss and accuracy, such as (0.12, 0.97), "
                f"got {described(figures)}"
            ) from None
        check_number(f"the accuracy of published[{name!r}]", accuracy, 0, 1)
