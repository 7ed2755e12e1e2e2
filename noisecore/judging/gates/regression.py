"""The gate against a baseline: a run may lose no more than the margins allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.escaping import described
from noisecore.judging.baselines import Baseline, Comparison, compare_baseline, compare_records
from noisecore.judging.gates.classes import fallen_classes
from noisecore.judging.gates.outlook import blindness
from noisecore.judging.gates.own import own_margins
from noisecore.judging.gates.regression_text import regression_sentence, regression_table
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
from noisecore.judging.gates.verdict import Verdict, make_verdict, settle
from noisecore.judging.margins import ALPHA, Margins, Mode, Rule
from noisecore.records import TrialRecord

_GATE: Literal["no regression"] = "no regression"


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """A curve that is to be judged against a baseline, and how.

    comparison: None where there is nothing to compare it with. rule: how it is judged. problem: why
    there is nothing to compare it with, and what to do; renew: the tests to run for a renewal that
    takes out what vanished, too, empty where nothing did. whole: whether the run must have the same
    scales as the baseline. accepted: whether the run is to become the baseline, so that what would
    fail is shown and passes. new_ancestor: whether that holds for the loss since the first
    ancestor, too. labels: the class numbers of the test images, where they are known. closer: a
    command that looks closer.
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


def judge(
    new: Iterable[TrialRecord],
    old: Baseline | Iterable[TrialRecord],
    *,
    mode: Mode | None = None,
    margins: Margins | None = None,
    alpha: float = ALPHA,
) -> dict[str, Verdict]:
    """Return a verdict for each curve that two runs share, by name: `new` against `old`.

    old: a baseline, with its curves' margins and first ancestors, or records. mode: "simple" or
    "rigorous"; None takes what the model is made for. margins: None takes those of the curve's own
    (`own_margins`), else the usual. alpha: how often a run of an unchanged model fails, over all
    curves of the baseline. Raises `ValueError` if the records of one side do not belong together.
    """
    if isinstance(old, Baseline):
        comparisons, curves = compare_baseline(new, old), len(old.origins)
    else:
        old = list(old)
        comparisons = compare_records(new, old)
        curves = len(comparisons)
    rule = Rule(
        mode=mode,
        margins=margins or Margins(),
        alpha=alpha,
        curves=max(curves, 1),
        own=own_margins(old) if margins is None else {},
    )
    return {name: judge_comparison(one, rule) for name, one in comparisons.items()}


def judge_comparison(comparison: Comparison, rule: Rule) -> Verdict:
    """Return the verdict on one curve; see `judge_no_regression`."""
    name = comparison.curve
    return judge_no_regression(Case(curve=name, comparison=comparison, rule=rule.of(name)))


def judge_no_regression(case: Case) -> Verdict:
    """Judge that a curve lost no more against its baseline than the margins allow.

    Where the seeds or draws that both sides have gave the same answers and losses, nothing changed:
    it is identical, and passes.

    Simple mode: the mean over the noisy scales, and each scale, 0 among them, fails when its drop
    exceeds its margin and is shown to be a drop: the one-sided bound of Student's t lies below 0.
    For trained models the seeds are random (`pooled_difference`), for given ones the images are
    (`matched_difference`). The levels of all these checks together make up the rule's alpha.

    Rigorous mode: the mean must be shown to have dropped by less than its margin (non-inferiority,
    at 95 %). It fails when it is shown to have dropped by more, and is inconclusive in between. For
    trained models seeds and images are random (`paired_difference`). The scales are judged as in
    simple mode.

    A pass of the mean becomes inconclusive when a drop of twice its margin would not have been
    caught 95 % of the time. The mean is judged against the baseline's first ancestor as well, with
    a margin of its own. Training time and peak memory fail when the ratio of medians exceeds a
    margin that was given. What cannot be compared, or lacks figures, fails.
    """
    if not isinstance(case, Case):
        raise TypeError(
            "case must be a curve and its baseline: give robustness.against(noise_baseline), got "
            f"{described(case)}"
        )
    comparison = case.comparison
    if case.problem or comparison is None:
        return _without_baseline(case)
    if comparison.failures:
        return _with_failures(case, comparison)
    if comparison.obstacles:
        return _with_obstacles(case, comparison)
    return _compared(case, comparison)


def _rejected(case: Case) -> Outcome:
    """Return the outcome where nothing can be compared: a new baseline may be another."""
    return "pass" if case.accepted else "fail"


def _without_baseline(case: Case) -> Verdict:
    sentence = case.problem or f"{case.curve} is not in the baseline"
    if case.accepted:
        sentence = f"{case.curve} is put into the baseline: there was none of it"
    row = ProblemRow(problem=sentence, renew=case.renew or None)
    return make_verdict(_GATE, case.curve, _rejected(case), sentence, [row])


def _with_failures(case: Case, comparison: Comparison) -> Verdict:
    lines = comparison.failures
    rest = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    sentence = f"{case.curve} cannot pass because a trial failed or is missing: {lines[0]}{rest}"
    rows = [FailureRow(failure=line) for line in lines]
    return make_verdict(_GATE, case.curve, "fail", sentence, rows)


