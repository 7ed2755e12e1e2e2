"""The messages that docs/troubleshooting.md explains are messages of noisecore's."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import noisecore

PAGE = Path(__file__).parents[1] / "docs" / "troubleshooting.md"
SOURCE = Path(noisecore.__file__).parent


@cache
def texts() -> str:
    """Return the texts in noisecore's source, a line each, with `…` for what is put into them.

    Docstrings are none of them: nobody gets one as a message.
    """
    found = []
    for file in SOURCE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.JoinedStr):
                parts = (p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += [] if id(node) in alone else [node.value]
    return "\n".join(" ".join(text.split()) for text in found)


def headings() -> list[str]:
    """Return the words in code font of each heading of a message."""
    lines = re.findall(r"^### (.*)$", PAGE.read_text(encoding="utf-8"), re.M)
    return [words for line in lines for words in re.findall(r"`([^`]+)`", line)]


@pytest.mark.parametrize("words", headings())
def test_message_is_one_of_noisecores(words) -> None:
    """Whoever searches for these words has a message with them; `…` may stand for anything."""
    pattern = ".*".join(map(re.escape, words.split("…")))
    assert re.search(pattern, texts()), f"no message has the words {words!r}"


def test_each_message_is_explained_once() -> None:
    """No two headings have the same words, and there are many."""
    found = headings()
    assert len(found) == len(set(found)) > 50
