"""The folder of a cache: damage, its size, processes that share it, disks that refuse."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from scripted import RUN, Scripted, entries, note, trials

from noisecore.records import read_record
from noisecore.running import cache as caches


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
def test_damage(with_cache, tmp_path, how) -> None:
    """A damaged entry is removed and trained again, and the record says so."""
    with_cache(trials(0, 1), RUN)
    path = entries(tmp_path)[0]
    whole = path.read_bytes()
    damage(path, how)
    records, _ = with_cache(trials(0, 1))
    assert len(Scripted.order) == 1
    said = [r.cost["cache_note"] for r in records if "cache_note" in r.cost]
    assert said == [f"a damaged entry of {tmp_path / 'cache'} was removed: trained again"]
    assert len(path.read_bytes()) == pytest.approx(len(whole), abs=100)
    with_cache(trials(0, 1))
    assert Scripted.order == []


def test_eviction(with_cache, tmp_path) -> None:
    """What was not used for the longest time goes first; what this run uses stays."""
    with_cache(trials(0, 1, 2), RUN)
    size = max(path.stat().st_size for path in entries(tmp_path))
    foreign = tmp_path / "cache/notes/letter.json"
    foreign.parent.mkdir()
    foreign.write_text("x" * 9 * size)
    for number, path in enumerate(entries(tmp_path)):
        os.utime(path, (number, number))
    last = entries(tmp_path)[-1]
    with_cache(trials(3), size=2 * size + size // 2)
    assert len(entries(tmp_path)) == 3  # with the letter
    assert last.exists()
    assert foreign.exists()
    records, _ = with_cache(trials(4, 5, 6), "of now", size=1)
    kept = {record.key for record in records}
    assert kept | {"letter"} == {path.stem for path in entries(tmp_path)}


def test_marked_as_a_cache(with_cache, tmp_path) -> None:
    """Its folder is left out of backups and of git, unless it held something else before."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("x")
    for folder in ("cache", "mine"):
        with_cache(trials(0), RUN, folder=folder)
        assert len(entries(tmp_path, folder)) == 1
    tag = (tmp_path / "cache/CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert (tmp_path / "cache/.gitignore").is_file()
    assert sorted(os.listdir(tmp_path / "mine"))[-1] == "thesis.txt"


def test_not_a_folder(with_cache, tmp_path) -> None:
    """A cache that cannot be made costs the run nothing but a line."""
    (tmp_path / "cache").write_text("x")
    records, _ = with_cache(trials(0, 1), RUN)
    assert [record.status for record in records] == ["complete"] * 2
    assert note(records).startswith(f"not cached: {tmp_path / 'cache'} cannot be written to: ")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_disk_refuses(with_cache, tmp_path, monkeypatch, code) -> None:
    """Neither does one that cannot be written to; what is there is taken, and no half is left."""
    with_cache(trials(0), RUN)

    def refuse(one, other):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(caches.os, "replace", _only(tmp_path / "cache", refuse))
        records, kinds = with_cache(trials(0, 1))
    assert kinds.count("reused") == 1
    said = [r.cost["cache_note"] for r in records if "cache_note" in r.cost]
    assert said == [f"not cached: {tmp_path / 'cache'} cannot be written to: {os.strerror(code)}"]
    assert len(entries(tmp_path)) == len(list((tmp_path / "cache").glob("*/*"))) == 1


def _only(folder, refuse):
    """Return `os.replace` that refuses what leads into a folder."""
    replace = os.replace
    return lambda one, other: (refuse if folder in Path(other).parents else replace)(one, other)


def test_halves(with_cache, tmp_path) -> None:
    """What a killed process left half written is no entry, and is removed a day later."""
    with_cache(trials(0), RUN)
    half = entries(tmp_path)[0].with_name(".half-1")
    half.write_text("{")
    with_cache(trials(1))
    assert half.exists()
    os.utime(half, (0, 0))
    with_cache(trials(2))
    assert not half.exists()


HAMMER = """
import sys
from pathlib import Path
from scripted import QUICK, RUN, Scripted, entries, note, trials
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
