"""Curves that were saved: they are read whole, and judged as they were."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from bands import X, Y, sharp
from records_factory import make_sweep, save

import noisecore
from noisecore.judging.curves import matched_curves


def worse(images):
    """Answer as `sharp`, and never the first class."""
    return sharp(images) * [0.01, 1, 1]


@pytest.fixture(scope="module")
def curves():
    """A curve, and one that is worse, of one name."""
    return [noisecore.evaluate(m, X, Y, scales=[0.1, 0.5], name="mine") for m in (sharp, worse)]


def test_read_as_it_was(curves, tmp_path) -> None:
    """What is read has all that the saved curve has."""
    curves[0].save(tmp_path / "a.json")
    ((name, read),) = noisecore.read_curves(str(tmp_path / "a.json")).items()
    assert (name, read.id) == (curves[0].name, curves[0].id)
    assert [each.numbers() for each in read.records] == [r.numbers() for r in curves[0].records]
    for part in ("scales", "accuracy", "loss", "image_error", "labels"):
        np.testing.assert_array_equal(getattr(read, part), getattr(curves[0], part))
    assert str(read) == str(curves[0])


def test_judged_as_it_was(curves, tmp_path) -> None:
    """Every gate finds the same, and which classes fell too: the labels are saved."""
    for name, curve in zip(("old", "new"), curves, strict=True):
        curve.save(tmp_path / f"{name}.json")
    old, new = (
        noisecore.read_curves(tmp_path / f"{name}.json")["mine/gaussian"] for name in ("old", "new")
    )
    verdict = noisecore.judge_no_regression(new, old)
    assert verdict == noisecore.judge_no_regression(curves[1], curves[0])
    assert "class 0" in str(verdict.to_dict())
    for judge, how in (
        (noisecore.judge_monotonic, {}),
        (noisecore.judge_noise_bites, {"least_drop": 0.2}),
        (noisecore.judge_floor, {"floors": {0.1: 0.9}, "scale": 0.1}),
    ):
        assert judge(new, **how) == judge(curves[1], **how)


def test_curves_of_a_folder(tmp_path) -> None:
    """Of records in a folder each curve is made, a failed trial among them; labels are unknown."""
    records = [*make_sweep(), *make_sweep(model="mlp")]
    records[0] = replace(records[0], status="failed", reason="lost", evaluations=(), history=())
    read = noisecore.read_curves(save(tmp_path / "records", records))
    assert list(read) == ["cnn/gaussian/quick", "mlp/gaussian/quick"]
    for name, curve in matched_curves(records).items():
        assert read[name].labels is None
        assert read[name].failures == curve.failures
        np.testing.assert_array_equal(read[name].accuracy, curve.accuracy)


def test_what_holds_no_curve(curves, tmp_path) -> None:
    """A baseline, records that differ, and labels of other images are refused in one line."""
    noisecore.write_baseline(tmp_path / "b.json", curves[0])
    with pytest.raises(noisecore.NoisecoreError, match=r"is a baseline: read_baseline"):
        noisecore.read_curves(tmp_path / "b.json")
    both = [*make_sweep(), *make_sweep(dataset_sha256="e" * 64)]
    with pytest.raises(noisecore.NoisecoreError, match=r"records: cnn.* must have the same data"):
        noisecore.read_curves(save(tmp_path / "records", both))
    curves[0].save(tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text())
    data["labels"]["data"] = data["labels"]["data"][:-4]
    data = {**data, "schema": 1}
    (tmp_path / "a.json").write_text(json.dumps(data))
    with pytest.raises(noisecore.NoisecoreError, match=r"a.json: labels must hold 300 images"):
        noisecore.read_curves(tmp_path / "a.json")


def test_figures_that_the_records_deny(curves) -> None:
    """A curve is refused whose figures are not those that the gates would judge."""
    curve = curves[0]
    for name, changed in {
        "accuracy": curve.accuracy * 0.9,
        "loss": curve.loss * 2,
        "images": 10_000,
        "scales": curve.scales * 2,
        "seeds": (7, 8, 9),
    }.items():
        with pytest.raises(noisecore.NoisecoreError, match=r"its records say otherwise: \w+") as e:
            replace(curve, **{name: changed})
        assert str(e.value).endswith("no records (records=())")
        assert "\n" not in str(e.value)
    by_hand = replace(curve, accuracy=curve.accuracy / 2, records=())
    with pytest.raises(noisecore.NoisecoreError, match="has no records to compare"):
        noisecore.judge_no_regression(by_hand, curve)
    with pytest.raises(ValueError, match="read-only"):
        curve.accuracy[0] = 1
    assert curve.without_zero().records == curve.records
