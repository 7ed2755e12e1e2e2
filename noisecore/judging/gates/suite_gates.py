"""Gates that judge each family of a suite for itself, and give one verdict over all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from noisecore.errors import ArgumentError, ArgumentTypeError
from noisecore.escaping import described
from noisecore.functions import unknown
from noisecore.judging.curves import Curve
from noisecore.judging.gates.arguments import check_number
from noisecore.judging.gates.rows import (
    ROUNDING,
    DropRow,
    FittedRow,
    FloorRow,
    Outcome,
    Row,
    StepRow,
    plain_number,
)
from noisecore.judging.gates.verdict import Gate, Verdict, make_verdict, missing_figures
from noisecore.judging.suites import Suite

_OF_FAMILY = (DropRow, FittedRow, FloorRow, StepRow)


def judge_families(gate: Gate, suite: Suite, judge: Callable[[str], Verdict | None]) -> Verdict:
    """Return one verdict over the families of a suite, which names the worst of them.

    judge: returns the verdict on a family, None if nothing is claimed of it.
    """
    verdicts = {family: judge(family) for family in suite}
    found = {family: verdict for family, verdict in verdicts.items() if verdict is not None}
    left = [family for family in suite if family not in found]
    rest = f"; no claim is made for {', '.join(left)}" if left else ""
    if not found:
        sentence = f"{suite.name}: nothing was judged{rest}"
        return make_verdict(gate, suite.name, "inconclusive", sentence)
    worst = min(found.values(), key=lambda each: (each.urgency, _room(each)))
    alike = sum(each.verdict == worst.verdict for each in found.values())
    sentence = f"{worst.sentence}; {alike} of {len(found)} families {_HOW[worst.verdict]}{rest}"
    rows = [_named(row, family) for family, each in found.items() for row in each.figures]
    verdict = make_verdict(gate, suite.name, worst.verdict, sentence, rows)
    return replace(verdict, curves=tuple(suite[family].name for family in found))


_HOW: dict[Outcome, str] = {"fail": "fail", "inconclusive": "are undecided", "pass": "pass"}


def _named(row: Row, family: str) -> Row:
    return replace(row, family=family) if isinstance(row, _OF_FAMILY) else row


def _room(verdict: Verdict) -> float:
    """Return how far a family is from failing: the least is the worst."""
    rooms = [row.allowed - row.rise for row in verdict.rows(StepRow) if row.judged]
    rooms += [row.drop - row.least_drop for row in verdict.rows(DropRow)]
    rooms += [row.mean - (row.floor or 0) for row in verdict.rows(FloorRow)]
    return min(rooms, default=math.inf)


def judge_suite_floor(suite: Suite, floors: Any, scale: float | None) -> Verdict:
    """Judge that each family reaches its floor; see `judge_floor`."""
    by_family = _checked(suite, floors)

    def judge(family: str) -> Verdict | None:
        if family not in by_family:
            return None
        return _judge_mean(suite[family], by_family[family], scale)

    return judge_families("floor", suite, judge)


def _checked(suite: Suite, floors: Any) -> dict[str, float]:
    """Return the floors by family; raise in one line unless they are that, or one number."""
    if not isinstance(floors, Mapping):
        if isinstance(floors, str):
            raise ArgumentTypeError(
                "floors must be a dict from family to the least accuracy, such as {'fog': 0.9}, or "
                f"one number for all, got {described(floors)}"
            )
        check_number("floors", floors, 0, 1)
        return dict.fromkeys(suite, floors)
    for family, floor in floors.items():
        if not isinstance(family, str) or family not in suite:
            raise ArgumentError(unknown(f"family of {suite.name}", str(family), suite))
        check_number(f"the floor of {family}", floor, 0, 1)
    return dict(floors)


def _judge_mean(curve: Curve, floor: float, scale: float | None) -> Verdict:
    """Judge the mean accuracy over the severities, or that at one of them."""
    measured = curve.without_zero() if scale is None else curve.at(scale)
    if missing := missing_figures("floor", measured):
        return missing
    mean = float(measured.accuracy.mean())
    row = FloorRow(
        scale=None if scale is None else plain_number(scale),
        mean=mean,
        floor=plain_number(floor),
        wilson_low=None,
        wilson_high=None,
        seeds=len(curve.seeds),
        images=curve.images,
    )
    passed = mean >= floor - ROUNDING
    where = "over the severities" if scale is None else f"at scale {scale:g}"
    sentence = (
        f"accuracy of {curve.name} {where} is {mean:.4f}, {'at or above' if passed else 'below'} "
        f"the floor of {floor:g}"
    )
    return make_verdict("floor", curve.name, "pass" if passed else "fail", sentence, [row])
