"""A curve compared with a baseline, and the verdict: it may lose no more than the margins allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.judging.baselines import Comparison
from noisecore.judging.curves.table import tested_on
from noisecore.judging.gates.classes import fallen_classes
from noisecore.judging.gates.outlook import blindness
from noisecore.judging.gates.regression_text import regression_sentence
from noisecore.judging.gates.rows import (
    AccuracyRow,
    FailureRow,
    JudgedRow,
    MeanRow,
    NoteRow,
    ObstacleRow,
    Outcome,
    ProblemRow,
    Row,
    SinceFirstRow,
)
from noisecore.judging.gates.rule import accuracy_rows, cost_rows
from noisecore.judging.gates.suite_errors import error_rows
from noisecore.judging.gates.suite_rule import rows_of_the_rest, suite_rows
from noisecore.judging.gates.verdict import Verdict, make_verdict
from noisecore.judging.margins import Rule
from noisecore.judging.suites import Suite

NOT_ACCEPTED = "not accepted as the new baseline"  # begins a sentence that stops a renewal
_GATE: Literal["no regression"] = "no regression"


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """A curve that is to be judged against a baseline, and how.

    comparison: None if there is nothing to compare it with. rule: how it is judged. problem: why
    there is nothing to compare it with, and what to do. renew: the tests to run so that a renewal
    also removes curves that vanished; empty if none did. whole: whether the run must have the same
    scales as the baseline. accepted: whether the run becomes the baseline, so that what would fail
    is shown but passes. new_ancestor: whether this also holds for the loss since the first
    ancestor. labels: the class numbers of the test images, if known. closer: a command that looks
    more closely. former: the curve whose place it takes in the baseline, under another name; empty
    if none. scripted: whether it is judged outside a run of pytest. note: called when the
    curve is judged, before its verdict is known. suite, families: for a suite, itself, and
    the comparisons that `comparison` joins, by family. told: further notes.
    """

    curve: str
    comparison: Comparison | None
    rule: Rule = field(default_factory=Rule)
    whole: bool = False
    problem: str | None = None
    renew: str = ""
    accepted: bool = False
    new_ancestor: bool = False
    labels: NDArray[np.int64] | None = None
    closer: str = ""
    former: str = ""
    scripted: bool = False
    suite: Suite | None = None
    families: Mapping[str, Comparison] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    note: Callable[[], object] = lambda: None


def judge_comparison(comparison: Comparison, rule: Rule) -> Verdict:
    """Return the verdict on one curve; see `judge_no_regression`."""
    name = comparison.curve
    return judge_case(Case(curve=name, comparison=comparison, rule=rule.of(name)))


def judge_case(case: Case) -> Verdict:
    """Return the verdict on a curve or suite that is compared; see `judge_no_regression`."""
    curves = tuple(each.name for each in case.suite.values()) if case.suite is not None else ()
    return replace(_judged(case), curves=curves)


def _judged(case: Case) -> Verdict:
    comparison = case.comparison
    if case.problem or comparison is None:
        return _without_baseline(case)
    if comparison.failures:
        return _with_failures(case, comparison)
    if comparison.obstacles:
        return _with_obstacles(case, comparison)
    return _compared(case, comparison)


def _rejected(case: Case) -> Outcome:
    """Return the outcome if nothing can be compared: a new baseline may differ from the old."""
    return "pass" if case.accepted else "fail"


def _without_baseline(case: Case) -> Verdict:
    sentence = case.problem or f"{case.curve} is not in the baseline"
    if case.accepted:
        what = "curve" if case.suite is None else "suite"
        sentence = f"{case.curve} is added to the baseline (new {what})"
    row = ProblemRow(problem=sentence, renew=case.renew or None)
    return make_verdict(_GATE, case.curve, _rejected(case), sentence, [row, *_the_rest(case)])


def _the_rest(case: Case) -> list[AccuracyRow]:
    """Return the rows of a suite's families that can be compared although others cannot."""
    rows = rows_of_the_rest(case.families, case.rule)
    return [replace(row, verdict=None) for row in rows] if case.accepted else rows


def _with_failures(case: Case, comparison: Comparison) -> Verdict:
    lines = comparison.failures
    rest = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    sentence = f"{case.curve} cannot pass because a trial failed or is missing: {lines[0]}{rest}"
    rows = [FailureRow(failure=line) for line in lines]
    return make_verdict(_GATE, case.curve, "fail", sentence, [*rows, *_the_rest(case)])


