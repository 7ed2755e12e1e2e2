"""The pages of the documentation: their blocks of code, and what a comment above says of each.

A comment of its own line stands above the block that it is about:

- `<!-- run -->`: the commands of this block are run, in their order; `<!-- run: 1 -->`: the last
  of them ends with exit code 1;
- `<!-- printed -->`: what the last command printed has these lines, whatever their digits;
- `<!-- edit: FILE: OLD -> NEW -->`: what the reader changes in a file first;
- `<!-- needs: MODULE -->`: the block is run only where that is installed;
- `<!-- tested by: tests/FILE.py -->`: another test runs the block;
- `<!-- not run: why -->`: nothing runs it. It is compiled.

A block of Python that begins with `# name.py` is that file. It is run where it stands, unless a
block of commands names it. `python tests/docs/pages.py` counts all blocks.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)
TEXTS = [ROOT / "README.md", *PAGES]

_BLOCK = re.compile(r"((?:^<!-- [^\n]* -->\n)*)^```(\w+)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A block of code. told: what comments say of it."""

    page: Path
    line: int
    language: str
    code: str
    told: tuple[str, ...]

    @property
    def file(self) -> str:
        """The name of the file that the block is; empty if it is none."""
        found = re.match(r"# ([\w.]+\.py)\b", self.code)
        return found[1] if found and self.language == "python" else ""

    def says(self, word: str) -> str | None:
        """Return what a comment says after `word:`; empty after the word alone, None without."""
        for each in self.told:
            head, _, rest = each.partition(":")
            if head == word:
                return rest.strip()
        return None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def read_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page=page,
            line=text[: found.start(2)].count("\n") + 1,
            language=found[2],
            code=found[3],
            told=tuple(re.findall(r"<!-- (.*) -->", found[1])),
        )
        for found in _BLOCK.finditer(text)
    ]


def commands(block: Block) -> list[str]:
    """Return the lines of a block of commands, without empty ones and comments."""
    lines = re.sub(r"\\\n", " ", block.code).splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def named_in_commands(page: Path) -> set[str]:
    """Return the files that the commands name which are run."""
    run = [block for block in read_blocks(page) if block.says("run") is not None]
    return set(re.findall(r"[\w.]+\.py", "\n".join(block.code for block in run)))


def how_checked(block: Block) -> str:
    """Return what the tests do with a block."""
    if block.says("tested by") is not None:
        return "run by another test"
    if block.says("run") is not None or (block.language == "python" and not block.says("not run")):
        return "run"
    if block.says("printed") is not None:
        return "compared with what is printed"
    if block.language in ("python", "toml", "yaml"):
        return "compiled"
    return "options checked" if block.language == "sh" else "shown"


if __name__ == "__main__":
    counts = Counter((b.language, how_checked(b)) for page in PAGES for b in read_blocks(page))
    for (language, how), count in sorted(counts.items()):
        print(f"{language:8} {how:30} {count:4}")
    print(f"{'all':39} {sum(counts.values()):4}")
