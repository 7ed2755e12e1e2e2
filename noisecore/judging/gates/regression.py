"""The gate against a baseline: a curve may lose no more than the margins allow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Protocol, runtime_checkable

from noisecore.errors import ArgumentError, ArgumentTypeError
from noisecore.escaping import described
from noisecore.functions import knows_arguments
from noisecore.judging.baselines import (
    Baseline,
    Comparison,
    compare_baseline,
    compare_curves,
    compare_records,
)
from noisecore.judging.curves import Curve
from noisecore.judging.gates.advice import advice, advice_when_undecided
from noisecore.judging.gates.arguments import (
    check_curve,
    check_measured,
    curve_from,
    warn_if_swapped,
)
from noisecore.judging.gates.case import Case, judge_case
from noisecore.judging.gates.own import own_margins
from noisecore.judging.gates.regression_text import regression_table
from noisecore.judging.gates.suite_case import gone_from, suite_case, whole_suites
from noisecore.judging.gates.verdict import Verdict, enforce
from noisecore.judging.margins import (
    ALPHA,
    Margins,
    Mode,
    Rule,
    changed_margins,
    check_mode,
    parse_alpha,
)
from noisecore.judging.suites import Suite
from noisecore.records import TrialRecord

_NAMED = 8  # curves of a baseline that a message lists


@runtime_checkable
class Standard(Protocol):
    """What a curve is judged against within a run, such as the fixture `noise_baseline`."""

    def case(
        self,
        curve: Curve,
        *,
        margins: Margins | str | None,
        mode: Mode | None,
        alpha: float | None,
    ) -> Case:
        """Return a curve and what the run compares it with."""


def judge(
    new: Iterable[TrialRecord],
    old: Baseline | Iterable[TrialRecord],
    *,
    mode: Mode | None = None,
    margins: Margins | None = None,
    alpha: float = ALPHA,
    sequential: bool = False,
) -> dict[str, Verdict]:
    """Return the verdicts on what two runs share, by name: `new` against `old`.

    Each curve gets one, but a whole suite's curves get one together. old: a baseline, with its
    curves' margins and first ancestors, or records. mode: "simple" or "rigorous"; None takes the
    one that suits the model. margins: None takes the curve's own margins (`own_margins`) or, if it
    has none, the usual ones. alpha: how often a run of an unchanged model fails, over all curves of
    the baseline. sequential: whether the seeds of `new` came one after another; those of suites
    never do. Raises `ValueError` if the records of one side do not belong together.
    """
    new = list(new)
    old = old if isinstance(old, Baseline) else list(old)
    held = list(old.origins) if isinstance(old, Baseline) else [r.trial.curve for r in old]
    suites = whole_suites(new, held)
    members = {curve.name for suite in suites for curve in suite.values()}
    single = [record for record in new if record.trial.curve not in members]
    comparisons = _compare(single, old, sequential=sequential) if single else {}
    if members:
        rest = [record for record in new if record.trial.curve in members]
        comparisons |= _compare(rest, old, sequential=False)
    rule = Rule(
        mode=mode,
        margins=margins or Margins(),
        alpha=alpha,
        curves=max(len(old.origins) if isinstance(old, Baseline) else len(comparisons), 1),
        own=own_margins(old) if margins is None else {},
    )
    cases = {
        name: Case(curve=name, comparison=one, rule=rule.of(name))
        for name, one in comparisons.items()
    }
    for suite in suites:
        if any(curve.name in cases for curve in suite.values()):
            own = {
                family: cases.pop(curve.name, Case(curve=curve.name, comparison=None))
                for family, curve in suite.items()
            }
            cases[suite.name] = suite_case(suite, own, gone_from(suite, held))
    return {name: judge_case(case) for name, case in cases.items()}


def _compare(
    new: list[TrialRecord], old: Baseline | list[TrialRecord], *, sequential: bool
) -> dict[str, Comparison]:
    if isinstance(old, Baseline):
        return compare_baseline(new, old, sequential=sequential)
    return compare_records(new, old, sequential=sequential)


@knows_arguments
def judge_no_regression(
    curve: Curve | Suite | Case,
    baseline: Baseline | Curve | Suite | Standard | None = None,
    *,
    margins: Margins | str | None = None,
    mode: Mode | None = None,
    alpha: float | None = None,
) -> Verdict:
    """Judge that a curve lost no more against its baseline than the margins allow.

    If the seeds or draws that both sides have gave the same answers and losses, nothing changed:
    the curve is identical to its baseline, and passes.

    Simple mode: the mean over the noisy scales, and each scale, 0 among them, fails when its drop
    exceeds its margin and is shown to be a drop: the one-sided bound of Student's t lies below 0.
    For trained models the seeds are random (`pooled_difference`), for given ones the images are
    (`matched_difference`). The levels of all these checks together make up alpha.

    Rigorous mode: the mean must be shown to have dropped by less than its margin (non-inferiority,
    at 95 %). It fails when it is shown to have dropped by more, and is inconclusive in between. For
    trained models seeds and images are random (`paired_difference`). The scales are judged as in
    simple mode.

    A pass of the mean becomes inconclusive when a drop of twice its margin would not have been
    caught 95 % of the time. The mean is judged against the baseline's first ancestor as well, with
    a margin of its own. Training time and peak memory fail when the ratio of medians exceeds a
    margin that was given. A curve that cannot be compared, or has no figures, fails. So does one
    that does not have all scales of the baseline.

    A suite gets one verdict, with the share of its curves in alpha. The mean is that over all
    families and severities but the extras. Instead of scales, the mean of each family over its
    severities is judged, with the margin `scale`. Clean images are judged once. A family that only
    one side has fails the suite.

    Args:
        curve: What was measured, with its records: a curve, or a suite.
        baseline: What it is compared with: the fixture `noise_baseline`, which knows the options
            of the run; a baseline, as `read_baseline` returns it; or another curve, or suite, of
            any name.
        margins: How much may be lost, such as "mean>3,scale>5" in points of accuracy; margins that
            a text does not name stay as they are in the options, or in the baseline.
        mode: "simple" or "rigorous". None takes that of the run; without one, "rigorous" for a
            given model and "simple" for one that was trained.
        alpha: How often an unchanged run may fail, over all curves of the baseline. None takes that
            of the run; without one, 0.01.

    Returns:
        The verdict: "pass", "fail" or "inconclusive", its sentence, and the figures behind it. If
        the curve was measured before its baseline, a warning asks if the two were swapped.

    Raises:
        TypeError: The curve is neither a curve nor a suite, or the baseline is none of those.
        MarginsError: The margins or alpha cannot be read.
        RecordError: The curve has no records, or they do not belong together.

    Example:
        >>> verdict = judge_no_regression(curve, old_curve, margins="mean>2")
        >>> verdict.verdict
        'pass'
    """
    return judge_case(_case(curve, baseline, margins, mode, alpha))


def _case(
    curve: Curve | Suite | Case,
    baseline: Baseline | Curve | Suite | Standard | None,
    margins: Margins | str | None,
    mode: Mode | None,
    alpha: float | None,
) -> Case:
    """Return a curve, what it is compared with, and the rule that it is judged by."""
    if isinstance(curve, Case):  # by robustness.against, which noisecore 0.1 had
        return curve
    if isinstance(curve, Suite):
        return _of_suite(curve, baseline, margins, mode, alpha)
    check_curve(curve)
    check_mode(mode)
    alpha = None if alpha is None else parse_alpha(alpha)
    check_measured(curve)
    if isinstance(baseline, Standard):
        return baseline.case(curve, margins=margins, mode=mode, alpha=alpha)
    comparison, problem, own, curves = None, None, None, 1
    if isinstance(baseline, Baseline):
        curves = max(len(baseline.origins), 1)
        problem = None if curve.name in baseline.origins else _lacks(curve.name, baseline)
        if problem is None:
            comparison = compare_baseline(curve.records, baseline)[curve.name]
            own = own_margins(baseline).get(curve.name)
        warn_if_swapped(curve.records, baseline.of(curve.name))
    elif isinstance(baseline, Curve):
        comparison = compare_curves(curve, baseline)
        own = own_margins(baseline.records).get(baseline.name)
        warn_if_swapped(curve.records, baseline.records)
    else:
        raise ArgumentTypeError(
            "baseline must be the fixture noise_baseline, what read_baseline returns, or a curve, "
            f"got {described(baseline)}{_baseline_from(baseline)}"
        )
    allowed = changed_margins(Margins(), own, margins)
    return Case(
        curve=curve.name,
        comparison=comparison,
        rule=Rule(mode=mode, margins=allowed, alpha=alpha or ALPHA, curves=curves),
        whole=True,
        problem=problem,
        labels=curve.labels,
        scripted=True,
    )


def _of_suite(
    suite: Suite,
    baseline: Baseline | Curve | Suite | Standard | None,
    margins: Margins | str | None,
    mode: Mode | None,
    alpha: float | None,
) -> Case:
    """Return a suite, what it is compared with, and the rule that it is judged by."""
    if isinstance(baseline, Curve):
        raise ArgumentTypeError(
            f"baseline must be a baseline or a suite, because {suite.name} is a suite, got a curve"
        )
    if not isinstance(baseline, Suite):
        cases = {
            family: _case(curve, baseline, margins, mode, alpha) for family, curve in suite.items()
        }
        held = baseline if isinstance(baseline, Baseline) else getattr(baseline, "baseline", None)
        return suite_case(suite, cases, gone_from(suite, held.origins if held else ()))
    if baseline.suite != suite.suite:
        raise ArgumentError(f"baseline must be of {suite.suite}, got one of {baseline.suite}")
    cases = {
        family: _case(curve, baseline[family], margins, mode, alpha)
        if family in baseline
        else Case(
            curve=curve.name,
            comparison=None,
            problem=f"{curve.name} has no {family} to compare with in {baseline.name}",
            scripted=True,
        )
        for family, curve in suite.items()
    }
    gone = [curve.name for family, curve in baseline.items() if family not in suite]
    return suite_case(suite, cases, gone)


def _baseline_from(given: object) -> str:
    """Return how to get a baseline from what was given instead, as the end of a message."""
    if isinstance(given, str | PurePath):
        return ": read_baseline(path) reads a baseline, read_curves(path) curves that were saved"
    return ": read_baseline(path) returns one" if given is None else curve_from(given)


def _lacks(curve: str, baseline: Baseline) -> str:
    return f"{curve} is not in the baseline, which holds {held_curves(baseline)}"


def held_curves(baseline: Baseline) -> str:
    """Return the names of a baseline's curves; only the first ones if there are many."""
    names = sorted(baseline.origins)
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "") or "none"


