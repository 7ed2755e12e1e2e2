"""Seeds one after another, for many pairs of a run and a baseline at once.

The boundary is `noisecore.judging.stopping`, the stages and who goes on are those of
`noisecore.judging.sequential`; `by_the_gate` asks these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from noisecore.judging.baselines import Comparison
from noisecore.judging.gates.outlook import ENOUGH
from noisecore.judging.gates.rows import ROUNDING
from noisecore.judging.gates.rule import BLIND, MISSED
from noisecore.judging.margins import Rule
from noisecore.judging.sequential import SHARE, STAGES, open_scales
from noisecore.judging.statistics import Floats
from noisecore.judging.stopping import LEAST, quadratic, reach, to_come
from simulation.fast import Flags, Found, judge_seeds, without_stray

Counts = NDArray[np.int64]
MOST = STAGES[-1]


@dataclass(frozen=True, eq=False)
class Ended:
    """How each pair ends: (pairs,) verdicts, seeds by scale (pairs, k), and all seeds' verdict."""

    failed: Flags
    undecided: Flags
    counts: Counts
    fixed: Found

    @property
    def verdicts(self) -> list[str]:
        """The verdict on each pair, in words."""
        words = np.where(self.undecided, "inconclusive", "pass")
        return np.where(self.failed, "fail", words).tolist()

    @property
    def not_passed(self) -> Flags:
        """Which pairs do not pass, (pairs,)."""
        return self.failed | self.undecided


def seed_covariances(new: Floats, old: Floats, counts: Counts, luck: Floats) -> Floats:
    """Return what `pooled_covariance` does, (pairs, k, k). new, old: (pairs, seeds, k)."""
    there = (np.arange(new.shape[1])[None, :, None] < counts[:, None, :]).astype(np.float64)
    values = (new - new.mean(axis=(0, 1))) * there
    shared = np.minimum(counts[:, :, None], counts[:, None, :])
    sums = np.matmul(values.transpose(0, 2, 1), there)
    ours = np.matmul(values.transpose(0, 2, 1), values) - sums * sums.transpose(0, 2, 1) / shared
    off = old - old.mean(axis=1, keepdims=True)
    theirs, known = np.matmul(off.transpose(0, 2, 1), off), old.shape[1] - 1
    return np.maximum(np.maximum(theirs / known, (ours + theirs) / (shared - 1 + known)), luck)


def run_stages(
    new: Floats,
    old: Floats,
    noisy: Flags,
    luck: Floats,
    rule: Rule,
    *,
    least: int = LEAST,
    once: bool = False,
) -> Ended:
    """Take seeds one after another until a curve has enough.

    new, old: accuracies (pairs, ten seeds, k), of a model that is not identical. luck: the least
    covariance of a seed's accuracies, (k, k). least: with how many seeds it starts to be judged.
    once: whether to look only then; the counts are what is asked for.
    """
    weights = noisy / noisy.sum()
    row_luck = np.concatenate([[quadratic(luck, weights)], np.diag(luck)])
    fixed = judge_seeds(new, old, noisy, row_luck, rule)
    pairs, seeds, scales = new.shape
    counts = np.full((pairs, scales), least)
    failed, undecided = np.zeros(pairs, bool), np.zeros(pairs, bool)
    after = np.array([_after(have, seeds) for have in range(seeds + 1)])
    going = np.arange(pairs)
    while len(going):
        some = counts[going]
        sides = new[going], old[going]
        spread = seed_covariances(*sides, some, luck)
        bad, still_open, blind = _judge(*sides, spread, some, noisy, rule, fixed.failed_rows[going])
        failed[going] = bad.any(axis=1)
        undecided[going] = ~failed[going] & (still_open.any(axis=1) | blind)
        mean_open = (still_open[:, 0] | blind)[:, None]
        more = still_open[:, 1:] | (mean_open & _heaviest(spread, some, noisy))
        on = ~failed[going] & more.any(axis=1)
        counts[going[on]] = np.where(more[on], after[some[on]], some[on])
        going = going[on] if not once else going[:0]
    return Ended(failed, undecided, counts, fixed)


def _after(have: int, most: int) -> int:
    """Return the next stage's number of seeds."""
    return next((n for n in STAGES if n > have), most)


