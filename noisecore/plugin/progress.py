"""The running display: one live line on a terminal, a plain line a trial in a log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from noisecore.records import Trial, TrialRecord

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from noisecore.running.engine import Event


class Progress:
    """Hears the engine's events and shows them through pytest's terminal reporter."""

    def __init__(
        self, reporter: TerminalReporter, total: int, *, clock: Callable[[], float]
    ) -> None:
        self._reporter = reporter
        self._total = total
        self._clock = clock
        self._start = clock()
        self._running: dict[Trial, int] = {}
        self._done: list[TrialRecord] = []
        self._shown = False
        # On a terminal only while it writes nothing else into the middle of our line.
        self._live = reporter.isatty and reporter.verbosity >= 0

    def __call__(self, event: Event) -> None:
        """Take in one event and show what it changes."""
        if event.kind == "finished":
            self._running.pop(event.trial, None)
            if event.record is not None:
                self._done.append(event.record)
        else:
            self._running[event.trial] = 0 if event.epoch is None else event.epoch + 1
        if self._reporter.verbosity < 0:
            return
        if self._live:
            self._show_line()
        elif event.kind == "finished" and event.record is not None:
            self._reporter.ensure_newline()
            self._reporter.write_line(
                f"noisecore {self._count()} {outcome(event.record)}{self._left()}"
            )

    def clear(self) -> None:
        """Take the live line away, so that pytest can write its own."""
        if self._shown:
            self._reporter.rewrite("", erase=True)
            self._shown = False

    def _show_line(self) -> None:
        if not self._shown:
            self._reporter.ensure_newline()
        current = " | ".join(
            f"{trial.model} {trial.train_scale:g} #{trial.seed} {epoch}/{trial.recipe.epochs}"
            for trial, epoch in self._running.items()
        )
        line = f"noisecore {self._count()}{self._left()} {current}"
        width = self._reporter._tw.fullwidth
        self._reporter.rewrite(line[: width - 1], erase=True)
        self._shown = True

    def _count(self) -> str:
        return f"{len(self._done)}/{self._total}"

    def _left(self) -> str:
        """Return the estimated time left, from the models' own seconds a trial so far."""
        seconds = self._clock() - self._start
        if not self._done or len(self._done) >= self._total:
            return ""
        return (
            f", about {duration(seconds / len(self._done) * (self._total - len(self._done)))} left"
        )


def outcome(record: TrialRecord) -> str:
    """Return what became of a trial, in one line."""
    trial = record.trial
    if record.status == "failed":
        return f"{trial.label}: failed: {record.reason}"
    accuracy = record.at(trial.train_scale).accuracy
    return f"{trial.label}: accuracy {accuracy:.4f} in {duration(record.cost['seconds'])}"


def duration(seconds: float) -> str:
    """Return seconds in the words of a person: 42 s, 3 min 05 s, 2 h 10 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
