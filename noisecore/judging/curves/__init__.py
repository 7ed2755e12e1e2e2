"""Curves: accuracy and loss over scale, for all seeds, and the figures computed from them."""

from noisecore.judging.curves.assembly import (
    Cells,
    curve_cells,
    curve_matrix,
    matched_curves,
)
from noisecore.judging.curves.checks import evaluation_at
from noisecore.judging.curves.curve import Curve, Drop, Point, Replicates
from noisecore.judging.curves.fields import CurveError
from noisecore.judging.curves.frames import class_frame, curve_frame, matrix_frame
from noisecore.judging.curves.matrix import Matrix

__all__ = [
    "Cells",
    "Curve",
    "CurveError",
    "Drop",
    "Matrix",
    "Point",
    "Replicates",
    "class_frame",
    "curve_cells",
    "curve_frame",
    "curve_matrix",
    "evaluation_at",
    "matched_curves",
    "matrix_frame",
]
