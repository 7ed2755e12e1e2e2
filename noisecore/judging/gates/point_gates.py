"""Gates on a curve at one scale: floors, the control at chance, and published figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from noisecore.errors import ArgumentError, ArgumentTypeError
from noisecore.escaping import described
from noisecore.judging.curves import Curve, Point
from noisecore.judging.gates.arguments import (
    check_floors,
    check_number,
    check_scale,
    curve_from,
)
from noisecore.judging.gates.rows import ROUNDING, ControlRow, FloorRow, plain_number
from noisecore.judging.gates.suite_gates import judge_suite_floor
from noisecore.judging.gates.verdict import (
    Verdict,
    enforce,
    make_verdict,
    missing_figures,
    says_images,
)
from noisecore.judging.statistics import (
    wilson_interval,
)
from noisecore.judging.suites import Suite
from noisecore.noise import as_written


def floor_for(floors: Mapping[float, float], scale: float) -> float | None:
    """Return the floor at a scale: its own, or that of the next greater scale, or None.

    Args:
        floors: The least accuracy by scale, as shares.
        scale: The scale, in the noise's unit.

    Returns:
        The floor, as a share; None beyond the last scale that is listed.

    Raises:
        TypeError: A scale or a floor is not a number.
        ValueError: A floor is not from 0 to 1.

    Example:
        >>> floor_for({0.5: 0.9, 1: 0.8}, 0.7)
        0.8
    """
    check_floors(floors)
    check_scale("scale", scale)
    above = {as_written(listed): floor for listed, floor in floors.items()}
    above = {listed: floor for listed, floor in above.items() if listed >= as_written(scale)}
    return above[min(above)] if above else None


@says_images
def judge_floor(
    measured: Curve | Point | Suite,
    floors: Mapping[float, float] | Mapping[str, float] | float,
    *,
    scale: float | None = None,
) -> Verdict:
    """Judge that mean accuracy over the seeds reaches the floor, without any tolerance.

    For the reader, the figures include Wilson's interval of the mean on the test images (for a
    given model, with the effective number of images, as its curve shows it). It decides nothing.

    Of a suite each family that has a floor is judged: its mean over the severities or, if `scale`
    is given, that severity. One verdict names the worst family, and those without a floor.

    Args:
        measured: A curve and the `scale` to judge, or a point, which has its own; or a suite.
        floors: The least accuracy by scale, as shares, read by `floor_for`. Beyond the last scale
            the verdict is inconclusive. For a suite: by family, such as {"fog": 0.9}, or one number
            for all families.
        scale: Which scale of a curve, or severity of a suite.

    Returns:
        The verdict, with a row for the scale.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A floor is not from 0 to 1, or the curve has no such scale.

    Example:
        >>> judge_floor(curve, {0.3: 0.9}, scale=0.3).verdict
        'pass'
    """
    if isinstance(measured, Suite):
        return judge_suite_floor(measured, floors, scale)
    by_scale: Any = floors
    check_floors(by_scale)
    point = _point(measured, scale)
    if missing := missing_figures("floor", point):
        return missing
    floor = floor_for(by_scale, point.scale)
    interval = wilson_interval(point.mean * point.images, point.images)
    if math.isfinite(point.image_error):
        interval = point.interval
    row = FloorRow(
        scale=point.scale,
        mean=point.mean,
        floor=None if floor is None else plain_number(floor),
        wilson_low=float(interval.low),
        wilson_high=float(interval.high),
        seeds=len(point.seeds),
        images=point.images,
    )
    at = f"accuracy of {point.curve} at scale {point.scale:g} is {point.mean:.4f}"
    if floor is None:
        return make_verdict(
            "floor", point.curve, "inconclusive", f"{at}: no floor is listed there", [row]
        )
    passed = point.mean >= floor - ROUNDING
    sentence = (
        f"{at}, {'at or above' if passed else 'below'} the floor of {floor:g} "
        f"({point.replicates} {point.accuracy.min():.4f} to {point.accuracy.max():.4f})"
    )
    return make_verdict("floor", point.curve, "pass" if passed else "fail", sentence, [row])


def assert_floor(
    measured: Curve | Point | Suite,
    floors: Mapping[float, float] | Mapping[str, float] | float,
    *,
    scale: float | None = None,
) -> None:
    """Assert that accuracy at a scale, or that of each family of a suite, reaches its floor.

    Args:
        measured: A curve and the `scale` to judge, or a point, which has its own; or a suite.
        floors: The least accuracy by scale, as shares, read by `floor_for`; for a suite by family,
            or one number.
        scale: Which scale of a curve, or severity of a suite.

    Raises:
        AssertionError: The verdict is "fail" or "inconclusive"; the message says what to do.
        TypeError, ValueError: As in `judge_floor`.

    Example:
        >>> assert_floor(curve, {0.3: 0.9}, scale=0.3)
    """
    __tracebackhide__ = True
    enforce(
        judge_floor(measured, floors, scale=scale),
        [measured],
        failed="Compare with the records of the last good run; if the fall is meant, lower the "
        "floor in its table, in the change that causes it.",
        inconclusive="List a floor for a family of the suite."
        if isinstance(measured, Suite)
        else "List a floor for this scale or a greater one, or skip where `floor_for` gives None.",
    )


@says_images
def judge_at_chance(
    measured: Curve | Point,
    *,
    scale: float | None = None,
    chance: float,
    loss: float,
    accuracy_within: float = 0.02,
    loss_within: float = 0.01,
) -> Verdict:
    """Judge that every seed of a control lies at chance: it had no signal to learn from.

    Every seed counts, not the mean: seeds that strayed in opposite directions do not cancel.

    Args:
        measured: A curve and the `scale` to judge, or a point, which has its own.
        scale: Which scale of a curve.
        chance: The accuracy without a signal, such as the share of the commonest class.
        loss: The loss without a signal, such as the logarithm of the number of classes.
        accuracy_within: How far accuracy may be from `chance`, as a share.
        loss_within: How far the loss may be from `loss`.

    Returns:
        The verdict, with a row for each seed.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of its bounds, or the curve has no such scale.

    Example:
        >>> judge_at_chance(curve, scale=2, chance=1 / 3, loss=1.1).verdict
        'fail'
    """
    point = _point(measured, scale)
    for name, number in (
        ("chance", chance),
        ("loss", loss),
        ("accuracy_within", accuracy_within),
        ("loss_within", loss_within),
    ):
        check_number(name, number, 0, math.inf)
    if missing := missing_figures("at chance", point):
        return missing
    rows = [
        ControlRow(
            seed=seed,
            accuracy=float(a),
            loss=float(b),
            within=bool(
                abs(a - chance) <= accuracy_within + ROUNDING
                and abs(b - loss) <= loss_within + ROUNDING
            ),
        )
        for seed, a, b in zip(point.seeds, point.accuracy, point.loss, strict=True)
    ]
    strayed = [row for row in rows if not row.within]
    sentence = (
        f"{len(strayed) or 'none'} of {len(rows)} {point.replicates} of {point.curve} at scale "
        f"{point.scale:g} left chance: accuracy {point.accuracy.min():.4f} to "
        f"{point.accuracy.max():.4f}, expected {chance:.4f} within {accuracy_within:g}; loss "
        f"{point.loss.min():.4f} to {point.loss.max():.4f}, expected {loss:.4f} within "
        f"{loss_within:g}"
    )
    return make_verdict("at chance", point.curve, "fail" if strayed else "pass", sentence, rows)


def assert_at_chance(
    measured: Curve | Point,
    *,
    scale: float | None = None,
    chance: float,
    loss: float,
    accuracy_within: float = 0.02,
    loss_within: float = 0.01,
) -> None:
    """Assert that a control learnt nothing: every seed of it lies at chance.

    Args:
        measured: A curve and the `scale` to judge, or a point, which has its own.
        scale: Which scale of a curve.
        chance: The accuracy without a signal.
        loss: The loss without a signal.
        accuracy_within: How far accuracy may be from `chance`, as a share.
        loss_within: How far the loss may be from `loss`.

    Raises:
        AssertionError: The verdict is "fail"; the message says what to do.
        TypeError, ValueError: As in `judge_at_chance`.

    Example:
        >>> assert_at_chance(curve, scale=2, chance=0.6, loss=1, accuracy_within=1, loss_within=1)
    """
    __tracebackhide__ = True
    enforce(
        judge_at_chance(
            measured,
            scale=scale,
            chance=chance,
            loss=loss,
            accuracy_within=accuracy_within,
            loss_within=loss_within,
        ),
        [measured],
        failed="Above chance, a signal reaches the control: look for labels or images that leak "
        "into it. At chance with another loss, it was not trained to the end.",
        inconclusive="Run the control again.",
    )


def _point(measured: Curve | Point, scale: float | None) -> Point:
    if isinstance(measured, Curve):
        if scale is None:
            known = ", ".join(f"{each:g}" for each in measured.scales)
            raise ArgumentError(f"scale must be given for a curve, one of {known}, got None")
        return measured.at(scale)
    if not isinstance(measured, Point):
        raise ArgumentTypeError(
            "measured must be a curve or a point, such as robustness.curve, got "
            f"{described(measured)}{curve_from(measured)}"
        )
    if scale is not None:
        check_scale("scale", scale)
        if as_written(scale) != measured.scale:
            raise ArgumentError(f"scale must be the point's own, {measured.scale:g}, got {scale:g}")
    return measured
