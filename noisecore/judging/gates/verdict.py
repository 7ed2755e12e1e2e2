"""Verdicts: what gates find, how they are collected, and how they raise."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, NotRequired, ParamSpec, TypedDict, TypeVar, get_args

import numpy as np

from noisecore.escaping import brief, terminal, visible
from noisecore.judging.curves import Curve, Point
from noisecore.judging.curves.table import tested_on
from noisecore.judging.gates.filed import read_row
from noisecore.judging.gates.rows import FailureRow, JudgedRow, Outcome, Row
from noisecore.judging.gates.verdict_text import verdict_table
from noisecore.judging.suites import Suite
from noisecore.records import RecordError, as_type

# In the order in which a reader should see them: the most important first.
Gate = Literal[
    "trials", "no regression", "monotonic", "noise bites", "published", "at chance", "floor"
]

ALPHA = 0.05  # the level of every significance test, before it is adjusted for being one of many

P = ParamSpec("P")
_R = TypeVar("_R", bound=Row)


class _File(TypedDict):
    """A verdict as it is in a file; each row is checked separately."""

    gate: Gate
    curve: str
    verdict: Outcome
    sentence: str
    curves: NotRequired[tuple[str, ...]]
    figures: NotRequired[list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a gate found, and why.

    curve: the name of the curve that was judged (or of several, joined by commas), or of a suite;
    curves: those of the suite, otherwise empty. sentence: the finding in words, with its figures.
    figures: the rows of the table behind it, each of a class in
    `noisecore.judging.gates.rows`; if trials failed, a `FailureRow` for each. As a text, a verdict
    is its sentence and its table.

    Example:
        >>> print(judge_noise_bites(curve, least_drop=0.2))
        noise bites: pass: ...
        scale from  scale to    drop  least drop
               0.1         2  0.4583      0.2000
    """

    gate: Gate
    curve: str
    verdict: Outcome
    sentence: str
    figures: tuple[Row, ...] = ()
    curves: tuple[str, ...] = ()

    def __str__(self) -> str:
        table = verdict_table(self)
        return f"{self.line}\n{table}" if table else self.line

    def __repr__(self) -> str:
        parts = {"gate": self.gate, "verdict": self.verdict, "sentence": self.sentence}
        return brief("Verdict", curve=self.curve, **parts)

    @property
    def line(self) -> str:
        """The gate, the outcome and the sentence, in one line."""
        return visible(f"{self.gate}: {self.verdict}: {self.sentence}")

    @property
    def urgency(self) -> tuple[int, int]:
        """A key to sort by: the verdict that should be looked at first has the least."""
        return get_args(Outcome).index(self.verdict), get_args(Gate).index(self.gate)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the curves that it is on: those of a suite, or its own."""
        return self.curves or (self.curve,)

    @property
    def fallen(self) -> list[JudgedRow]:
        """The rows that failed on their own."""
        return [row for row in self.rows(JudgedRow) if row.verdict == "fail"]

    def rows(self, kind: type[_R]) -> list[_R]:
        """Return the rows of one kind, in their order."""
        return [row for row in self.figures if isinstance(row, kind)]

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        return {
            "gate": self.gate,
            "curve": self.curve,
            "verdict": self.verdict,
            "sentence": self.sentence,
            **({"curves": list(self.curves)} if self.curves else {}),
            "figures": [row.to_dict() for row in self.figures],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Return the verdict that `to_dict` gave; raise `RecordError` on anything else."""
        try:
            return read_verdict(data, "")
        except RecordError as error:
            raise RecordError(f"not a verdict: {error}") from None


def read_verdict(data: Any, place: str) -> Verdict:
    """Return the verdict that `to_dict` gave; raise `RecordError` in one line on anything else.

    place: the name of the verdict in its file, used in the message; may be empty.
    """
    read: _File = as_type(data, _File, part=place)
    at = f"{place}.figures" if place else "figures"
    return Verdict(
        gate=read["gate"],
        curve=read["curve"],
        verdict=read["verdict"],
        sentence=read["sentence"],
        curves=read.get("curves", ()),
        figures=tuple(read_row(row, f"{at}[{n}]") for n, row in enumerate(read.get("figures", ()))),
    )


class Verdicts(list[Verdict]):
    """The verdicts that a block of `collect_verdicts` collects, in their order.

    tolerant: whether an inconclusive verdict raises no error. keep: called with each curve that is
    judged, before its verdict is known. noted: returns a verdict with what else is known of it.
    raised: the errors that were raised.
    """

    def __init__(
        self,
        *,
        tolerant: bool,
        keep: Callable[[Curve], None] | None = None,
        noted: Callable[[Verdict], Verdict] | None = None,
    ) -> None:
        super().__init__()
        self.tolerant = tolerant
        self.keep = keep
        self.noted = noted
        self.raised: list[AssertionError] = []


