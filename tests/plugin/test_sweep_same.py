"""A sweep from a script trains what a pytest run trains, with the same numbers."""

from __future__ import annotations

import shutil

from noisecore import train_sweep
from noisecore.judging.curves import matched_curves
from noisecore.records import read_record

RECIPE = "quick+epochs=1,batch_size=32"


def test_the_same_numbers(trained, tmp_path) -> None:
    """Each record has the key of that of the pytest run, and its numbers; so the curves agree."""
    data = trained.folder / "tiny.npz"
    choices = {"scales": [1, 4], "seeds": 2, "recipe": RECIPE, "progress": False}
    curve = train_sweep("mlp", data, artifacts=tmp_path / "out", workers=1, **choices)
    records = [
        trial
        for file in (tmp_path / "out" / "trials").glob("*.json")
        for trial in read_record(file).trials
    ]
    assert len(records) == 6
    for record in records:
        known = trained.records[record.trial.label]
        assert (record.key, record.trial) == (known.key, known.trial)
        assert record.numbers() == known.numbers()
    curves = matched_curves(trained.records.values())
    assert str(curve) == str(curves[curve.name])


def test_what_pytest_trained_is_resumed(trained, tmp_path) -> None:
    """A sweep in the folder of a pytest run takes its records, and trains nothing."""
    folder = shutil.copytree(trained.artifacts, tmp_path / "quick")
    curve = train_sweep(
        "mlp",
        trained.folder / "tiny.npz",
        scales=[1, 4],
        seeds=2,
        recipe=RECIPE,
        artifacts=folder,
        resume=True,
        progress=False,
    )
    files = (folder / "trials").glob("*.json")
    taken = [t for file in files for t in read_record(file).trials if "resumed_from" in t.cost]
    assert curve.complete
    assert len(taken) == 6
