"""So that the reference says what the code says: a command's help, a schema, docstrings."""

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from noisecore.judging.schemas import load_schema


class CommandHelp(Directive):
    """`command-help`: what `noisecore COMMAND --help` prints, in 80 columns."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the text as a block of code."""
        environment = os.environ | {"COLUMNS": "80", "NO_COLOR": "1"}
        command = [sys.executable, "-m", "noisecore", *self.arguments, "--help"]
        text = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout.replace("python -m noisecore", "noisecore")
        return [nodes.literal_block(text, text, language="text")]


class Schema(Directive):
    """`schema`: a table of the fields that a published JSON Schema names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table: field, type, description."""
        schema = load_schema(self.arguments[0])
        rows = list(_fields(schema, ""))
        for name, part in schema.get("$defs", {}).items():
            if name != "record":  # it has a table of its own
                rows += _fields(part, f"{name}.")
        return [_table(["field", "type", "what it is"], rows)]


def _fields(schema: dict[str, Any], before: str) -> Iterator[list[str]]:
    """Yield a row for each field, those of objects and of lists of objects included."""
    for name, part in schema.get("properties", {}).items():
        if not isinstance(part, dict):  # a rule and not a field
            continue
        kind = part.get("type") or part.get("enum") or part.get("$ref", "").rpartition("/")[2]
        kinds = kind if isinstance(kind, list) else [part.get("const", kind)]
        yield [before + name, ", ".join(map(str, kinds)), part.get("description", "")]
        yield from _fields(part, f"{before}{name}.")
        yield from _fields(part.get("items", {}), f"{before}{name}[].")


def _table(head: list[str], rows: list[list[str]]) -> nodes.table:
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in (30, 15, 55)[: len(head)]]
    group += nodes.thead("", _row(head, nodes.inline))
    group += nodes.tbody("", *[_row(row, nodes.literal) for row in rows])
    return nodes.table("", group)


def _row(cells: list[str], first: type[nodes.TextElement]) -> nodes.row:
    kinds = [first, *[nodes.inline] * (len(cells) - 1)]
    made = zip(kinds, cells, strict=True)
    return nodes.row("", *[nodes.entry("", nodes.paragraph("", "", k("", t))) for k, t in made])


def adapt_docstring(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Make a list of a paragraph that explains fields, and escape the stars outside of code."""
    known = set(getattr(thing, "__annotations__", {}))
    if inspect.isfunction(thing):
        known |= set(inspect.signature(thing).parameters)
    word = "|".join(sorted(known, key=len, reverse=True)) or "(?!)"
    start = re.compile(rf"(?:^|(?<=\. ))((?:{word})(?:, (?:{word}))*): ")
    paragraphs = []
    for paragraph in "\n".join(lines).split("\n\n"):
        if start.match(paragraph):
            _, *parts = start.split(" ".join(paragraph.split()))
            pairs = zip(parts[::2], parts[1::2], strict=True)
            paragraph = "\n".join(f"{names}\n    {text}" for names, text in pairs)
        pieces = paragraph.split("`")
        if ">>> " not in paragraph:
            pieces[::2] = [piece.replace("*", r"\*") for piece in pieces[::2]]
        paragraphs.append("`".join(pieces))
    lines[:] = "\n\n".join(paragraphs).split("\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives, and what adapts docstrings before napoleon reads them."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", adapt_docstring, priority=400)
    app.add_directive("command-help", CommandHelp)
    app.add_directive("schema", Schema)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
