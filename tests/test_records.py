"""Records survive the disk, and a trial's key covers what its numbers depend on."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from records_factory import make_record, old_schema

from noisecore.recipes import Recipe, get_recipe
from noisecore.records import (
    SCHEMA,
    Epoch,
    Evaluation,
    RecordError,
    Trial,
    TrialRecord,
    pack_right,
    trial_from_dict,
)

RECORD = make_record(
    recipe="notebook", clip=(0.0, 1.0), accuracies={0: 0.9, 1: 0.8, 4: 0.25}, images=37
)


FAILED = make_record(status="failed", reason="the training loss became nan in epoch 2")


TRIAL = RECORD.trial


CHANGES = {
    "dataset": "mnist",
    "dataset_sha256": "e" * 64,
    "model": "mlp",
    "model_source": "c" * 64,
    "recipe": get_recipe("quick"),
    "noise": "fog",
    "noise_source": "c" * 64,
    "train_scale": 4.0,
    "test_scales": (0.0, 1.0),
    "seed": 1,
    "test_draw": 1,
    "clip": None,
    "subset": (37, 100),
    "blank": True,
    "trained_with": "fog",
    "trained_with_source": "c" * 64,
}


RECIPE_CHANGES = {
    "optimizer": "adam",
    "learning_rate": 0.002,
    "schedule": "cosine",
    "batch_size": 1,
    "epochs": 1,
    "standardisation": "none",
    "train_noise": "fresh",
}


def test_no_field_is_left_out_of_these_tests():
    """A field that a trial or a recipe gains is changed below too; precision has one value only."""
    unkeyed = {"monotone"}  # no number depends on it
    assert set(CHANGES) | unkeyed == {field.name for field in dataclasses.fields(Trial)}
    fields = {field.name for field in dataclasses.fields(Recipe)}
    assert set(RECIPE_CHANGES) == fields - {"name", "precision"}


@pytest.mark.parametrize(("field", "value"), CHANGES.items())
def test_key_depends_on_all_that_is_trained(field, value):
    """A trial that was trained otherwise has a record of its own; what it is tested at has none."""
    key = dataclasses.replace(TRIAL, **{field: value}).key({})
    assert (key != TRIAL.key({})) == (field not in ("test_scales", "subset"))


@pytest.mark.parametrize(("field", "value"), RECIPE_CHANGES.items())
def test_key_depends_on_every_value_of_the_recipe(field, value):
    """A recipe with one other value, be it of the same name, makes another trial."""
    recipe = dataclasses.replace(TRIAL.recipe, **{field: value})
    assert dataclasses.replace(TRIAL, recipe=recipe).key({}) != TRIAL.key({})


def test_key_depends_on_conditions():
    """Other versions, threads or sources, and more of them, make another key."""
    keys = {TRIAL.key(c) for c in ({}, {"threads": 1}, {"threads": 2}, {"threads": 1, "numpy": 2})}
    assert len(keys) == 4


def test_key_depends_on_what_the_recipe_is_called():
    """A recipe of another name makes a curve of another name, so its trials are kept apart."""
    recipe = dataclasses.replace(TRIAL.recipe, name="mine")
    assert dataclasses.replace(TRIAL, recipe=recipe).key({}) != TRIAL.key({})


def test_key_does_not_depend_on_how_a_number_is_written():
    """1 and 1.0 are one scale and one learning rate."""
    recipe = dataclasses.replace(TRIAL.recipe, learning_rate=1)
    one = dataclasses.replace(TRIAL, recipe=recipe, train_scale=1, test_scales=(0, 1))
    recipe = dataclasses.replace(TRIAL.recipe, learning_rate=1.0)
    other = dataclasses.replace(TRIAL, recipe=recipe, train_scale=1.0, test_scales=(0.0, 1.0))
    assert one.key({}) == other.key({})


def test_key_does_not_depend_on_the_order_of_conditions():
    """The same conditions, gathered in another order, give the same key."""
    assert TRIAL.key({"numpy": "2", "threads": 1}) == TRIAL.key({"threads": 1, "numpy": "2"})


def test_key_is_the_same_in_another_process():
    """A worker, with hash seeds of its own, knows a trial by the same key, also read from JSON."""
    program = (
        "import json, sys; from noisecore.records import trial_from_dict; "
        "print(trial_from_dict(json.load(sys.stdin)).key({'threads': 1}))"
    )
    child = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(dataclasses.asdict(TRIAL)),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout.strip() == TRIAL.key({"threads": 1})


def test_key_is_a_file_name():
    """A key is twenty hexadecimal digits: safe on any file system."""
    assert len(TRIAL.key({})) == 20
    int(TRIAL.key({}), 16)


@pytest.mark.parametrize(
    ("changes", "curve"),
    [
        ({}, "cnn/gaussian/quick"),
        ({"clip": (0.0, 1.0)}, "cnn/gaussian/quick/clip=0:1"),
        ({"clip": (-0.5, 1.5), "blank": True}, "cnn/gaussian/quick/clip=-0.5:1.5/blank"),
        ({"recipe": "notebook+epochs=2", "model": "mlp"}, "mlp/gaussian/notebook+epochs=2"),
    ],
)
def test_curve_names_all_but_scale_and_seed(changes, curve):
    """Trials of one curve share its name, those of another condition do not."""
    for scale, seed in ((1.0, 0), (0.5, 3)):
        trial = make_record(scale=scale, seed=seed, **changes).trial
        assert trial.curve == curve
        assert trial.label == f"{curve} scale {scale:g} seed {seed}"


def test_curve_of_a_model_that_was_trained_once():
    """Its training stands in its name, and its figures are for every scale it was tested at."""
    once = dataclasses.replace(TRIAL, trained_with="fog", trained_with_source="c" * 64)
    assert once.curve == f"{TRIAL.curve}/trained=fog:{TRIAL.train_scale:g}"
    assert once.label == f"{once.curve} seed {once.seed}"
    assert once.curve_scales == once.test_scales
    clean = dataclasses.replace(once, train_scale=0)
    assert clean.curve == f"{TRIAL.curve}/trained=clean"


def test_training_without_noise_is_one_training():
    """Clean images are trained on once, whatever the noise would have been; others are not."""
    clean = dataclasses.replace(TRIAL, train_scale=0.0)
    foggy = {"trained_with": "fog", "trained_with_source": "c" * 64}
    assert dataclasses.replace(clean, **foggy).training == clean.training
    assert dataclasses.replace(clean, noise="fog", noise_source="c" * 64).training == clean.training
    assert dataclasses.replace(clean, test_scales=(0.0, 9.0)).training == clean.training
    assert dataclasses.replace(TRIAL, **foggy).training != TRIAL.training
    itself = {"trained_with": TRIAL.noise, "trained_with_source": TRIAL.noise_source}
    assert dataclasses.replace(TRIAL, **itself).training == TRIAL.training


@pytest.mark.parametrize(
    "field", sorted({*CHANGES} - {"dataset", "test_scales", "subset", "trained_with_source"})
)
def test_training_depends_on_all_that_it_is_made_of(field):
    """What differs in anything that a training depends on is another training."""
    changed = dataclasses.replace(TRIAL, **{field: CHANGES[field]})
    assert changed.training.key({}) != TRIAL.training.key({})
    assert TRIAL.training.key({"threads": 1}) != TRIAL.training.key({"threads": 2})


def test_record_from_before_a_model_could_be_trained_once():
    """A record without the younger fields is read as one that was trained at each scale."""
    data = old_schema(RECORD.to_dict())
    del data["trial"]["trained_with"], data["trial"]["trained_with_source"]
    assert TrialRecord.from_dict(data) == RECORD


@pytest.mark.parametrize("record", [RECORD, FAILED], ids=["complete", "failed"])
def test_record_survives_json(record):
    """A record written as JSON, strictly, and read again is equal to itself, tuples included."""
    text = json.dumps(record.to_dict(), allow_nan=False)
    again = TrialRecord.from_dict(json.loads(text))
    assert again == record
    assert json.dumps(again.to_dict()) == text
    assert hash(again.trial) == hash(record.trial)


def test_trial_survives_json():
    """A trial sent to a worker arrives equal, hashable, and with the same key."""
    trial = trial_from_dict(json.loads(json.dumps(dataclasses.asdict(TRIAL))))
    assert trial == TRIAL
    assert {trial: trial.key({})} == {TRIAL: TRIAL.key({})}


@given(
    st.builds(
        Epoch,
        **dict.fromkeys(
            ("loss", "accuracy", "test_loss", "test_accuracy"), st.floats(allow_nan=False)
        ),
    )
)
def test_figures_survive_json_to_the_bit(epoch):
    """No figure is rounded on its way to the disk and back."""
    trial = dataclasses.replace(TRIAL, recipe=TRIAL.recipe.but(epochs=1))
    record = dataclasses.replace(RECORD, trial=trial, history=(epoch,))
    assert TrialRecord.from_dict(json.loads(json.dumps(record.to_dict()))).history == (epoch,)


def test_to_dict_is_a_copy():
    """What is done to the dict is not done to the record."""
    data = RECORD.to_dict()
    data["environment"]["python"] = "2.7"
    assert RECORD.environment["python"] != "2.7"


def test_numbers_leave_out_run_and_cost_alone():
    """Records of one trial made twice have equal numbers; any other difference shows."""
    again = dataclasses.replace(RECORD, run="another", cost={"train_seconds": 99.0})
    assert again.numbers() == RECORD.numbers()
    assert set(RECORD.to_dict()) - set(RECORD.numbers()) == {"run", "cost", "checksum"}
    other = dataclasses.replace(RECORD, environment={"threads": 2})
    assert other.numbers() != RECORD.numbers()


def test_evaluation_is_found_by_scale():
    """`at` gives the evaluation at a scale, and names trial and scale where there is none."""
    assert RECORD.at(4.0).scale == 4.0
    with pytest.raises(KeyError, match=r"scale 1 seed 0 was not evaluated at scale 0\.5"):
        RECORD.at(0.5)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (SCHEMA + 1, f"expected schema 1 to {SCHEMA}, got {SCHEMA + 1}: update noisecore to read"),
        (0, f"expected schema 1 to {SCHEMA}, got 0: make it again with this noisecore"),
        (None, f"expected a noisecore file of schema 1 to {SCHEMA}, got no schema"),
        (str(SCHEMA), f"expected a noisecore file of schema 1 to {SCHEMA}, got no schema"),
        (True, f"expected a noisecore file of schema 1 to {SCHEMA}, got no schema"),
    ],
)
def test_other_schema_is_refused(version, message):
    """A newer schema, an older one, and one that is no number are told apart, with the file."""
    with pytest.raises(RecordError) as refusal:
        TrialRecord.from_dict({**RECORD.to_dict(), "schema": version}, source="trials/a.json")
    assert str(refusal.value).startswith(f"trials/a.json: {message}")


@pytest.mark.parametrize("data", [{}, [], None, "record", {"key": "a"}])
def test_what_is_no_record_is_refused(data):
    """JSON that noisecore did not write is refused as such."""
    with pytest.raises(RecordError, match=r"trials/a\.json: expected a noisecore file of schema"):
        TrialRecord.from_dict(data, source="trials/a.json")


@pytest.mark.parametrize("field", ["dataset", "model", "noise"])
@pytest.mark.parametrize("value", [{}, None, 3, ["fog"]])
def test_name_that_is_no_text_is_refused(field, value):
    """A name that is no text is refused when it is read, in one line."""
    data = RECORD.to_dict()
    data["trial"][field] = value
    with pytest.raises(RecordError, match=f"Expected `str`.* at `trial.{field}`") as refused:
        TrialRecord.from_dict(data)
    assert "\n" not in str(refused.value)


def test_newer_schema_is_named_even_if_its_fields_are_unknown():
    """A newer noisecore's record says that it is newer, and not which field is strange."""
    with pytest.raises(RecordError, match="update noisecore"):
        TrialRecord.from_dict({"schema": SCHEMA + 1, "verdict": "pass"})


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"status": "done"},
        {"trial": None},
        {"trial": {**TRIAL.__dict__, "recipe": {"name": "mine", "epochs": 0}}},
        {"trial": {"model": "cnn"}},
        {"history": [{"loss": 1.0}]},
        {"evaluations": [1]},
        {"evaluations": None},
    ],
    ids=lambda change: "-".join(map(str, change)),
)
def test_altered_record_is_refused(change):
    """A record with parts missing, added or of another kind is refused with its source."""
    with pytest.raises(RecordError, match=r"trials/a\.json: .*\w+"):
        TrialRecord.from_dict({**RECORD.to_dict(), **change}, source="trials/a.json")


@pytest.mark.parametrize("field", ["key", "run", "trial", "status", "history", "evaluations"])
def test_incomplete_record_is_refused(field):
    """A record that lacks a part is refused, and the part is named."""
    data = RECORD.to_dict()
    del data[field]
    with pytest.raises(RecordError, match=f"not a trial record: {field} is missing"):
        TrialRecord.from_dict(data)


@given(st.lists(st.booleans(), max_size=70))
def test_right_images_survive_packing(right):
    """Which images were right comes back bit by bit, whether or not the bits fill their bytes."""
    packed = pack_right(np.array(right, bool))
    evaluation = Evaluation(
        scale=1.0, loss=0.1, accuracy=0.9, images=len(right), correct=packed, images_sha256=""
    )
    assert evaluation.right.dtype == bool
    assert evaluation.right.tolist() == right


def test_packing_takes_a_bit_an_image():
    """Ten thousand images take 1,250 bytes, and a third more as text."""
    assert len(pack_right(np.ones(10_000, bool))) == 1668
