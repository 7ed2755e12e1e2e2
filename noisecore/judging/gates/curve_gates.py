"""Gates on a whole curve: it falls as noise grows, and it falls far enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from noisecore.judging.curves import Curve
from noisecore.judging.gates.arguments import check_curve, check_number
from noisecore.judging.gates.rows import (
    ROUNDING,
    DropRow,
    FittedRow,
    Outcome,
    StepRow,
    plain_number,
)
from noisecore.judging.gates.suite_gates import judge_families
from noisecore.judging.gates.verdict import (
    ALPHA,
    Gate,
    Verdict,
    enforce,
    make_verdict,
    missing_figures,
    says_images,
)
from noisecore.judging.statistics import isotonic_test, rise_allowance
from noisecore.judging.suites import Suite
from noisecore.noise import claims_fall

_MORE_SCALES = "Give two or more scales greater than 0, with accuracy above chance at one of them."


_MEANT = "if accuracy does rise with this noise, state the slack at the call."
_RISE = {
    "seeds": "Compare the seeds of the pair: if one stands out, train longer or run more seeds "
    f"(--noise-seeds); {_MEANT}",
    "draws": "Compare the draws of the pair: if one stands out, give more of them (draws=), or "
    f"more images; {_MEANT}",
}


_NO_CLAIM = (
    "Judge this curve with assert_floor, or with assert_no_regression against a baseline: they "
    "need no such claim."
)


def _claims_fall(curve: Curve) -> bool:
    """Return whether accuracy may be claimed to fall along a curve.

    A record says so where its noise declares what its name does not.
    """
    told = [each.trial.monotone for each in curve.records if each.trial.monotone is not None]
    return all(told) if told else claims_fall(curve.noise)


def _unclaimed(gate: Gate, curve: Curve) -> Verdict | None:
    """Return an inconclusive verdict for a noise that is not said to lower accuracy in order.

    None if its accuracy may be claimed to fall.
    """
    if _claims_fall(curve):
        return None
    sentence = (
        f"no claim is made that accuracy falls with the scale of {curve.noise}: its scales are not "
        "in order of strength"
    )
    return make_verdict(gate, curve.name, "inconclusive", sentence)


def _of_suite(gate: Gate, suite: Suite, judge: Callable[[Curve], Verdict]) -> Verdict:
    """Return one verdict over the families of a suite whose accuracy is claimed to fall."""
    return judge_families(
        gate,
        suite,
        lambda family: judge(suite[family]) if _claims_fall(suite[family]) else None,
    )


def _first(measured: Curve | Suite) -> Curve:
    return next(iter(measured.values())) if isinstance(measured, Suite) else measured


def _when_undecided(measured: Curve | Suite) -> str:
    curves = measured.values() if isinstance(measured, Suite) else [measured]
    return _MORE_SCALES if any(_claims_fall(curve) for curve in curves) else _NO_CLAIM


@says_images
def judge_monotonic(
    curve: Curve | Suite,
    *,
    slack: float = 0.01,
    chance: float | None = None,
    rigorous: bool = False,
) -> Verdict:
    """Judge that mean accuracy never rises from a scale to the next by more than is allowed.

    Scale 0 is not part of the claim. The allowance is `slack`, or three standard errors if that is
    more. With no pair of scales to judge the verdict is inconclusive, and so it is for a noise
    whose scales are not in order of strength. Of a suite each family is judged but these, and one
    verdict names the worst.

    Args:
        curve: What was measured: a curve, or a suite.
        slack: How much accuracy may rise from one scale to the next, as a share: 0.01 is a point.
        chance: The accuracy of a guess, such as 0.1. A pair is not judged where both means lie
            below it plus three binomial standard errors.
        rigorous: Judge the curve as a whole instead, up to the last pair that is judged: it fails
            if it lies further than `slack` off every falling curve, significantly (p < 0.05, an
            isotonic regression). With one seed that is inconclusive.

    Returns:
        The verdict, with a row for each step.

    Raises:
        TypeError: The curve is not a curve, or an argument is not a number.
        ValueError: An argument is out of its bounds, or the curve has no scale above 0.

    Example:
        >>> judge_monotonic(curve, slack=0.01).verdict
        'pass'
    """
    if isinstance(curve, Suite):
        return _of_suite(
            "monotonic",
            curve,
            lambda each: judge_monotonic(each, slack=slack, chance=chance, rigorous=rigorous),
        )
    check_curve(curve)
    check_number("slack", slack, 0, math.inf)
    claimed = curve.without_zero()
    if missing := missing_figures("monotonic", claimed) or _unclaimed("monotonic", curve):
        return missing
    rows = _steps(claimed, slack, chance)
    judged = [row for row in rows if row.judged]
    if not judged:
        why = "lies at chance throughout" if rows else "has one scale"
        sentence = f"{curve.name} {why}: there is no step to judge"
        return make_verdict("monotonic", curve.name, "inconclusive", sentence, rows)
    if rigorous:
        end = 2 + max(i for i, row in enumerate(rows) if row.judged)
        return _judge_isotonic(claimed, end, slack, rows)
    worst = max(judged, key=lambda row: row.rise - row.allowed)
    pair = f"from scale {worst.scale_from:g} to {worst.scale_to:g}"
    figures = f"{worst.rise:+.4f}, allowed {worst.allowed:.4f} (slack {slack:g})"
    if worst.within:
        sentence = f"accuracy of {curve.name} never rises too far; nearest to it {pair}: {figures}"
    else:
        failing = sum(not row.within for row in judged)
        sentence = (
            f"accuracy of {curve.name} rises {pair}: {figures}; "
            f"{failing} of {len(judged)} steps rise too far"
        )
    return make_verdict("monotonic", curve.name, "pass" if worst.within else "fail", sentence, rows)


def _steps(curve: Curve, slack: float, chance: float | None) -> list[StepRow]:
    """Return a row for each step of a curve, from a scale to the next."""
    allowed = rise_allowance(curve.accuracy, curve.images, slack)
    mean = curve.mean_accuracy
    at_chance = -math.inf
    if chance is not None:
        check_number("chance", chance, 0, 1)
        at_chance = chance + 3 * math.sqrt(chance * (1 - chance) / curve.images)
    rows = []
    for i in range(len(mean) - 1):
        rise = float(mean[i + 1] - mean[i])
        judged = bool(max(mean[i], mean[i + 1]) > at_chance)
        rows.append(
            StepRow(
                scale_from=float(curve.scales[i]),
                scale_to=float(curve.scales[i + 1]),
                rise=rise,
                allowed=float(allowed[i]),
                judged=judged,
                within=rise <= float(allowed[i]) + ROUNDING if judged else None,
            )
        )
    return rows


def _judge_isotonic(curve: Curve, end: int, slack: float, steps: list[StepRow]) -> Verdict:
    """Judge the first `end` scales as a whole; the rows of the steps are shown too."""
    rows = [replace(row, within=None) for row in steps]
    name = curve.name
    if len(curve.seeds) < 2:
        one = curve.replicates[:-1]
        sentence = f"{name} has one {one}: whether a rise is more than chance is not known"
        return make_verdict("monotonic", name, "inconclusive", sentence, rows)
    found = isotonic_test(curve.accuracy[:, :end], curve.images)
    failed = found.distance > slack + ROUNDING and found.p < ALPHA
    sentence = (
        f"accuracy of {name} lies {found.distance:.4f} off the nearest falling curve "
        f"(p {found.p:.3f}); it fails beyond {slack:g} with p below {ALPHA:g}"
    )
    fitted = [
        FittedRow(scale=float(scale), mean=float(mean), fitted=float(fit))
        for scale, mean, fit in zip(curve.scales, curve.mean_accuracy, found.fitted, strict=False)
    ]
    outcome: Outcome = "fail" if failed else "pass"
    return make_verdict("monotonic", name, outcome, sentence, [*rows, *fitted])


def assert_monotonic(
    curve: Curve | Suite,
    *,
    slack: float = 0.01,
    chance: float | None = None,
    rigorous: bool = False,
) -> None:
    """Assert that accuracy falls as noise grows, apart from an allowed rise.

    Args:
        curve: What was measured.
        slack: How much accuracy may rise from one scale to the next, as a share.
        chance: The accuracy of a guess, below which nothing is judged.
        rigorous: Judge the curve as a whole, as `judge_monotonic` says.

    Raises:
        AssertionError: The verdict is "fail" or "inconclusive"; the message says what to do.
        TypeError, ValueError: As in `judge_monotonic`.

    Example:
        >>> assert_monotonic(curve, slack=0.01)
    """
    __tracebackhide__ = True
    enforce(
        judge_monotonic(curve, slack=slack, chance=chance, rigorous=rigorous),
        [curve],
        failed=_RISE[_first(curve).replicates],
        inconclusive=_when_undecided(curve),
    )


@says_images
def judge_noise_bites(curve: Curve | Suite, *, least_drop: float) -> Verdict:
    """Judge that mean accuracy falls by `least_drop` or more from the least scale to the greatest.

    Scale 0 is not part of the claim; with one other scale the verdict is inconclusive, and so it is
    for a noise whose scales are not in order of strength. A noise that does not reach the model
    fails here. Of a suite each family is judged but these, and one verdict names the worst.

    Args:
        curve: What was measured: a curve, or a suite.
        least_drop: The least fall of accuracy, as a share: 0.2 is 20 points.

    Returns:
        The verdict, with a row for the drop.

    Raises:
        TypeError: The curve is not a curve, or the drop is not a number.
        ValueError: The drop is not from 0 to 1, or the curve has no scale above 0.

    Example:
        >>> judge_noise_bites(curve, least_drop=0.05).verdict
        'pass'
    """
    if isinstance(curve, Suite):
        return _of_suite(
            "noise bites", curve, lambda each: judge_noise_bites(each, least_drop=least_drop)
        )
    check_curve(curve)
    check_number("least_drop", least_drop, 0, 1)
    claimed = curve.without_zero()
    if missing := missing_figures("noise bites", claimed) or _unclaimed("noise bites", curve):
        return missing
    if len(claimed.scales) < 2:
        sentence = f"{curve.name} has one scale: there is no drop to judge"
        return make_verdict("noise bites", curve.name, "inconclusive", sentence)
    first, last = (float(s) for s in claimed.scales[[0, -1]])
    high, low = (float(m) for m in claimed.mean_accuracy[[0, -1]])
    drop = high - low
    sentence = (
        f"accuracy of {curve.name} falls by {drop:.4f} from {high:.4f} at scale {first:g} to "
        f"{low:.4f} at scale {last:g}; the claim is {least_drop:g} or more"
    )
    least = plain_number(least_drop)
    row = DropRow(scale_from=first, scale_to=last, drop=drop, least_drop=least)
    outcome: Outcome = "pass" if drop >= least_drop - ROUNDING else "fail"
    return make_verdict("noise bites", curve.name, outcome, sentence, [row])


def assert_noise_bites(curve: Curve | Suite, *, least_drop: float) -> None:
    """Assert that noise lowers accuracy by as much as is claimed.

    Args:
        curve: What was measured.
        least_drop: The least fall of accuracy from the least scale to the greatest, as a share.

    Raises:
        AssertionError: The verdict is "fail" or "inconclusive"; the message says what to do.
        TypeError, ValueError: As in `judge_noise_bites`.

    Example:
        >>> assert_noise_bites(curve, least_drop=0.05)
    """
    __tracebackhide__ = True
    enforce(
        judge_noise_bites(curve, least_drop=least_drop),
        [curve],
        failed="Check that the noise reaches the model (the noise pictures among the artifacts) "
        "and that the scales span what the claim is about; a more robust model needs a smaller "
        "least_drop.",
        inconclusive=_when_undecided(curve),
    )
