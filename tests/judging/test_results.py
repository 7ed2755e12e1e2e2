"""results.json: written, read again, described by its schema, refused when broken."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import jsonschema
import pytest
from records_factory import make_record, make_sweep

from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import judge_floor, judge_monotonic
from noisecore.judging.results import Results, read_results
from noisecore.judging.schemas import load_schema
from noisecore.records import Epoch, RecordError, join_trials


def make_results():
    """Return results with a full curve, a failed trial, a missing one, and two verdicts."""
    sweep = make_sweep({0.0: 0.95, 1.0: 0.9, 4.0: 0.5})
    (curve,) = matched_curves(sweep).values()
    burst = Epoch(loss=math.nan, accuracy=0.1, test_loss=math.nan, test_accuracy=0.1)
    failed = replace(make_record("mlp", status="failed"), history=(burst,))
    return Results(
        run={"id": "r", "started": "2025-01-01T00:00:00Z", "command": "pytest"},
        profile={"name": "quick", "scales": (1.0, 4.0)},
        planned=(*(r.trial.label for r in (*sweep, failed)), "mlp/gaussian/quick scale 9 seed 0"),
        records=(*sweep, failed),
        verdicts=(judge_monotonic(curve), judge_floor(curve, {1.0: 0.8}, scale=4.0)),
    )


def save(path, data):
    """Write a dict as JSON, and return the path."""
    path.write_text(json.dumps(data, allow_nan=False))
    return path


def validate(name, data):
    """Raise unless the data is what the published schema describes."""
    schema = load_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(data)


def test_what_is_written_can_be_read(tmp_path):
    """Results come back as they were, losses that were not a number included."""
    results = make_results()
    read = read_results(save(tmp_path / "results.json", results.to_dict()))
    assert read.to_dict() == results.to_dict()
    assert read.records[:-1] == results.records[:-1]
    assert math.isnan(read.records[-1].history[0].loss)
    assert read.verdicts == results.verdicts
    assert read.missing == ["mlp/gaussian/quick scale 9 seed 0"]
    assert [record.trial.model for record in read.failed] == ["mlp"]


def test_results_fit_their_schema():
    """The published schemas describe what is written, failed and clipped trials included."""
    validate("results", make_results().to_dict())
    for record in join_trials(
        [*make_results().records, make_record(clip=(0.0, 1.0), blank=True, monotone=False)]
    ):
        validate("record", record.to_dict())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("run"),
        lambda data: data.update(schema=3),
        lambda data: data.update(surprise=1),
        lambda data: data["records"][0]["trials"][0].update(status="done"),
        lambda data: data["records"][0]["training"].pop("seed"),
        lambda data: data["records"][0]["training"]["recipe"].update(epochs=0),
        lambda data: data["records"][0]["cells"][0].update(accuracy=1.5),
        lambda data: data["records"][0]["cells"][0]["scores"]["accuracy"].update(dtype="int"),
        lambda data: data["records"][0].update(given=data["records"][0]["training"]),
        lambda data: data["curves"][0].update(accuracy_mean=["high"]),
        lambda data: data["verdicts"][0].update(verdict="maybe"),
    ],
)
def test_the_schema_refuses_what_is_broken(spoil):
    """A part that is missing, unknown, of another type or out of range does not validate."""
    data = make_results().to_dict()
    spoil(data)
    with pytest.raises(jsonschema.ValidationError):
        validate("results", data)


def test_every_field_of_the_schemas_is_described():
    """No property of a published schema is left without a description."""

    def walk(node, path):
        if isinstance(node, dict):
            for name, field in node.get("properties", {}).items():
                assert field.get("description"), f"{path}.{name}"
            for name, child in node.items():
                walk(child, f"{path}.{name}")

    walk(load_schema("results"), "results")


def test_curves_carry_their_figures():
    """Each curve has its means and intervals by scale, its largest drop, half scale and area."""
    cnn, mlp = make_results().to_dict()["curves"]
    assert cnn["scales"] == [0, 1, 4]
    assert cnn["accuracy_mean"] == pytest.approx([0.95, 0.9, 0.5])
    assert cnn["accuracy_low"][0] < 0.95 < cnn["accuracy_high"][0]
    assert cnn["accuracy_sd"] == pytest.approx([0.004] * 3)
    assert cnn["counted"] == [3, 3, 3]
    assert cnn["largest_drop"] == {"scale_from": 1, "scale_to": 4, "drop": pytest.approx(0.4)}
    assert cnn["scale_at_half"] is None
    assert 0.5 < cnn["normalised_area"] < 0.95
    assert mlp["accuracy_mean"] == [None]
    assert mlp["largest_drop"] is mlp["normalised_area"] is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is cut off"),
        ('{"schema": 1, "run": {"id": "x', "is cut off"),
        ('{"schema": 1, "run": {', "is cut off"),
        ("# a summary\nof a run", "is not JSON"),
        ("[" * 100_000, "JSON|cut off"),
        ("[]", "got no schema"),
        ('{"schema": 0}', "expected schema 1 to 2, got 0: make it again"),
        ('{"schema": 3}', "expected schema 1 to 2, got 3: update noisecore"),
        ('{"schema": 1}', "missing required field `run`"),
        ('{"schema": 1, "run": []}', "Expected `object`, got `array` at `run`"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path, content, message):
    """A file that is cut off, no JSON, of another schema or not whole is named with the reason."""
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(RecordError, match=message) as refusal:
        read_results(path)
    assert str(refusal.value).startswith(str(path))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: data["records"][3].pop("key"), r"records\[3\]: not a record"),
        (
            lambda data: data["records"][1].update(schema=5),
            r"records\[1\]: expected schema 1 to 2, got 5",
        ),
        (lambda data: data["records"].append("x"), r"records\[10\]"),
        (
            lambda data: data["verdicts"][0].update(gate="luck"),
            r"unknown word 'luck' at `verdicts\[0\]\.gate`",
        ),
        (
            lambda data: data["verdicts"][1]["figures"].append({"luck": 1}),
            r"a known kind of row at `verdicts\[1\]\.figures\[1\]`, got \{'luck': 1\}",
        ),
        (
            lambda data: data["verdicts"][1]["figures"][0].update(mean=None),
            r"Expected `float`, got `null` at `verdicts\[1\]\.figures\[0\]\.mean`",
        ),
        (lambda data: data.update(planned=None), "Expected `array`, got `null` at `planned`"),
    ],
)
def test_a_broken_part_is_named(tmp_path, spoil, message):
    """A record or verdict inside that does not fit is named by its place."""
    data = make_results().to_dict()
    spoil(data)
    with pytest.raises(RecordError, match=message):
        read_results(save(tmp_path / "results.json", data))


def test_bytes_that_are_no_text_are_refused(tmp_path):
    """A picture given for results is refused, and no traceback is shown."""
    path = tmp_path / "results.json"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(RecordError, match="cannot be read"):
        read_results(path)
