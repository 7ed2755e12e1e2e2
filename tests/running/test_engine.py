"""Many trials: the same numbers however they are run, and a failure is the trial's alone."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from needs import needs_tensorflow

from noisecore.running.engine import Engine
from noisecore.running.sizing import available_workers
from noisecore.running.store import Store

RUN = "20250101-000000-test"

# Trials without workers run in a child of ours: TensorFlow would stay in this process.
INLINE = """
import json, pathlib, random, sys
from noisecore import noise
from noisecore.records import trial_from_dict
from noisecore.running.engine import Engine
from noisecore.running.store import Store

noise.NOISES["nothing"] = lambda images, scale, *, rng: images
path, run, runs = json.load(sys.stdin)
for folder, trials in runs.items():
    trials = [trial_from_dict(trial) for trial in trials]
    store = Store(pathlib.Path(folder), run)
    engine = Engine(trials, store=store, location=(path, None), workers=0)
    engine.start()
    engine.wait(trials)
    random.seed(7)  # what a process did before must not matter
"""

SHARED = ("clean", "noisy", "other test", "other seed", "diverging", "stale")
AFTER_A_DEATH = ("noisy", "diverging")  # few, since each takes two seconds


@pytest.fixture(scope="module")
def inline(tiny, tmp_path_factory):
    """Return the records of the trials, run in one process: in their order, and backwards."""
    folders = [tmp_path_factory.mktemp("inline") for _ in range(2)]
    trials = [dataclasses.asdict(tiny.trials[name]) for name in (*SHARED, "idle", "mixed")]
    runs = dict(zip(map(str, folders), (trials, trials[::-1]), strict=True))
    subprocess.run(
        [sys.executable, "-c", INLINE],
        input=json.dumps([tiny.path, RUN, runs]),
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return [by_name(tiny, Store(folder, RUN).records()) for folder in folders]


@pytest.fixture(scope="module")
def one_worker(tiny, tmp_path_factory):
    """Return what became of the trials in one worker, which is killed in the first of them."""
    store = Store(tmp_path_factory.mktemp("one"), RUN)
    pids = []

    def listen(event):
        if event.trial == tiny.trials["endless"] and event.kind == "epoch":
            pids.append(engine._workers[0]._process.pid)
            os.kill(pids[-1], signal.SIGKILL)

    trials = [tiny.trials[name] for name in ("endless", *AFTER_A_DEATH)]
    engine = Engine(trials, store=store, location=(tiny.path, None), workers=1, listener=listen)
    engine.start()
    try:
        records = engine.wait(trials)
        pids.append(engine._workers[0]._process.pid)
    finally:
        engine.close()
    return SimpleNamespace(records=by_name(tiny, records), pids=pids)


@pytest.fixture(scope="module")
def two_workers(tiny, tmp_path_factory):
    """Return what became of the trials in two workers, closed before the last one was done."""
    store = Store(tmp_path_factory.mktemp("two"), RUN)
    events = []

    def listen(event):
        on_disk = event.record is not None and event.record in store.read(event.record.key)
        events.append((event, on_disk))

    trials = [tiny.trials[name] for name in (*SHARED, "endless")]
    engine = Engine(trials, store=store, location=(tiny.path, None), workers=2, listener=listen)
    engine.start()
    try:
        records = engine.wait(trials[:-1])
        processes = [worker._process for worker in engine._workers]
    finally:
        engine.close()
    return SimpleNamespace(
        records=by_name(tiny, records), store=store, events=events, processes=processes
    )


def by_name(tiny, records):
    """Return records by the names of their trials."""
    names = {trial: name for name, trial in tiny.trials.items()}
    return {names[record.trial]: record for record in records}


# The same numbers, however they are run


@needs_tensorflow
@pytest.mark.parametrize("name", SHARED)
def test_order_does_not_matter(inline, name):
    """A trial's record is the same, bit for bit, whatever ran before it in the same process."""
    there, back = inline
    assert there[name].numbers() == back[name].numbers()


@needs_tensorflow
@pytest.mark.parametrize("name", AFTER_A_DEATH)
def test_a_worker_does_not_matter(inline, one_worker, name):
    """A trial's record is the same, bit for bit, inline and in a worker that replaced another."""
    assert one_worker.records[name].numbers() == inline[0][name].numbers()


@needs_tensorflow
@pytest.mark.parametrize("name", SHARED)
def test_workers_side_by_side_do_not_matter(inline, two_workers, name):
    """A trial's record is the same, bit for bit, alone and while another is trained beside it."""
    assert two_workers.records[name].numbers() == inline[0][name].numbers()


@needs_tensorflow
def test_seeds_and_scales_do_matter(inline):
    """Another seed trains another model, and so does noise: the sameness above is no accident."""
    histories = {inline[0][name].history for name in ("clean", "noisy", "other seed")}
    assert len(histories) == 3


@needs_tensorflow
def test_a_training_is_done_once(inline):
    """What is trained alike is trained once, and tested as each trial asks for."""
    one, other = inline[0]["noisy"], inline[0]["other test"]
    assert [each.scale for each in other.evaluations] == [0.0, 1.0, 2.0]
    assert (other.at(0.0), other.at(1.0)) == (one.at(0.0), one.at(1.0))
    assert other.history == one.history
    assert other.key == one.key
    assert other.cost["train_seconds"] == one.cost["train_seconds"]
    assert other.cost["seconds"] == other.cost["evaluate_seconds"]  # the training counts once
    assert one.cost["seconds"] > one.cost["train_seconds"]
    assert other.cost["train_seconds"] == one.cost["train_seconds"]
    assert other.cost["seconds"] < one.cost["seconds"]


