"""Files are written whole or not at all."""

from __future__ import annotations

import json
import os

import pytest

from noisecore.records import (
    write_atomically,
)


@pytest.mark.parametrize(
    ("content", "found"), [("ä\n", "ä\n".encode()), (b"\x00\r\n", b"\x00\r\n")]
)
def test_write_replaces_the_file_with_just_the_content(tmp_path, content, found):
    """Text is UTF-8 as it is, bytes are bytes; the old content is gone, and nothing lies beside."""
    path = tmp_path / "a.json"
    path.write_text("old and longer")
    write_atomically(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("no space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("old", ["old", None])
def test_interrupted_write_leaves_the_old_file_and_nothing_else(
    tmp_path, monkeypatch, step, error, old
):
    """Whatever stops a write, the old file is whole, a new one is not there, no rubbish is left."""
    path = tmp_path / "a.json"
    if old:
        path.write_text(old)

    def fail(*args):
        assert list(tmp_path.glob(".*")), "the new content must have a file of its own"
        raise error

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(error)):
        write_atomically(path, "new")
    monkeypatch.undo()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == (
        {"a.json": old} if old else {}
    )


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9"), os.fsdecode(b"\xff\xfe")])
def test_path_that_is_no_utf_8(tmp_path, name):
    """A path whose bytes are not UTF-8 is written so that JSON gives it back as it was."""
    path = tmp_path / "a.json"
    write_atomically(path, json.dumps({"command": name}, ensure_ascii=False))
    assert json.loads(path.read_text(encoding="utf-8")) == {"command": name}


def test_reader_never_finds_a_part_of_a_file(tmp_path, monkeypatch):
    """Until the last step the file that readers open holds the old content, whole."""
    path = tmp_path / "a.json"
    path.write_text("old")
    seen = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (seen.append(path.read_text()), fsync(file)))
    monkeypatch.setattr(os, "replace", lambda *a: (seen.append(path.read_text()), replace(*a)))
    write_atomically(path, "new" * 10_000)
    assert seen == ["old", "old"]
    assert path.read_text() == "new" * 10_000


def test_folder_that_is_not_there_is_the_systems_error(tmp_path):
    """Writing into nowhere raises what the system says, and makes no folder."""
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "no" / "a.json", "new")
    assert list(tmp_path.iterdir()) == []
