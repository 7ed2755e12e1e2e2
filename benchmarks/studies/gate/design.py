"""What the gate against a baseline does to unchanged and to worse models, simulated.

    python benchmarks/studies/gate/design.py PART [SOURCE]

PART: one of checks, trained, many, blind, rigorous, margins, coverage, given, decline; or all.
SOURCE: many seeds of the quick profile; the committed baseline unless given.
"""

import argparse
from pathlib import Path

from simulation import checks, decline, given, intervals, trained

PARTS = {
    "checks": checks.print_checks,
    "trained": trained.print_simple,
    "many": trained.print_many,
    "blind": trained.print_blind,
    "rigorous": trained.print_rigorous,
    "margins": trained.print_margins,
    "coverage": intervals.print_coverage,
    "given": given.print_given,
    "decline": decline.print_decline,
}
BASELINE = Path(__file__).parents[2] / "baselines" / "quick.json"


def main() -> None:
    """Print a part, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=[*PARTS, "all"])
    parser.add_argument("source", type=Path, nargs="?", default=BASELINE)
    chosen = parser.parse_args()
    for part in PARTS if chosen.part == "all" else [chosen.part]:
        print(f"\n# python benchmarks/studies/gate/design.py {part}")
        PARTS[part](chosen.source)


if __name__ == "__main__":
    main()
