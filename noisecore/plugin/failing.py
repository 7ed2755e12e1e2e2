"""How the plugin reports errors: text that others wrote is escaped in its messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import pytest

import noisecore
from noisecore.errors import NoisecoreError
from noisecore.escaping import one_line, terminal

_HERE = Path(noisecore.__file__).parent

# pytest's message if a fixture of a wider scope asks for one of ours; its next line says where.
_MISMATCH = re.compile(
    r"ScopeMismatch: .* (robustness|noise_baseline) with an? (\w+) scoped request.*(?:\n(.*))?"
)


def failure(message: str) -> BaseException:
    """Return the exception that fails a test with a message and without a traceback."""
    return pytest.fail.Exception(terminal(message), pytrace=False)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Keep a usage error that the block raises to one line, whatever names it contains."""
    try:
        yield
    except pytest.UsageError as error:
        error.args = tuple(map(one_line, error.args))
        raise


def point_at_mistake(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Let the traceback of a user's mistake end at the user's own line.

    A mistake is a `NoisecoreError` that noisecore itself raised. An error that noisecore does not
    expect, such as one that NumPy raises, is a bug, and its traceback keeps all frames.
    """
    if not excinfo.errisinstance(NoisecoreError):
        return
    entries = list(_entries(excinfo.tb))
    kept = [entry for entry in entries if not _is_ours(entry)]
    if not kept or not _is_ours(entries[-1]):
        return
    shown: TracebackType | None = None
    for entry in reversed(kept):
        shown = TracebackType(shown, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    # Cut the error's own traceback too: pytest and other tools start from it.
    excinfo.value.__traceback__ = shown
    excinfo.traceback = pytest.ExceptionInfo.from_exception(excinfo.value).traceback


def say_scope(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Say what to do in pytest's error about a fixture of a wider scope that asks for ours.

    If a later pytest words this error differently, its own message stays.
    """
    error = excinfo.value
    if not isinstance(error, pytest.fail.Exception):
        return
    if found := _MISMATCH.match(error.msg or ""):
        ours, scope, where = found.groups()
        error.msg = one_line(
            f"noisecore: the fixture {ours} belongs to one test, and a {scope}-scoped fixture "
            f"cannot take it ({(where or '').strip()}): call noisecore.evaluate(model, x, y, "
            "scales=[...]) there, which works in fixtures of any scope, and take "
            f"{ours} in the test that judges its curve"
        )


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _is_ours(entry: TracebackType) -> bool:
    return _HERE in Path(entry.tb_frame.f_code.co_filename).parents
