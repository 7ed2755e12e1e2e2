"""The gate on published figures: are they compatible with what was measured?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from noisecore.errors import ArgumentTypeError
from noisecore.escaping import described
from noisecore.judging.curves import Curve, Point
from noisecore.judging.gates.arguments import check_figures, check_number, curve_from
from noisecore.judging.gates.rows import PublishedRow, plain_number
from noisecore.judging.gates.verdict import (
    Verdict,
    enforce,
    make_verdict,
    missing_figures,
    says_images,
)
from noisecore.judging.statistics import Floats, holm, prediction_interval, prediction_p_value


@says_images
def judge_published(
    measured: Curve | Mapping[str, Point],
    published: Mapping[Any, tuple[float, float]],
    *,
    alpha: float = 0.05,
) -> Verdict:
    """Judge that published accuracies are compatible with what was measured.

    Each accuracy is compared with the prediction interval of one further seed. If all points have
    the same seeds, so is their mean: if all figures stray to one side, each alone may be chance.
    The p values are adjusted over all comparisons by Holm; losses are shown but not judged. In the
    figures, lo and hi bound the prediction of that accuracy alone, at 1 - alpha; "within" uses the
    adjusted p; "refutable" is the least deviation from the measured mean that would be refuted if
    no other was. If any point has fewer than 2 seeds, or was not tested on all test images, the
    verdict is inconclusive. A pass says "compatible" and no more: with few seeds the interval is
    wide.

    Args:
        measured: A curve; or points by name.
        published: (loss, accuracy) by scale of the curve, or by the names of the points. The
            accuracy is a share; a loss that is not known may be NaN.
        alpha: The level of the test, over all figures.

    Returns:
        The verdict, with a row for each figure.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The names differ, or there are none, or an accuracy is not a share.

    Example:
        >>> judge_published(curve, {0.3: (0.8, 0.5)}).verdict
        'fail'
    """
    check_number("alpha", alpha, 0, 1)
    points = _points(measured, published)
    check_figures(points, published)
    names = ", ".join(dict.fromkeys(point.curve for point in points.values()))
    if missing := missing_figures("published", *points.values()):
        return missing
    if any(point.whole for point in points.values()):
        sentence = f"published figures are of all test images, and {names} was tested on a part"
        return make_verdict("published", names, "inconclusive", sentence)
    few = [name for name in published if len(points[name].seeds) < 2]
    figures = _figures(points, published, with_mean=not few)
    rows = [_published_row(figure, alpha=alpha, many=len(figures)) for figure in figures]
    one = next(iter(points.values())).replicates[:-1]
    if few:
        sentence = f"there is only one {one} at {', '.join(few)}, and no spread to compare with"
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
    """A published figure, or the mean of all, and what was measured, (S,) each."""

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
    points: Mapping[Any, Point], published: Mapping[Any, tuple[float, float]], *, with_mean: bool
) -> list[_Figure]:
    """Return what is compared; with_mean: also the mean of all, if there is one."""
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
        # For each seed, the mean over the figures: what they have in common counts once.
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
    could = f"it could refute deviations of these points or more: {least}"
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
    measured: Curve | Mapping[str, Point],
    published: Mapping[Any, tuple[float, float]],
    *,
    alpha: float = 0.05,
) -> None:
    """Assert that published accuracies are compatible with what was measured.

    Args:
        measured: A curve; or points by name.
        published: (loss, accuracy) by scale of the curve, or by the names of the points.
        alpha: The level of the test, over all figures.

    Raises:
        AssertionError: The verdict is "fail" or "inconclusive"; the message says what to do.
        TypeError, ValueError: As in `judge_published`.

    Example:
        >>> assert_published(curve, {0: (0.8, 1.0), 0.3: (0.8, curve.at(0.3).mean)})
    """
    __tracebackhide__ = True
    enforce(
        judge_published(measured, published, alpha=alpha),
        [measured] if isinstance(measured, Curve) else list(measured.values()),
        failed="Find what differs by an experiment: one ingredient of the recipe at a time, from "
        "the published protocol towards this one.",
        inconclusive="Run 3 seeds or more (--noise-seeds=3): one gives no spread, two a poor one; "
        "and test on all test images (--noise-images=all).",
    )


def _compared(row: PublishedRow, one: str) -> str:
    return (
        f"{row.name}: published {row.published_accuracy:.4f}, measured {row.mean:.4f} "
        f"with sd {row.sd:.4f} over {row.seeds} {one}s (adjusted p {row.holm_p:.3f})"
    )


def _points(
    measured: Curve | Mapping[str, Point], published: Mapping[Any, tuple[float, float]]
) -> Mapping[Any, Point]:
    """Return the points that published figures belong to: those given, or those of a curve."""
    if isinstance(measured, Mapping) or not isinstance(published, Mapping):
        return cast(Mapping[Any, Point], measured)
    if not isinstance(measured, Curve):
        raise ArgumentTypeError(
            "points must be a dict by name, or measured a curve, such as robustness.curve, got "
            f"{described(measured)}{curve_from(measured)}"
        )
    return {scale: measured.at(scale) for scale in published}
