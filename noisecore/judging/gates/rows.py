"""The rows of verdicts: a class for each kind, which says what its figures are.

Accuracies, their changes and margins are shares, from 0 to 1; only tables and sentences say them in
points, which are hundredths. None means that a figure is not known or does not apply. Scales are in
the unit of their noise. The names and their order are those of results.json.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from msgspec import Meta

# A mean of shares differs from its exact value in the last digits; accuracies lie at least
# 1 / (seeds * images) apart, which is much more.
ROUNDING = 1e-9

# In the order in which a reader should see them: the most important first.
Outcome = Literal["fail", "inconclusive", "pass"]

# A whole number that a user gives stays whole. One that no float can hold cannot be shown.
Number = Annotated[int, Meta(ge=-(2**53), le=2**53)] | float


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table behind a verdict."""

    # The names in the order of a file, if that is not the order of the fields.
    ORDER: ClassVar[tuple[str, ...]] = ()
    # The fields that a file leaves out if they are None.
    LEFT_OUT: ClassVar[frozenset[str]] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """Return the row as a file has it."""
        names = _names(self)
        values = {name: getattr(self, name) for name in self.ORDER or names if name in names}
        return {
            name: value
            for name, value in values.items()
            if value is not None or name not in self.LEFT_OUT
        }

    def plain(self) -> Self:
        """Return the row with plain numbers: None for NaN and infinity, and no NumPy types."""
        return replace(self, **{name: plain_figure(getattr(self, name)) for name in _names(self)})


@dataclass(frozen=True, kw_only=True)
class FailureRow(Row):
    """failure: which trial failed or is missing, and why."""

    failure: str


@dataclass(frozen=True, kw_only=True)
class ProblemRow(Row):
    """Why there is nothing to compare a curve with.

    problem: the reason, and what to do. renew: the tests to run to remove
    vanished curves from the baseline; None if no curve vanished.
    """

    LEFT_OUT = frozenset({"renew"})

    problem: str
    renew: str | None = None


@dataclass(frozen=True, kw_only=True)
class ObstacleRow(Row):
    """obstacle: a difference between a run and its baseline that forbids a comparison."""

    obstacle: str


@dataclass(frozen=True, kw_only=True)
class NoteRow(Row):
    """A note on a comparison.

    left_out: the scale of the baseline that was not run; None if the note is about something else.
    """

    LEFT_OUT = frozenset({"left_out"})

    note: str
    left_out: float | None = None


@dataclass(frozen=True, kw_only=True)
class JudgedRow(Row):
    """A row of a comparison that is judged on its own.

    verdict: None if no margin was given, or if the sides cannot be compared.
    """

    verdict: Outcome | None


@dataclass(frozen=True, kw_only=True)
class AccuracyRow(JudgedRow):
    """How accuracy changed against a baseline; a row of the mean, of a scale, or since the first.

    scale: None for a mean over the noisy scales. measured, baseline: mean accuracy over the seeds
    (or draws) of each side. difference: the first minus the second. low, high: its 95 % interval,
    None if there are too few seeds or images to show a spread. allowed: the margin, None if none
    was given. bound_high: the upper bound of the difference that the verdict rests on, None if low
    is None. level: the confidence of that bound; None in files of noisecore 0.1, which had no
    bounds. caught_half, caught_most: the least drops that the row would have caught half of the
    time and 95 % of the time, None if allowed or low is None. seeds: for a run whose seeds came one
    after another, the least and the greatest number of them at the row's scales. final_low: the
    change will hardly be lower than this with all seeds; then bound_high is what it will hardly
    exceed. None if it has them all.
    """

    ORDER: ClassVar[tuple[str, ...]] = (
        "scale", "measured", "baseline", "difference", "low", "high", "since", "allowed",
        "bound_low", "final_low", "bound_high", "level", "seeds", "verdict", "caught_half",
        "caught_most",
    )  # fmt: skip
    LEFT_OUT = frozenset({"final_low", "seeds"})

    scale: float | None
    measured: float
    baseline: float
    difference: float
    low: float | None
    high: float | None
    allowed: float | None
    bound_high: float | None = None
    level: float | None = None
    final_low: float | None = None
    seeds: tuple[int, int] | None = None
    caught_half: float | None = None
    caught_most: float | None = None

    @property
    def rests_on(self) -> tuple[float | None, float | None]:
        """The bounds of the difference that the verdict rests on; the interval in noisecore 0.1.

        One of them is None if the other decides alone.
        """
        if self.level is None:
            return self.low, self.high
        if self.final_low is not None and self.verdict == "pass":
            return self.final_low, None
        return None if self.verdict == "fail" else self.final_low, self.bound_high

    def to_dict(self) -> dict[str, Any]:
        """Return the row as a file has it."""
        absent = set()
        if self.level is None:
            absent |= {"bound_high", "level"}
        if self.level is None or self.allowed is None or self.low is None:
            absent |= {"caught_half", "caught_most"}
        return {name: value for name, value in super().to_dict().items() if name not in absent}


