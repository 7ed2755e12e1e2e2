"""The running display: one live line on a terminal, one plain line per trial in a log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from noisecore.escaping import one_line, terminal, visible
from noisecore.records import Trial, TrialRecord

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from noisecore.plugin.sources.stages import Standing
    from noisecore.running.events import Event


class Progress:
    """Receives the engine's events and shows them through pytest's terminal reporter.

    It writes only inside `waiting`: between a test's name and its result pytest itself is silent.
    At any other time the two would write into each other's lines. live: whether a terminal gets the
    live line. If the output can no longer be written, training continues.
    """

    def __init__(
        self,
        reporter: TerminalReporter,
        total: int,
        *,
        clock: Callable[[], float],
        live: bool = True,
    ) -> None:
        self._reporter = reporter
        self._live = live and reporter.isatty
        self._gone = False
        self._total = total
        self._most = total
        self._decided = ""
        self._clock = clock
        self._start = clock()
        self._running: dict[Trial, int] = {}
        self._done = 0
        self._reused = 0
        self._unsaid: list[str] = []
        self._lock = threading.Lock()
        self._waiting = False
        self._drawn = False

    def __call__(self, event: Event) -> None:
        """Take in one event, from any thread, and show what it changes."""
        with self._lock:
            if event.kind in ("finished", "reused"):
                self._running.pop(event.trial, None)
                self._done += 1
                self._reused += event.kind == "reused"
                if event.record is not None:
                    said = outcome(event.record)
                    if event.kind == "reused":
                        said += f", {_whence(event.record)}"
                    self._unsaid.append(f"noisecore {self._count()} {said}{self._left()}")
            elif event.kind == "retried":
                self._running[event.trial] = 0
                said = f"{event.trial.label}: run again: {event.reason}"
                self._unsaid.append(f"noisecore {self._count()} {said}")
            else:
                self._running[event.trial] = 0 if event.epoch is None else event.epoch + 1
            if self._waiting:
                self._show()

    def settle(self, total: int, standing: Sequence[Standing]) -> None:
        """Take in how many trials are wanted by now, and how far curves of a growing plan are."""
        with self._lock:
            self._total = total
            self._most = total + sum(each.most - each.now for each in standing)
            decided, points = (sum(n) for n in zip(*(each[2:4] for each in standing), strict=True))
            self._decided = f", decided {decided} of {points}"

    def say(self, line: str) -> None:
        """Show a line as soon as a test waits."""
        with self._lock:
            self._unsaid.append(f"noisecore: {line}")

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Show the display while the block, a test, waits for its trials."""
        with self._lock:
            self._waiting = True
            self._show()
        try:
            yield
        finally:
            with self._lock:
                self._waiting = False
                if self._drawn:
                    self._drawn = False
                    with self._heard():
                        self._reporter.rewrite("", erase=True)

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Stop showing anything once the output is closed or full."""
        try:
            yield
        except (OSError, ValueError):
            self._gone = True

    def _show(self) -> None:
        unsaid, self._unsaid = self._unsaid, []
        if self._reporter.verbosity >= 0 and not self._gone:
            with self._heard():
                self._write(unsaid)

    def _write(self, unsaid: list[str]) -> None:
        if not self._live:
            for line in unsaid:
                said = f"{terminal(visible(line))}\n"
                self._reporter.ensure_newline()
                begun = getattr(self._reporter._tw, "chars_on_current_line", 0)  # xdist's dots
                self._reporter.write(f"\n{said}" if begun else said, flush=True)  # a log grows
        elif self._running:
            if not self._drawn:
                self._reporter.ensure_newline()
            current = " | ".join(
                f"{trial.model} {trial.train_scale:g} seed {trial.seed} "
                f"{epoch}/{trial.recipe.epochs}"
                for trial, epoch in self._running.items()
            )
            line = visible(f"noisecore {self._count()}{self._left()}: {current}")
            self._reporter.rewrite(line[: self._reporter._tw.fullwidth - 1], erase=True)
            self._drawn = True

    def _count(self) -> str:
        return f"{self._done}/{self._total}"

    def _left(self) -> str:
        """Return the estimated time left, at the pace so far."""
        seconds = self._clock() - self._start
        trained = self._done - self._reused
        if trained == 0 or self._done >= self._most:
            return self._decided
        left = duration(seconds / trained * (self._most - self._done))
        return f"{self._decided}, {'at most' if self._decided else 'about'} {left} left"


def _whence(record: TrialRecord) -> str:
    return "from the cache" if record.is_cached else "by an earlier run"


def outcome(record: TrialRecord) -> str:
    """Return what became of a trial, in one line."""
    trial = record.trial
    if record.status == "failed":
        return one_line(f"{trial.label}: failed: {record.reason}")
    accuracy = record.at(trial.curve_scales[0]).accuracy
    said = f"{trial.label}: accuracy {accuracy:.4f}"
    return said if record.is_cached else f"{said} in {duration(record.cost['seconds'])}"


def duration(seconds: float) -> str:
    """Return seconds as a person would write them: 42 s, 3 min 05 s, 2 h 10 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
