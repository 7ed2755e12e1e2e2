"""A cache: what is taken from it, what is trained again, and what goes wrong without harm."""

from __future__ import annotations

import dataclasses
import sys

import pytest
from scripted import LATER, QUICK, RUN, Scripted, entries, note, trials

from noisecore.models import BUILDERS
from noisecore.recipes import get_recipe
from noisecore.records import read_record
from noisecore.running import engine as engines
from noisecore.running.cache import Cache


def test_hit(with_cache) -> None:
    """What a run has trained another one takes over, with its numbers, and says from which run."""
    before, _ = with_cache(trials(0, 1), RUN)
    assert len(Scripted.order) == 2
    records, kinds = with_cache(trials(0, 1))
    assert Scripted.order == []
    assert kinds == ["reused"] * 2
    assert [r.numbers() for r in records] == [r.numbers() for r in before]
    assert {(record.run, record.cost["cached_from"]) for record in records} == {(LATER, RUN)}
    assert note(records) == note(before) == ""
    again, _ = with_cache(trials(0, 1), "20250103T000000Z-third")
    assert {record.cost["cached_from"] for record in again} == {RUN}


def test_only_what_is_missing_is_trained(with_cache) -> None:
    """Trainings that no run has done are done; those that failed or were lost are no loss."""
    Scripted.script = {1: ["broken"], 2: ["lost"]}
    before, _ = with_cache(trials(0, 1, 2), RUN)
    assert [record.status for record in before] == ["complete", "failed", "complete"]
    records, _ = with_cache(trials(0, 1, 2, 3))
    assert Scripted.order == [(QUICK, 1), (QUICK, 3)]
    assert "lost" not in records[2].cost


def test_more_tests_of_a_training(with_cache, tmp_path) -> None:
    """A training that lacks a cell is done again; then the entry has the cells of both runs."""
    (trial,) = trials(0)
    other = dataclasses.replace(trial, test_scales=(0.0, 1.0, 2.0))
    with_cache([trial], RUN)
    with_cache([other])
    assert len(Scripted.order) == 1
    assert len(read_record(entries(tmp_path)[0]).trials) == 2
    with_cache([trial, other])
    assert Scripted.order == []


def test_other_images(with_cache, tmp_path) -> None:
    """What was tested on other images is not taken; the entry keeps both, each for its own."""
    (trial,) = trials(0)
    some, more = (dataclasses.replace(trial, subset=(images, 1000)) for images in (100, 200))
    for asked in (trial, some, more):
        with_cache([asked])
        assert len(Scripted.order) == 1
    assert len(entries(tmp_path)) == 1
    records, _ = with_cache([trial, some, more])
    assert Scripted.order == []
    assert [record.evaluations[0].images for record in records] == [1000, 100, 200]


