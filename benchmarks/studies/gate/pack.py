"""Add the right answers of many seeds to one small file, from which the gate is simulated.

    python benchmarks/studies/gate/pack.py FILE.npz RECORDS [RECORDS ...]

RECORDS: what `noisecore` reads, such as the folders of runs with `--noise-seeds=1000-1009`. An
answer takes one bit: ten seeds of two models take 8 kB. The script prints which seeds FILE.npz then
holds, and what the new ones were trained with.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from simulation.models import add_answers

from noisecore.judging.results import read_any
from noisecore.records import TrialRecord

# What the numbers depend on beside the trial itself.
_ENVIRONMENT = ("noisecore", "tensorflow", "keras", "numpy", "python", "processor", "threads")


def environments(records: list[TrialRecord]) -> str:
    """Return the environments of records, each once, as JSON."""
    found = {
        json.dumps({name: record.environment.get(name) for name in _ENVIRONMENT})
        for record in records
    }
    return json.dumps([json.loads(each) for each in sorted(found)], indent=1)


def main() -> None:
    """Add the records that were named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("records", type=Path, nargs="+")
    chosen = parser.parse_args()
    records = [record for path in chosen.records for record in read_any(path)]
    for name, seeds in add_answers(chosen.file, records).items():
        print(f"{name}: {len(seeds)} seeds, {min(seeds)} to {max(seeds)}")
    print(environments(records))


if __name__ == "__main__":
    main()
