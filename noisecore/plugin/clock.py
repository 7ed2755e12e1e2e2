"""A timer for pytest-benchmark that tells the seconds of records."""

from __future__ import annotations

import time
from typing import Any


class _ReplayClock:
    """A timer for pytest-benchmark: the seconds that records hold, while they are replayed.

    At any other time it is the usual one, so that a test can measure what it does itself.
    """

    __name__ = "recorded_training_seconds"

    def __init__(self) -> None:
        self.now: float | None = None

    def __call__(self) -> float:
        return time.perf_counter() if self.now is None else self.now

    def replay(self, benchmark: Any, seconds: list[float]) -> None:
        """Give `benchmark` a round of each of these lengths."""
        left = iter(seconds)
        now = self.now = 0.0

        def advance() -> None:
            nonlocal now
            now += next(left, 0.0)
            self.now = now

        try:
            benchmark.pedantic(advance, rounds=len(seconds))
        finally:
            self.now = None


CLOCK = _ReplayClock()
