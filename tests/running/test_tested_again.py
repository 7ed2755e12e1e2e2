"""A training is the same whatever it is tested on; each test is on the images that it names."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from needs import needs_tensorflow
from scripted import LATER, RUN, Scripted, trials

from noisecore.data import choose, load_dataset
from noisecore.records import Record, trial_from_dict
from noisecore.running.request import CurveRequest
from noisecore.running.store import Store
from noisecore.running.trials import run_trials


@needs_tensorflow
def test_one_training(tiny) -> None:
    """Two tests share a training: its key, its history, and the answers to the images of both."""
    whole = tiny.trials["noisy"]
    some = replace(whole, subset=(12, 40))
    data = load_dataset(tiny.path)
    both = run_trials([whole, some], data, run="r", conditions={})
    (alone,) = run_trials([some], data, run="r", conditions={})
    assert len({each.key for each in (*both, alone)}) == 1
    assert alone.history == both[0].history
    assert alone.evaluations == both[1].evaluations
    places = choose(data.y_test, 12).places
    for mine, theirs in zip(both[1].evaluations, both[0].evaluations, strict=True):
        assert mine.right.tolist() == theirs.right[places].tolist()
        assert mine.images_sha256 != theirs.images_sha256
    held = Record.of(both)
    assert len(held.cells) == 4
    assert Record.from_dict(held.to_dict()) == held


def test_request(tiny) -> None:
    """A request of some images asks for trials that say so; of all of them, for those of before."""
    data, trial = load_dataset(tiny.path), tiny.trials["noisy"]
    request = CurveRequest(
        dataset=trial.dataset,
        model="mlp",
        noise="gaussian",
        recipe=trial.recipe,
        train_scales=(1.0,),
        test_scales=(0.0, 1.0),
        seeds=(0,),
        test_draw=0,
        clip=None,
        blank=False,
    )
    (some,) = replace(request, images=12).trials(data)
    assert some.subset == (12, 40)
    assert trial_from_dict(json.loads(json.dumps(asdict(some)))) == some  # as a worker gets it
    assert replace(request, images=40).trials(data) == request.trials(data)
    assert some.key({}) == request.trials(data)[0].key({})
    assert some.cell(0) != request.trials(data)[0].cell(0)


def test_resumed(scripted, tmp_path) -> None:
    """A test on other images is done, not taken over; afterwards both are there."""
    (whole,) = trials(0)
    some = replace(whole, subset=(100, 1000))
    for run, asked, done in ((RUN, whole, 1), (LATER, some, 1), ("a third", some, 0)):
        Scripted.order.clear()
        scripted([asked], store=Store(tmp_path / "trials", run, resume=True))
        assert len(Scripted.order) == done
    Scripted.order.clear()
    scripted([whole, some], store=Store(tmp_path / "trials", "a fourth", resume=True))
    assert Scripted.order == []
