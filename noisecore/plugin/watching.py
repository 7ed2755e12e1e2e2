"""Progress under pytest-xdist: its controller trains nothing, and watches the records appear."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest

from noisecore.plugin.progress import Progress
from noisecore.records import Trial

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from noisecore.plugin.sources.stages import Standing
    from noisecore.records import TrialRecord
    from noisecore.running.store import Store

Kind = Literal["finished", "reused"]

_PAUSE = 1.0  # seconds between two looks


@contextmanager
def watching(
    config: pytest.Config,
    store: Store,
    planned: Callable[[], Sequence[str]],
    standing: Callable[[], Sequence[Standing]] = tuple,
) -> Iterator[None]:
    """Show each record of the run, in a line, while the tests of the block wait for them.

    planned: returns the labels of all trials; no labels until the xdist workers know them.
    standing: returns how far each curve is whose trials become more.
    """
    reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        yield
        return
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(reporter, store, planned, standing, over))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(
    reporter: TerminalReporter,
    store: Store,
    planned: Callable[[], Sequence[str]],
    standing: Callable[[], Sequence[Standing]],
    over: threading.Event,
) -> None:
    from noisecore.running.events import Event

    while not (labels := planned()):
        if over.wait(_PAUSE):
            return
    # xdist draws a live line of its own on a terminal: write plain lines.
    progress = Progress(reporter, len(labels), clock=time.monotonic, live=False)
    progress.say(f"{len(labels)} trials: each is shown when it is done")
    seen: dict[str, int] = {}
    with progress.waiting():
        ended = False
        while not ended:
            ended = over.wait(_PAUSE)  # then one last look
            if rows := standing():
                progress.settle(len(planned()), rows)
            for record in _new(store, seen):
                if isinstance(record.trial, Trial):  # a model that was given takes no time
                    kind: Kind = "reused" if record.is_earlier else "finished"
                    progress(Event(kind, record.trial, record=record))


def _new(store: Store, seen: dict[str, int]) -> Iterator[TrialRecord]:
    """Yield the run's records that were not seen yet; skip files that cannot be read."""
    for path in sorted(store.folder.glob("*.json")):
        try:
            written = path.stat().st_mtime_ns
            if seen.get(path.name) == written:
                continue
            seen[path.name] = written
            records = store.read(path.stem)
        except (OSError, ValueError):
            continue  # the report says why
        yield from records
