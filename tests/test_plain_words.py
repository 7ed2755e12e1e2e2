"""What noisecore says is plain English: habits that a native reader stumbled over do not return."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUFFIXES = {".py", ".md", ".yml", ".yaml", ".cff"}
THINGS = "curve|trial|test|class|scale|seed|cell|training|sample|worker|draw|image|reason|row|file"

HABITS = {
    rf"\ban? (row|line|record|table|column|panel) an? ({THINGS})\b": "one row per trial",
    r"\bstands? outside\b": "no gate checks it",
    r"there was none of": "added to the baseline (new curve)",
    r"neither to have": "the data cannot tell",
    r"told by no": "which no version number reveals",
    r"taken for none": "the smallest drop that can be detected",
    r"\boverslept\b": "stalled",
    r"seconds say nothing": "ignore the times",
    r"set aside, for": "not a valid record, renamed to …",
    r"\bfor a trial failed": "because a trial failed",
    r"\bbeside\b": "next to, in addition to, together with",
    r"\blaid (over|beside)\b": "added to, compared with",
    r"\btakes? out\b": "removes",
    r"\blacks?\b": "does not have, is missing",
    r"\belsewhere\b": "on another machine, in another file",
    r"\bno pass\b": "not a pass",
    r"(?<!there )\bis no (folder|record|file|baseline)\b": "is not a folder",
    r"\btaken out\b": "removed",
    r"\bsays? (another|others)\b|\b(got|are) others\b": "overrides it, got NaN, have changed",
    r"\bit no more\b": "no longer evaluates it",
    r"\bby so many\b": "by this many points",
}


def texts() -> list[Path]:
    """Return the files that somebody reads: of the package, the pages and what GitHub shows."""
    folders = [ROOT / "noisecore", ROOT / "docs", ROOT / ".github"]
    found = [path for folder in folders for path in folder.rglob("*") if path.suffix in SUFFIXES]
    found += [*ROOT.glob("*.md"), *ROOT.glob("*.cff"), *(ROOT / "benchmarks").glob("*.py")]
    return sorted(path for path in found if "_build" not in path.parts)


@pytest.mark.parametrize("habit", HABITS)
def test_habits_do_not_return(habit) -> None:
    """No file has the habit; its plain form stands next to it in the list."""
    pattern = re.compile(habit, re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}: say: {HABITS[habit]}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
