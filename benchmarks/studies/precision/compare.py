"""Whether training in bfloat16 gives the accuracies that training in float32 gives.

    python benchmarks/studies/precision/compare.py FLOAT32 BFLOAT16 [--margin 1]

FLOAT32, BFLOAT16: results of the same trials, but for their precision. A trial is compared with the
one that shares its seed (and with it its first weights, its noise and the order of its images) on
the same noisy test images, and the differences are taken over seeds and images together. It is no
worse if the lower one-sided 95 % bound of the difference lies above the margin, in points.
"""

import argparse
import math
from pathlib import Path

import numpy as np

from noisecore.judging.differences import Difference
from noisecore.judging.results import read_any
from noisecore.judging.statistics import residual_variance
from noisecore.records import Trial, TrialRecord


def by_scale(records: list[TrialRecord], model: str) -> dict[float, dict[int, np.ndarray]]:
    """Return which test images each seed had right at the scale that it was trained at."""
    found: dict[float, dict[int, np.ndarray]] = {}
    for record in records:
        trial = record.trial
        if not isinstance(trial, Trial) or trial.blank or trial.model != model:
            continue
        if trial.train_scale > 0:
            right = record.at(trial.train_scale).right
            found.setdefault(trial.train_scale, {})[trial.seed] = right
    return found


def difference(ours: np.ndarray, theirs: np.ndarray) -> Difference:
    """Return the mean difference of (seeds, images) tables whose rows belong together.

    As `paired_difference`, but for the differences of pairs, which are one side and not two.
    """
    each = ours.astype(np.float64) - theirs
    seeds, images = each.shape
    rows = each.mean(axis=1).var(ddof=1) / seeds
    columns = each.mean(axis=0).var(ddof=1) / images
    variance = max(rows + columns - residual_variance(each) / each.size, rows, columns)
    below = rows**2 / (seeds - 1) + columns**2 / (images - 1)
    freedom = variance**2 / below if below > 0 else images - 1
    return Difference(float(each.mean()), math.sqrt(variance), max(freedom, seeds - 1))


def show(name: str, ours: np.ndarray, theirs: np.ndarray, margin: float) -> None:
    """Print a row of the table."""
    found = difference(ours, theirs)
    low, high, bound = 100 * found.lower(0.975), 100 * found.upper(0.975), 100 * found.lower(0.95)
    verdict = "no worse" if bound > -margin else "not shown"
    print(
        f"| {name} | {theirs.mean():.4f} | {ours.mean():.4f} | "
        f"{100 * found.estimate:+.2f} ({low:+.2f} to {high:+.2f}) | {bound:+.2f} | "
        f"{verdict} |"
    )


def main() -> None:
    """Print the differences, scale by scale and of the mean over scales."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("float32", type=Path)
    parser.add_argument("bfloat16", type=Path)
    parser.add_argument("--margin", type=float, default=1.0, help="points (1)")
    parser.add_argument("--model", default="cnn")
    chosen = parser.parse_args()
    folders = chosen.float32, chosen.bfloat16
    theirs, ours = (by_scale(read_any(folder), chosen.model) for folder in folders)
    scales = sorted(set(theirs) & set(ours))
    seeds = sorted(set.intersection(*(set(side[s]) for side in (theirs, ours) for s in scales)))
    print(f"seeds {', '.join(map(str, seeds))}; margin {chosen.margin:g} points\n")
    print("| scale | float32 | bfloat16 | change, points (95 %) | 95 % above | |")
    print("| --- | --- | --- | --- | --- | --- |")
    new, old = (
        {scale: np.stack([side[scale][seed] for seed in seeds]) for scale in scales}
        for side in (ours, theirs)
    )
    for scale in scales:
        show(f"{scale:g}", new[scale], old[scale], chosen.margin)
    means = (np.mean([side[scale] for scale in scales], axis=0) for side in (new, old))
    show("mean", *means, chosen.margin)


if __name__ == "__main__":
    main()