def _with_obstacles(case: Case, comparison: Comparison) -> Verdict:
    lines = [_for_scripts(each) if case.scripted else each for each in comparison.obstacles]
    sentence = f"{case.curve} cannot be compared with the baseline: {'; '.join(lines)}"
    rows: list[Row] = [ObstacleRow(obstacle=line) for line in lines]
    if comparison.new.size and comparison.baseline.size:  # to help find the reason
        rows += [replace(row, verdict=None) for row in case_rows(case)]
    else:
        rows += _the_rest(case)
    return make_verdict(_GATE, case.curve, _rejected(case), sentence, rows)


def case_rows(case: Case) -> list[AccuracyRow]:
    """Return the rows of accuracy of a curve or suite that can be compared."""
    if case.comparison is None:
        return []
    if case.families:
        return suite_rows(case.comparison, case.families, case.rule)
    return accuracy_rows(case.comparison, case.rule)


def _compared(case: Case, comparison: Comparison) -> Verdict:
    """Judge what can be compared: its rows, then whether a pass says enough, then the whole."""
    rows: list[JudgedRow] = [
        *case_rows(case),
        *cost_rows(comparison, case.rule.margins),
    ]
    blind = None
    if rows and isinstance(mean := rows[0], MeanRow) and mean.verdict == "pass":
        blind = blindness(comparison, mean, case.rule)
        if blind and case.scripted:
            blind = _for_scripts(blind)
        if blind:
            rows[0] = replace(mean, verdict="inconclusive")
    outcome = _worst(rows)
    sentence = regression_sentence(
        case.curve, outcome, rows, identical=comparison.identical, blind=blind
    )
    odd = _other_scales(comparison)
    told = [*comparison.notes, *filter(None, [comparison.cached]), *case.told]
    notes: list[Row] = [*(NoteRow(note=line) for line in told), *odd]
    if outcome != "pass":
        notes += [NoteRow(note=line) for line in fallen_classes(comparison, case.labels)]
    if case.suite is not None:
        notes += error_rows(case.suite, case.families)
    undecided = outcome == "inconclusive" and not blind  # more seeds or images fix a blind gate
    if case.whole and odd:
        rest = "at the scales that both have, nothing fell" if outcome == "pass" else sentence
        sentence = f"{case.curve}: {'; '.join([*(row.note for row in odd), rest])}"
        outcome = "inconclusive" if undecided and case.accepted else "fail"
    if outcome != "pass" and case.accepted and not undecided:
        outcome, sentence = _accepted(case, rows, outcome, sentence, other_scales=bool(odd))
    if comparison.whole:
        sentence += f" (on {tested_on(comparison.images, comparison.whole)})"
    return make_verdict(_GATE, case.curve, outcome, sentence, [*rows, *notes])


def _for_scripts(text: str) -> str:
    """Return advice with the arguments of a function in place of pytest's options."""
    text = text.replace("--noise-seeds=", "seeds=").replace("--noise-margins", "margins=")
    text = text.replace("--noise-images=all", "images=None").replace("--noise-images=", "images=")
    text = text.replace("--noise-images", "images=")
    return text.replace("--noise-gate=rigorous", "mode='rigorous'")


def _worst(rows: Iterable[JudgedRow]) -> Outcome:
    """Return the outcome of all rows: what is not judged does not count."""
    found = {row.verdict for row in rows}
    return "fail" if "fail" in found else "inconclusive" if "inconclusive" in found else "pass"


def _other_scales(comparison: Comparison) -> list[NoteRow]:
    """Return a note for each scale that only one side has."""
    lost = [
        NoteRow(note=f"scale {scale:g} of the baseline was not run", left_out=scale)
        for scale in comparison.left_out
    ]
    added = [f"scale {scale:g} is not in the baseline" for scale in comparison.added]
    return [*lost, *(NoteRow(note=line) for line in added)]


def _accepted(
    case: Case, rows: Sequence[JudgedRow], outcome: Outcome, sentence: str, *, other_scales: bool
) -> tuple[Outcome, str]:
    """Return the outcome and the sentence of a run that did not pass and renews the baseline."""
    failed = [row for row in rows if isinstance(row, AccuracyRow) and row.verdict == "fail"]
    forgets = " with other scales, which forget its first ancestor" if other_scales else ""
    if case.former:
        forgets = f" in the place of {case.former}, whose first ancestor it would forget"
    # Where the first ancestor is forgotten, the loss of this run would be, too.
    lost = failed if forgets else [row for row in failed if isinstance(row, SinceFirstRow)]
    if lost and not case.new_ancestor:
        why = regression_sentence(case.curve, "fail", lost)
        return outcome, f"{NOT_ACCEPTED}{forgets}: {why}"
    return "pass", f"accepted as the new baseline: {sentence}"
