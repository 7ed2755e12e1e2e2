"""Markdown from values: tables, lists, escaped texts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from noisecore.escaping import one_line, visible
from noisecore.judging.curves.rows import Estimate

_LISTED = 20  # more lines than this help nobody


def bullets(lines: Iterable[str]) -> str:
    """Return a list, cut if it is longer than anybody reads."""
    items = list(lines)
    rest = len(items) - _LISTED
    shown = [f"- {line}" for line in items[:_LISTED]]
    return "\n".join([*shown, f"- and {rest} more"] if rest > 0 else shown)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: Any, digits: int = 4) -> str:
    """Return a number, or a dash for anything that is not a finite number."""
    known = isinstance(value, int | float) and math.isfinite(value)
    return f"{value:.{digits}f}" if known else "\N{EN DASH}"


# What may begin markup: anywhere (on GitHub, a dollar sign begins a formula), outside of a word, or
# at the start of a line (a heading, an item, a rule, a quotation).
_MARKUP = re.compile(
    r"[\\`*|<\[~$]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|^(?=#{1,6}(?:\s|$)|[-+=]+(?:\s|$)|>)"
)
_NUMBERED = re.compile(r"^(\d{1,9})(?=[.)](?:\s|$))")


def text(value: Any) -> str:
    """Return a text in one line; characters that Markdown would take for markup are escaped."""
    return _NUMBERED.sub(r"\g<1>\\", _MARKUP.sub(r"\\\g<0>", one_line(value)))


def code(value: Any) -> str:
    """Return a text in one line as code that also works in a table's cell."""
    line = one_line(value)
    if not set(line) & set("`|"):
        return f"`{line}`" if line else ""
    # No fence holds every run of backticks and, in a table, a bar; HTML can hold everything.
    entities = (each if each.isalnum() or each in " /.-" else f"&#{ord(each)};" for each in line)
    return f"<code>{''.join(entities)}</code>"


def fenced(lines: Iterable[Any], language: str) -> str:
    """Return lines as a block of code that none of them can end."""
    shown = [visible(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *shown, fence])


def shown_estimate(estimate: Estimate) -> str:
    """Return a mean with its interval, if there is one: after ±, or as bounds if it is uneven."""
    if math.isnan(estimate.low):
        return number(estimate.mean)
    if estimate.over_images:
        return f"{number(estimate.mean)} ({estimate.low:.4f} to {estimate.high:.4f})"
    return f"{number(estimate.mean)} ± {estimate.half:.4f}"
