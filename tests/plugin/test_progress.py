"""The running display: a live line on a terminal, one line per trial in a log, nothing with -q."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from records_factory import make_record

from noisecore.plugin.progress import Progress, duration, outcome
from noisecore.plugin.sources.stages import Standing
from noisecore.records import Epoch, TrialRecord
from noisecore.running.events import Event

NAME = "cnn/gaussian/quick"


@dataclass
class FakeReporter:
    """Stands in for pytest's terminal reporter; `shown` is what it was told to write."""

    isatty: bool = False
    verbosity: int = 0
    width: int = 80
    shown: list[str] = field(default_factory=list)

    @property
    def _tw(self) -> SimpleNamespace:
        return SimpleNamespace(fullwidth=self.width)

    def ensure_newline(self) -> None:
        """End a line that has begun."""
        self.shown.append("\n")

    def write(self, content: str, *, flush: bool = False) -> None:
        """Write as it is."""
        self.shown.append(content)

    def write_line(self, line: str) -> None:
        """Write a whole line."""
        self.shown.append(f"{line}\n")

    def rewrite(self, line: str, **markup: bool) -> None:
        """Draw over the line."""
        self.shown.append(f"\r{line}")

    @property
    def lines(self) -> list[str]:
        """The lines that were written in full."""
        return [text.strip() for text in self.shown if text.endswith("\n") and text.strip()]

    @property
    def drawn(self) -> list[str]:
        """The states of the live line."""
        return [text.strip() for text in self.shown if text.startswith("\r")]


class Clock:
    """A clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock():
    """Return a clock that a test sets."""
    return Clock()


def trial(seed: int = 0, **choices) -> TrialRecord:
    """Return a record that took 65 seconds."""
    return make_record(seed=seed, cost={"seconds": 65.0, "train_seconds": 60.0}, **choices)


def finished(record: TrialRecord) -> Event:
    """Return the event of a record that is there."""
    return Event("finished", record.trial, record=record)


def epoch(record: TrialRecord, number: int) -> Event:
    """Return the event of an epoch's end; the first is number 0."""
    figures = Epoch(loss=1.0, accuracy=0.5, test_loss=1.0, test_accuracy=0.5)
    return Event("epoch", record.trial, epoch=number, figures=figures)


def test_log_has_a_line_a_trial(clock) -> None:
    """Off a terminal each trial is one plain line: count, name, outcome, time; epochs are none."""
    reporter = FakeReporter()
    progress = Progress(reporter, 3, clock=clock)
    with progress.waiting():
        progress(Event("started", trial().trial))
        progress(epoch(trial(), 0))
        clock.now += 70
        progress(finished(trial()))
    assert reporter.lines == [
        f"noisecore 1/3 {NAME} scale 1 seed 0: accuracy 0.8000 in 1 min 05 s, about 2 min 20 s left"
    ]
    assert reporter.drawn == []


def test_log_while_nobody_waits(clock) -> None:
    """What happens while pytest writes itself is told as soon as a test waits, in its order."""
    reporter = FakeReporter()
    progress = Progress(reporter, 2, clock=clock)
    progress(finished(trial(0)))
    progress(finished(trial(1)))
    assert reporter.shown == []
    with progress.waiting():
        assert [line.split()[1] for line in reporter.lines] == ["1/2", "2/2"]
    with progress.waiting():
        assert len(reporter.lines) == 2


def test_time_left(clock) -> None:
    """The estimate is the pace so far, and is gone with the last trial."""
    reporter = FakeReporter()
    progress = Progress(reporter, 4, clock=clock)
    with progress.waiting():
        for seed in range(4):
            clock.now += 10 * (seed + 1)
            progress(finished(trial(seed)))
    left = [line.rpartition(", about ")[2] for line in reporter.lines]
    assert left[:3] == ["30 s left", "30 s left", "20 s left"]
    assert "left" not in left[3]


def test_live_line(clock) -> None:
    """On a terminal one line shows the count and each running trial's epoch, and is drawn over."""
    reporter = FakeReporter(isatty=True)
    progress = Progress(reporter, 3, clock=clock)
    with progress.waiting():
        progress(Event("started", trial(0).trial))
        progress(Event("started", trial(1).trial))
        progress(epoch(trial(1), 0))
        epochs = trial().trial.recipe.epochs
        two = f"cnn 1 seed 0 0/{epochs} | cnn 1 seed 1 1/{epochs}"
        assert reporter.drawn[-1] == f"noisecore 0/3: {two}"
        clock.now += 30
        progress(finished(trial(0)))
        one = f"cnn 1 seed 1 1/{epochs}"
        assert reporter.drawn[-1] == f"noisecore 1/3, about 1 min 00 s left: {one}"
    assert reporter.lines == []


