"""A data set and trials on it that are as small as can be."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from records_factory import make_record
from scripted import LATER, RUN, Scripted

from noisecore.data import load_dataset
from noisecore.running import engine as engines
from noisecore.running.cache import Cache
from noisecore.running.engine import Engine
from noisecore.running.store import Store


def write_tiny(path, seed):
    """Write a dataset of 60 and 40 images, 8 x 8, whose 3 classes have a bright row each."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for split, count in (("train", 60), ("test", 40)):
        labels = np.arange(count) % 3
        images = rng.integers(0, 128, (count, 8, 8), np.uint8)
        images[np.arange(count), 2 * labels] += 127
        arrays |= {f"x_{split}": images, f"y_{split}": labels}
    np.savez(path, **arrays)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return trials by name on a tiny dataset, and its path; its content changed since `stale`."""
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    write_tiny(path, 1)
    before = load_dataset(str(path)).sha256
    write_tiny(path, 2)
    clean = make_record(
        "mlp",
        scale=0.0,
        accuracies={0.0: 0, 1.0: 0},
        recipe="quick+epochs=1,batch_size=16",
        dataset="tiny.npz",
        dataset_sha256=load_dataset(str(path)).sha256,
    ).trial
    noisy = dataclasses.replace(clean, train_scale=1.0)
    trials = {
        "clean": clean,
        "noisy": noisy,
        # Its training is that of "noisy".
        "other test": dataclasses.replace(
            noisy,
            trained_with=noisy.noise,
            trained_with_source=noisy.noise_source,
            test_scales=(0.0, 1.0, 2.0),
        ),
        "other seed": dataclasses.replace(noisy, seed=1),
        "diverging": dataclasses.replace(noisy, recipe=noisy.recipe.but(learning_rate=1e30)),
        "stale": dataclasses.replace(noisy, dataset_sha256=before),
        "idle": dataclasses.replace(noisy, noise="nothing"),
        "mixed": dataclasses.replace(noisy, recipe=noisy.recipe.but(precision="mixed_bfloat16")),
        "endless": dataclasses.replace(noisy, recipe=noisy.recipe.but(epochs=100_000)),
    }
    return SimpleNamespace(path=str(path), trials=trials)


@pytest.fixture
def scripted(monkeypatch, tmp_path):
    """Return a function that runs trials in scripted workers, and the class that they are of."""
    monkeypatch.setattr(engines, "Worker", Scripted)
    monkeypatch.setattr(engines, "conditions", lambda threads: {"threads": threads})
    Scripted.script, Scripted.order, Scripted.made, Scripted.calls = {}, [], [], []

    def run(trials, workers=1, store=None, **choices):
        events = []
        engine = Engine(
            trials,
            store=store or Store(tmp_path / "trials", RUN),
            location=("tiny", None),
            workers=workers,
            listener=events.append,
            **choices,
        )
        engine.start()
        try:
            return engine.wait(trials), events
        finally:
            engine.close()

    return run


@pytest.fixture
def with_cache(scripted, tmp_path):
    """Return a function that runs trials beside a cache, each time in an artifact folder anew."""

    def run_trials(
        asked, run=LATER, *, folder="cache", around="here", size=10**9, root=None, **choices
    ):
        how = {"size": size, "root": root or tmp_path, "location": ("tiny", None)}
        cache = Cache(tmp_path / folder, run=run, around=lambda: around, **{**how, **choices})
        Scripted.order.clear()
        store = Store(tmp_path / f"artifacts-{len(list(tmp_path.iterdir()))}/trials", run)
        records, events = scripted(asked, store=store, cache=cache)
        assert len(store.records()) == len(records)
        return records, [event.kind for event in events]

    return run_trials