# Not a context variable: a thread that a test starts would not see it, and lose its verdicts.
_collecting: list[Verdicts] = []


@contextmanager
def collect_verdicts(
    *,
    tolerant: bool = False,
    keep: Callable[[Curve], None] | None = None,
    noted: Callable[[Verdict], Verdict] | None = None,
) -> Iterator[Verdicts]:
    """Yield a list that every `assert_...` inside the block adds its verdict to, passed or not.

    tolerant: whether an inconclusive verdict does not raise. keep: called with each curve that is
    judged, so that its records are kept whatever the verdict. noted: called with each verdict,
    returns it with what else is known of it. If blocks are nested, the innermost one collects, in
    whichever thread the verdict is found.
    """
    verdicts = Verdicts(tolerant=tolerant, keep=keep, noted=noted)
    _collecting.append(verdicts)
    try:
        yield verdicts
    finally:
        _collecting[:] = [each for each in _collecting if each is not verdicts]


def enforce(
    verdict: Verdict, measured: Collection[object], *, failed: str, inconclusive: str
) -> None:
    """Hand a verdict to the block that collects; raise `AssertionError` unless it is a pass.

    The message has the sentence, the failed trials, what was measured (curves, points, or a text),
    and what to do next: `failed` or `inconclusive`, by the verdict.
    """
    __tracebackhide__ = True
    collecting = _collecting[-1] if _collecting else Verdicts(tolerant=False)
    for each in measured:
        for curve in each.values() if isinstance(each, Suite) else [each]:
            if collecting.keep is not None and isinstance(curve, Curve):
                collecting.keep(curve)
    if collecting.noted is not None:
        verdict = collecting.noted(verdict)
    collecting.append(verdict)
    tolerated = collecting.tolerant and verdict.verdict == "inconclusive"
    if verdict.verdict == "pass" or tolerated:
        return
    failures = [row.failure for row in verdict.rows(FailureRow)]
    if failures:
        hint = (
            "The record of each failed trial says why in full: fix the cause and run again. "
            "A gate never passes on a missing figure."
        )
    else:
        hint = inconclusive if verdict.verdict == "inconclusive" else failed
    parts = [verdict.line]
    parts.append("\n".join(map(visible, failures)))
    parts += [*map(str, measured), f"What to do: {hint}"]
    error = AssertionError(terminal("\n\n".join(part for part in parts if part)))
    collecting.raised.append(error)
    raise error


def make_verdict(
    gate: Gate,
    curve: str,
    verdict: Outcome,
    sentence: str,
    figures: Sequence[Row] = (),
) -> Verdict:
    """Return a verdict whose figures are plain: NaN and infinity become None."""
    plain = tuple(row.plain() for row in figures)
    return Verdict(gate=gate, curve=curve, verdict=verdict, sentence=sentence, figures=plain)


def says_images(judge: Callable[P, Verdict]) -> Callable[P, Verdict]:
    """Make a gate say in its sentence on how many of a set's images it judged, if not on all."""

    @functools.wraps(judge)
    def judged(*given: P.args, **named: P.kwargs) -> Verdict:
        __tracebackhide__ = True
        found = judge(*given, **named)
        measured: list[object] = []
        for each in (*given, *named.values()):
            measured += each.values() if isinstance(each, Mapping) else [each]
        curves = [one for one in measured if isinstance(one, Curve | Point)]
        parts = {tested_on(one.images, one.whole) for one in curves if one.whole}
        on = f" (on {', '.join(sorted(parts))})" if parts else ""
        return replace(found, sentence=found.sentence + on)

    return judged


def missing_figures(gate: Gate, *measured: Curve | Point) -> Verdict | None:
    """Return a failing verdict if a figure to be judged is missing, None if all are there."""
    incomplete = [
        one for one in measured if not (np.isfinite(one.accuracy) & np.isfinite(one.loss)).all()
    ]
    if not incomplete:
        return None
    lines = [line for one in incomplete for line in one.failures] or ["no reason was recorded"]
    names = ", ".join(dict.fromkeys(_name(one) for one in incomplete))
    rest = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    sentence = f"{names} cannot pass because a trial failed or is missing: {lines[0]}{rest}"
    return make_verdict(gate, names, "fail", sentence, [FailureRow(failure=line) for line in lines])


def _name(measured: Curve | Point) -> str:
    return measured.name if isinstance(measured, Curve) else measured.curve
