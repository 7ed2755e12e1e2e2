"""Whether the fast rule is the gate's own: on the same data, and by rates."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from noisecore.judging.baselines import Comparison
from noisecore.judging.gates.case import judge_comparison
from noisecore.judging.gates.rows import AccuracyRow
from noisecore.judging.margins import Rule
from noisecore.judging.power import draw_pair
from noisecore.judging.statistics import Floats, residual_variance
from simulation.fast import Found, judge_seeds
from simulation.models import fit_spreads, fitted
from simulation.text import say


def real_luck(comparison: Comparison) -> Floats:
    """Return the residual variance over the number of images, of each row: (1 + k,)."""
    at = [comparison.noisy, *(slice(n, n + 1) for n in range(len(comparison.scales)))]
    sides = comparison.new, comparison.baseline
    rows = [[side[:, one].mean(axis=1) for side in sides] for one in at]
    return np.array([residual_variance(*row) for row in rows]) / comparison.images


def real_columns(comparison: Comparison) -> Floats:
    """Return the variance of the images' differences over the number of images, (1 + k,)."""
    at = [comparison.noisy, *(slice(n, n + 1) for n in range(len(comparison.scales)))]
    new, old = (side.mean(axis=0) for side in (comparison.new, comparison.baseline))
    each = [(new[one].mean(axis=0) - old[one].mean(axis=0)).var(ddof=1) for one in at]
    return np.array(each) / comparison.images


def verdicts(found: Found) -> list[str]:
    """Return the verdict on each pair, in words."""
    return [
        "fail" if bad else "inconclusive" if open_ else "pass"
        for bad, open_ in zip(found.failed, found.undecided, strict=True)
    ]


def print_checks(source: Path, pairs: int = 500) -> None:
    """Judge the same drawn pairs with the gate and with the fast rule, and compare row by row."""
    spreads = fit_spreads(source)
    rng = np.random.default_rng(11)
    say(f"""The fast rule beside the gate: {pairs} pairs of 3 seeds against 10, half of them worse
    by 1.5 points, drawn with draw_pair. Exact: the fast rule is given each pair's residual
    variance; expected: it is given the expected one, as in the simulations below.""")
    drawn = [
        draw_pair(spreads, 3, 10, rng, dict.fromkeys(spreads, 0.015 * (n % 2)))
        for n in range(pairs)
    ]
    for mode in ("simple", "rigorous"):
        rule = Rule(mode=mode, curves=len(spreads))
        for name, spread in spreads.items():
            model, each = fitted(spread), [pair[name] for pair in drawn]
            new, old = (
                np.stack(side)
                for side in zip(*((c.new_accuracy, c.baseline_accuracy) for c in each), strict=True)
            )
            exact = np.stack([real_luck(one) for one in each])
            columns = np.stack([real_columns(one) for one in each])
            expected = np.tile(model.row_luck, (pairs, 1))
            drawn_columns = expected * (1 / 3 + 1 / 10) * rng.chisquare(999, expected.shape) / 999
            gate = [judge_comparison(one, rule) for one in each]
            words = [verdict.verdict for verdict in gate]
            rows = [verdict.rows(AccuracyRow) for verdict in gate]
            real = np.array([[(r.difference, r.bound_high) for r in one] for one in rows])
            for what, luck, images in (
                ("exact", exact, columns),
                ("expected", expected, drawn_columns),
            ):
                found = judge_seeds(new, old, model.noisy, luck, rule, columns=images)
                off = np.abs(found.estimate - real[..., 0]).max()
                bounds = np.abs(found.bound_high - real[..., 1])
                same = sum(a == b for a, b in zip(words, verdicts(found), strict=True))
                print(
                    f"{mode:>8} {name} {what:>8}: estimates differ by {off:.0e} at most, bounds "
                    f"by {100 * bounds.mean():.3f} points on average ({100 * bounds.max():.3f} at "
                    f"most); {same} of {pairs} verdicts the same"
                )
            counts = [
                f"{w} {words.count(w)} and {verdicts(found).count(w)}" for w in sorted(set(words))
            ]
            print(f"{'':>8} {name} gate and fast rule (expected): {', '.join(counts)}", flush=True)
