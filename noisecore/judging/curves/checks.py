"""Check that the figures of a curve agree with its records."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from noisecore.judging.curves.fields import CurveError
from noisecore.records import Evaluation, TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.curves.curve import Curve


def evaluation_at(record: TrialRecord | None, scale: float) -> Evaluation | str:
    """Return the evaluation at a test scale, or why there is none, in words."""
    if record is None:
        return "no record of this trial"
    if record.status != "complete":
        return record.reason or "failed without a reason"
    try:
        found = record.at(scale)
    except KeyError:
        return f"not evaluated at scale {scale:g}"
    if not (math.isfinite(found.accuracy) and math.isfinite(found.loss)):
        return f"accuracy {found.accuracy} and loss {found.loss} must be finite"
    return found


def check_records(curve: Curve) -> None:
    """Raise `CurveError` unless a curve's figures are those of its records, if it has any."""
    if curve.records and (said := _contradiction(curve)):
        raise CurveError(
            f"{curve.name}: its records say otherwise: {said}: give a curve with other figures "
            "no records (records=())"
        )


def _contradiction(curve: Curve) -> str | None:
    """Return where a curve's figures contradict its records; None if they agree.

    A curve may have only some of its records' scales.
    """
    cells = {(s, r.trial.seed): r for r in curve.records for s in r.trial.curve_scales}
    images = max((each.images for r in curve.records for each in r.evaluations), default=0)
    if images != curve.images:
        return f"images must be {images}, got {curve.images}"
    for i, scale in enumerate(curve.scales.tolist()):
        for j, seed in enumerate(curve.seeds):
            found = evaluation_at(cells.get((scale, seed)), scale)
            for name in ("accuracy", "loss"):
                held, got = getattr(found, name, math.nan), float(getattr(curve, name)[j, i])
                if held != got and not (math.isnan(held) and math.isnan(got)):
                    where = f"at scale {scale:g} of {curve.replicates[:-1]} {seed}"
                    return f"{name} {where} must be {held:.6g}, got {got:.6g}"
    return None
