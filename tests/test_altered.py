"""Whatever is changed in a file that was written, it is found when the file is read."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from records_factory import make_sweep, old_schema

from noisecore.judging.baselines import Baseline, Origin, read_baseline
from noisecore.judging.baselines.file import write_baseline
from noisecore.judging.results import Results, read_results
from noisecore.records import (
    Record,
    RecordError,
    TrialRecord,
    Values,
    pack_right,
    read_record,
    with_checksum,
)
from noisecore.running.store import Store

CURVE = "cnn/gaussian/quick"
SWEEP = make_sweep({0.0: 0.9, 1.0: 0.8}, seeds=(0, 1), images=40)
ORIGIN = Origin(date="2026-01-01T00:00:00", commit=None, noisecore="1", tests=("test_a.py",))
FLIPS = 150


CLEAN = SWEEP[0]  # and what the same training was tested with beside
ONCE = replace(
    CLEAN,
    trial=replace(CLEAN.trial, noise="fog", noise_source="f" * 64, test_scales=(0.0, 3.0)),
    evaluations=(CLEAN.evaluations[0], replace(CLEAN.evaluations[1], scale=3.0)),
)


def write_record(path) -> None:
    """Write a record of a training that was tested with two noises."""
    path.write_text(json.dumps(Record.of([CLEAN, ONCE]).to_dict()))


def write_trial(path) -> None:
    """Write a record of one trial, as a baseline holds them, and as noisecore 0.1 left them."""
    path.write_text(json.dumps(SWEEP[0].to_dict()))


def write_results(path) -> None:
    """Write the results of a run."""
    results = Results(
        run={"id": "1"}, profile={"name": "quick"}, planned=(), records=tuple(SWEEP), verdicts=()
    )
    path.write_text(json.dumps(results.to_dict()))


def write_a_baseline(path) -> None:
    """Write a baseline."""
    write_baseline(path, Baseline(profile="quick", origins={CURVE: ORIGIN}, records=tuple(SWEEP)))


FILES = {
    "record": (write_record, read_record),
    "trial": (write_trial, read_record),
    "results": (write_results, lambda path: read_results(path).to_dict()),
    "baseline": (write_a_baseline, lambda path: vars(read_baseline(path))),
}


@pytest.mark.parametrize("kind", FILES)
def test_flipped_bits(tmp_path, kind) -> None:
    """A bit that is flipped is found, unless the file still says the very same."""
    write, read = FILES[kind]
    path = tmp_path / "file.json"
    write(path)
    content, before = path.read_bytes(), read(path)
    draw = random.Random(0)
    for _ in range(FLIPS):
        place, bit = draw.randrange(len(content)), draw.randrange(8)
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        path.write_bytes(flipped)
        try:
            found = read(path)
        except RecordError:
            continue
        assert found == before, (place, bit)


def change_answers(data) -> None:
    """Make a wrong answer right, and leave the accuracy."""
    each = data["evaluations"][0]
    right = np.arange(each["images"]) < 1
    each["correct"] = pack_right(right)


def drop_scales(data) -> None:
    """Leave a record without a single test."""
    data["evaluations"].clear()
    data["trial"]["test_scales"] = []


@pytest.mark.parametrize("schema", [1, 2])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (change_answers, "accuracy at scale 0 must be the share of right answers, 0.025"),
        (lambda data: data["evaluations"][0].update(accuracy="0.9"), "Expected `float`, got `str`"),
        (lambda data: data["evaluations"][0].update(images=10**12), "Expected `int` <="),
        (
            lambda data: data["evaluations"][0].update(images=48),
            "must hold 48 images of bit, 6 bytes",
        ),
        (lambda data: data["evaluations"][0].update(images=39), "must be the share of right"),
        (lambda data: data["evaluations"][0].update(correct="é"), "must be base64"),
        (lambda data: data["evaluations"].pop(), "must have an evaluation at each of the scales"),
        (lambda data: data["evaluations"].append(data["evaluations"][0]), "at each of the scales"),
        (drop_scales, "it must have a test scale, got none"),
        (lambda data: data["history"].pop(), "history must have 3 epochs or none, got 2"),
        (lambda data: data.update(status="failed"), "a failed trial must have a reason and no"),
        (lambda data: data.update(environment={"python": ["3.11"]}), "at `environment"),
        (lambda data: data.update(cost={"train_seconds": -1}), "at `cost.train_seconds`"),
        (lambda data: data["trial"].update(seed=True), "Expected `int`, got `bool`"),
        (lambda data: data["trial"].update(seed=-1), "at `trial.seed`"),
        (lambda data: data["trial"].update(test_scales=[0.0, None]), "at `trial.test_scales"),
        (
            lambda data: data["trial"]["recipe"].update(optimizer="\ud800"),
            "not valid Unicode at `trial`",
        ),
        (lambda data: data["trial"].update(colour="red"), "unknown name 'trial.colour'"),
    ],
)
def test_what_contradicts_itself(schema, spoil, words) -> None:
    """A value of another type, out of its range, or contradicted by another is named."""
    data = SWEEP[0].to_dict()
    spoil(data)
    data = old_schema(data) if schema == 1 else with_checksum(data)
    with pytest.raises(RecordError) as refused:
        TrialRecord.from_dict(data, source="a.json")
    assert words in str(refused.value)
    assert str(refused.value).startswith("a.json: not a trial record: ")


def scores(data):
    """Return the scores of a record's first cell."""
    return data["cells"][0]["scores"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda data: data["cells"].pop(), "must have a cell of 'fog' at scale 3"),
        (lambda data: data["cells"].append(data["cells"][0]), "must have each cell once"),
        (lambda data: data["cells"][0].update(accuracy=0.5), "must be the share of right answers"),
        (lambda data: data["cells"][0].update(draw=0), "must have a cell of 'gaussian' at scale 0"),
        (lambda data: scores(data).clear(), "one bit per image as accuracy"),
        (lambda data: scores(data)["accuracy"].update(dtype="uint8"), "one bit per image"),
        (lambda data: scores(data)["accuracy"].update(data="AAAA"), "must hold 40 images of bit"),
        (
            lambda data: scores(data).update(loss={"dtype": "float32", "data": "AADAfw=="}),
            "loss at scale 0 must hold 40 images of float32, 160 bytes, got 4",
        ),
        (
            lambda data: data["cells"][0].update(predicted={"dtype": "uint8", "data": "AA=="}),
            "predicted at scale 0 must hold 40 images of uint8",
        ),
        (lambda data: data["trials"].clear(), "Expected `array` of length >= 1"),
        (lambda data: data["trials"][0].update(status="failed"), "a failed trial must have a"),
        (lambda data: data["trials"][0].update(clip=[0.0, 1.0]), "must be of the training that"),
        (lambda data: data["trials"][0].update(seed=1), "unknown name 'trials[0].seed'"),
        (lambda data: data.update(given={}), "must be of either a training, or a given model"),
        (lambda data: data.pop("training"), "must be of either a training, or a given model"),
        (lambda data: data["training"].update(scale=-1.0), "at `training.scale`"),
        (lambda data: data["history"].pop(), "history must have 3 epochs or none, got 2"),
        (lambda data: data.update(colour="red"), "unknown name 'colour'"),
        (lambda data: data.update(schema=1), "its checksum does not match"),
    ],
)
def test_what_contradicts_itself_in_a_whole_record(spoil, words) -> None:
    """So is what does not belong together in a record of a training and its cells."""
    data = Record.of([CLEAN, ONCE]).to_dict()
    checksum = data["checksum"]
    spoil(data)
    data = data if data["schema"] == 1 else with_checksum(data)
    assert data["checksum"] != checksum or data["schema"] == 1
    with pytest.raises(RecordError) as refused:
        Record.from_dict(data, source="a.json")
    assert words in str(refused.value)
    assert str(refused.value).startswith("a.json: not a record: ")


