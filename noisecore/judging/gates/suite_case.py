"""A suite that is to be judged against a baseline: the cases of its families as one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from noisecore.judging.curves import matched_curves
from noisecore.judging.gates.case import Case
from noisecore.judging.gates.suite_rule import joined
from noisecore.judging.margins import Margins
from noisecore.judging.suites import Suite, suites_of
from noisecore.noise.corruptions import SUITES
from noisecore.records import TrialRecord


def suite_case(suite: Suite, cases: Mapping[str, Case], gone: Sequence[str]) -> Case:
    """Return the cases of a suite's families as one, which gets one verdict.

    gone: the curves of the baseline that belong to the suite, and that it does not have. A family
    that only one of the two has is a problem, unless the baseline is being renewed.
    """
    cases = {
        family: case
        if case.problem or case.comparison is not None
        else replace(case, problem=f"{case.curve} is not in the baseline")
        for family, case in cases.items()
    }
    known = {family: case for family, case in cases.items() if not case.problem}
    first = next(iter((known or cases).values()))
    accepted = all(case.accepted for case in (known or cases).values())
    problems = [case.problem or "" for case in cases.values() if case.problem and not case.accepted]
    if gone and not (known and accepted):
        problems.append(f"{', '.join(gone)} of the baseline was not run")
    added = [case.curve for case in cases.values() if case.problem and case.accepted]
    comparisons = {f: case.comparison for f, case in known.items() if case.comparison is not None}
    problem = _several(suite, problems) if problems else None
    if not comparisons and problem is None:
        problem = f"{suite.name} is not in the baseline"
    rule = first.rule
    margins = narrowest(case.rule.margins for case in (known or cases).values())
    alpha = rule.alpha * min(len(cases), rule.curves) / rule.curves  # the suite's share

    def note() -> None:
        for case in cases.values():
            case.note()

    return Case(
        curve=suite.name,
        comparison=joined(suite.name, comparisons, suite.counted) if comparisons else None,
        families=comparisons,
        suite=suite,
        rule=replace(rule, alpha=alpha, curves=1, margins=margins),
        whole=all(case.whole for case in cases.values()),
        problem=problem,
        renew=next((case.renew for case in cases.values() if case.renew), ""),
        accepted=accepted and not problems,
        new_ancestor=first.new_ancestor,
        labels=first.labels,
        closer=first.closer,
        scripted=first.scripted,
        told=(
            *([f"{', '.join(added)}: added to the baseline (new)"] if added and known else []),
            *([f"{', '.join(gone)} of the baseline was not run"] if gone else []),
            *([suite.note] if suite.note else []),
        ),
        note=note,
    )


def _several(suite: Suite, problems: list[str]) -> str:
    """Return the problems of a suite's families in one line: the first, and how many more."""
    first, *others = dict.fromkeys(problems)
    rest = f" (and {len(others)} more families)" if others else ""
    return f"{suite.name} cannot be judged: {first}{rest}"


def narrowest(margins: Iterable[Margins]) -> Margins:
    """Return those with the narrowest margin of the mean: a suite is judged by these."""
    return min(margins, key=lambda each: math.inf if each.mean is None else each.mean)


def gone_from(suite: Suite, held: Iterable[str]) -> list[str]:
    """Return the curves of a baseline that belong to a suite, and that it does not have.

    held: the names of the baseline's curves.
    """
    held = set(held)
    return [name for name in _left_out(suite).values() if name in held]


def _left_out(suite: Suite) -> dict[str, str]:
    """Return the names that a suite's curves would have of the families that it does not have."""
    curve = next(iter(suite.values()))
    if curve.id is None:
        return {}
    rest = curve.noise.split("/")[2:]  # in 8 bits
    left = (family for family in SUITES[suite.suite] if family not in suite)
    noises = {family: "/".join([suite.suite, family, *rest]) for family in left}
    return {family: replace(curve.id, noise=noise).name for family, noise in noises.items()}


def whole_suites(records: Iterable[TrialRecord], held: Iterable[str]) -> list[Suite]:
    """Return a run's suites whose missing families, if any, are in what it is compared with.

    held: the names of the curves that it is compared with. A suite may be without frost, which
    needs photographs, and without its extras. Some of a suite's families alone were chosen as
    noises, each for itself; so were those that a model was trained with at each severity.
    """
    held = set(held)
    some = [record for record in records if record.trial.noise.partition("/")[0] in SUITES]
    found = []
    curves = (
        curve
        for curve in matched_curves(some).values()
        if curve.replicates == "draws" or (curve.id and curve.id.trained)
    )
    for suite in suites_of(curves).values():
        names = _left_out(suite)
        if all(family == "frost" or names.get(family) in held for family in suite.left_out):
            found.append(suite)
    return found