def _with_obstacles(case: Case, comparison: Comparison) -> Verdict:
    lines = comparison.obstacles
    sentence = f"{case.curve} cannot be compared with the baseline: {'; '.join(lines)}"
    rows: list[Row] = [ObstacleRow(obstacle=line) for line in lines]
    if comparison.new.size and comparison.baseline.size:  # for whoever looks for the reason
        rows += [replace(row, verdict=None) for row in accuracy_rows(comparison, case.rule)]
    return make_verdict(_GATE, case.curve, _rejected(case), sentence, rows)


def _compared(case: Case, comparison: Comparison) -> Verdict:
    """Judge what can be compared: its rows, then whether a pass says enough, then the whole."""
    rows: list[JudgedRow] = [
        *accuracy_rows(comparison, case.rule),
        *cost_rows(comparison, case.rule.margins),
    ]
    blind = None
    if rows and isinstance(mean := rows[0], MeanRow) and mean.verdict == "pass":
        blind = blindness(comparison, mean, case.rule)
        if blind:
            rows[0] = replace(mean, verdict="inconclusive")
    outcome = _worst(rows)
    sentence = regression_sentence(
        case.curve, outcome, rows, identical=comparison.identical, blind=blind
    )
    odd = _other_scales(comparison)
    notes = [*(NoteRow(note=line) for line in comparison.notes), *odd]
    if outcome != "pass":
        notes += [NoteRow(note=line) for line in fallen_classes(comparison, case.labels)]
    if case.whole and odd:
        rest = "at the scales that both have nothing fell" if outcome == "pass" else sentence
        sentence = f"{case.curve}: {'; '.join([*(row.note for row in odd), rest])}"
        outcome = "fail"
    undecided = outcome == "inconclusive" and not blind  # more seeds or images mend a blind gate
    if outcome != "pass" and case.accepted and not undecided:
        outcome, sentence = _accepted(case, rows, outcome, sentence)
    return make_verdict(_GATE, case.curve, outcome, sentence, [*rows, *notes])


def _worst(rows: Iterable[JudgedRow]) -> Outcome:
    """Return the outcome of all rows: what is not judged does not count."""
    found = {row.verdict for row in rows}
    return "fail" if "fail" in found else "inconclusive" if "inconclusive" in found else "pass"


def _other_scales(comparison: Comparison) -> list[NoteRow]:
    """Return a note for each scale that one side alone has."""
    lost = [
        NoteRow(note=f"scale {scale:g} of the baseline was not run", left_out=scale)
        for scale in comparison.left_out
    ]
    added = [f"scale {scale:g} is not in the baseline" for scale in comparison.added]
    return [*lost, *(NoteRow(note=line) for line in added)]


def _accepted(
    case: Case, rows: Sequence[JudgedRow], outcome: Outcome, sentence: str
) -> tuple[Outcome, str]:
    """Return the outcome and the sentence of a run that did not pass and renews the baseline."""
    lost = [row for row in rows if isinstance(row, SinceFirstRow) and row.verdict == "fail"]
    if lost and not case.new_ancestor:
        why = regression_sentence(case.curve, "fail", lost)
        return outcome, f"not accepted as the new baseline: {why}"
    return "pass", f"accepted as the new baseline: {sentence}"


def assert_no_regression(case: Case) -> None:
    """Assert that a run lost no more than its baseline allows; see `judge_no_regression`."""
    __tracebackhide__ = True
    verdict = judge_no_regression(case)
    given = case.comparison is not None and case.comparison.replicates == "draws"
    settle(
        verdict,
        [regression_table(verdict)],
        failed=_advice(case, verdict),
        inconclusive="More images or draws narrow the bounds."
        if given
        else "More seeds narrow the bounds (--noise-seeds).",
    )


def _advice(case: Case, verdict: Verdict) -> str:
    """Return what to do about a failure: what decided it says what helps."""
    if not verdict.rows(AccuracyRow):
        return _RENEW
    failed = verdict.fallen
    if not failed:
        return _SCALES
    if case.accepted or all(isinstance(row, SinceFirstRow) for row in failed):
        return _DECLINED
    assert case.comparison is not None
    cause = _cause(verdict, case.rule.margins)
    if case.rule.mode_for(case.comparison.replicates) == "rigorous":
        return f"{_SHOWN} {cause}"
    given = case.comparison.replicates == "draws"
    doubt = "If you doubt a drop, look again" + ("" if given else " with more seeds")
    options = "--noise-gate=rigorous" + ("" if given else " --noise-seeds=10")
    return f"{cause} {doubt} ({case.closer or options})."


def _cause(verdict: Verdict, margins: Margins) -> str:
    """Return how to renew the baseline, where the change is meant."""
    means = [row for row in verdict.rows(AccuracyRow) if row.scale is None]
    limit = margins.since_first
    lost = bool(means) and limit is not None and -means[0].difference > limit / 100
    options = "--noise-update-baseline" + (" --noise-new-ancestor" if lost else "")
    return f"If the change is meant, renew the baseline in the commit that causes it ({options})."


_RENEW = "If this is meant, renew the baseline (--noise-update-baseline), and commit it."
_SCALES = (
    "Run the scales of the baseline again. If the others are meant, renew the baseline in the "
    "commit that causes it (--noise-update-baseline)."
)
_DECLINED = (
    "Look at what changed since the first ancestor: several small losses add up. If the loss is "
    "meant, start anew from this run (--noise-update-baseline --noise-new-ancestor), in a commit "
    "that says so."
)
_SHOWN = (
    "Rigorous mode has shown the drop, and to measure again would not undo it: look at the scales "
    "and classes that fell most, and mend the model."
)
