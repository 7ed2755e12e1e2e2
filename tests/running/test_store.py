"""Records on disk: complete or not there, and of this run alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from records_factory import make_record

from noisecore.records import Record, RecordError
from noisecore.running.store import Store, StoreError

RUN = make_record().run
KEY = make_record().key


@pytest.fixture
def store(tmp_path):
    """Return a store of its own, ready for use."""
    store = Store(tmp_path / "results" / "trials", RUN)
    store.prepare()
    return store


# Records


def test_record_is_read_as_it_was_written(store):
    """What is kept is what is found, alone and among all; a training without a record has none."""
    records = [make_record(seed=seed, key=f"{seed:020}") for seed in (1, 0)]
    for record in records:
        store.write([record])
    assert store.read(records[0].key) == [records[0]]
    assert store.records() == records[::-1]
    assert store.read("f" * 20) == []


def test_failed_record_is_kept_too(store):
    """A failure is a result: it is found again, with its reason."""
    record = make_record(status="failed", reason="the worker was ended by SIGKILL")
    store.write([record])
    assert store.read(record.key) == [record]


def test_second_store_of_the_run_sees_the_record(store):
    """Processes that share folder and run share records."""
    store.write([make_record()])
    assert Store(store.folder, RUN).records() == [make_record()]


def test_another_runs_record_is_not_seen(store):
    """Only this run's trials count, until this run has made and kept its own."""
    store.write([make_record(run="an older run")])
    assert store.read(KEY) == []
    assert store.records() == []
    store.write([make_record()])
    assert store.read(KEY) == [make_record()]


def test_another_runs_record_of_an_older_schema_is_not_seen(store):
    """What older noisecores left in the folder does not stand in the way."""
    old = {**make_record(run="an older run").to_dict(), "schema": 0}
    (store.folder / f"{KEY}.json").write_text(json.dumps(old))
    assert store.records() == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b'{"key": ', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (json.dumps({"run": RUN}).encode(), "expected a noisecore file of schema"),
        (
            json.dumps({**make_record().to_dict(), "trial": {}}).encode(),
            "not a trial record: ",
        ),
        (
            json.dumps({**Record.of([make_record()]).to_dict(), "training": {}}).encode(),
            "not a record: ",
        ),
    ],
    ids=["empty", "cut", "binary", "no record", "no trial", "no training"],
)
def test_damaged_record_is_named(store, content, message):
    """A file of this run that cannot be read is named in one line, and set aside among others."""
    path = store.folder / f"{KEY}.json"
    path.write_bytes(content)
    with pytest.raises(RecordError) as refusal:
        store.read(KEY)
    assert str(refusal.value).startswith(f"{path}: {message}")
    assert "\n" not in str(refusal.value)
    assert store.records() == []
    assert [each.read_bytes() for each in store.aside] == [content]
    assert not path.exists()


def test_locks_and_half_written_files_are_no_records(store):
    """Whatever else lies in the folder while trials run, only records are read."""
    with store.claim(KEY):
        (store.folder / f".{KEY}.json.123").write_text("half")
        assert store.records() == []


# The folder


def test_prepare_makes_the_folder_and_leaves_no_trace(tmp_path):
    """The folder and its parents are made; trying whether it can be written leaves no file."""
    store = Store(tmp_path / "a" / "b", RUN)
    store.prepare()
    store.prepare()
    assert [path.name for path in store.folder.iterdir()] == [".locks"]


@pytest.mark.parametrize("below", ["", "trials", "a/b/c"])
def test_folder_that_cannot_be_written_is_one_clear_line(tmp_path, below):
    """A folder that cannot be is refused before anything is trained, with the way out."""
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / below
    with pytest.raises(StoreError) as refusal:
        Store(folder, RUN).prepare()
    message = str(refusal.value)
    assert message.startswith(f"artifacts cannot be written to {folder}: ")
    assert message.endswith(": choose another folder with --noise-artifacts")
    assert "\n" not in message
    assert (tmp_path / "file").read_text() == "in the way"


# What earlier runs left


def resuming(store):
    """Return a later run's store on the same folder."""
    return Store(store.folder, "a later run", resume=True)


def take_over(store, *trials):
    """Return what earlier runs have of these trials of one training."""
    taken = store.made_own(store.earlier(KEY, trials[0].training), trials)
    if taken:
        store.write(taken)
    return taken


def test_take_over_makes_the_record_this_runs_own(store):
    """The numbers stay, the run is the later one, and where it came from is said."""
    record = make_record()
    store.write([record])
    later = resuming(store)
    (taken,) = take_over(later, record.trial)
    assert taken.numbers() == record.numbers()
    assert (taken.run, taken.cost["resumed_from"]) == ("a later run", RUN)
    assert later.records() == [taken]
    (again,) = take_over(Store(store.folder, "the latest", resume=True), record.trial)
    assert again.cost["resumed_from"] == RUN


def test_take_over_leaves_what_failed(store):
    """A failed trial is run again; one that is not there too."""
    failed = make_record(status="failed")
    store.write([failed])
    assert take_over(resuming(store), failed.trial) == []
    assert resuming(store).earlier("0" * 20, failed.trial.training) == []


