"""The parts of a report, each made separately: if one cannot be made, the others still are."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from noisecore.errors import NoisecoreError
from noisecore.escaping import one_line, visible

_NAMED = 3  # parts that a line names


class Parts:
    """What was made of a report, and what could not be.

    written: the paths of the files that were written. bugs: the errors that were noisecore's own.
    """

    def __init__(self) -> None:
        self.written: list[Path] = []
        self.bugs: list[Exception] = []
        self._failed: dict[str, list[str]] = {}

    @contextmanager
    def making(self, part: str) -> Iterator[None]:
        """Make a part in the block: an error there is kept for `problems`, and the block ends."""
        try:
            with quietly():
                yield
        except Exception as error:  # `problems` has it, and the run's exit code is a failure
            self._failed.setdefault(reason(error), []).append(part)
            if not isinstance(error, NoisecoreError | OSError | MemoryError):
                self.bugs.append(error)

    def add(self, others: Parts) -> None:
        """Add what was made of other parts, and what could not be."""
        self.written += others.written
        self.bugs += others.bugs
        for why, parts in others._failed.items():
            self._failed.setdefault(why, []).extend(parts)

    @property
    def problems(self) -> list[str]:
        """What could not be made and why, one line per reason."""
        return [f"{_named(parts)} could not be made: {why}" for why, parts in self._failed.items()]


@contextmanager
def quietly() -> Iterator[None]:
    """Ignore warnings in the block, even if warnings are errors: none may cost a report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def reason(error: Exception) -> str:
    """Return an error's message in one line; if it is unexpected, also where it was raised."""
    if isinstance(error, OSError) and error.strerror:
        where = f": {visible(error.filename)}" if error.filename else ""
        return f"{error.strerror}{where}"
    if isinstance(error, NoisecoreError):
        return one_line(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {one_line(error)}{where}"


def _named(parts: list[str]) -> str:
    rest = len(parts) - _NAMED
    return ", ".join(parts[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
