"""The figures behind a verdict as a table, whichever gate found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from noisecore.escaping import visible
from noisecore.judging.curves.table import aligned
from noisecore.judging.gates.regression_text import regression_table
from noisecore.judging.gates.rows import (
    AccuracyRow,
    FailureRow,
    NoteRow,
    ObstacleRow,
    ProblemRow,
    Row,
)

if TYPE_CHECKING:
    from noisecore.judging.gates.verdict import Verdict

_SAID = (NoteRow, ObstacleRow, ProblemRow)  # already in the sentence or by the table


def verdict_table(verdict: Verdict) -> str:
    """Return the rows of a verdict as one table per kind; empty if the sentence says it all."""
    if verdict.rows(AccuracyRow):
        return regression_table(verdict)
    failures = [visible(row.failure) for row in verdict.rows(FailureRow)]
    if failures:
        return "\n".join(failures)
    kinds = dict.fromkeys(type(row) for row in verdict.figures if not isinstance(row, _SAID))
    return "\n\n".join(_table(verdict.rows(kind)) for kind in kinds)


def _table(rows: Sequence[Row]) -> str:
    names = [field.name for field in fields(rows[0])]
    names = [name for name in names if any(getattr(row, name) is not None for row in rows)]
    cells = [[_cell(name, getattr(row, name)) for name in names] for row in rows]
    return "\n".join(aligned([[name.replace("_", " ") for name in names], *cells]))


def _cell(name: str, value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}" if name.startswith(("scale", "name")) else f"{value:.4f}"
    return visible(value)
