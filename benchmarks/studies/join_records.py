"""The records in a folder as one file, one on each line: so they are kept in benchmarks/records.

    python benchmarks/studies/join_records.py FOLDER > records.jsonl

FOLDER: of records, such as the `trials` that a run leaves. noisecore reads `records.jsonl` as it
reads the folder.
"""

import argparse
import json
from pathlib import Path

from noisecore.records import read_record


def main() -> None:
    """Print each record, in the order of the files' names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    for path in sorted(parser.parse_args().folder.glob("[!.]*.json")):
        read_record(path)  # raises unless it is one
        print(json.dumps(json.loads(path.read_text())))


if __name__ == "__main__":
    main()
