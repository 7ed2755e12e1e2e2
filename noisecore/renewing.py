"""A baseline that a script writes: what pytest does with --noise-update-baseline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import noisecore
from noisecore.errors import ArgumentError, ArgumentTypeError, refusals
from noisecore.escaping import described, shown
from noisecore.judging.baselines import (
    Baseline,
    Origin,
    compare_records,
    first_of,
    read_baseline,
    renew_baseline,
    with_first,
)
from noisecore.judging.baselines import write_baseline as write
from noisecore.judging.curves import Curve
from noisecore.judging.gates import Rule, judge_comparison
from noisecore.judging.gates.arguments import curve_from
from noisecore.judging.gates.own import fitting_margins
from noisecore.judging.gates.rows import SinceFirstRow
from noisecore.paths import is_missing
from noisecore.records import RecordError, new_file


def write_baseline(
    path: str | Path,
    curves: Curve | Iterable[Curve] | Baseline,
    *,
    profile: str | None = None,
    new_ancestor: bool = False,
) -> Baseline:
    """Write curves into a baseline file, whole or not at all; its folder is made.

    A curve that the file holds already is renewed, and remembers its first ancestor; the file's
    other curves stay. A given model keeps the margin that fits its number of images, which is wider
    than the usual one where they are few; `margins=` of the gate says another. Commit the file.

    Args:
        path: Of the file, such as "baselines/quick.json".
        curves: What is put in, with their records; or a whole baseline, which replaces the file.
        profile: The run's profile that the file is for, with pytest. Left out, that of the file,
            or "quick" for a new one.
        new_ancestor: Whether what was lost since a curve's first ancestor may be forgotten.

    Returns:
        What the file holds now.

    Raises:
        RecordError: The file is no baseline; a curve has no records, or a trial of it failed; a
            curve fell further since its first ancestor than its margin allows.
        OSError: The file cannot be written.

    Example:
        >>> baseline = write_baseline("baselines/quick.json", curve)
        >>> list(baseline.origins)
        ['digits/gaussian']
    """
    path = new_file(path, "quick.json")
    if not (profile is None or (isinstance(profile, str) and profile.strip())):
        raise ArgumentError(f"profile must be a name such as 'quick', got {shown(profile)}")
    if not isinstance(new_ancestor, bool):
        raise ArgumentTypeError(f"new_ancestor must be True or False, got {shown(new_ancestor)}")
    if isinstance(curves, Baseline):
        with refusals(f"{path}: cannot be written"):
            write(path, curves)
        return curves
    given = _curves(curves)
    old = None if is_missing(path) else read_baseline(path)
    if not new_ancestor and old is not None:
        _refuse_decline(given, old)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    origins = {
        curve.name: Origin(
            date=now,
            commit=None,
            noisecore=noisecore.__version__,
            tests=old.origins[curve.name].tests if old and curve.name in old.origins else (),
            margins=fitting_margins(curve.records),
        )
        for curve in given
    }
    try:
        renewed = renew_baseline(
            old,
            [record for curve in given for record in curve.records],
            profile=profile or (old.profile if old else "quick"),
            origins=origins,
            whole=True,
            new_ancestor=new_ancestor,
        )
    except ValueError as error:
        raise RecordError(f"{path}: the baseline was not written: {error}") from None
    with refusals(f"{path}: cannot be written"):
        write(path, renewed.baseline)
    return renewed.baseline


def _curves(given: Any) -> list[Curve]:
    """Return the curves that are to be written; raise an error in one line on anything else."""
    listed = isinstance(given, Iterable) and not isinstance(given, str | Mapping)
    curves = list(given) if listed else [given]
    if not curves or given is None:
        raise RecordError("there is no curve to write: give one that evaluate returns")
    for curve in curves:
        if not isinstance(curve, Curve):
            raise ArgumentTypeError(
                "curves must be curves, as evaluate returns them, got "
                f"{described(curve)}{curve_from(curve)}"
            )
        if not curve.records:
            raise RecordError(
                f"{curve.name} has no records to write: give a curve of evaluate or train_sweep"
            )
    return curves


def _refuse_decline(curves: Iterable[Curve], old: Baseline) -> None:
    """Raise `RecordError` if a curve fell too far since its first ancestor."""
    for curve in curves:
        if curve.name not in old.origins:
            continue
        origin, held = old.origins[curve.name], old.of(curve.name)
        first = origin.first or first_of(held, date=origin.date, commit=origin.commit)
        comparison = compare_records(curve.records, held)[curve.name]
        verdict = judge_comparison(with_first(comparison, first, curve.records), Rule())
        if any(isinstance(row, SinceFirstRow) for row in verdict.fallen):
            raise RecordError(
                f"the baseline was not written: {verdict.sentence}: if the loss is meant, give "
                "new_ancestor=True"
            )
