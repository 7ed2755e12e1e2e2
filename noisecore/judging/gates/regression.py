"""The gate against a baseline: a run may lose no more than the margins allow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from noisecore.judging.baselines import Comparison
from noisecore.judging.gates.classes import fallen_classes
from noisecore.judging.gates.regression_text import (
    Row,
    regression_sentence,
    regression_table,
)
from noisecore.judging.gates.verdict import ALPHA, ROUNDING, Outcome, Verdict, make_verdict, settle
from noisecore.judging.margins import Margins
from noisecore.judging.statistics import (
    Difference,
    holm,
    matched_difference,
    paired_difference,
    pooled_difference,
)

Mode = Literal["simple", "rigorous"]

ERRORS = 3  # a drop must exceed this many standard errors before simple mode calls it one
_GATE: Literal["no regression"] = "no regression"

K = TypeVar("K")


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """A curve that is to be judged against a baseline, and how.

    comparisons: of all curves that the run compares, by name; rigorous mode adjusts for their
    number. runs: how many runs are compared with the same baseline; simple mode adjusts for that
    (rigorous mode gets all their comparisons). margins: this curve's; others: those of the other
    curves, where they differ. problem: why there is nothing to compare the curve with, and what to
    do. whole: whether the run must have the same scales as the baseline. accepted: whether the run
    is to become the baseline, so that what would fail is shown and passes. labels: the class
    numbers of the test images, where they are known. closer: a command that looks closer.
    """

    curve: str
    comparisons: Mapping[str, Comparison]
    mode: Mode = "simple"
    runs: int = 1
    margins: Margins = field(default_factory=Margins)
    others: Mapping[str, Margins] = field(default_factory=dict)
    whole: bool = False
    problem: str | None = None
    accepted: bool = False
    labels: NDArray[np.int64] | None = None
    closer: str = ""


def judge_no_regression(case: Case) -> Verdict:
    """Judge that a curve lost no more against its baseline than the margins allow.

    Where both sides have the same answers, nothing changed: it passes, in either mode.

    Simple mode: on the mean over the noisy scales, and at each scale, 0 among them, a drop fails
    that exceeds its margin and three standard errors, with the spread of the seeds pooled over both
    sides and the binomial one as its floor (`pooled_difference`). It suits few seeds. Where several
    runs are compared, it takes more errors: as many as make them all together no likelier to fail
    by chance than one (Bonferroni's bound, Student's t).

    Rigorous mode: the mean over the noisy scales must be shown to have dropped by less than its
    margin (non-inferiority, one-sided at 0.05, Holm over the curves; `paired_difference`). It fails
    when it is shown to have dropped by more, and is inconclusive in between. Beside that a scale
    fails when its drop exceeds its margin and is significant (one-sided at 0.05, Holm over all
    scales of all curves).

    Training time and peak memory fail when the ratio of medians exceeds a margin that was given.
    What cannot be compared, or lacks figures, fails.
    """
    comparison = case.comparisons.get(case.curve)
    rejected: Outcome = "pass" if case.accepted else "fail"
    if case.problem or comparison is None:
        sentence = case.problem or f"{case.curve} is not in the baseline"
        if case.accepted:
            sentence = f"{case.curve} is put into the baseline: there was none of it"
        return make_verdict(_GATE, case.curve, rejected, sentence, [{"problem": sentence}])
    if lines := comparison.failures:
        rest = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        sentence = f"{case.curve} cannot pass, for a trial failed or is missing: {lines[0]}{rest}"
        rows: list[Row] = [{"failure": line} for line in lines]
        return make_verdict(_GATE, case.curve, "fail", sentence, rows)
    if lines := comparison.obstacles:
        sentence = f"{case.curve} cannot be compared with the baseline: {'; '.join(lines)}"
        rows = [{"obstacle": line} for line in lines]
        if comparison.new.size and comparison.baseline.size:  # for whoever looks for the reason
            rows += [row | {"verdict": None} for row in _judge_simple(case, comparison)]
        return make_verdict(_GATE, case.curve, rejected, sentence, rows)
    judge = _judge_simple if case.mode == "simple" else _judge_rigorous
    rows = [*judge(case, comparison), *_cost_rows(comparison, case.margins)]
    found = {row["verdict"] for row in rows}
    notes: list[Row] = [{"note": line} for line in comparison.notes]
    odd = [f"scale {scale:g} of the baseline was not run" for scale in comparison.left_out]
    odd += [f"scale {scale:g} is not in the baseline" for scale in comparison.added]
    notes += [{"note": line} for line in odd]
    outcome: Outcome = (
        "fail" if "fail" in found else "inconclusive" if "inconclusive" in found else "pass"
    )
    sentence = regression_sentence(case.curve, outcome, rows, identical=comparison.identical)
    if outcome != "pass":
        notes += [{"note": line} for line in fallen_classes(comparison, case.labels)]
    if case.whole and odd:
        rest = "at the scales that both have nothing fell" if outcome == "pass" else sentence
        outcome, sentence = "fail", f"{case.curve}: {'; '.join([*odd, rest])}"
    if outcome == "fail" and case.accepted:
        outcome, sentence = "pass", f"accepted as the new baseline: {sentence}"
    return make_verdict(_GATE, case.curve, outcome, sentence, rows + notes)


def assert_no_regression(case: Case) -> None:
    """Assert that a run lost no more than its baseline allows; see `judge_no_regression`."""
    __tracebackhide__ = True
    verdict = judge_no_regression(case)
    comparison = case.comparisons.get(case.curve)
    settle(
        verdict,
        [regression_table(verdict)],
        failed=_advice(case, verdict),
        inconclusive="More images or draws narrow the interval."
        if comparison is not None and comparison.replicates == "draws"
        else "More seeds narrow the interval (--noise-seeds).",
    )


def _advice(case: Case, verdict: Verdict) -> str:
    """Return what to do about a failure: what decided it says what helps."""
    if not any("difference" in row for row in verdict.figures):
        return _RENEW
    if not any(row.get("verdict") == "fail" for row in verdict.figures):
        return _SCALES
    if case.mode == "rigorous":
        return f"{_SHOWN} {_CAUSE}"
    given = case.comparisons[case.curve].replicates == "draws"
    doubt = "If you doubt a drop, look again" + ("" if given else " with more seeds")
    options = "--noise-gate=rigorous" + ("" if given else " --noise-seeds=10")
    return f"{_CAUSE} {doubt} ({case.closer or options})."


_RENEW = "If this is meant, renew the baseline (--noise-update-baseline), and commit it."
_SCALES = (
    "Run the scales of the baseline again. If the others are meant, renew the baseline in the "
    "commit that causes it (--noise-update-baseline)."
)
_CAUSE = (
    "If the change is meant, renew the baseline in the commit that causes it "
    "(--noise-update-baseline)."
)
_SHOWN = (
    "More seeds would not undo what rigorous mode has shown: look at the scales and classes that "
    "fell most, and mend the model."
)


def _judge_simple(case: Case, comparison: Comparison) -> list[Row]:
    ours, theirs = comparison.new_accuracy, comparison.baseline_accuracy
    margins = case.margins
    rows = []
    for place in _places(comparison):
        at = _at(comparison, place)
        if comparison.replicates == "draws" or comparison.identical:
            difference = _paired(comparison, place)
        else:
            difference = pooled_difference(
                ours[:, at].mean(axis=1), theirs[:, at].mean(axis=1), comparison.images
            )
        margin = _margin(margins, comparison, place)
        error = float(difference.error)
        errors = _errors(case.runs, float(difference.freedom))
        allowed = None if margin is None else max(margin / 100, errors * error)
        row = _row(comparison, place, difference) | {"allowed": allowed}
        if allowed is None:
            row["verdict"] = None
        elif math.isnan(error):
            row["verdict"] = "inconclusive"
        else:
            row["verdict"] = "fail" if -row["difference"] > allowed + ROUNDING else "pass"
        rows.append(row)
    return rows


def _places(comparison: Comparison) -> list[int]:
    """Return what has a row: -1, the mean, where there are noisy scales, and each scale."""
    mean = [-1] if comparison.noisy.any() else []
    return [*mean, *range(len(comparison.scales))]


def _at(comparison: Comparison, place: int) -> NDArray[np.bool_] | slice:
    """Return which scales a row is of: all noisy ones for a place of -1."""
    return comparison.noisy if place < 0 else slice(place, place + 1)


def _margin(margins: Margins, comparison: Comparison, place: int) -> float | None:
    if place < 0:
        return margins.mean
    return margins.scale if comparison.noisy[place] else margins.clean


def _errors(runs: int, freedom: float) -> float:
    if runs <= 1:
        return ERRORS
    return float(stats.t.isf(stats.t.sf(ERRORS, freedom) / runs, freedom))


def _judge_rigorous(case: Case, comparison: Comparison) -> list[Row]:
    means = {
        name: _paired(one, -1)
        for name, one in case.comparisons.items()
        if one.noisy.any() or one.obstacles
    }
    rows = []
    if case.curve in means:
        rows.append(_judge_mean(case, means, _row(comparison, -1, means[case.curve])))
    # Every scale of every curve is one of the checks that could raise a false alarm.
    scales = {
        (name, place): _paired(one, place)
        for name, one in case.comparisons.items()
        for place in range(len(one.scales))
    }
    adjusted = _holm({key: float(each.p_below(0.0)) for key, each in scales.items()})
    for place in range(len(comparison.scales)):
        row = _row(comparison, place, scales[case.curve, place])
        p = adjusted[case.curve, place]
        margin = _margin(case.margins, comparison, place)
        row |= {"allowed": None if margin is None else margin / 100, "p": p, "verdict": None}
        if margin is not None and math.isnan(p):
            row["verdict"] = "inconclusive"
        elif margin is not None:
            beyond = -row["difference"] > margin / 100 + ROUNDING
            row["verdict"] = "fail" if beyond and p < ALPHA else "pass"
        rows.append(row)
    return rows


def _judge_mean(case: Case, means: Mapping[str, Difference], row: Row) -> Row:
    """Return the row of the mean with its verdict: non-inferior, inferior, or neither."""
    margins = {name: case.others.get(name, case.margins).mean for name in means}
    margins[case.curve] = case.margins.mean
    judged = {name: margin / 100 for name, margin in margins.items() if margin is not None}
    if case.curve not in judged:
        return row | {"allowed": None, "p": None, "verdict": None}
    better = _holm({name: float(means[name].p_above(-limit)) for name, limit in judged.items()})
    worse = _holm({name: float(means[name].p_below(-limit)) for name, limit in judged.items()})
    verdict: Outcome = "inconclusive"
    if better[case.curve] < ALPHA:
        verdict = "pass"
    elif worse[case.curve] < ALPHA:
        verdict = "fail"
    return row | {"allowed": judged[case.curve], "p": better[case.curve], "verdict": verdict}


def _holm(p_values: Mapping[K, float]) -> dict[K, float]:
    """Return p values adjusted by Holm; an unknown one counts among the many, and stays unknown."""
    known = [1.0 if math.isnan(p) else p for p in p_values.values()]
    adjusted = holm(known).tolist()
    return {
        key: math.nan if math.isnan(p) else q
        for (key, p), q in zip(p_values.items(), adjusted, strict=True)
    }


def _paired(comparison: Comparison, place: int) -> Difference:
    """Return the difference at a scale, or on the mean over the scales for a place of -1."""
    if comparison.failures or comparison.obstacles:
        unknown = np.asarray(math.nan)
        return Difference(unknown, unknown, unknown)
    if comparison.identical:  # no error, and nothing that it would be uncertain from
        nothing = np.asarray(0.0)
        return Difference(nothing, nothing, np.asarray(1.0))
    differ = matched_difference if comparison.replicates == "draws" else paired_difference
    at = _at(comparison, place)
    return differ(comparison.new[:, at].mean(axis=1), comparison.baseline[:, at].mean(axis=1))


def _row(comparison: Comparison, place: int, difference: Difference) -> Row:
    at = _at(comparison, place)
    return {
        "scale": None if place < 0 else float(comparison.scales[place]),
        "measured": float(comparison.new_accuracy[:, at].mean()),
        "baseline": float(comparison.baseline_accuracy[:, at].mean()),
        "difference": float(difference.estimate),
        "low": float(difference.bound(0.975, upper=False)),
        "high": float(difference.bound(0.975, upper=True)),
    }


def _cost_rows(comparison: Comparison, margins: Margins) -> list[Row]:
    rows = []
    for name, (new, old) in (("seconds", comparison.seconds), ("memory", comparison.memory)):
        margin = getattr(margins, name)
        ratio = new / old if old > 0 else math.nan
        row: Row = {
            "cost": name,
            "measured": new,
            "baseline": old,
            "ratio": ratio,
            "allowed": margin,
        }
        row["verdict"] = None
        if margin is not None:
            row["verdict"] = (
                "inconclusive" if math.isnan(ratio) else "fail" if ratio > margin else "pass"
            )
        if margin is not None or not math.isnan(ratio):
            rows.append(row)
    return rows
