"""What the drift gate would say of environments that do not differ, and of a drop put into one.

    python benchmarks/studies/drift/resolution.py FOLDER... [--drops 1,2,3] [--times 2000]

FOLDER...: artifacts of environments, as for `python -m noisecore drift`. Their runs are dealt out
anew, a run (a seed in an environment) staying whole over all curves: what is then found between
environments is chance. If they differ in truth, chance is overstated. A drop is put into one of
them by turning right answers wrong, in all curves and at each noisy scale alike.
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from noisecore.judging.baselines import Answers, Comparison, compare_records
from noisecore.judging.gates import Mode, Rule, judge_comparison
from noisecore.judging.power import binomial_interval
from noisecore.judging.results import read_records


def deal(runs: dict[str, Answers], groups: int, rng: np.random.Generator) -> dict[str, Answers]:
    """Return the (runs, k, images) of each curve as (groups, seeds, k, images), dealt anew."""
    order = rng.permutation(len(next(iter(runs.values()))))
    return {name: each[order].reshape(groups, -1, *each.shape[1:]) for name, each in runs.items()}


def worsen(answers: Answers, drop: float, rng: np.random.Generator) -> Answers:
    """Return (seeds, k, images) answers of which a share `drop` of the images turned wrong."""
    worse = answers.copy()
    for row in worse.reshape(-1, worse.shape[-1]):
        right = np.flatnonzero(row)
        row[rng.choice(right, min(round(drop * len(row)), len(right)), replace=False)] = False
    return worse


def judge(comparisons: dict[str, Comparison], mode: Mode, runs: int) -> str:
    """Return the worst verdict of all comparisons together."""
    rule = Rule(mode=mode, curves=runs * len(comparisons))
    found = {judge_comparison(each, rule).verdict for each in comparisons.values()}
    return next(word for word in ("fail", "inconclusive", "pass") if word in found)


def show(what: str, verdicts: Iterable[str]) -> None:
    """Print how often it failed, with its 95 % interval, and how often it was inconclusive."""
    found = Counter(verdicts)
    times = found.total()
    low, high = (100 * end for end in binomial_interval(found["fail"], times))
    print(
        f"{what}: {100 * found['fail'] / times:.1f} % fail (95 %: {low:.1f} to {high:.1f}), "
        f"{100 * found['inconclusive'] / times:.1f} % inconclusive",
        flush=True,
    )


def main() -> None:
    """Print false alarms of the whole table, then how often a drop in one environment is caught."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--gate", choices=get_args(Mode), default="simple")
    parser.add_argument("--drops", default="0,1,2,2.5,3,4", help="in points")
    parser.add_argument("--times", type=int, default=1000)
    chosen = parser.parse_args()
    records = [
        read_records(next(iter([*one.glob("*/results.json"), one / "results.json"])))
        for one in chosen.folders
    ]
    compared = [compare_records(each, records[-1]) for each in records]
    like = compared[0]
    runs = {name: np.concatenate([each[name].new for each in compared]) for name in like}
    groups, rng = len(records), np.random.default_rng(0)

    def unchanged() -> str:
        dealt = deal(runs, groups, rng)
        return judge(
            {
                f"{place} {name}": replace(like[name], new=each[place], baseline=each[-1])
                for name, each in dealt.items()
                for place in range(groups - 1)
            },
            chosen.gate,
            groups - 1,
        )

    def worse(drop: float, others: int) -> str:
        dealt = deal(runs, groups, rng)
        return judge(
            {
                name: replace(like[name], new=worsen(each[0], drop, rng), baseline=each[-1])
                for name, each in dealt.items()
            },
            chosen.gate,
            others,
        )

    print(f"{chosen.gate} mode, {chosen.times} times each")
    show(f"{groups} environments, unchanged", (unchanged() for _ in range(chosen.times)))
    for others in (1, groups - 1):
        for drop in map(float, chosen.drops.split(",")):
            verdicts = (worse(drop / 100, others) for _ in range(chosen.times))
            show(f"one of {others + 1} environments {drop:g} points worse", verdicts)


if __name__ == "__main__":
    main()
