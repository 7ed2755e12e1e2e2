"""A cache: what is taken from it, what is trained again, and what goes wrong without harm."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from scripted import QUICK, RUN, Scripted, trials

from noisecore.models import BUILDERS
from noisecore.recipes import get_recipe
from noisecore.records import read_record
from noisecore.running import cache as caches
from noisecore.running import engine as engines
from noisecore.running.cache import Cache
from noisecore.running.store import Store

LATER = "20250102T000000Z-later"


@pytest.fixture
def go(scripted, tmp_path):
    """Return a function that runs trials beside a cache, each time in an artifact folder anew."""

    def go(asked, run=LATER, *, folder="cache", around="here", size=10**9, root=None, **choices):
        how = {"size": size, "root": root or tmp_path, "location": ("tiny", None)}
        cache = Cache(tmp_path / folder, run=run, around=lambda: around, **{**how, **choices})
        Scripted.order.clear()
        store = Store(tmp_path / f"artifacts-{len(list(tmp_path.iterdir()))}/trials", run)
        records, events = scripted(asked, store=store, cache=cache)
        assert len(store.records()) == len(records)
        return records, [event.kind for event in events]

    return go


def entries(tmp_path, folder="cache") -> list[Path]:
    """Return the entries of the cache."""
    return sorted((tmp_path / folder).glob("*/*.json"))


def note(records) -> str:
    """Return what the records say of the cache, all the same."""
    (said,) = {record.cost.get("cache_note", "") for record in records}
    return said


def test_hit(go) -> None:
    """What a run has trained another one takes over, with its numbers, and says from which run."""
    before, _ = go(trials(0, 1), RUN)
    assert len(Scripted.order) == 2
    records, kinds = go(trials(0, 1))
    assert Scripted.order == []
    assert kinds == ["reused"] * 2
    assert [r.numbers() for r in records] == [r.numbers() for r in before]
    assert {(record.run, record.cost["cached_from"]) for record in records} == {(LATER, RUN)}
    assert note(records) == note(before) == ""
    again, _ = go(trials(0, 1), "20250103T000000Z-third")
    assert {record.cost["cached_from"] for record in again} == {RUN}


def test_only_what_is_missing_is_trained(go) -> None:
    """Trainings that no run has done are done; those that failed or were lost are no loss."""
    Scripted.script = {1: ["broken"], 2: ["lost"]}
    before, _ = go(trials(0, 1, 2), RUN)
    assert [record.status for record in before] == ["complete", "failed", "complete"]
    records, _ = go(trials(0, 1, 2, 3))
    assert Scripted.order == [(QUICK, 1), (QUICK, 3)]
    assert "lost" not in records[2].cost


def test_more_tests_of_a_training(go, tmp_path) -> None:
    """A training that lacks a cell is done again; then the entry has the cells of both runs."""
    (trial,) = trials(0)
    other = dataclasses.replace(trial, test_scales=(0.0, 1.0, 2.0))
    go([trial], RUN)
    go([other])
    assert len(Scripted.order) == 1
    assert len(read_record(entries(tmp_path)[0]).trials) == 2
    go([trial, other])
    assert Scripted.order == []


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
def test_another_training(go, what) -> None:
    """A training that differs in anything is another one."""
    (trial,) = trials(0)
    go([trial], RUN)
    changed = dataclasses.replace(trial, **CHANGES[what])
    if what == "recipe":
        Scripted.answer = _whatever(Scripted.answer)
    go([changed])
    assert len(Scripted.order) == 1


def _whatever(answer):
    """Return an answer of as many epochs as the recipe has."""

    def whole(self, trial, run, conditions):
        record = answer(self, trial, run, conditions)
        return dataclasses.replace(record, history=record.history[:1] * trial.recipe.epochs)

    return whole


@pytest.mark.parametrize("name", ["tensorflow", "processor", "source_sha256", "threads", "python"])
def test_other_conditions(go, monkeypatch, name) -> None:
    """Under other conditions it is another training, too."""
    go(trials(0), RUN)
    monkeypatch.setattr(engines, "conditions", lambda threads: {"threads": threads, name: "other"})
    go(trials(0))
    assert len(Scripted.order) == 1


def test_kept_models(go, scripted, tmp_path) -> None:
    """As when a run goes on, a record counts that is there, although its weights are not."""
    go(trials(0), RUN)
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


def test_other_surroundings(go, tmp_path) -> None:
    """In other surroundings nothing is taken; what was kept in the first ones stays."""
    go(trials(0), RUN)
    go(trials(0), around="elsewhere")
    assert len(Scripted.order) == 1
    assert len(entries(tmp_path)) == 2
    go(trials(0))
    assert Scripted.order == []


def test_helper_of_the_builder(go, tmp_path, monkeypatch) -> None:
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
            records, _ = go([dataclasses.replace(trial, model=name, model_source=source)])
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


def test_own_code_that_reads(go, tmp_path, monkeypatch) -> None:
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
            records, _ = go([own], run)
            assert len(Scripted.order) == 1
    said = "not cached: the model build_reading: it uses open (cached_reader.py:1)"
    assert note(records) == said
    assert entries(tmp_path) == []
    with BUILDERS.lend(build_reading):
        records, _ = go([own], root=tmp_path / "elsewhere")
    assert "cached_reader.py is installed, or outside the repository" in note(records)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"environment": {"device": "NVIDIA L4"}}, "not trained on a CPU"),
        ({"cost": {"outside": "its builder opens /a/b"}}, "not cached: its builder opens /a/b"),
    ],
)
def test_what_a_record_tells(go, tmp_path, monkeypatch, change, said) -> None:
    """What was trained on a GPU, or read something while it was built, is not kept."""
    answer = Scripted.answer
    monkeypatch.setattr(
        Scripted, "answer", lambda *how: dataclasses.replace(answer(*how), **change)
    )
    records, _ = go(trials(0), RUN)
    assert said in note(records)
    assert entries(tmp_path) == []


def test_unfit_run(go, tmp_path) -> None:
    """A run that cannot be cached at all takes nothing either, and says why."""
    go(trials(0), RUN)
    records, _ = go(trials(0), unfit="it is a bad day")
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


def test_data_function(go, tmp_path, monkeypatch) -> None:
    """It may read files, for its arrays are hashed; its code counts, and must be at hand."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "datahelper.py").write_text("SHIFT = 1\n")
    (tmp_path / "data_of_cache.py").write_text(DATA)
    location = (f"{tmp_path}/data_of_cache.py:give", None)
    assert note(go(trials(0), RUN, location=location)[0]) == ""
    go(trials(0), location=location)
    assert Scripted.order == []
    (tmp_path / "datahelper.py").write_text("SHIFT = 22\n")
    go(trials(0), location=location)
    assert len(Scripted.order) == 1
    records, _ = go(trials(0), location=location, root=tmp_path / "elsewhere")
    assert "not cached: the data function give: " in note(records)


