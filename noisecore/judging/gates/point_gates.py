"""Gates on a curve at one scale: floors, the control at chance, and published figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from noisecore.errors import ArgumentError, ArgumentTypeError
from noisecore.escaping import described
from noisecore.judging.curves import Curve, Point
from noisecore.judging.gates.arguments import (
    check_figures,
    check_floors,
    check_number,
    check_point,
    check_scale,
)
from noisecore.judging.gates.rows import ControlRow, FloorRow, PublishedRow, plain_number
from noisecore.judging.gates.verdict import (
    ROUNDING,
    Verdict,
    make_verdict,
    missing_figures,
    settle,
)
from noisecore.judging.statistics import (
    Floats,
    holm,
    prediction_interval,
    prediction_p_value,
    wilson_interval,
)
from noisecore.noise import as_written


def floor_for(floors: Mapping[float, float], scale: float) -> float | None:
    """Return the floor at a scale: its own, else that of the next greater scale, else None."""
    check_floors(floors)
    check_scale("scale", scale)
    above = {as_written(listed): floor for listed, floor in floors.items()}
    above = {listed: floor for listed, floor in above.items() if listed >= as_written(scale)}
    return above[min(above)] if above else None


def judge_floor(
    measured: Curve | Point, floors: Mapping[float, float], *, scale: float | None = None
) -> Verdict:
    """Judge that mean accuracy over the seeds reaches the floor; no tolerance is given.

    measured: a curve and the `scale` to judge, or a point, which has its own. floors: accuracy by
    scale, read by `floor_for`; beyond the last one the verdict is inconclusive. The figures carry
    Wilson's interval of the mean on the test images (of a given model, with the effective number
    of images, as its curve shows it), for the reader: it decides nothing.
    """
    check_floors(floors)
    point = _point(measured, scale)
    if missing := missing_figures("floor", point):
        return missing
    floor = floor_for(floors, point.scale)
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
    measured: Curve | Point, floors: Mapping[float, float], *, scale: float | None = None
) -> None:
    """Assert that accuracy at a scale reaches its floor; see `judge_floor`."""
    __tracebackhide__ = True
    settle(
        judge_floor(measured, floors, scale=scale),
        [measured],
        failed="Compare with the records of the last good run; if the fall is meant, lower the "
        "floor in its table, in the change that causes it.",
        inconclusive="List a floor for this scale or a greater one, or skip where `floor_for` "
        "gives None.",
    )


def judge_at_chance(
    point: Point,
    *,
    chance: float,
    loss: float,
    accuracy_within: float = 0.02,
    loss_within: float = 0.01,
) -> Verdict:
    """Judge that every seed of a control lies at chance: it had no signal to learn from.

    chance, loss: what is expected without signal, such as the share of the commonest class and
    the logarithm of the number of classes. Every seed counts, not the mean: seeds that strayed in
    opposite directions do not cancel.
    """
    check_point("point", point)
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
    point: Point,
    *,
    chance: float,
    loss: float,
    accuracy_within: float = 0.02,
    loss_within: float = 0.01,
) -> None:
    """Assert that a control learnt nothing; see `judge_at_chance`."""
    __tracebackhide__ = True
    settle(
        judge_at_chance(
            point,
            chance=chance,
            loss=loss,
            accuracy_within=accuracy_within,
            loss_within=loss_within,
        ),
        [point],
        failed="Above chance, a signal reaches the control: look for labels or images that leak "
        "into it. At chance with another loss, it was not trained to the end.",
        inconclusive="Run the control again.",
    )


def judge_published(
    points: Mapping[str, Point],
    published: Mapping[str, tuple[float, float]],
    *,
    alpha: float = 0.05,
) -> Verdict:
    """Judge that published accuracies are compatible with what was measured.

    points: what was measured, by name. published: (loss, accuracy) by the same names. Each
    accuracy is compared with the prediction of one further seed, and so is their mean, where all
    points have the same seeds: figures that all stray to one side may each do so by chance. They
    are adjusted by Holm over all of them; losses are shown beside and not judged. In the figures,
    lo and hi bound the prediction of that accuracy alone, at 1 - alpha; "within" is by the adjusted
    p; "refutable" is the least deviation from the measured mean that would be refuted if no other
    was. With fewer than 2 seeds anywhere the verdict is inconclusive. "Compatible" is all that a
    pass says: with few seeds the interval is wide.

    Raises `ArgumentError` if the names differ, or there are none, or an accuracy is no share.
    """
    check_number("alpha", alpha, 0, 1)
    check_figures(points, published)
    names = ", ".join(dict.fromkeys(point.curve for point in points.values()))
    if missing := missing_figures("published", *points.values()):
        return missing
    few = [name for name in published if len(points[name].seeds) < 2]
    figures = _figures(points, published, with_mean=not few)
    rows = [_published_row(figure, alpha=alpha, many=len(figures)) for figure in figures]
    one = next(iter(points.values())).replicates[:-1]
    if few:
        sentence = f"with one {one} at {', '.join(few)} there is no spread to compare with"
        return make_verdict("published", names, "inconclusive", sentence, rows)
    adjusted = holm([figure.p for figure in figures])
    rows = [
        replace(row, holm_p=float(p), within=bool(p >= alpha))
        for row, p in zip(rows, adjusted, strict=True)
    ]
    nearest = rows[min(range(len(rows)), key=lambda n: figures[n].p)]
    sentence = _published_sentence(rows, len(published), nearest, one)
    passed = all(row.within for row in rows)
    return make_verdict("published", names, "pass" if passed else "fail", sentence, rows)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Figure:
    """A published figure, or the mean of all, beside what was measured, (S,) each."""

    name: Any
    accuracies: Floats
    losses: Floats
    loss: float
    accuracy: float

    @property
    def p(self) -> float:
        """The p-value of this figure alone."""
        return float(prediction_p_value(self.accuracies, self.accuracy))


def _figures(
    points: Mapping[str, Point], published: Mapping[str, tuple[float, float]], *, with_mean: bool
) -> list[_Figure]:
    """Return what is compared; with_mean: and the mean of all, if there is one."""
    found = [
        _Figure(
            name=name,
            accuracies=points[name].accuracy,
            losses=points[name].loss,
            loss=loss,
            accuracy=accuracy,
        )
        for name, (loss, accuracy) in published.items()
    ]
    same = len({(point.seeds, point.replicates) for point in points.values()}) == 1
    if same and len(points) > 1 and with_mean:
        # Of each seed the mean over the figures: what they have in common counts once.
        accuracies, losses = np.mean([(each.accuracies, each.losses) for each in found], axis=0)
        loss, accuracy = np.mean(list(published.values()), axis=0).tolist()
        name = "mean"
        while name in published:
            name += " of all"
        found.append(
            _Figure(name=name, accuracies=accuracies, losses=losses, loss=loss, accuracy=accuracy)
        )
    return found


def _published_sentence(
    rows: Sequence[PublishedRow], published: int, nearest: PublishedRow, one: str
) -> str:
    """Return the finding in words; rows: of so many published figures, then of their mean."""
    least = ", ".join(f"{row.name}: {100 * (row.refutable or 0.0):.2g}" for row in rows)
    could = f"it could refute deviations of so many points or more: {least}"
    outside = [row for row in rows if not row.within]
    mean = " and their mean" if len(rows) > published else ""
    if not outside:
        return (
            f"all {published} published accuracies{mean} are compatible with what was "
            f"measured; least so {_compared(nearest, one)}; {could}"
        )
    single = sum(not row.within for row in rows[:published])
    also = mean if single < len(outside) else ""
    subject = f"{single} of {published} published accuracies{also}"
    if not single:
        subject = f"the mean of {published} published accuracies"
    return (
        f"{subject} {'are' if single else 'is'} not compatible with what was measured: "
        f"{'; '.join(_compared(row, one) for row in outside)}; {could}"
    )


def _published_row(figure: _Figure, *, alpha: float, many: int) -> PublishedRow:
    """Return the row of one of `many` comparisons, before their p-values are adjusted."""
    accuracies, name = figure.accuracies, figure.name
    seeds = len(accuracies)
    prediction = prediction_interval(accuracies, 1 - alpha)
    # Holm compares the least p of all with alpha / many.
    refutable = prediction_interval(accuracies, 1 - alpha / many).half_width
    return PublishedRow(
        name=name if type(name) in (str, int, float) else str(name),
        published_accuracy=plain_number(figure.accuracy),
        published_loss=plain_number(figure.loss),
        mean=float(accuracies.mean()),
        mean_loss=float(figure.losses.mean()),
        sd=float(accuracies.std(ddof=1)) if seeds > 1 else math.nan,
        seeds=seeds,
        lo=float(prediction.low),
        hi=float(prediction.high),
        refutable=float(refutable),
        p=figure.p,
        holm_p=None,
        within=None,
    )


def assert_published(
    points: Mapping[str, Point],
    published: Mapping[str, tuple[float, float]],
    *,
    alpha: float = 0.05,
) -> None:
    """Assert that published figures are compatible with the measured; see `judge_published`."""
    __tracebackhide__ = True
    settle(
        judge_published(points, published, alpha=alpha),
        points.values(),
        failed="Find what differs by an experiment: one ingredient of the recipe at a time, from "
        "the published protocol towards this one.",
        inconclusive="Run 3 seeds or more (--noise-seeds=3): one gives no spread, two a poor one.",
    )


def _compared(row: PublishedRow, one: str) -> str:
    return (
        f"{row.name}: published {row.published_accuracy:.4f}, measured {row.mean:.4f} "
        f"with sd {row.sd:.4f} over {row.seeds} {one}s (adjusted p {row.holm_p:.3f})"
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
            f"{described(measured)}"
        )
    if scale is not None:
        check_scale("scale", scale)
        if as_written(scale) != measured.scale:
            raise ArgumentError(f"scale must be the point's own, {measured.scale:g}, got {scale:g}")
    return measured
