"""What JUnit's XML keeps of a test: the figures of its curves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from noisecore.escaping import visible

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve


def properties(curves: Iterable[Curve]) -> list[tuple[str, object]]:
    """Return accuracy and its interval at each scale of each curve, as names and values."""
    from noisecore.judging.curves.rows import curve_rows

    found: list[tuple[str, object]] = []
    for curve in curves:
        for row in curve_rows(curve):
            at, accuracy = visible(f"{curve.name} scale {row.scale:g}"), row.accuracy
            found.append((f"{at}: accuracy", f"{accuracy.mean:.4f}"))
            if np.isfinite(accuracy.low):
                interval = f"{accuracy.low:.4f} to {accuracy.high:.4f}"
                found.append((f"{at}: 95 % interval", interval))
    return found