def damage(path: Path, how: str) -> None:
    """Damage an entry."""
    data = json.loads(path.read_text())
    if how == "cut off":
        path.write_text(path.read_text()[:-30])
    elif how == "another number":
        data["cells"][0]["loss"] += 0.001
        path.write_text(json.dumps(data))
    elif how == "without a checksum":
        trial = read_record(path).trials[0].to_dict()
        path.write_text(json.dumps({**trial, "schema": 1}))
    else:
        path.write_bytes(next(p for p in path.parent.iterdir() if p != path).read_bytes())


@pytest.mark.parametrize("how", ["cut off", "another number", "without a checksum", "another"])
def test_damage(go, tmp_path, how) -> None:
    """A damaged entry is removed and trained again, and the record says so."""
    go(trials(0, 1), RUN)
    path = entries(tmp_path)[0]
    whole = path.read_bytes()
    damage(path, how)
    records, _ = go(trials(0, 1))
    assert len(Scripted.order) == 1
    said = [r.cost["cache_note"] for r in records if "cache_note" in r.cost]
    assert said == [f"a damaged entry of {tmp_path / 'cache'} was removed: trained again"]
    assert len(path.read_bytes()) == pytest.approx(len(whole), abs=100)
    go(trials(0, 1))
    assert Scripted.order == []


