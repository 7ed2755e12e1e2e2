"""Errors that say what a user can do: all others are bugs, and keep their tracebacks."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class NoisecoreError(Exception):
    """Something that was given or asked for cannot be used; the message says what to do.

    Every error of noisecore is one of these, and also a built-in error, such as a `ValueError`.

    Example:
        >>> try:
        ...     curve.at(7)
        ... except NoisecoreError as error:
        ...     print(error)
        digits/gaussian: scale must be one of 0, 0.1, 0.3, 2, got 7
    """


class ArgumentError(NoisecoreError, ValueError):
    """An argument has a value that is not allowed."""


class ArgumentTypeError(NoisecoreError, TypeError):
    """An argument has a type that is not allowed."""


class RefusedError(NoisecoreError, OSError):
    """The system refused a file, a folder or a process."""


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn an error of the system in the block into a `RefusedError`, in one line.

    what: what could not be done, such as "RUN: cannot be read"; the system's reason follows.
    """
    try:
        yield
    except NoisecoreError:
        raise
    except OSError as error:
        raise RefusedError(f"{what}: {error.strerror or error}") from None


def warn(line: str, kind: type[Warning] = UserWarning) -> None:
    """Warn at the line that called noisecore, however deep in noisecore this is."""
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and _is_own(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(line, kind, stacklevel=level)


def _is_own(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] == "noisecore"
