"""The hash of a family: of its code and its parameters, so that a changed one is another noise."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from noisecore.code import code_sha256, files_sha256
from noisecore.noise.corruptions.suites import SUITES
from noisecore.noise.corruptions.table import Family

_PACKAGE = __name__.rpartition(".")[0]
_FOLDER = Path(__file__).parent
_SHARED = {"draws"}  # what every family draws with
_APPLYING = ("by_key", "_parts")


def family_sha256(family: Family, suite: str) -> str:
    """Return the hash of a family with the parameters of a suite.

    It is of the modules that the family is made with, of how all of them are applied, and of its
    declaration and parameters.
    """
    declared = (family.name, family.draws, family.nearest, SUITES[suite][family.name])
    return code_sha256([_modules_sha256(family.kind), _applied_sha256(), repr(declared)])


@cache
def _modules_sha256(module: str) -> str:
    """Return the hash of a module of this package, and of those that it imports."""
    found, todo = set[str](), {module, *_SHARED}
    while todo:
        name = todo.pop()
        found.add(name)
        todo |= _imported((_FOLDER / f"{name}.py").read_bytes()) - found
    return files_sha256((_FOLDER / f"{name}.py").read_bytes() for name in sorted(found))


@cache
def _applied_sha256() -> str:
    """Return the hash of the functions that apply a family, without checks and their messages."""
    text = (_FOLDER / "applied.py").read_text(encoding="utf-8")
    found = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name in _APPLYING
    ]
    return files_sha256(each.encode() for each in found)


def _imported(source: bytes) -> set[str]:
    """Return the modules of this package that a module of it imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == _PACKAGE:
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{_PACKAGE}."):
            names.add(str(node.module).rpartition(".")[2])
    return names
