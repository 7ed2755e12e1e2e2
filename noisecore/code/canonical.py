"""Python code in one form, whatever its wording, its layout, and the Python that reads it.

The form comes from our own walk over the syntax tree: `ast.dump` shows different fields from one
Python to the next, `ast.unparse` output differs, and the tokens of an f-string changed in 3.12.
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Iterable
from typing import Any

# What a hash of code begins with. Another way of hashing gets another number: hashes with
# different numbers cannot be compared. Those of noisecore 0.1, of the plain text, have no number.
KIND = "code1:"

# What the code does not depend on: the use of a name follows from its place, and u"" is "".
_LEFT_OUT = ("ctx", "kind", "type_comment", "type_ignores")


def parse(source: str | bytes) -> ast.Module:
    """Return the tree of a module's source; raise `SyntaxError` or `ValueError` on bad code."""
    with warnings.catch_warnings():  # the author saw these warnings when the code was imported
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (RecursionError, MemoryError):
            raise ValueError("nested too deeply") from None


def code_sha256(texts: Iterable[str]) -> str:
    """Return the hash of canonical texts, in their order, with its kind as a prefix."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\n")
    return KIND + digest.hexdigest()


def kind_of(sha256: str) -> str:
    """Return what kind a hash is, such as `code1`; empty for a plain one.

    Plain hashes are those of weights, and those that noisecore 0.1 made of code.
    """
    found = re.match(r"[a-z]+\d+(?=:)", sha256)
    return found[0] if found else ""


def kinds(sha256s: Iterable[Any]) -> set[str]:
    """Return the kinds of hashes. A value that is not a text, such as None, has no kind."""
    return {kind_of(each) for each in sha256s if isinstance(each, str)}


def comparable(sha256s: Iterable[Any]) -> bool:
    """Return whether hashes are of one kind: otherwise they cannot be compared."""
    return len(kinds(sha256s)) <= 1


def shortened(sha256: str) -> str:
    """Return the first digits of a hash, for people, without its kind."""
    return sha256.removeprefix(f"{kind_of(sha256)}:")[:12]


def canonical(tree: ast.AST, *, docstrings: bool = False) -> str:
    """Return a part of a tree as text: the same for the same code, on every Python.

    Comments, layout, docstrings and other statements that do nothing (a constant, `pass`) are left
    out, and so are fields that hold nothing, such as those that only newer Pythons have.
    docstrings: keep them, for code that reads its own.
    """
    written: list[str] = []
    todo: list[Any] = [tree]  # not by recursion: a sum of a thousand terms is as deep
    while todo:
        part = todo.pop()
        if isinstance(part, _Text):
            written.append(part)
        elif isinstance(part, ast.AST):
            todo += reversed(_node(part, docstrings))
        elif isinstance(part, list):
            todo += reversed([_Text("["), *_between(part), _Text("]")])
        else:
            written.append(_constant(part))
    return "".join(written)


def reads_docstrings(tree: ast.AST) -> bool:
    """Return whether code names something that gives a docstring: then it may depend on one."""
    return any(
        {getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "value", None)}
        & {"__doc__", "getdoc"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    )


class _Text(str):
    """What is written as it is."""

    __slots__ = ()


def _node(node: ast.AST, docstrings: bool) -> list[Any]:
    """Return the parts that a node is written as: texts, and parts that are yet to be written."""
    if isinstance(node, ast.JoinedStr):
        values = _joined(node)
        if all(isinstance(each, str) for each in values):
            return ["".join(values)]
        return [_Text("JoinedStr("), values, _Text(")")]
    if isinstance(node, ast.Constant):
        return [node.value]
    parts: list[Any] = [_Text(f"{type(node).__name__}(")]
    for name in sorted(node._fields):
        value = getattr(node, name, None)
        if isinstance(value, list):
            value = [each for each in value if docstrings or not _does_nothing(each)]
        if name in _LEFT_OUT or value is None or value == []:
            continue
        if name == "format_spec" and isinstance(value, ast.AST) and not _joined(value):
            continue  # f"{x:}" is f"{x}"
        parts += [_Text(f"{name}="), value, _Text(";")]
    return [*parts, _Text(")")]


def _between(items: list[Any]) -> Iterable[Any]:
    for item in items:
        yield item
        yield _Text(",")


def _does_nothing(part: Any) -> bool:
    """Return whether a statement is `pass`, or only a constant, such as a docstring."""
    constant = isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
    return constant or isinstance(part, ast.Pass)


def _joined(node: ast.AST) -> list[Any]:
    """Return the parts of an f-string, with neighbouring texts joined into one."""
    found: list[Any] = []
    todo: list[Any] = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, ast.JoinedStr):
            todo += reversed(part.values)
            continue
        text = part.value if isinstance(part, ast.Constant) else None
        if isinstance(text, str):
            if found and isinstance(found[-1], str):
                found[-1] += text
            elif text:
                found.append(text)
        else:
            found.append(part)
    return found


def _constant(value: Any) -> str:
    """Return a constant as text; what `repr` shows of a text depends on the Python's Unicode."""
    if isinstance(value, str):
        return ascii(value)
    if isinstance(value, bool):
        return repr(value)
    if isinstance(value, int):
        return hex(value)  # Python refuses to write thousands of decimal digits
    if isinstance(value, float):
        return f"float {value.hex()}"
    if isinstance(value, complex):
        return f"complex {value.real.hex()} {value.imag.hex()}"
    return repr(value)