@dataclass(frozen=True, kw_only=True)
class MeanRow(AccuracyRow):
    """The row of the mean over the noisy scales: it fails where a drop is shown."""

    scale: None = None


@dataclass(frozen=True, kw_only=True)
class WithinRow(MeanRow):
    """The row of the mean in rigorous mode: it passes where it is shown to lie within its margin.

    bound_low: the lower bound of the difference, which a pass rests on; None if low is None.
    """

    bound_low: float | None

    @property
    def rests_on(self) -> tuple[float | None, float | None]:
        """The bounds of the difference that the verdict rests on."""
        return self.bound_low, self.bound_high


@dataclass(frozen=True, kw_only=True)
class ScaleRow(AccuracyRow):
    """The row of one scale, 0 among them."""

    scale: float


@dataclass(frozen=True, kw_only=True)
class SinceFirstRow(AccuracyRow):
    """The row of the mean against the baseline's first ancestor.

    since: the day that the ancestor was made, as 2026-01-31.
    """

    scale: None = None
    since: str


@dataclass(frozen=True, kw_only=True)
class CostRow(JudgedRow):
    """The cost of a training, compared with a baseline.

    cost: "seconds" is the time of a training, "memory" the peak in bytes. measured, baseline: the
    medians of each side, None if a side recorded none. ratio: the first divided by the second, None
    if unknown. allowed: the greatest ratio that passes, None if none was given.
    """

    ORDER = ("cost", "measured", "baseline", "ratio", "allowed", "verdict")

    cost: Literal["seconds", "memory"]
    measured: Number | None
    baseline: Number | None
    ratio: float | None
    allowed: Number | None


_FAMILY = frozenset({"family"})  # only rows of a suite have one


@dataclass(frozen=True, kw_only=True)
class StepRow(Row):
    """The step of a curve from one scale to the next greater one.

    rise: how much mean accuracy rises. allowed: how much it may. judged: False where both means lie
    at chance. within: whether it rises no more than is allowed; None where the step is not judged,
    or the curve is judged as a whole.
    """

    LEFT_OUT = _FAMILY

    scale_from: float
    scale_to: float
    rise: float
    allowed: float
    judged: bool
    within: bool | None
    family: str | None = None


@dataclass(frozen=True, kw_only=True)
class FittedRow(Row):
    """A curve at one scale, where it is judged as a whole.

    mean: its mean accuracy. fitted: that of the falling curve that lies nearest.
    """

    LEFT_OUT = _FAMILY

    scale: float
    mean: float
    fitted: float
    family: str | None = None


@dataclass(frozen=True, kw_only=True)
class DropRow(Row):
    """How far a curve falls from its least scale to its greatest.

    drop: by how much mean accuracy falls. least_drop: how much is claimed.
    """

    LEFT_OUT = _FAMILY

    scale_from: float
    scale_to: float
    drop: float
    least_drop: Number
    family: str | None = None


@dataclass(frozen=True, kw_only=True)
class FloorRow(Row):
    """A curve at one scale, or over all severities (None), and the floor there.

    mean: its mean accuracy. floor: the least that it may be, None if none is listed. wilson_low,
    wilson_high: the 95 % interval of the mean over the test images. seeds: how many seeds, or
    draws, the mean is over. images: how many test images each accuracy is a share of.
    """

    LEFT_OUT = _FAMILY

    scale: Number | None
    mean: float
    floor: Number | None
    wilson_low: float | None
    wilson_high: float | None
    seeds: int
    images: int
    family: str | None = None


@dataclass(frozen=True, kw_only=True)
class ControlRow(Row):
    """One seed of a control that should have learnt nothing.

    accuracy, loss: its own; loss in nats. within: whether both lie at chance.
    """

    seed: int
    accuracy: float
    loss: float
    within: bool


@dataclass(frozen=True, kw_only=True)
class PublishedRow(Row):
    """A published accuracy, or the mean of all of them, and what was measured.

    name: the name that it was given under. published_accuracy, published_loss: what was published;
    loss in nats, None if unknown. mean, mean_loss: what was measured, over the seeds. sd: the
    standard deviation of accuracy. seeds: how many there are. lo, hi: the prediction interval of
    one further seed. refutable: the least deviation from the mean that would be refuted if no other
    was; also None in files of noisecore 0.1. p: the p value of this deviation alone. holm_p: p
    adjusted for the other rows. within: whether it is compatible. With one seed sd, lo, hi,
    refutable and p are None; then holm_p and within are None in all rows.
    """

    name: str | Number
    published_accuracy: Number
    published_loss: Number | None
    mean: float
    mean_loss: float
    sd: float | None
    seeds: int
    lo: float | None
    hi: float | None
    refutable: float | None = None
    p: float | None
    holm_p: float | None
    within: bool | None


def plain_number(value: Any) -> Number:
    """Return a user's number in a form that JSON can hold: a whole one stays whole."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if type(value) in (int, float) else float(value)


def plain_figure(value: Any) -> Any:
    """Return a figure in a form that JSON can hold: None for NaN and infinity, no NumPy types."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _names(row: Row) -> list[str]:
    return [field.name for field in fields(row)]
