"""Texts for a terminal of 80 columns."""

from __future__ import annotations

from textwrap import wrap

from noisecore.escaping import one_line, terminal

WIDTH = 80


def wrap_text(text: str) -> list[str]:
    """Return a text in lines; a path or a name is not broken."""
    lines = wrap(one_line(text), WIDTH, break_long_words=False, break_on_hyphens=False)
    return [terminal(line) for line in lines]
