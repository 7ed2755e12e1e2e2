"""How the plugin says what is wrong: texts that others wrote stay texts there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from noisecore.escaping import one_line, terminal


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
