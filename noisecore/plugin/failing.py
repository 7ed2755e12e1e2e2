"""How the plugin says what is wrong: texts that others wrote stay texts there."""

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

# pytest's words where a fixture asks for one of ours, which is of a single test; then where.
_MISMATCH = re.compile(
    r"ScopeMismatch: .* (robustness|noise_baseline) with an? (\w+) scoped request.*(?:\n(.*))?"
)


def failure(message: str) -> BaseException:
    """Return what fails a test with a message, without a traceback."""
    return pytest.fail.Exception(terminal(message), pytrace=False)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Let a usage error of the block be the one line that it is meant to be, whatever it names."""
    try:
        yield
    except pytest.UsageError as error:
        error.args = tuple(map(one_line, error.args))
        raise


def point_at_mistake(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Let the traceback of a user's mistake end at the user's own line.

    A mistake is a `NoisecoreError` that noisecore raised. What it does not expect, such as an error
    that NumPy raises for it, is a bug: that shows all frames.
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
    # Of the error itself too: pytest starts from there to show it, and others do.
    excinfo.value.__traceback__ = shown
    excinfo.traceback = pytest.ExceptionInfo.from_exception(excinfo.value).traceback


def say_scope(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Let pytest's error on a fixture of a wider scope that asks for ours say what to do.

    Where pytest comes to say it otherwise, its own words stay.
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