def test_another_score_is_kept(tmp_path) -> None:
    """A score that this noisecore does not know is read, and written again as it was."""
    loss = Values.of(np.linspace(0, 1, 40, dtype=np.float32))
    more = replace(
        CLEAN, evaluations=tuple(replace(e, scores={"loss": loss}) for e in CLEAN.evaluations)
    )
    path = tmp_path / "file.json"
    path.write_text(json.dumps(Record.of([more]).to_dict()))
    assert read_record(path).trials == (more,)
    held = read_record(path).trials[0].evaluations[0].scores["loss"].array(40)
    assert held.tolist() == np.linspace(0, 1, 40, dtype=np.float32).tolist()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data["trials"].pop(),
        lambda data: data["trials"].append(make_sweep({0.0: 1.0}, seeds=(7,))[0].to_dict()),
        lambda data: data["curves"][CURVE].update(commit="f" * 40),
        lambda data: data["curves"][CURVE].update(margins="mean>90"),
        lambda data: data.update(profile="notebook"),
    ],
    ids=["a trial less", "a trial more", "another commit", "wider margins", "another profile"],
)
def test_baseline_put_together_by_hand(tmp_path, spoil) -> None:
    """A baseline that lost or gained a trial, or whose curve says something else, is refused."""
    path = tmp_path / "quick.json"
    write_a_baseline(path)
    data = json.loads(path.read_text())
    spoil(data)
    path.write_text(json.dumps(data))
    with pytest.raises(RecordError, match=r"is not a baseline: .*: restore it from its commit"):
        read_baseline(path)


