"""Weights that a run keeps: what they test later is what the training itself would have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from needs import needs_tensorflow

from noisecore.records import Trial, TrialRecord
from noisecore.running.engine import Engine
from noisecore.running.store import Store

pytestmark = needs_tensorflow

RUN = "20250101-000000-test"


def run(tiny: SimpleNamespace, folder: Path, name: str, trial: Trial, **choices):
    """Run one trial in a worker; return its record, and the kinds of all events."""
    kinds = []
    engine = Engine(
        [trial],
        store=Store(folder / "trials", name, resume=True),
        location=(tiny.path, None),
        workers=1,
        listener=lambda event: kinds.append(event.kind),
        keep_models=True,
        **choices,
    )
    engine.start()
    try:
        (record,) = engine.wait([trial])
    finally:
        engine.close()
    return record, kinds


@pytest.fixture(scope="module")
def kept(tiny, tmp_path_factory):
    """Return the folder of a run that kept its weights, and its record."""
    folder = tmp_path_factory.mktemp("kept")
    record, kinds = run(tiny, folder, RUN, tiny.trials["noisy"])
    assert kinds == ["started", "epoch", "finished"]
    return SimpleNamespace(folder=folder, record=record)


@pytest.fixture(scope="module")
def weights(kept) -> Path:
    """Return the file of the weights."""
    (path,) = (kept.folder / "models").iterdir()
    return path


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory) -> TrialRecord:
    """Return the record of a trial with more cells, trained for itself."""
    record, _ = run(tiny, tmp_path_factory.mktemp("trained"), RUN, tiny.trials["other test"])
    return record


def test_more_cells_are_tested_and_not_trained(tiny, kept, weights, trained) -> None:
    """A later run gets the very figures that a training of its own would give, without one."""
    assert weights.name == f"{kept.record.key}.weights.h5"
    record, kinds = run(tiny, kept.folder, "a later run", tiny.trials["other test"])
    assert kinds == ["started", "finished"]
    assert record.numbers() == trained.numbers()
    assert record.cost["resumed_from"] == RUN
    assert record.cost["train_seconds"] == kept.record.cost["train_seconds"]
    both = Store(kept.folder / "trials", RUN).read(record.key)
    assert [each.numbers() for each in both] == [kept.record.numbers()]


def test_other_weights_are_not_believed(tiny, kept, weights, trained) -> None:
    """Weights that are not those of the record are not used: the training is done again."""
    weights.write_bytes(weights.read_bytes() + b"\0")
    more = replace(trained.trial, test_scales=(0.0, 3.0))
    record, kinds = run(tiny, kept.folder, "another run", more)
    assert kinds == ["started", "epoch", "finished"]
    assert record.history == kept.record.history
    assert "their weights were not kept" in record.cost["note"]
    assert record.cost["weights_sha256"] == kept.record.cost["weights_sha256"]


def test_weights_that_cannot_be_kept(tiny, tmp_path) -> None:
    """The training is kept all the same, and its record says what stood in the way."""
    (tmp_path / "models").write_text("a file")
    record, _ = run(tiny, tmp_path, RUN, tiny.trials["noisy"])
    assert record.status == "complete"
    assert "weights_sha256" not in record.cost
    assert record.cost["note"].startswith("weights could not be kept in ")
