"""Seeds one after another: how many a curve needs until its verdict no longer depends on more."""

from __future__ import annotations

import numpy as np

from noisecore.judging.baselines import compare_curves
from noisecore.judging.curves import Curve
from noisecore.judging.margins import Margins, changed_margins

STAGES = (1, 2, 3, 5, 10)


def wanted_seeds(
    measured: Curve, baseline: Curve, margins: Margins | str | None
) -> dict[float, int]:
    """Return, for each scale of a curve, how many seeds it needs by now.

    As many as it has where the curve's verdict no longer depends on more, otherwise the next
    stage's.
    """
    have = np.isfinite(measured.accuracy).sum(axis=0)
    counts = dict(zip(measured.scales.tolist(), have.tolist(), strict=True))
    if compare_curves(measured, baseline).identical:
        return counts
    limit = (changed_margins(Margins(), margins).mean or 100) / 100
    wanted = {}
    for i, scale in enumerate(measured.scales.tolist()):
        new = np.nanmean(measured.accuracy[:, i])
        off = abs(new - baseline.at(scale).mean) if scale in baseline.scales else 0.0
        sure = counts[scale] >= 3 and off < limit / 2
        more = [stage for stage in STAGES if stage > counts[scale]]
        most = max(len(baseline.seeds), counts[scale])
        wanted[scale] = counts[scale] if sure or not more else min(more[0], most)
    return wanted
