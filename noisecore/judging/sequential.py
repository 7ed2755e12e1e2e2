"""Seeds one after another (`--noise-seeds=auto`): how many each scale of a curve needs by now."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from noisecore.judging.baselines import Comparison, compare_curves
from noisecore.judging.curves import Curve, curve_cells
from noisecore.judging.gates.outlook import blindness
from noisecore.judging.gates.rows import AccuracyRow, MeanRow, ScaleRow
from noisecore.judging.gates.rule import accuracy_rows
from noisecore.judging.margins import ALPHA, Margins, Mode, Rule, changed_margins
from noisecore.judging.statistics import Floats
from noisecore.judging.stopping import LEAST, seed_covariance, to_come

# 2 is passed over while `LEAST` is 3: two seeds decide nothing, the other claims on a curve need
# three, and each stage makes the trainings wait for one another.
STAGES = (1, 2, 3, 5, 10)

# Where the mean is open, more seeds go to the scales that make up this share of what is to come.
SHARE = 0.8


def wanted_seeds(
    measured: Curve,
    baseline: Curve,
    margins: Margins | str | None = None,
    *,
    mode: Mode | None = None,
    alpha: float = ALPHA,
    curves: int = 1,
) -> dict[float, int]:
    """Return, for each scale of a curve, how many seeds it needs by now.

    That is as many as it has where the curve's verdict no longer depends on more, otherwise the
    next stage's. A curve whose first seed gave the baseline's answers and losses is identical, and
    needs no more; any other needs `LEAST` at each scale. Then a scale needs more while its row is
    open (`noisecore.judging.stopping`). While the mean's row is open, or would be blind with all
    seeds, the scales need more that make up most of what the mean may yet move by. A curve that has
    failed, for certain or because a trial failed, needs no more. With ten seeds, or as many as the
    baseline has, all is decided as by a run of so many. Rigorous mode needs them all at each noisy
    scale.

    Args:
        measured: The curve with the seeds so far; each scale has the first so many of them.
        baseline: The baseline's curve.
        margins: How much may be lost, as in `judge_no_regression`.
        mode: "simple" or "rigorous".
        alpha: How often an unchanged run may fail.
        curves: Over how many curves.

    Returns:
        The number of seeds by scale, at all scales of `measured`.
    """
    comparison = compare_curves(measured, baseline, sequential=True)
    cells = curve_cells(measured.records)[measured.name]
    have = dict(sorted(Counter(scale for scale, _ in cells).items()))
    if comparison.failures or comparison.obstacles or comparison.identical:
        return have
    final = comparison.final
    short = {scale for scale, seeds in have.items() if seeds < min(LEAST, final)}
    rule = Rule(mode=mode, alpha=alpha, curves=curves, margins=changed_margins(Margins(), margins))
    more = short or open_scales(comparison, rule)
    return {
        scale: min(_stage_after(seeds), final) if scale in more else seeds
        for scale, seeds in have.items()
    }


def _stage_after(seeds: int) -> int:
    return next((each for each in STAGES if each > seeds and each >= LEAST), seeds)


def open_scales(comparison: Comparison, rule: Rule) -> set[float]:
    """Return the scales of a curve with `LEAST` seeds or more that need the next stage's."""
    rows = [row for row in accuracy_rows(comparison, rule) if row.verdict is not None]
    if not comparison.by_scale or any(row.verdict == "fail" for row in rows):
        return set()
    found = {
        row.scale for row in rows if isinstance(row, ScaleRow) and row.verdict == "inconclusive"
    }
    if any(_is_open(comparison, row, rule) for row in rows if isinstance(row, MeanRow)):
        more, final = np.flatnonzero(comparison.noisy), comparison.final
        if rule.mode_for(comparison.replicates) == "simple":
            more = _heaviest(seed_covariance(comparison), comparison.counts, more, final)
        found |= set(comparison.scales[more].tolist())
    return found


def _is_open(comparison: Comparison, row: AccuracyRow, rule: Rule) -> bool:
    return row.verdict == "inconclusive" or blindness(comparison, row, rule) is not None


def _heaviest(
    spread: Floats, counts: NDArray[np.int64], noisy: NDArray[np.int64], final: int
) -> NDArray[np.int64]:
    """Return the places of the scales that make up most of what the mean may yet move by."""
    each = to_come(spread, counts, final)[np.ix_(noisy, noisy)].sum(axis=1)
    order = np.argsort(-each, kind="stable")
    most = int(np.searchsorted(np.cumsum(each[order]), SHARE * each.sum() - 1e-15)) + 1
    return noisy[order[:most]]
