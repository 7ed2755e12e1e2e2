"""Check and convert the fields of a curve that a user builds."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from noisecore.errors import ArgumentTypeError, NoisecoreError
from noisecore.escaping import described, shown
from noisecore.judging.statistics import Floats, Interval, image_interval, mean_interval
from noisecore.records import TrialRecord

_C = TypeVar("_C")
_T = TypeVar("_T")


class CurveError(NoisecoreError, ValueError):
    """Records or figures do not make a curve; the message says which do not belong together."""


def takes_nothing(remedy: str) -> Callable[[Callable[[_C], _T]], Callable[[_C], _T]]:
    """Make a method that takes no argument say what to do if it is given one."""

    def refusing(method: Callable[[_C], _T]) -> Callable[[_C], _T]:
        @functools.wraps(method)
        def called(self: _C, *given: object, **named: object) -> _T:
            for each in (*given, *named.values()):
                raise ArgumentTypeError(
                    f"curve.{method.__name__}() takes no argument, got {described(each)}: {remedy}"
                )
            return method(self)

        return called

    return refusing


def interval_of(accuracy: Floats, replicates: str, error: Floats | float, images: int) -> Interval:
    """Return the interval of mean accuracy, (S, k) or (S,), over seeds or over images."""
    if replicates == "draws":
        return image_interval(accuracy.mean(axis=0), error, images)
    return mean_interval(accuracy)


def settled(given: dict[str, Any]) -> dict[str, Any]:
    """Return a curve's fields, lists made arrays or tuples; raise `CurveError` if one is wrong."""
    name = given["name"]
    if not isinstance(name, str):
        raise CurveError(f"name must be a text, got {described(name)}")
    found = {
        "scales": _floats(given, "scales", "[0, 0.5, 1]"),
        "seeds": _seeds(given),
        "accuracy": _floats(given, "accuracy", "[[0.9, 0.8, 0.7]], one row per seed"),
        "loss": _floats(given, "loss", "[[0.3, 0.6, 1.2]], one row per seed"),
        "images": _count(given),
        "records": _records(given),
    }
    for field in ("failures", "once"):
        found[field] = _listed(given, field)
    if given["labels"] is not None:
        found["labels"] = np.asarray(given["labels"])
    if given["image_error"] is not None:
        found["image_error"] = _floats(given, "image_error", "[0.01, 0.01, 0.01]")
    if given["replicates"] not in ("seeds", "draws"):
        raise CurveError(
            f"{name}: replicates must be 'seeds' or 'draws', got {shown(given['replicates'])}"
        )
    _check(name, found)
    return found


def _check(name: str, found: dict[str, Any]) -> None:
    """Raise `CurveError` unless the figures have the shape that scales and seeds require."""
    scales, seeds = found["scales"], found["seeds"]
    if scales.ndim != 1 or 0 in (len(scales), len(seeds)) or not (np.diff(scales) > 0).all():
        raise CurveError(
            f"{name}: scales must ascend, with at least one scale and one seed, got {scales} and "
            f"seeds {seeds}"
        )
    if not (np.isfinite(scales).all() and scales[0] >= 0):
        raise CurveError(f"{name}: scales must be finite numbers >= 0, got {scales}")
    shape = len(seeds), len(scales)
    for figure in ("accuracy", "loss"):
        if found[figure].shape != shape:
            raise CurveError(
                f"{name}: {figure} must have the shape (seeds, scales) = {shape}, "
                f"got {found[figure].shape}"
            )
    known = found["accuracy"][~np.isnan(found["accuracy"])]
    if ((known < 0) | (known > 1)).any():
        raise CurveError(
            f"{name}: accuracy must be shares from 0 to 1, got {known.min():g} to "
            f"{known.max():g}: 97 % is 0.97"
        )
    error = found.get("image_error")
    if error is not None and error.shape != scales.shape:
        raise CurveError(
            f"{name}: image_error must have the shape (scales,) = {scales.shape}, got {error.shape}"
        )


def _floats(given: dict[str, Any], field: str, example: str) -> Floats:
    value = given[field]
    try:
        array = np.asarray(value, np.float64)
        if isinstance(value, str) or array.ndim == 0:
            raise ValueError
    except (TypeError, ValueError):
        raise CurveError(
            f"{given['name']}: {field} must be numbers such as {example}, got {shown(value)}"
        ) from None
    return array


def _seeds(given: dict[str, Any]) -> tuple[int, ...]:
    try:
        return tuple(map(operator.index, given["seeds"]))
    except TypeError:
        raise CurveError(
            f"{given['name']}: seeds must be whole numbers such as (0, 1, 2), got "
            f"{shown(given['seeds'])}"
        ) from None


def _listed(given: dict[str, Any], field: str) -> tuple[Any, ...]:
    value = given[field]
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise CurveError(f"{given['name']}: {field} must be a tuple, got {shown(value)}")
    return tuple(value)


def _count(given: dict[str, Any]) -> int:
    try:
        images = operator.index(given["images"])
    except TypeError:
        images = -1
    if images < 0:
        raise CurveError(
            f"{given['name']}: images must be the number of test images, a whole number, got "
            f"{shown(given['images'])}"
        )
    return images


def _records(given: dict[str, Any]) -> Sequence[TrialRecord]:
    records = tuple(given["records"]) if isinstance(given["records"], Iterable) else (None,)
    odd = next((each for each in records if not isinstance(each, TrialRecord)), records)
    if odd is not records:
        raise CurveError(
            f"{given['name']}: records must be those of evaluate, train_sweep or read_records, got "
            f"{described(given['records'])}"
        )
    return records