@needs_tensorflow
def test_precision_is_the_trials_own(inline):
    """A trial in mixed precision learns, to other digits, and leaves none of it to the next."""
    mixed, plain = inline[0]["mixed"], inline[0]["noisy"]
    assert mixed.status == "complete"
    assert mixed.at(1.0).loss != plain.at(1.0).loss
    assert mixed.at(1.0).loss == pytest.approx(plain.at(1.0).loss, rel=0.1)
    # Backwards it came first of all: the others came out the same.
    assert inline[1]["mixed"].numbers() == mixed.numbers()
    assert inline[1]["noisy"].numbers() == plain.numbers()


@needs_tensorflow
def test_record_is_whole(inline):
    """A complete record has its epochs, parameters, and an evaluation for each test scale."""
    record = inline[0]["noisy"]
    assert (record.status, record.reason) == ("complete", None)
    assert record.parameters == (64 + 1) * 512 + 513 * 3
    assert len(record.history) == 1
    assert [evaluation.scale for evaluation in record.evaluations] == [0.0, 1.0]
    for evaluation in record.evaluations:
        assert evaluation.images == len(evaluation.right) == 40
        assert evaluation.accuracy == evaluation.right.mean()
    assert record.history[-1].test_accuracy == record.at(1.0).accuracy
    assert record.environment["threads"] == 1


@needs_tensorflow
def test_every_trial_is_tested_on_the_same_noisy_images(inline):
    """The test draw does not follow the seed or the train scale; each scale has its own images."""
    records = [inline[0][name] for name in ("clean", "noisy", "other seed")]
    for scale in (0.0, 1.0):
        assert len({record.at(scale).images_sha256 for record in records}) == 1
    assert records[0].at(0.0).images_sha256 != records[0].at(1.0).images_sha256


# Failures


@needs_tensorflow
def test_worker_that_dies_fails_its_trial_alone(one_worker):
    """The trial of a killed worker has a record that says so; a new worker runs the others."""
    record = one_worker.records["endless"]
    assert record.status == "failed"
    assert record.reason.startswith("the worker was ended by SIGKILL; see ")
    assert (record.evaluations, record.run) == ((), RUN)
    assert one_worker.records["noisy"].status == "complete"
    assert record.reason.endswith(" (2 attempts)")
    assert len(set(one_worker.pids)) == 3


@needs_tensorflow
def test_loss_that_is_not_finite_fails_the_trial(inline):
    """A training that diverges is a failed record that names the epoch, and has no figures."""
    record = inline[0]["diverging"]
    assert record.status == "failed"
    assert record.reason in [f"the training loss became {x} in epoch 1" for x in ("nan", "inf")]
    assert record.evaluations == ()


@needs_tensorflow
def test_dataset_that_changed_fails_the_trial(tiny, inline):
    """Trials are not run on other data than they were planned for: both sums are named."""
    record = inline[0]["stale"]
    assert record.status == "failed"
    assert record.reason == (
        f"data set tiny.npz changed: expected SHA-256 {record.trial.dataset_sha256}, "
        f"got {tiny.trials['noisy'].dataset_sha256}"
    )


@needs_tensorflow
def test_noise_that_changes_nothing_fails_the_trial(inline):
    """A noise that leaves the images as they are would make any model look robust."""
    record = inline[0]["idle"]
    assert record.status == "failed"
    assert record.reason == "noise nothing at scale 1 changed no test image"


# Events, and the end


@needs_tensorflow
def test_listener_hears_of_every_trial_in_order(tiny, two_workers):
    """A trial starts, finishes its epochs, and finishes with a record that is on disk already."""
    for name in ("clean", "noisy", "other seed"):
        heard = [(e, kept) for e, kept in two_workers.events if e.trial == tiny.trials[name]]
        assert [event.kind for event, _ in heard] == ["started", "epoch", "finished"]
        assert (heard[1][0].epoch, heard[1][0].figures) == (
            0,
            two_workers.records[name].history[0],
        )
        assert heard[2] == (heard[2][0], True)
        assert heard[2][0].record == two_workers.records[name]


@needs_tensorflow
def test_close_ends_workers_and_what_they_run(tiny, two_workers):
    """When an engine is closed its processes have ended, and unfinished trials have no record."""
    assert all(process.poll() is not None for process in two_workers.processes)
    kept = {record.trial for record in two_workers.store.records()}
    assert kept == {tiny.trials[name] for name in SHARED}


@needs_tensorflow
def test_trials_of_the_run_are_not_run_again(tiny, two_workers):
    """A second engine on the store, as in another process, takes the records and trains nothing."""
    trials = [tiny.trials[name] for name in ("other seed", "diverging", "clean", "clean")]
    events = []
    engine = Engine(
        trials,
        store=two_workers.store,
        location=(tiny.path, None),
        workers=2,
        listener=events.append,
    )
    engine.start()
    try:
        records = engine.wait(trials)
    finally:
        engine.close()
    assert [record.trial for record in records] == trials
    assert {event.kind for event in events} == {"finished"}
    assert len(events) == 3


def test_auto_is_a_worker_a_processor_but_no_more_than_trials():
    """No worker is started that would have nothing to do, and there is always one."""
    assert [available_workers(trials, 1, 0) for trials in (0, 1)] == [1, 1]
    assert 1 <= available_workers(10_000, 1, 0) <= os.cpu_count()
