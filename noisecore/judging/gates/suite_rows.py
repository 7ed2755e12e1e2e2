"""The rows of a verdict on a suite: a class for each kind, as in `noisecore.judging.gates.rows`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from noisecore.judging.gates.rows import AccuracyRow, Row


@dataclass(frozen=True, kw_only=True)
class FamilyRow(AccuracyRow):
    """The row of one family: its mean over the severities.

    family: its name, such as "fog". of: the name of its curve. scales: the severities, 0 left out.
    """

    ORDER = ("family", "of", "scales", *AccuracyRow.ORDER)

    scale: None = None
    family: str
    of: str
    scales: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class CorruptionErrorRow(Row):
    """A suite's error in percent of another's, 100 if it is the same; it is never judged.

    corruption_error: "mean" is of the error itself, "relative" of what corruption adds to it.
    against: whose error is 100. value: the mean over the families, None if no family has one.
    families: those that it is over. without: those of the suite that it is not over, extras apart.
    """

    corruption_error: Literal["mean", "relative"]
    against: str
    value: float | None
    families: tuple[str, ...]
    without: tuple[str, ...]

    def __str__(self) -> str:
        name = "relative " * (self.corruption_error == "relative") + "mean corruption error"
        if self.value is None:
            return f"{name}: \N{EN DASH} ({self.against}: 100), no family has enough errors there"
        count = len(self.families)
        over = f"over {count} {'family' if count == 1 else 'families'}"
        without = f", without {', '.join(self.without)}" if self.without else ""
        return f"{name}: {self.value:.1f} ({self.against}: 100), {over}{without}"
