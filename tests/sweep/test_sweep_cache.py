"""A sweep beside a cache: what it takes, what it trains, and what it says."""

from __future__ import annotations

import sys
import warnings

import pytest
from test_sweep_own import build_here

from noisecore.records import read_record
from noisecore.running import compat, engine
from noisecore.sweep import trials

OWN = """
WIDTH = {width}

def build_cached(shape, classes):
    return WIDTH
"""


def records_in(folder):
    """Return the records of all trials in a folder of artifacts."""
    files = sorted((folder / "trials").glob("*.json"))
    return [trial for file in files for trial in read_record(file).trials]


def test_taken(workers, sweep, tmp_path, capfd) -> None:
    """What a sweep has trained another one takes, in another folder, and says so in its bar."""
    first = sweep(cache="kept", artifacts="one")
    assert len(workers.asked) == 2
    workers.asked.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = sweep(cache=tmp_path / "kept", artifacts="two", progress=True)
    assert workers.asked == []
    assert str(again) == str(first)
    assert [record.is_cached for record in records_in(tmp_path / "two")] == [True, True]
    assert ", from the cache]" in capfd.readouterr().err
    sweep(artifacts="three")
    assert len(workers.asked) == 2


def test_own_code(workers, sweep, tmp_path, monkeypatch) -> None:
    """A builder of one's own is taken by its code: changed, it is trained again."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    counts = []
    for place, width in enumerate([1, 1, 22]):
        (tmp_path / "cached_own.py").write_text(OWN.format(width=width))
        sys.modules.pop("cached_own", None)
        from cached_own import build_cached

        workers.asked.clear()
        sweep(build_cached, cache="kept", artifacts=f"out-{place}")
        counts.append(len(workers.asked))
    assert counts == [2, 0, 2]


def test_not_cached(workers, sweep, tmp_path) -> None:
    """Code outside the repository of the current folder is never cached, and a warning says so."""
    for place in range(2):
        with pytest.warns(RuntimeWarning) as warned:
            sweep(build_here, cache="kept", artifacts=f"out-{place}")
        (said,) = [str(each.message) for each in warned]
        assert "not cached: the model build_here: test_sweep_own.py is installed, or out" in said
    assert len(workers.asked) == 4
    assert not (tmp_path / "kept").exists()


def test_in_this_process(workers, sweep, tmp_path, monkeypatch) -> None:
    """What this process trains is never cached nor taken, and a warning says so."""
    sweep(cache="kept")

    def run_trials(trials, dataset, *, run, conditions, on_epoch, weights):
        workers.asked += trials
        return workers.answer(trials, run, conditions)

    monkeypatch.setattr(engine, "run_trials", run_trials)
    monkeypatch.setattr(trials, "settle_late", lambda threads: None)
    monkeypatch.setattr(compat, "settle", lambda threads: None)
    with pytest.warns(RuntimeWarning, match="not cached: workers=0 trains in this process, what"):
        sweep(cache="kept", workers=0)
    assert len(workers.asked) == 4
    assert len(list((tmp_path / "kept").glob("*/*.json"))) == 2
