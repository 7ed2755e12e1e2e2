"""A timer for pytest-benchmark that replays the training seconds of records."""

from __future__ import annotations

import time
from typing import Any


class _ReplayClock:
    """A timer for pytest-benchmark that gives the seconds of records while it replays them.

    Otherwise it is the usual clock, so that a test can also measure its own work.
    """

    __name__ = "recorded_training_seconds"

    def __init__(self) -> None:
        self.now: float | None = None

    def __call__(self) -> float:
        return time.perf_counter() if self.now is None else self.now

    def replay(self, benchmark: Any, seconds: list[float]) -> None:
        """Give `benchmark` one round for each of these lengths; without any, no figures at all."""
        if not seconds:  # otherwise it would warn that it was not used
            benchmark.disabled = True
        left = iter(seconds)
        now = self.now = 0.0

        def advance() -> None:
            nonlocal now
            now += next(left, 0.0)
            self.now = now

        try:
            benchmark.pedantic(advance, rounds=max(1, len(seconds)))
        finally:
            self.now = None


CLOCK = _ReplayClock()
