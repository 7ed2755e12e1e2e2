"""What has to hold of the figures of a curve, and of the records that they were read from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from noisecore.errors import NoisecoreError
from noisecore.records import Evaluation, TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.curves.curve import Curve


class CurveError(NoisecoreError, ValueError):
    """Records or figures make no curve; the message says which do not belong together."""


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


def check_figures(curve: Curve) -> None:
    """Raise `CurveError` unless a curve's figures fit each other, and are those of its records."""
    shape = (len(curve.seeds), len(curve.scales))
    if 0 in shape or np.any(np.diff(curve.scales) <= 0):
        raise CurveError(
            f"{curve.name}: scales must ascend, one and a seed at least, "
            f"got {curve.scales} and seeds {curve.seeds}"
        )
    for figure in ("accuracy", "loss"):
        if getattr(curve, figure).shape != shape:
            raise CurveError(
                f"{curve.name}: {figure} must have the shape (seeds, scales) = {shape}, "
                f"got {getattr(curve, figure).shape}"
            )
    if curve.image_error is not None and curve.image_error.shape != curve.scales.shape:
        raise CurveError(
            f"{curve.name}: image_error must have the shape (scales,) = {curve.scales.shape}, "
            f"got {curve.image_error.shape}"
        )
    if curve.records and (said := _contradiction(curve)):
        raise CurveError(
            f"{curve.name}: its records say otherwise: {said}: give a curve with figures of its "
            "own no records (records=())"
        )


def _contradiction(curve: Curve) -> str | None:
    """Return what a curve's records say otherwise than its figures, None if nothing.

    A curve may have a part of its records' scales.
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
