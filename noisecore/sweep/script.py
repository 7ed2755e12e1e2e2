"""The script that calls `train_sweep`: a worker that imports it must not call it again."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from noisecore.functions import Home
from noisecore.sweep.arguments import SweepError

_GUARD = "call it under if __name__ == '__main__':"


def refuse_import() -> None:
    """Raise `SweepError` if noisecore itself imports the file that calls `train_sweep`."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    worker = spec is not None and spec.name.startswith("noisecore.running.")
    if worker or any(f.f_globals.get("__name__", "").startswith("noisecore_own_") for f in _tops()):
        raise SweepError(
            f"train_sweep is called by a file that noisecore imports for a function in it: {_GUARD}"
        )


def refuse_unguarded(files: Iterable[str]) -> None:
    """Raise `SweepError` if one of these files calls `train_sweep` whenever it is imported.

    files: those that a worker will import, full paths.
    """
    own = set(files)
    for frame in _tops():
        file = os.path.abspath(frame.f_code.co_filename)
        if file in own and not _guarded(file, frame.f_lineno):
            raise SweepError(
                f"{file} calls train_sweep, and a worker that imports it for a function in it "
                f"would call it again: {_GUARD}, or let no worker train (workers=0)"
            )


def refuse_hidden(homes: Iterable[Home]) -> None:
    """Raise `SweepError` if a function is where a worker that imports its file does not find it."""
    for home in homes:
        guards = [node for node in _statements(home.file) if _is_guard(node)]
        others = [node for node in _statements(home.file) if not _is_guard(node)]
        if home.name in _names(guards) - _names(others):
            raise SweepError(
                f"{home.name} is defined under if __name__ == '__main__':, where a worker that "
                "imports its file does not find it: define it above, at the top of the file, or "
                "train in this process, with workers=0"
            )


def homes_of(home: Home | None) -> list[Home]:
    """Return where all is defined that a worker imports for a function; none for noisecore's."""
    if home is None:
        return []
    return [home] if home.bound is None else list(_bound(home.bound))


def _bound(bound: Any) -> Iterator[Home]:
    if isinstance(bound, dict):
        yield Home(**bound)
    elif isinstance(bound, list):
        for part in bound:
            yield from _bound(part)


def _tops() -> Iterator[FrameType]:
    """Yield the top-level frames of the files that are running, the innermost first."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            yield frame
        frame = frame.f_back


def _guarded(file: str, line: int) -> bool:
    """Return whether a line of a file runs only in a script, and not when it is imported."""
    return any(
        _is_guard(node) and node.lineno <= line <= (node.end_lineno or 0)
        for node in _statements(file)
    )


def _statements(file: str) -> list[ast.stmt]:
    """Return the statements at the top of a file; an empty list if it cannot be read."""
    try:
        return ast.parse(Path(file).read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return []


def _is_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(
        isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test)
    )


def _names(nodes: Iterable[ast.stmt]) -> set[str]:
    """Return the names of functions and classes that statements define."""
    kinds = ast.FunctionDef, ast.ClassDef
    return {part.name for node in nodes for part in ast.walk(node) if isinstance(part, kinds)}