def _judge(
    new: Floats,
    old: Floats,
    spread: Floats,
    counts: Counts,
    noisy: Flags,
    rule: Rule,
    fixed: Flags,
) -> tuple[Flags, Flags, Flags]:
    """Return which rows fail and which are open, (pairs, 1 + k), and which means are blind.

    fixed: which rows fail with all seeds.
    """
    seeds, before = new.shape[1], old.shape[1]
    there = np.arange(seeds)[None, :, None] < counts[:, None, :]
    change = (new * there).sum(axis=1) / counts - old.mean(axis=1)
    weights = np.vstack([noisy / noisy.sum(), np.eye(len(noisy))])
    alphas = np.full(len(weights), rule.mean_alpha / len(noisy))
    alphas[0] = rule.mean_alpha
    margins = rule.margins
    limits = np.array([margins.mean, *np.where(noisy, margins.scale, margins.clean)], float) / 100
    bad, undecided = (np.zeros((len(new), len(weights)), bool) for _ in range(2))
    freedom = seeds + before - 2
    for row, weight in enumerate(weights):
        estimate = change @ weight
        variance = quadratic(spread, weight)
        left = reach(quadratic(to_come(spread, counts, seeds), weight), before)
        shown = stats.t.isf(alphas[row], freedom) * np.sqrt(variance * (1 / seeds + 1 / before))
        needed = np.maximum(limits[row], shown)
        complete = (counts >= seeds)[:, weight > 0].all(axis=1)
        fails = estimate + left < -needed - ROUNDING
        bad[:, row] = np.where(complete, fixed[:, row], fails)
        passes = estimate - left >= -limits[row] - ROUNDING
        undecided[:, row] = ~complete & ~fails & ~passes
    return bad, undecided, _blind(new, old, counts, noisy, rule) & ~bad[:, 0]


def columns(new: Floats, old: Floats, noisy: Flags, luck: Floats, rule: Rule) -> Floats:
    """Return the drops of the mean that the table says are caught, half and most: (pairs, 2)."""
    seeds, before = new.shape[1], old.shape[1]
    counts = np.full((len(new), len(noisy)), LEAST)
    variance = quadratic(seed_covariances(new, old, counts, luck), noisy / noisy.sum())
    error = np.sqrt(variance * (1 / seeds + 1 / before))
    shown, missed = (
        stats.t.isf(alpha, seeds + before - 2) * error for alpha in (rule.mean_alpha, MISSED)
    )
    half = np.maximum((rule.margins.mean or 0.0) / 100, shown)
    return np.stack([half, half + missed], axis=1)


def _blind(new: Floats, old: Floats, counts: Counts, noisy: Flags, rule: Rule) -> Flags:
    """Return which means would be blind with all seeds, by the seeds that the scales share."""
    seeds, before = new.shape[1], old.shape[1]
    shared, blind = counts[:, noisy].min(axis=1), np.zeros(len(new), bool)
    for n in np.unique(shared):
        some = shared == n
        sides = new[some][:, :n][..., noisy].mean(axis=-1), old[some][..., noisy].mean(axis=-1)
        error = np.sqrt(without_stray(*sides) * (1 / seeds + 1 / before))
        free = seeds + before - 2 - (n + before >= ENOUGH)
        shown, missed = (stats.t.isf(a, free) * error for a in (rule.mean_alpha, MISSED))
        margin = np.maximum(missed / (BLIND - 1), (shown + missed) / BLIND)
        blind[some] = margin > rule.margins.mean / 100 + ROUNDING
    return blind


def _heaviest(spread: Floats, counts: Counts, noisy: Flags) -> Flags:
    """Return which scales make up most of what the mean may yet move by, (pairs, k)."""
    each = to_come(spread, counts, MOST)[:, :, noisy].sum(axis=2) * noisy
    order = np.argsort(-each, axis=1, kind="stable")
    sums = np.take_along_axis(each, order, axis=1).cumsum(axis=1)
    before = sums - np.take_along_axis(each, order, axis=1)
    chosen = (before < SHARE * sums[:, -1:] - 1e-15) & (sums[:, -1:] > 0)
    found = np.zeros(each.shape, bool)
    np.put_along_axis(found, order, chosen, axis=1)
    return found


def by_the_gate(comparison: Comparison, rule: Rule) -> Comparison:
    """Return a comparison with the seeds that the package itself asks for; it has all of them."""
    scales, counts = comparison.scales.tolist(), [LEAST] * len(comparison.scales)
    while True:
        early = any(n < comparison.final for n in counts)
        by_scale = [comparison.new[:n, place] for place, n in enumerate(counts)] if early else []
        now = replace(comparison, new=comparison.new[: min(counts)], by_scale=tuple(by_scale))
        more = open_scales(now, rule)
        before = counts
        counts = [
            _after(n, MOST) if scale in more else n for scale, n in zip(scales, counts, strict=True)
        ]
        if counts == before:
            return now