def test_eviction(go, tmp_path) -> None:
    """What was not used for the longest time goes first; what this run uses stays."""
    go(trials(0, 1, 2), RUN)
    size = max(path.stat().st_size for path in entries(tmp_path))
    foreign = tmp_path / "cache/notes/letter.json"
    foreign.parent.mkdir()
    foreign.write_text("x" * 9 * size)
    for number, path in enumerate(entries(tmp_path)):
        os.utime(path, (number, number))
    last = entries(tmp_path)[-1]
    go(trials(3), size=2 * size + size // 2)
    assert len(entries(tmp_path)) == 3  # with the letter
    assert last.exists()
    assert foreign.exists()
    records, _ = go(trials(4, 5, 6), "of now", size=1)
    kept = {record.key for record in records}
    assert kept | {"letter"} == {path.stem for path in entries(tmp_path)}


def test_marked_as_a_cache(go, tmp_path) -> None:
    """Its folder is left out of backups and of git, unless it held something else before."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("x")
    for folder in ("cache", "mine"):
        go(trials(0), RUN, folder=folder)
        assert len(entries(tmp_path, folder)) == 1
    tag = (tmp_path / "cache/CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert (tmp_path / "cache/.gitignore").is_file()
    assert sorted(os.listdir(tmp_path / "mine"))[-1] == "thesis.txt"


def test_not_a_folder(go, tmp_path) -> None:
    """A cache that cannot be made costs the run nothing but a line."""
    (tmp_path / "cache").write_text("x")
    records, _ = go(trials(0, 1), RUN)
    assert [record.status for record in records] == ["complete"] * 2
    assert note(records).startswith(f"not cached: {tmp_path / 'cache'} cannot be written to: ")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_disk_refuses(go, tmp_path, monkeypatch, code) -> None:
    """Neither does one that cannot be written to; what is there is taken, and no half is left."""
    go(trials(0), RUN)

    def refuse(one, other):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(caches.os, "replace", _only(tmp_path / "cache", refuse))
        records, kinds = go(trials(0, 1))
    assert kinds.count("reused") == 1
    said = [r.cost["cache_note"] for r in records if "cache_note" in r.cost]
    assert said == [f"not cached: {tmp_path / 'cache'} cannot be written to: {os.strerror(code)}"]
    assert len(entries(tmp_path)) == len(list((tmp_path / "cache").glob("*/*"))) == 1


def _only(folder, refuse):
    """Return `os.replace` that refuses what leads into a folder."""
    replace = os.replace
    return lambda one, other: (refuse if folder in Path(other).parents else replace)(one, other)


def test_halves(go, tmp_path) -> None:
    """What a killed process left half written is no entry, and is removed a day later."""
    go(trials(0), RUN)
    half = entries(tmp_path)[0].with_name(".half-1")
    half.write_text("{")
    go(trials(1))
    assert half.exists()
    os.utime(half, (0, 0))
    go(trials(2))
    assert not half.exists()


HAMMER = """
import sys
from pathlib import Path
from scripted import QUICK, Scripted, trials
from noisecore.running.cache import Cache

folder, run = sys.argv[1:]
cache = Cache(Path(folder), size=3000, run=run, root=Path(folder), location=("tiny", None),
              around=lambda: "here")
Scripted.script, Scripted.order, Scripted.made, Scripted.calls = {}, [], [], []
worker = Scripted(None, None, timeout=None, gpu=None)
for turn in range(60):
    trial = trials(turn % 4)[0]
    key = trial.key({})
    taken = cache.take(key, [trial])
    assert all(each.trial == trial for each in taken)
    if not taken or turn % 3 == 0:
        (record,) = cache.put(key, [worker.answer(trial, run, {})])
        assert "cache_note" not in record.cost, record.cost
"""


def test_two_processes(tmp_path) -> None:
    """Two runs that read, write and make room at the same time see whole entries or none."""
    here = Path(__file__).parents[1]
    path = os.pathsep.join([str(here), str(here.parent)])
    running = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(HAMMER), str(tmp_path / "cache"), run],
            env={**os.environ, "PYTHONPATH": path},
            stderr=subprocess.PIPE,
            text=True,
        )
        for run in ("29990101T000000Z-one", "29990101T000000Z-two")
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert all(read_record(path) for path in entries(tmp_path))
