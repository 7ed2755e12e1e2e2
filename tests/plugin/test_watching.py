"""What xdist's controller tells of records that others make."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace

from records_factory import make_record
from waiting import wait_until

from noisecore.plugin import watching
from noisecore.running.store import Store


class Reporter:
    """Stands in for pytest's terminal reporter."""

    isatty = True
    verbosity = 0
    _tw = SimpleNamespace(chars_on_current_line=0)

    def __init__(self) -> None:
        self.lines: list[str] = []

    def ensure_newline(self) -> None:
        """Do nothing."""

    def write(self, text: str, **_: bool) -> None:
        """Keep a line."""
        self.lines.append(text)


def record(seed, run="r"):
    """Return a record of a run."""
    return make_record(seed=seed, run=run, cost={"seconds": 5.0, "train_seconds": 4.0})


def config_of(reporter):
    """Return a configuration that has a reporter and nothing else."""
    return SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=lambda name: reporter))


def test_each_record_once(tmp_path, monkeypatch) -> None:
    """Each record of the run is one line, once the plan is known; another run's is none."""
    monkeypatch.setattr(watching, "_PAUSE", 0.01)
    store, reporter, planned = Store(tmp_path, "r"), Reporter(), []
    store.prepare()
    store.write([record(0, run="earlier")])
    with watching.watching(config_of(reporter), store, lambda: planned):
        planned += ["a", "b"]
        wait_until(lambda: reporter.lines)
        store.write([record(1)])
        wait_until(lambda: len(reporter.lines) == 2)
        (tmp_path / "half.json").write_text("{")
        resumed = record(0)
        store.write([replace(resumed, cost={**resumed.cost, "resumed_from": "earlier"})])
    assert reporter.lines[0] == "noisecore: 2 trials: each is shown when it is done\n"
    assert reporter.lines[1].startswith("noisecore 1/2 cnn/gaussian/quick scale 1 seed 1: accuracy")
    assert reporter.lines[2].startswith("noisecore 2/2 cnn/gaussian/quick scale 1 seed 0: accuracy")
    assert reporter.lines[2].endswith(", by an earlier run\n")
    assert not any("_watch" in thread.name for thread in threading.enumerate())


def test_beside_dots(tmp_path, monkeypatch) -> None:
    """A line begins a line of its own, where pytest has begun one."""
    monkeypatch.setattr(watching, "_PAUSE", 0.01)
    store, reporter = Store(tmp_path, "r"), Reporter()
    store.prepare()
    store.write([record(0)])
    reporter._tw = SimpleNamespace(chars_on_current_line=3)
    with watching.watching(config_of(reporter), store, lambda: ["a"]):
        wait_until(lambda: len(reporter.lines) == 2)
    assert all(line.startswith("\nnoisecore") for line in reporter.lines)


def test_nobody_to_tell(tmp_path, monkeypatch) -> None:
    """Without a plan, a terminal, or a reader, nothing is told and nothing breaks."""
    monkeypatch.setattr(watching, "_PAUSE", 0.01)
    store = Store(tmp_path, "r")
    store.prepare()
    for reporter in (None, Reporter()):
        with watching.watching(config_of(reporter), store, lambda: []):
            pass
    asked = []
    closed = Reporter()

    def refuse(*_, **__):
        asked.append(1)
        raise BrokenPipeError

    closed.write = refuse
    with watching.watching(config_of(closed), store, lambda: ["a"]):
        store.write([record(0)])
        wait_until(lambda: asked)
