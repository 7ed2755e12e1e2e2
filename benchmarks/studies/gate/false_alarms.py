"""How often the whole default gate of the quick profile does not pass an unchanged model.

    python benchmarks/studies/gate/false_alarms.py SEEDS [BASELINE] [--pairs 10000]

SEEDS: many fresh seeds of the quick profile, as `pack.py` or noisecore left them. Pairs of an
unchanged model are drawn in two ways:
from their spread, as normal; and from the seeds themselves, without replacement, so that a seed far
off the others counts as often as it came. With a BASELINE, the seeds are judged against it first, a
run of each few of them in their order (A/A). Each goes through all checks of all curves together:
no regression against a baseline, the floors, the monotonic curve, the noise that bites. The floor
of scale 0, which lies ten standard deviations off, is left out.
"""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from simulation.models import read_answers
from test_gaussian_scales import FLOORS, LEAST_DROPS  # (the paths above lead there)

from noisecore.judging.baselines import Comparison
from noisecore.judging.curves import Curve
from noisecore.judging.gates import (
    Margins,
    Mode,
    Rule,
    Verdict,
    judge_floor,
    judge_monotonic,
    judge_noise_bites,
    parse_margins,
)
from noisecore.judging.gates.case import judge_comparison
from noisecore.judging.power import binomial_interval, fit_spread, simulate

BASELINE_SEEDS = 10


def other_checks(comparison: Comparison, *, rigorous: bool) -> list[Verdict]:
    """Return the verdicts of the benchmarks' other gates on the drawn run."""
    model = comparison.curve  # `read_answers` names them so
    accuracy = comparison.new_accuracy
    curve = Curve(
        name=comparison.curve,
        scales=comparison.scales,
        seeds=tuple(range(len(accuracy))),
        accuracy=accuracy,
        loss=np.zeros_like(accuracy),
        images=comparison.images,
    )
    floors = FLOORS["quick", "mnist-5k", model, "quick"]
    return [
        judge_monotonic(curve, slack=0.01, chance=0.1, rigorous=rigorous),
        judge_noise_bites(curve, least_drop=LEAST_DROPS[model]),
        *(judge_floor(curve.at(scale), floors) for scale in curve.scales.tolist()),
    ]


def judge(comparisons: dict[str, Comparison], rule: Rule) -> str:
    """Return the worst verdict of all checks of a pair."""
    found = set()
    for comparison in comparisons.values():
        found.add(judge_comparison(comparison, rule).verdict)
        rigorous = rule.mode == "rigorous"
        found.update(each.verdict for each in other_checks(comparison, rigorous=rigorous))
    return next(word for word in ("fail", "inconclusive", "pass") if word in found)


def draw_seeds(
    comparisons: dict[str, Comparison], seeds: int, rng: np.random.Generator
) -> dict[str, Comparison]:
    """Return a run and a baseline of different seeds, the same of every curve."""
    drawn = rng.permutation(len(next(iter(comparisons.values())).new))[: seeds + BASELINE_SEEDS]
    return {
        name: Comparison(
            curve=name,
            scales=each.scales,
            new=each.new[drawn[:seeds]],
            baseline=each.new[drawn[seeds:]],
        )
        for name, each in comparisons.items()
    }


def against(baseline: Path, seeds: dict[str, Comparison], margins: Margins) -> None:
    """Print how many runs of the seeds do not pass against a baseline, in both modes."""
    old = read_answers(baseline)
    count = len(next(iter(seeds.values())).new)
    for mode in get_args(Mode):
        rule = Rule(mode=mode, margins=margins, curves=len(seeds))
        for size in (3, 5, 10):
            found = Counter(
                judge(
                    {
                        name: replace(each, new=each.new[at : at + size], baseline=old[name][1])
                        for name, each in seeds.items()
                    },
                    rule,
                )
                for at in range(0, count - size + 1, size)
            )
            runs = found.total()
            print(
                f"A/A,     {mode:>8}, {size:>2} seeds: {runs - found['pass']} of {runs} runs do "
                f"not pass, {found['inconclusive']} inconclusive"
            )


def show(how: str, mode: Mode, seeds: int, bad: int, inconclusive: int, pairs: int) -> None:
    """Print a rate and its interval."""
    low, high = binomial_interval(bad, pairs)
    print(
        f"{how}, {mode:>8}, {seeds:>2} seeds: {100 * bad / pairs:.2f} % do not pass "
        f"(95 %: {100 * low:.2f} to {100 * high:.2f}), {inconclusive} inconclusive",
        flush=True,
    )


def main() -> None:
    """Print the rates of both modes, by the number of a run's seeds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seeds", type=Path)
    parser.add_argument("baseline", type=Path, nargs="?")
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--margins", type=parse_margins, default=Margins())
    chosen = parser.parse_args()
    comparisons = {
        name: Comparison(curve=name, scales=scales, new=answers, baseline=answers)
        for name, (scales, answers) in read_answers(chosen.seeds).items()
    }
    spreads = {
        name: fit_spread(comparison.scales, comparison.new)
        for name, comparison in comparisons.items()
    }
    for name, spread in spreads.items():
        print(name, "sd in points:", (100 * spread.sample).round(2).tolist())
    count = len(next(iter(comparisons.values())).new)
    print(f"{count} seeds")
    if chosen.baseline:
        against(chosen.baseline, comparisons, chosen.margins)
    print(f"margins {chosen.margins}, baseline of {BASELINE_SEEDS} seeds, {chosen.pairs} pairs")
    for mode in get_args(Mode):
        rule = Rule(mode=mode, margins=chosen.margins, curves=len(comparisons))
        for seeds in (3, 5, 10):
            rates = simulate(
                spreads,
                seeds=seeds,
                baseline_seeds=BASELINE_SEEDS,
                rule=rule,
                pairs=chosen.pairs,
                also=lambda one, mode=mode: other_checks(one, rigorous=mode == "rigorous"),
            )
            bad = rates.pairs - rates.passed
            show("normal", mode, seeds, bad, rates.inconclusive, chosen.pairs)
            if seeds + BASELINE_SEEDS > count:
                continue  # too few for both sides
            rng = np.random.default_rng(0)
            drawn = Counter(
                judge(draw_seeds(comparisons, seeds, rng), rule) for _ in range(chosen.pairs)
            )
            bad = chosen.pairs - drawn["pass"]
            show("drawn ", mode, seeds, bad, drawn["inconclusive"], chosen.pairs)


if __name__ == "__main__":
    main()
