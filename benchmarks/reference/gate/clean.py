"""How often an unchanged model does not pass, with and without the margin of clean images.

    python clean.py ../../baselines/quick.json

Runs are simulated from the spread of the baseline's own seeds, scale 0 among the scales.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from noisecore.judging.baselines import compare_records
from noisecore.judging.margins import Margins
from noisecore.judging.power import fit_spread, simulate
from noisecore.showing.results import read_any


def main() -> None:
    """Print the share of runs that do not pass, by mode and number of seeds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("baseline", type=Path)
    parser.add_argument("--pairs", type=int, default=4000)
    chosen = parser.parse_args()
    records = read_any(chosen.baseline)
    comparisons = compare_records(records, records)
    held = max(len(each.new) for each in comparisons.values())
    spreads = {name: fit_spread(each.scales, each.new) for name, each in comparisons.items()}
    print(f"baseline of {held} seeds, {chosen.pairs} pairs, % that do not pass (inconclusive)")
    for mode in ("simple", "rigorous"):
        for seeds in (3, 5, 10):
            for margins in (Margins(), replace(Margins(), clean=None)):
                rates = simulate(
                    spreads,
                    seeds=seeds,
                    baseline_seeds=held,
                    mode=mode,
                    margins=margins,
                    pairs=chosen.pairs,
                )
                undecided = 100 * rates.inconclusive / rates.pairs
                shown = f"{100 * rates.not_passed:.2f} ({undecided:.2f})"
                print(f"{mode:>8}, {seeds:>2} seeds, {margins!s:<28} {shown}", flush=True)


if __name__ == "__main__":
    main()
