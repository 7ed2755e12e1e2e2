"""A baseline that a script writes: what pytest does with --noise-update-baseline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from noisecore.errors import ArgumentError, ArgumentTypeError, refusals, warn
from noisecore.escaping import described, one_line, shown
from noisecore.functions import knows_arguments
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
from noisecore.judging.gates import Rule
from noisecore.judging.gates.advice import advice_when_undecided
from noisecore.judging.gates.arguments import check_measured, curve_from, warn_if_swapped
from noisecore.judging.gates.case import Case, judge_case
from noisecore.judging.gates.own import origin_of, own_margins
from noisecore.judging.gates.suite_case import suite_case
from noisecore.judging.suites import Suite
from noisecore.paths import is_missing
from noisecore.records import RecordError, new_file


@knows_arguments
def write_baseline(
    path: str | Path,
    curves: Curve | Iterable[Curve] | Mapping[str, Curve] | Baseline,
    *,
    profile: str | None = None,
    new_ancestor: bool = False,
) -> Baseline:
    """Write curves into a baseline file, all or nothing; create its folder if need be.

    A curve that the file already holds is renewed as pytest does it: it remembers its first
    ancestor, and is refused if it fell too far since then, or if it is undecided whether it is
    worse. A given model keeps the margin that fits its number of images, which is wider than the
    usual one if there are few; set another with `margins=` of the gate. Commit the file.

    A script knows neither the tests nor the commit. So the file's other curves stay, even one that
    was renamed, or that noisecore 0.1 named after its test: pytest's `--noise-update-baseline`
    removes the curves that no test compares any more.

    Args:
        path: The file, such as "baselines/quick.json".
        curves: The curves to write, with their records: a curve, curves, a suite, which is judged
            as one, or what `read_curves` returns; or a whole baseline, which replaces the file,
            whatever that held.
        profile: The profile that the file is for, in runs with pytest. Left out, that of the file,
            or "quick" for a new one.
        new_ancestor: Whether what was lost since a curve's first ancestor may be forgotten.

    Returns:
        What the file holds now; its `changes` say in lines what was added, renewed and left. A
        warning says so if a curve lost its first ancestor, for example because its scales changed,
        or if it was measured before what it replaces.

    Raises:
        RecordError: The file is not a baseline, or is one of another profile; a curve has no
            records, or one of its trials failed; a curve fell further since its first ancestor than
            its margin allows, or it is undecided whether it is worse.
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
    given = _listed(curves)
    old = None if is_missing(path) else read_baseline(path)
    if old is not None and profile not in (None, old.profile):
        raise RecordError(
            f"{path}: expected a baseline of profile {profile}, got one of {old.profile}: choose "
            "another path, or leave profile out"
        )
    if old is not None:
        for curve in given:
            warn_if_swapped(curve.records, old.of(curve.name))
        if not new_ancestor:
            _refuse_decline([curves] if isinstance(curves, Suite) else given, old)
    try:
        renewed = renew_baseline(
            old,
            [record for curve in given for record in curve.records],
            profile=profile or (old.profile if old else "quick"),
            origins=_origins(given, old),
            whole=True,
            new_ancestor=new_ancestor,
        )
    except ValueError as error:
        raise RecordError(f"{path}: the baseline was not written: {error}") from None
    with refusals(f"{path}: cannot be written"):
        write(path, renewed.baseline)
    known = sorted(old.origins) if old else []
    for name in () if new_ancestor else sorted(set(known).intersection(renewed.changed)):
        if renewed.baseline.origins[name].first is None:
            warn(
                f"{one_line(name)}: its images, scales or recipe have changed, so what it lost "
                "since its first ancestor is forgotten"
            )
    stays = [f"{name}: not renewed" for name in known if name not in renewed.changed]
    return replace(renewed.baseline, changes=(*renewed.lines, *stays))


def _origins(curves: Iterable[Curve], old: Baseline | None) -> dict[str, Origin]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    known = old.origins if old else {}
    return {
        curve.name: origin_of(
            curve.records,
            started=now,
            commit=None,
            tests=known[curve.name].tests if curve.name in known else (),
        )
        for curve in curves
    }


def _listed(curves: Any) -> list[Curve]:
    """Return the curves that are to be written; raise an error in one line on anything else."""
    curves = curves.values() if isinstance(curves, Mapping) else curves
    listed = isinstance(curves, Iterable) and not isinstance(curves, str)
    given = list(curves) if listed else [curves]
    if not given or curves is None:
        raise RecordError("there is no curve to write: give one that evaluate returns")
    for curve in given:
        if not isinstance(curve, Curve):
            raise ArgumentTypeError(
                "curves must be curves, as evaluate returns them, got "
                f"{described(curve)}{curve_from(curve)}"
            )
        check_measured(curve)
    return given


def _refuse_decline(measured: Sequence[Curve | Suite], old: Baseline) -> None:
    """Raise `RecordError` if pytest would refuse this renewal because of what was lost."""
    rule = Rule(curves=len(old.origins), own=own_margins(old))
    for each in measured:
        if isinstance(each, Suite):
            case = suite_case(each, {f: _case(curve, old, rule) for f, curve in each.items()}, ())
        else:
            case = _case(each, old, rule)
        if case.comparison is None:
            continue
        verdict = judge_case(case)
        if verdict.verdict == "pass" or case.comparison.failures:  # no renewal takes these in
            continue
        hint = "if the loss is meant, give new_ancestor=True"
        if verdict.verdict == "inconclusive":
            narrow = advice_when_undecided(case).rstrip(".")
            hint = f"{narrow}; or start again from this curve with new_ancestor=True"
        raise RecordError(f"the baseline was not written: {verdict.sentence}: {hint}")


def _case(curve: Curve, old: Baseline, rule: Rule) -> Case:
    """Return a curve, and what it would replace; its comparison is None if that is nothing."""
    name, comparison = curve.name, None
    if name in old.origins:
        origin, held = old.origins[name], old.of(name)
        first = origin.first or first_of(held, date=origin.date, commit=origin.commit)
        comparison = with_first(compare_records(curve.records, held)[name], first, curve.records)
    return Case(
        curve=name,
        comparison=comparison,
        rule=rule.of(name),
        problem=None if comparison is not None else f"{name} is not in the baseline",
        accepted=True,
        scripted=True,
    )
