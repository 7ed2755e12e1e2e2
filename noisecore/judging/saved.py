"""Curves that were saved, or that a run left: once read, they are judged like measured ones."""

from __future__ import annotations

import os
from pathlib import Path

from noisecore.errors import NoisecoreError
from noisecore.escaping import shown
from noisecore.judging.curves import Curve, CurveError, matched_curves
from noisecore.judging.results import find, read_records
from noisecore.records import RecordError, read_labels


class UnknownCurveError(NoisecoreError, KeyError):
    """No curve has the name that was asked for; the message lists the names that exist."""

    def __str__(self) -> str:
        return str(self.args[0])


class _Curves(dict[str, Curve]):
    """Curves by name; the error for an unknown name lists the known ones."""

    def __missing__(self, name: object) -> Curve:
        raise UnknownCurveError(f"expected one of the curves {', '.join(self)}, got {shown(name)}")


def read_curves(path: str | Path) -> dict[str, Curve]:
    """Return the complete curves at a path: every gate judges them like those just measured.

    Args:
        path: A file that `Curve.save` wrote, or anything else that `read_records` takes: a
            results.json, an artifact folder, a folder of records.

    Returns:
        Each curve by its name, with its records, and its labels if `Curve.save` knew them.

    Raises:
        RecordError: There is no record, or a file is not a record, or records do not belong
            together; one line says which. A baseline is read with `read_baseline`.

    Example:
        >>> curve.save("digits.json")
        >>> judge_monotonic(read_curves("digits.json")["digits/gaussian"]).verdict
        'pass'
    """
    records = read_records(path)
    file = find(Path(path))
    images = max((each.images for record in records for each in record.evaluations), default=0)
    labels = None if os.path.isdir(file) else read_labels(file, images)
    try:
        return _Curves(matched_curves(records, labels=labels))
    except CurveError as error:
        raise RecordError(f"{path}: {error}") from None
