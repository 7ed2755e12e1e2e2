"""A record of a training: which trials belong together, and what each of its cells holds."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from records_factory import make_record

from noisecore.records import (
    Cell,
    CurveId,
    GivenTrial,
    Record,
    RecordError,
    Values,
    join_trials,
    pack_classes,
    pack_probabilities,
)

ONE = make_record(accuracies={0.0: 0.9, 1.0: 0.8, 2.0: 0.5})
TWO = replace(
    ONE, trial=replace(ONE.trial, test_scales=(0.0, 2.0)), evaluations=ONE.evaluations[::2]
)


def test_trials_of_a_training_are_joined() -> None:
    """What has one key is one record, in the order in which it came; each cell stands once."""
    other = make_record(seed=1)
    joined = join_trials([ONE, other, TWO])
    assert [record.trials for record in joined] == [(ONE, TWO), (other,)]
    assert [cell.scale for cell in joined[0].cells] == [0.0, 1.0, 2.0]
    again = Record.from_dict(json.loads(json.dumps(joined[0].to_dict())))
    assert again == joined[0]


@pytest.mark.parametrize(
    "changed",
    [
        replace(TWO, trial=replace(TWO.trial, model="mlp")),
        replace(TWO, parameters=7),
        replace(TWO, history=()),
        replace(TWO, environment={"python": "3.12.0"}),
        replace(TWO, evaluations=(replace(TWO.evaluations[0], loss=9.0), TWO.evaluations[1])),
    ],
    ids=["model", "parameters", "history", "environment", "a cell"],
)
def test_other_numbers_of_one_key_stay_apart(changed) -> None:
    """Two trainings that have one key, as of runs that were put together, are not made into one."""
    with pytest.raises(ValueError, match=r"must have the same|two evaluations"):
        Record.of([ONE, changed])
    assert [record.trials for record in join_trials([ONE, changed])] == [(ONE,), (changed,)]


def test_no_noise_is_one_cell() -> None:
    """Scale 0 is the same cell whatever the noise would have been; another scale is not."""
    fog = replace(ONE.trial, noise="fog", noise_source="f" * 64, clip=(0.0, 1.0), test_draw=3)
    assert fog.cell(0.0) == ONE.trial.cell(0.0)
    assert fog.cell(1.0) == Cell(
        noise="fog", noise_source="f" * 64, scale=1.0, clip=(0.0, 1.0), draw=3
    )
    assert fog.cell(1.0) != ONE.trial.cell(1.0)


def test_draws_of_a_given_model_share_a_key() -> None:
    """All draws of a model that was given are one record; other weights are another."""
    values = {
        "dataset": "arrays", "dataset_sha256": "d" * 64, "model": "test_a.py::test_it",
        "model_source": "a" * 64, "noise": "gaussian", "noise_source": "b" * 64,
        "test_scales": (0.0, 1.0), "units": "range",
    }  # fmt: skip
    keys = {GivenTrial(**values, seed=draw, test_draw=draw).key({}) for draw in range(3)}
    assert len(keys) == 1
    other = GivenTrial(**values | {"model_source": "c" * 64}, seed=0)
    assert other.key({}) not in keys


def test_curves_are_told_by_what_they_are() -> None:
    """Two curves whose names read alike are two: a name is for people."""
    one = CurveId(model="a/b", noise="c", recipe="d")
    two = CurveId(model="a", noise="b/c", recipe="d")
    assert one.name == two.name == "a/b/c/d"
    assert one != two
    assert ONE.trial.curve_id == CurveId(model="cnn", noise="gaussian", recipe="quick")


@pytest.mark.parametrize(
    "numbers",
    [
        np.arange(11) % 3 == 0,
        np.arange(11, dtype=np.uint16) * 999,
        np.linspace(-1, 1, 11, dtype=np.float32),
        np.linspace(-1, 1, 11),
    ],
    ids=lambda numbers: numbers.dtype.name,
)
def test_values(numbers) -> None:
    """Numbers come back as they were, to the bit; of another count they are refused."""
    held = Values.of(numbers)
    assert held.array(11).dtype == numbers.dtype
    assert held.array(11).tolist() == numbers.tolist()
    with pytest.raises(RecordError, match="must hold 17 images"):
        held.array(17)


@pytest.mark.parametrize(("classes", "dtype"), [(2, "uint8"), (256, "uint8"), (257, "uint16")])
def test_classes_take_the_least_type(classes, dtype) -> None:
    """A class number takes no more bytes than the number of classes needs."""
    packed = pack_classes(np.array([0, classes - 1]), classes)
    assert packed.dtype == dtype
    assert packed.array(2).tolist() == [0, classes - 1]


def test_probabilities_are_bytes() -> None:
    """255 stands for 1, and rounding may not leave the range."""
    packed = pack_probabilities(np.array([0.0, 0.5, 1.0, 1.0000001]))
    assert (packed.dtype, packed.array(4).tolist()) == ("uint8", [0, 128, 255, 255])