def test_take_over_of_cells_that_another_trial_had_tested(store):
    """A trial is there when its cells are: of fewer scales, and of no noise under another name."""
    record = make_record(scale=0.0, accuracies={0.0: 0.9, 1.0: 0.8})
    store.write([record])
    fewer = replace(record.trial, test_scales=(0.0,))
    named = replace(fewer, noise="fog", noise_source="f" * 64)
    more = replace(record.trial, test_scales=(0.0, 2.0))
    later = resuming(store)
    taken = later.made_own(later.earlier(record.key, record.trial.training), [fewer, named, more])
    assert [each.trial for each in taken] == [fewer, named]
    assert [each.evaluations for each in taken] == [record.evaluations[:1]] * 2
    later.write(taken)
    assert later.read(record.key) == taken
    assert store.read(record.key) == [record]


def test_a_failure_costs_no_other_trial(store):
    """What failed stands beside what an earlier run has of the same training."""
    before = make_record(run="an older run", accuracies={0.0: 0.9, 1.0: 0.8, 2.0: 0.5})
    store.write([before])
    failed = make_record(status="failed", environment={"python": "3.11.0"})
    store.write([failed])
    (kept,) = store.records()
    assert (kept.status, kept.reason, kept.trial) == ("failed", failed.reason, failed.trial)
    assert Store(store.folder, "an older run").records() == [before]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}'])
def test_take_over_sets_damage_aside(store, content):
    """A damaged file is kept under another name, and its training is done again."""
    path = store.folder / f"{KEY}.json"
    path.write_text(content)
    assert take_over(resuming(store), make_record().trial) == []
    assert not path.exists()
    assert (store.folder / f"{KEY}.json.damaged").read_text() == content


def test_take_over_sets_another_trainings_record_aside(store):
    """A record under a wrong name, as a copy by hand makes it, is not believed."""
    other = make_record(seed=7)
    (store.folder / f"{KEY}.json").write_text(json.dumps(other.to_dict()))
    assert take_over(resuming(store), make_record().trial) == []
    assert (store.folder / f"{KEY}.json.damaged").exists()


def test_trials_of_an_earlier_run_stay_beside_this_runs(store):
    """What an earlier run had tested of the same training is not lost when this run writes."""
    before = make_record(run="an older run", accuracies={0.0: 0.9, 1.0: 0.8, 2.0: 0.5})
    store.write([before])
    store.write([make_record()])
    assert store.records() == [make_record()]
    assert Store(store.folder, "an older run").records() == [before]


def test_another_training_of_an_earlier_run_is_replaced(store):
    """What gave other numbers for the same key is not put together with this run's."""
    before = make_record(run="an older run", accuracies={0.0: 0.9, 1.0: 0.7, 2.0: 0.5})
    store.write([before])
    store.write([make_record()])
    assert store.records() == [make_record()]
    assert Store(store.folder, "an older run").records() == []


def test_two_trials_of_a_training_are_one_file(store):
    """A file holds a training and all its cells, each once, and gives every trial back."""
    one = make_record(accuracies={0.0: 0.9, 1.0: 0.8, 2.0: 0.5})
    two = replace(
        one,
        trial=replace(one.trial, test_scales=(0.0, 2.0)),
        evaluations=one.evaluations[::2],
    )
    store.write([one, two])
    (path,) = store.folder.glob("*.json")
    data = json.loads(path.read_text())
    assert [cell["scale"] for cell in data["cells"]] == [0, 1, 2]
    assert [each["scales"] for each in data["trials"]] == [[0, 1, 2], [0, 2]]
    assert store.records() == [one, two]


def test_damaged_files_are_found(store):
    """Files that are no records, or another trial's, are listed; records are not."""
    store.write([make_record()])
    (store.folder / "copy.json").write_text((store.folder / f"{KEY}.json").read_text())
    (store.folder / "junk.json").write_text("{")
    assert store.damaged() == [store.folder / "copy.json", store.folder / "junk.json"]


def test_disk_that_is_full_already(store, monkeypatch):
    """A disk that takes an empty file and no more is found out before anything is trained."""

    def refuse(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError, match=r"cannot be written to .*No space left on device"):
        store.prepare()
    assert not list(store.folder.glob(".probe*"))


def test_half_written_files_of_the_dead_are_swept(store):
    """What a killed process was writing is removed; what a living one writes stays."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    dead = store.folder / f".{KEY}.json.{process.pid}"
    living = store.folder / f".{KEY}.json.{os.getpid()}"
    for half in (dead, living):
        half.write_text("{")
    store.prepare()
    assert not dead.exists()
    assert living.exists()


def test_disk_that_refuses_a_record(store, monkeypatch):
    """It is said which record, why, and how to go on."""

    def refuse(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError, match=r"cnn/.* could not be written .*No space.*noise-resume"):
        store.write([make_record()])
    assert list(store.folder.glob("*.json")) == []