def test_baselines_can_be_merged(tmp_path) -> None:
    """Two curves that were renewed apart stand in one file after a merge, and it is read."""
    other = make_sweep({0.0: 0.9, 1.0: 0.8}, model="mlp", seeds=(0, 1), images=40)
    files = []
    for name, records in ((CURVE, SWEEP), ("mlp/gaussian/quick", other)):
        path = tmp_path / f"{len(files)}.json"
        write_baseline(
            path, Baseline(profile="quick", origins={name: ORIGIN}, records=tuple(records))
        )
        files.append(json.loads(path.read_text()))
    one, two = files
    merged = one | {"trials": one["trials"] + two["trials"]}
    merged["curves"] |= two["curves"]
    path.write_text(json.dumps(merged))
    assert set(read_baseline(path).origins) == {CURVE, "mlp/gaussian/quick"}


def test_first_schema(tmp_path) -> None:
    """Files of the first schema are read as they were: they have no checksums."""
    for name, (write, read) in FILES.items():
        path = tmp_path / f"{name}.json"
        write(path)
        data = json.loads(path.read_text())
        before = read(path)
        data = old_schema(data)
        if name == "record":  # each trial had a record of its own then
            continue
        if name == "results":
            del data["records"]
            data["trials"] = [record.to_dict() for record in SWEEP]
        if name != "trial":
            data["trials"] = [old_schema(trial) for trial in data["trials"]]
        for curve in data.get("curves", {}).values() if name == "baseline" else ():
            del curve["checksum"]
        path.write_text(json.dumps(data))
        assert read(path) == before


def test_resume_sets_it_aside(tmp_path) -> None:
    """A run that goes on does not take over a record that contradicts itself, and keeps it."""
    store = Store(tmp_path, "a run", resume=True)
    store.prepare()
    record = SWEEP[0]
    data = record.to_dict()
    change_answers(data)
    path = tmp_path / f"{record.key}.json"
    path.write_text(json.dumps(with_checksum(data)))
    assert store.earlier(record.key, record.trial.training) == []
    assert [each.name for each in tmp_path.glob("*.json*")] == [f"{path.name}.damaged"]
