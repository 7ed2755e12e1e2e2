"""How often the whole default gate of the quick profile does not pass an unchanged model.

    python benchmarks/reference/gate/false_alarms.py RECORDS [--pairs 10000]

RECORDS: many fresh seeds of the quick profile. Their spread is what pairs of an unchanged model are
drawn from; each pair goes through all checks of all curves together: no regression against a
baseline, the floors, the monotonic curve and the noise that bites. The floor of scale 0, which lies
ten standard deviations off, is left out.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from test_gaussian_scales import FLOORS, LEAST_DROPS  # (the path above leads there)

from noisecore.judging.baselines import Comparison, compare_records
from noisecore.judging.curves import Curve
from noisecore.judging.gates import (
    Margins,
    Verdict,
    judge_floor,
    judge_monotonic,
    judge_noise_bites,
    parse_margins,
)
from noisecore.judging.power import binomial_interval, fit_spread, simulate
from noisecore.showing.results import read_any

BASELINE_SEEDS = 10


def other_checks(comparison: Comparison, *, rigorous: bool) -> list[Verdict]:
    """Return the verdicts of the benchmarks' other gates on the drawn run."""
    model = comparison.curve.partition("/")[0]
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


def main() -> None:
    """Print the rates of both modes, by the number of a run's seeds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--fail", type=parse_margins, default=Margins())
    chosen = parser.parse_args()
    records = read_any(chosen.records)
    spreads = {
        name: fit_spread(comparison.scales, comparison.new)
        for name, comparison in compare_records(records, records).items()
    }
    for name, spread in spreads.items():
        print(name, "sd in points:", (100 * spread.deviation).round(2).tolist())
    print(f"margins {chosen.fail}, baseline of {BASELINE_SEEDS} seeds, {chosen.pairs} pairs")
    for mode in ("simple", "rigorous"):
        for seeds in (3, 5, 10):
            rates = simulate(
                spreads,
                seeds=seeds,
                baseline_seeds=BASELINE_SEEDS,
                mode=mode,
                margins=chosen.fail,
                pairs=chosen.pairs,
                also=lambda one, mode=mode: other_checks(one, rigorous=mode == "rigorous"),
            )
            bad = rates.pairs - rates.passed
            low, high = binomial_interval(bad, rates.pairs)
            print(
                f"{mode:>8}, {seeds:>2} seeds: {100 * rates.not_passed:.2f} % do not pass "
                f"(95 %: {100 * low:.2f} to {100 * high:.2f}), {rates.inconclusive} inconclusive",
                flush=True,
            )


if __name__ == "__main__":
    main()
