"""Read the rows of verdicts from a file: the names in a row tell which kind it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from noisecore.escaping import shown
from noisecore.judging.gates.rows import (
    ControlRow,
    CostRow,
    DropRow,
    FailureRow,
    FittedRow,
    FloorRow,
    MeanRow,
    NoteRow,
    ObstacleRow,
    ProblemRow,
    PublishedRow,
    Row,
    ScaleRow,
    SinceFirstRow,
    StepRow,
    WithinRow,
    plain_figure,
)
from noisecore.judging.gates.suite_rows import CorruptionErrorRow, FamilyRow
from noisecore.records import RecordError, as_type

# The first of these names that a row has tells which kind it is.
_KINDS: dict[str, type[Row]] = {
    "failure": FailureRow,
    "problem": ProblemRow,
    "obstacle": ObstacleRow,
    "note": NoteRow,
    "corruption_error": CorruptionErrorRow,
    "cost": CostRow,
    "since": SinceFirstRow,
    "of": FamilyRow,
    "bound_low": WithinRow,
    "difference": MeanRow,
    "rise": StepRow,
    "fitted": FittedRow,
    "least_drop": DropRow,
    "floor": FloorRow,
    "seed": ControlRow,
    "published_accuracy": PublishedRow,
}


def read_row(data: Mapping[str, Any], place: str) -> Row:
    """Return the row that `to_dict` gave, here or in an older noisecore.

    place: the name of the row in its file, used in the message. Raises `RecordError` in one
    line on anything else.
    """
    kind = next((kind for name, kind in _KINDS.items() if name in data), None)
    if kind is None:
        raise RecordError(f"expected a known kind of row at `{place}`, got {shown(dict(data))}")
    if kind is MeanRow and data.get("scale", "") is not None:
        kind = ScaleRow
    row: Row = as_type(
        {name: plain_figure(value) for name, value in data.items()}, kind, part=place
    )
    return row
