"""Make a baseline of other bits: each seed's record is given to the next seed.

    python benchmarks/studies/speed/other_bits.py BASELINE OUT

A run of the unchanged model then finds no seed's answers again, as on a processor that rounds
differently. `verdict.py` compares runs with it.
"""

import sys
from dataclasses import replace

from noisecore import read_baseline, write_baseline
from noisecore.judging.curves import matched_curves
from noisecore.records import TrialRecord


def main(baseline: str, out: str) -> None:
    """Write the baseline of other bits."""
    found = read_baseline(baseline)
    seeds = sorted({record.trial.seed for record in found.records})
    after = dict(zip(seeds, [*seeds[1:], seeds[0]], strict=True))

    def moved(record: TrialRecord) -> TrialRecord:
        return replace(record, trial=replace(record.trial, seed=after[record.trial.seed]))

    write_baseline(out, matched_curves(map(moved, found.records)), profile=found.profile)


if __name__ == "__main__":
    main(*sys.argv[1:])
