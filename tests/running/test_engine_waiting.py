"""Waiting for trials: what another process runs, what breaks, what interrupts."""

from __future__ import annotations

import contextlib
import dataclasses
import threading

import pytest
from needs import needs_tensorflow
from records_factory import make_record

from noisecore.records import RecordError
from noisecore.running.engine import Engine
from noisecore.running.store import Store

pytestmark = needs_tensorflow

RUN = "20250101-000000-test"


def record_of(trial, key):
    """Return a record of a trial that never ran."""
    accuracies = dict.fromkeys(trial.test_scales, 0.5)
    record = make_record(accuracies=accuracies, recipe=trial.recipe.name)
    return dataclasses.replace(record, trial=trial, key=key, run=RUN)


def test_interrupt_reaches_who_waits(tiny, tmp_path):
    """Where Python dropped a signal's own exception, waiting ends all the same, and soon."""
    trials = [tiny.trials["clean"]]
    engine = Engine(trials, store=Store(tmp_path, RUN), location=(tiny.path, None), workers=1)
    threading.Timer(0.3, engine.interrupt).start()  # it was never started: nothing else ends it
    with pytest.raises(KeyboardInterrupt):
        engine.wait(trials)


def test_trial_that_another_process_runs_is_waited_for(tiny, tmp_path):
    """A trial that is claimed elsewhere is not run here: its record is used when it comes."""
    trial = tiny.trials["noisy"]
    store = Store(tmp_path, RUN)
    started = threading.Event()
    engine = Engine(
        [trial],
        store=store,
        location=(tiny.path, None),
        workers=1,
        listener=lambda event: started.set() if event.kind == "started" else None,
    )
    (key,) = engine.trainings
    store.prepare()
    record = record_of(trial, key)
    with store.claim(key):
        engine.start()
        assert not started.wait(timeout=0.3)
        store.write([record])
    try:
        assert engine.wait([trial]) == [record]
    finally:
        engine.close()
    assert not started.is_set()


def test_record_that_two_workers_find_at_once_is_told_once(tiny, tmp_path):
    """Two threads that both read a trial's record from the store make one event of it."""
    both = threading.Barrier(2)

    class Slow(Store):
        @contextlib.contextmanager
        def claim(self, key):
            with super().claim(key) as mine:
                yield mine
            if mine:  # no thread goes on before the other has had the claim too
                both.wait(timeout=10)

    trial = tiny.trials["noisy"]
    store = Slow(tmp_path, RUN)
    events = []
    engine = Engine(
        [trial], store=store, location=(tiny.path, None), workers=2, listener=events.append
    )
    (key,) = engine.trainings
    store.prepare()
    store.write([record_of(trial, key)])
    engine.start()
    try:
        engine.wait([trial])
        engine.finish()
    finally:
        engine.close()
    assert [event.kind for event in events] == ["finished"]


@pytest.mark.parametrize("workers", [1, 2])
def test_damaged_record_reaches_who_waits(tiny, tmp_path, workers):
    """An error that is no trial's own is raised where the trials are waited for."""
    trial = tiny.trials["noisy"]
    engine = Engine(
        [trial], store=Store(tmp_path, RUN), location=(tiny.path, None), workers=workers
    )
    (key,) = engine.trainings
    (tmp_path / f"{key}.json").write_text("{")
    engine.start()
    try:
        with pytest.raises(RecordError, match=f"{key}.json: not JSON"):
            engine.wait([trial])
    finally:
        engine.close()