def test_live_line_is_taken_away(clock) -> None:
    """When the wait is over the live line is gone, so that pytest's own result stands alone."""
    reporter = FakeReporter(isatty=True)
    progress = Progress(reporter, 3, clock=clock)
    with progress.waiting():
        progress(Event("started", trial().trial))
    assert reporter.shown[-1] == "\r"
    before = list(reporter.shown)
    progress(epoch(trial(), 0))
    assert reporter.shown == before


def test_live_line_fits(clock) -> None:
    """The live line never wraps, however many trials run."""
    reporter = FakeReporter(isatty=True, width=40)
    progress = Progress(reporter, 30, clock=clock)
    with progress.waiting():
        for seed in range(20):
            progress(Event("started", trial(seed).trial))
    assert max(map(len, reporter.drawn)) < 40


@pytest.mark.parametrize("isatty", [False, True])
def test_quiet(clock, isatty) -> None:
    """With -q nothing is shown, on a terminal or off."""
    reporter = FakeReporter(isatty=isatty, verbosity=-1)
    progress = Progress(reporter, 2, clock=clock)
    with progress.waiting():
        progress(Event("started", trial().trial))
        progress(finished(trial()))
    assert reporter.shown == []


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("I/O on closed file")])
@pytest.mark.parametrize("isatty", [False, True])
def test_nobody_reads(clock, monkeypatch, isatty, error) -> None:
    """Where nothing can be written any more, the events are heard, and nobody is stopped."""
    reporter, asked = FakeReporter(isatty=isatty), []

    def refuse(*_, **__):
        asked.append(1)
        raise error

    for name in ("ensure_newline", "write", "rewrite"):
        monkeypatch.setattr(reporter, name, refuse)
    progress = Progress(reporter, 2, clock=clock)
    with progress.waiting():
        for seed in range(2):
            progress(Event("started", trial(seed).trial))
            progress(finished(trial(seed)))
    assert asked == [1]


def test_odd_names(clock) -> None:
    """A name acts neither in a terminal nor in a log: it stays in its line, as text."""
    for isatty in (False, True):
        reporter = FakeReporter(isatty=isatty)
        progress = Progress(reporter, 3, clock=clock)
        odd = trial(model="\r::error::e\x1b[2J\n", status="failed", reason="x\n::warning::w")
        with progress.waiting():
            progress(Event("started", odd.trial))
            progress(Event("retried", odd.trial, reason="x\n::warning::w"))
            progress(finished(odd))
        shown = "".join(reporter.shown).replace("\r", "\n").split("\n")
        assert all(line.isprintable() for line in shown)
        assert not any(line.lstrip().startswith("::") for line in shown)


def test_outcome_of_a_failure(clock) -> None:
    """A failed trial's line has the reason, and its count goes on."""
    reporter = FakeReporter()
    progress = Progress(reporter, 2, clock=clock)
    failure = trial(status="failed", reason="the training loss became nan in epoch 2")
    with progress.waiting():
        progress(finished(failure))
    assert outcome(failure) == (
        f"{NAME} scale 1 seed 0: failed: the training loss became nan in epoch 2"
    )
    assert reporter.lines[0].startswith(f"noisecore 1/2 {outcome(failure)}")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.7, "1 h 00 min"),
        (7810, "2 h 10 min"),
    ],
)
def test_duration(seconds, words) -> None:
    """Seconds are told in the two greatest units that fit."""
    assert duration(seconds) == words


def test_seeds_one_after_another(clock) -> None:
    """A plan that grows is shown with what is decided, and the most time that it may take."""
    reporter = FakeReporter()
    progress = Progress(reporter, 12, clock=clock)
    standing = Standing("a", 1, decided=7, points=12, now=3, most=10, seeds="", identical=False)
    with progress.waiting():
        progress.settle(3, [standing])
        clock.now += 20
        progress(finished(trial()))
        progress.settle(1, [standing._replace(decided=12, now=1, most=1)])
        progress(finished(trial(1)))
    assert reporter.lines[0].startswith("noisecore 1/3 ")
    assert reporter.lines[0].endswith(", decided 7 of 12, at most 3 min 00 s left")
    assert reporter.lines[1].endswith(", decided 12 of 12")
