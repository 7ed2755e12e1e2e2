"""What stands in the place of a record is never waited for, and is set aside."""

from __future__ import annotations

import errno
import os

import pytest
from odd_places import KINDS, put
from records_factory import make_record

from noisecore.records import RecordError
from noisecore.running import store as module
from noisecore.running.store import Store, StoreError

RUN = make_record().run
KEY = make_record().key


@pytest.fixture
def store(tmp_path):
    """Return a store of its own, ready for use."""
    store = Store(tmp_path / "trials", RUN, resume=True)
    store.prepare()
    return store


def refuse_with(code):
    """Return a function that refuses to open anything, with this error."""

    def refuse(*given, **named):
        raise OSError(code, os.strerror(code))

    return refuse


@pytest.mark.parametrize("kind", KINDS)
def test_read(store, kind) -> None:
    """Asked for by its key it is one line that names it, what it is, and what becomes of it."""
    put(kind, store.folder / f"{KEY}.json")
    with pytest.raises(RecordError) as refusal:
        store.read(KEY)
    assert str(refusal.value).startswith(f"{store.folder / KEY}.json: cannot be read: ")
    assert KINDS[kind] in str(refusal.value)
    assert "the next run renames it" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", KINDS)
def test_among_records(store, kind) -> None:
    """Among others it is set aside, with and without resuming, and is in no later run's way."""
    other = make_record(seed=7)
    store.write([other])
    path = store.folder / f"{KEY}.json"
    put(kind, path)
    assert store.records() == [other]
    assert store.aside == [path.with_name(f"{path.name}.damaged")]
    assert os.path.lexists(store.aside[0])
    later = Store(store.folder, RUN)
    assert later.records() == [other]
    assert later.aside == []


@pytest.mark.parametrize("kind", KINDS)
def test_set_aside(store, kind) -> None:
    """Resuming puts it out of the way under another name, and its trial is run again."""
    path = store.folder / f"{KEY}.json"
    put(kind, path)
    assert store.damaged() == [path]
    assert store.earlier(KEY, make_record().trial.training) == []
    assert store.damaged() == []
    assert os.path.lexists(f"{path}.damaged")
    store.write([make_record()])
    assert store.records() == [make_record()]


def test_unreadable(store, monkeypatch) -> None:
    """A record that may not be read is set aside, too."""
    store.write([make_record()])
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse_with(errno.EACCES))
        assert store.damaged() == [store.folder / f"{KEY}.json"]
        assert store.earlier(KEY, make_record().trial.training) == []
    assert (store.folder / f"{KEY}.json.damaged").exists()


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENOMEM])
def test_process_that_can_read_nothing(store, monkeypatch, code) -> None:
    """Where it is the process that has no file or memory left, no record is set aside for it."""
    store.write([make_record()])
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse_with(code))
        for read in (
            store.damaged,
            store.records,
            lambda: store.earlier(KEY, make_record().trial.training),
        ):
            with pytest.raises(StoreError, match="cannot be read"):
                read()
    assert store.records() == [make_record()]


def test_nothing_is_overwritten(store) -> None:
    """What was set aside before stays: each gets a name of its own."""
    path = store.folder / f"{KEY}.json"
    for text in ("first", "second", "third"):
        path.write_text(text)
        store.set_aside(path)
    kept = sorted(store.folder.glob("*.damaged*"))
    assert [each.read_text() for each in kept] == ["first", "second", "third"]


def test_another_process_was_faster(store) -> None:
    """Two processes of one run may set the same file aside: the second finds it gone."""
    store.set_aside(store.folder / f"{KEY}.json")
    assert store.aside == []
    assert list(store.folder.glob("*.damaged*")) == []


@pytest.mark.parametrize("kind", ["fifo", "device", "loop", "folder"])
def test_lock(store, kind) -> None:
    """What stands in the place of a lock is one line, and no wait."""
    put(kind, store.folder / ".locks" / KEY)
    with pytest.raises(StoreError, match="cannot be used"), store.claim(KEY):
        pass


@pytest.mark.parametrize("kind", ["fifo", "device", "loop"])
def test_probe(store, kind) -> None:
    """The file that the disk is tried with is a new one, whatever has its name."""
    put(kind, store.folder / f".probe.{os.getpid()}")
    store.prepare()
    assert not os.path.lexists(store.folder / f".probe.{os.getpid()}")


@pytest.mark.parametrize("pid", ["9" * 30, "-1", "word"])
def test_half_written_file_of_nobody(store, pid) -> None:
    """The name of a half-written file need not hold the number of a process."""
    (store.folder / f".{KEY}.json.{pid}").touch()
    store.prepare()
    assert module._alive("9" * 30)


@pytest.mark.parametrize("place", ["trials", "trials/.locks", "trials/.logs"])
@pytest.mark.parametrize("kind", ["fifo", "device", "loop"])
def test_folder(tmp_path, place, kind) -> None:
    """What stands in the place of a folder is one line, before anything is trained."""
    put(kind, tmp_path / place)
    with pytest.raises(StoreError, match="artifacts cannot be written to"):
        Store(tmp_path / "trials", RUN).prepare()