@knows_arguments
def assert_no_regression(
    curve: Curve | Suite | Case,
    baseline: Baseline | Curve | Suite | Standard | None = None,
    *,
    margins: Margins | str | None = None,
    mode: Mode | None = None,
    alpha: float | None = None,
) -> None:
    """Assert that a curve, or a suite, lost no more against its baseline than the margins allow.

    `judge_no_regression` says how it is judged.

    Args:
        curve: What was measured, with its records: a curve, or a suite, which gets one verdict.
        baseline: The fixture `noise_baseline`, what `read_baseline` returns, or another curve, or
            suite.
        margins: How much may be lost, such as "mean>3,scale>5", in points of accuracy.
        mode: "simple" or "rigorous".
        alpha: How often an unchanged run may fail.

    Raises:
        AssertionError: The verdict is "fail" or "inconclusive"; the message says what to do.
        TypeError, MarginsError, RecordError: As in `judge_no_regression`.

    Example:
        >>> assert_no_regression(curve, read_baseline("baselines/quick.json"))
    """
    __tracebackhide__ = True
    case = _case(curve, baseline, margins, mode, alpha)
    case.note()
    verdict = judge_case(case)
    enforce(
        verdict,
        [regression_table(verdict)],
        failed=advice(case, verdict),
        inconclusive=advice_when_undecided(case),
    )
