"""Markdown from values: tables, lists, escaped texts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

_LISTED = 20  # more lines than this help nobody


def bullets(lines: Iterable[str]) -> str:
    """Return a list, cut where it is longer than anybody reads."""
    items = list(lines)
    rest = len(items) - _LISTED
    shown = [f"- {line}" for line in items[:_LISTED]]
    return "\n".join([*shown, f"- and {rest} more"] if rest > 0 else shown)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: Any, digits: int = 4) -> str:
    """Return a number, or a dash for what is none or not finite."""
    known = isinstance(value, int | float) and math.isfinite(value)
    return f"{value:.{digits}f}" if known else "\N{EN DASH}"


def text(value: Any) -> str:
    """Return a text in one line, with what Markdown would take for its own escaped."""
    return re.sub(r"([\\`*|<]|\b_|_\b)", r"\\\1", " ".join(str(value).split()))


def code(value: Any) -> str:
    """Return a text in one line as code; a bar would end a table's cell even there."""
    text = " ".join(str(value).split()).replace("|", "\\|")
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"