CHANGES = {
    "data": {"dataset_sha256": "e" * 64},
    "noise": {"noise_source": "e" * 64},
    "builder": {"model_source": "e" * 64},
    "recipe": {"recipe": get_recipe("quick+epochs=4")},
    "clip": {"clip": (0.0, 1.0)},
    "seed": {"seed": 7},
    "draw": {"test_draw": 1},
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_training(with_cache, what) -> None:
    """A training that differs in anything is another one."""
    (trial,) = trials(0)
    with_cache([trial], RUN)
    changed = dataclasses.replace(trial, **CHANGES[what])
    if what == "recipe":
        Scripted.answer = _whatever(Scripted.answer)
    with_cache([changed])
    assert len(Scripted.order) == 1


def _whatever(answer):
    """Return an answer of as many epochs as the recipe has."""

    def whole(self, trial, run, conditions):
        record = answer(self, trial, run, conditions)
        return dataclasses.replace(record, history=record.history[:1] * trial.recipe.epochs)

    return whole


@pytest.mark.parametrize("name", ["tensorflow", "processor", "source_sha256", "threads", "python"])
def test_other_conditions(with_cache, monkeypatch, name) -> None:
    """Under other conditions it is another training, too."""
    with_cache(trials(0), RUN)
    monkeypatch.setattr(engines, "conditions", lambda threads: {"threads": threads, name: "other"})
    with_cache(trials(0))
    assert len(Scripted.order) == 1


def test_kept_models(with_cache, scripted, tmp_path) -> None:
    """As when a run goes on, a record counts that is there, although its weights are not."""
    with_cache(trials(0), RUN)
    Scripted.order.clear()
    cache = Cache(
        tmp_path / "cache",
        size=10**9,
        run=LATER,
        root=tmp_path,
        location=("tiny", None),
        around=lambda: "here",
    )
    records, _ = scripted(trials(0), cache=cache, keep_models=True)
    assert Scripted.order == []
    assert records[0].is_cached


def test_other_surroundings(with_cache, tmp_path) -> None:
    """In other surroundings nothing is taken; what was kept in the first ones stays."""
    with_cache(trials(0), RUN)
    with_cache(trials(0), around="elsewhere")
    assert len(Scripted.order) == 1
    assert len(entries(tmp_path)) == 2
    with_cache(trials(0))
    assert Scripted.order == []


def test_helper_of_the_builder(with_cache, tmp_path, monkeypatch) -> None:
    """A changed line in a module that the builder uses is another training."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "cached_builder.py").write_text(
        "from cached_helper import width\n\n\ndef build_own(shape, classes):\n    return width()\n"
    )

    def run(lines) -> int:
        (tmp_path / "cached_helper.py").write_text(f"{lines}\ndef width():\n    return WIDTH\n")
        for name in ("cached_builder", "cached_helper"):
            sys.modules.pop(name, None)
        from cached_builder import build_own

        with BUILDERS.lend(build_own) as name:
            source = BUILDERS.source(name)
            (trial,) = trials(0)
            records, _ = with_cache([dataclasses.replace(trial, model=name, model_source=source)])
            assert note(records) == ""
        return len(Scripted.order)

    monkeypatch.setattr(Scripted, "answer", _named(Scripted.answer))
    assert [run("WIDTH = 1"), run("# words\nWIDTH = 1"), run("WIDTH = 2")] == [1, 0, 1]


def _named(answer):
    """Return an answer for a model of any name."""

    def found(self, trial, run, conditions):
        record = answer(self, dataclasses.replace(trial, model=QUICK), run, conditions)
        return dataclasses.replace(record, trial=trial, key=trial.key(conditions))

    return found


def test_own_code_that_reads(with_cache, tmp_path, monkeypatch) -> None:
    """A builder that reads a file is trained each time, and the record says which line it is."""
    monkeypatch.syspath_prepend(tmp_path)
    text = "def build_reading(shape, classes):\n    return open('weights.txt').read()\n"
    (tmp_path / "cached_reader.py").write_text(text)
    from cached_reader import build_reading

    monkeypatch.setattr(Scripted, "answer", _named(Scripted.answer))
    with BUILDERS.lend(build_reading) as name:
        (trial,) = trials(0)
        own = dataclasses.replace(trial, model=name, model_source=BUILDERS.source(name))
        for run in (RUN, LATER):
            records, _ = with_cache([own], run)
            assert len(Scripted.order) == 1
    said = "not cached: the model build_reading: it uses open (cached_reader.py:1)"
    assert note(records) == said
    assert entries(tmp_path) == []
    with BUILDERS.lend(build_reading):
        records, _ = with_cache([own], root=tmp_path / "elsewhere")
    assert "cached_reader.py is installed, or outside the repository" in note(records)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"environment": {"device": "NVIDIA L4"}}, "not trained on a CPU"),
        ({"cost": {"outside": "its builder opens /a/b"}}, "not cached: its builder opens /a/b"),
    ],
)
def test_what_a_record_tells(with_cache, tmp_path, monkeypatch, change, said) -> None:
    """What was trained on a GPU, or read something while it was built, is not kept."""
    answer = Scripted.answer
    monkeypatch.setattr(
        Scripted, "answer", lambda *how: dataclasses.replace(answer(*how), **change)
    )
    records, _ = with_cache(trials(0), RUN)
    assert said in note(records)
    assert entries(tmp_path) == []


def test_unfit_run(with_cache, tmp_path) -> None:
    """A run that cannot be cached at all takes nothing either, and says why."""
    with_cache(trials(0), RUN)
    records, _ = with_cache(trials(0), unfit="it is a bad day")
    assert len(Scripted.order) == 1
    assert note(records) == "not cached: it is a bad day"


def test_surroundings_that_change(scripted, tmp_path) -> None:
    """A variable that is set while a run trains may count or not: nothing is kept then."""
    found = iter(["one", "two", "three"])
    cache = Cache(
        tmp_path / "cache",
        size=10**9,
        run=RUN,
        root=tmp_path,
        location=("tiny", None),
        around=lambda: next(found),
    )
    records, _ = scripted(trials(0), cache=cache)
    assert "were changed during the run" in note(records)
    assert entries(tmp_path) == []


DATA = """
from datahelper import SHIFT

def give():
    return open("data.txt"), SHIFT
"""


def test_data_function(with_cache, tmp_path, monkeypatch) -> None:
    """It may read files, for its arrays are hashed; its code counts, and must be at hand."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "datahelper.py").write_text("SHIFT = 1\n")
    (tmp_path / "data_of_cache.py").write_text(DATA)
    location = (f"{tmp_path}/data_of_cache.py:give", None)
    assert note(with_cache(trials(0), RUN, location=location)[0]) == ""
    with_cache(trials(0), location=location)
    assert Scripted.order == []
    (tmp_path / "datahelper.py").write_text("SHIFT = 22\n")
    with_cache(trials(0), location=location)
    assert len(Scripted.order) == 1
    records, _ = with_cache(trials(0), location=location, root=tmp_path / "elsewhere")
    assert "not cached: the data function give: " in note(records)
