"""`python -m hostile [KIND [NUMBER]]`, from the folder `tests`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from hostile.shard import KINDS, cases, try_case
from hostile.watch import HEADING, watch


def main(kinds: list[str], number: str | None) -> int:
    """Try the kinds, or one case of one; print the table, and what is wrong; return 1 if any is."""
    if number is not None:
        case = cases(kinds[0])[int(number)]
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "temporary").mkdir()
            os.chdir(folder)
            wrong, shown = try_case(case, Path(folder))
            os.chdir("/")
        print(f"{case.what}\n{shown}\n{wrong or 'nothing is wrong'}")
        return int(bool(wrong))
    rows = []
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(watch(kind, Path(folder)))
        for case, (what, wrong) in rows[-1].wrong.items():
            print(f"{kind} {case}: {what}: {wrong}", flush=True)
    print("\n".join([HEADING, *map(str, rows)]))
    tried, wrong = sum(row.tried for row in rows), sum(len(row.wrong) for row in rows)
    print(f"{'all':14}{tried:>6}{wrong:>6}{sum(row.seconds for row in rows):>8.0f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:2] or list(KINDS), (sys.argv[2:3] or [None])[0]))
