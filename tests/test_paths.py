"""What stands at a path: a regular file of bounded size is opened, and nothing else."""

from __future__ import annotations

import errno
import json
import os

import pytest
from odd_places import KINDS, put

from noisecore.escaping import shorten
from noisecore.paths import (
    MIB,
    is_missing,
    make_artifacts,
    open_end,
    open_file,
    open_lock,
    open_new,
    read_file,
)
from noisecore.records import read_json, write_atomically


@pytest.mark.parametrize("kind", KINDS)
def test_no_file(tmp_path, kind) -> None:
    """What is no file, or has no end, is not waited for: it is refused, and said what it is."""
    put(kind, tmp_path / "here")
    with pytest.raises(OSError) as caught:  # noqa: PT011 (its reason is looked at below)
        read_file(tmp_path / "here", MIB)
    assert KINDS[kind] in caught.value.strerror
    assert not is_missing(tmp_path / "here")


def test_file(tmp_path) -> None:
    """A file is read to its end, through a link too, and may have all that is allowed."""
    (tmp_path / "file").write_bytes(bytes(2 * MIB))
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "link", 2 * MIB) == bytes(2 * MIB)
    with pytest.raises(OSError, match="more than the 1 MiB"):
        read_file(tmp_path / "link", MIB)


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="not Linux")
def test_file_that_hides_its_size() -> None:
    """A file that has more than it says is read no further than is allowed."""
    assert os.stat("/proc/self/maps").st_size == 0
    with pytest.raises(OSError, match="a file of more than"):
        read_file("/proc/self/maps", 100)


def test_nothing_there(tmp_path) -> None:
    """What is not there is told from what cannot be opened; a link to it says where it leads."""
    assert is_missing(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        open_file(tmp_path / "none")
    (tmp_path / "link").symlink_to("none")
    assert not is_missing(tmp_path / "link")
    with pytest.raises(FileNotFoundError, match="a link to none, which does not exist"):
        open_file(tmp_path / "link")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "file/below"])
def test_no_name(tmp_path, name) -> None:
    """A name that no file can have is an OSError, as any other reason is."""
    (tmp_path / "file").touch()
    assert not is_missing(f"{tmp_path}/{name}")
    with pytest.raises(OSError):  # noqa: PT011 (each system has its own words)
        open_file(f"{tmp_path}/{name}")


@pytest.mark.parametrize("kind", ["fifo", "device", "loop", "folder"])
def test_output(tmp_path, kind) -> None:
    """What is no file is not written to: a lock is not held there, and no end appended."""
    put(kind, tmp_path / "here")
    for opened in (open_lock, open_end):
        with pytest.raises(OSError):  # noqa: PT011 (the kinds differ in their words)
            opened(tmp_path / "here")


def test_link_is_not_written_through(tmp_path) -> None:
    """A new file and a lock never change what a link in their place leads to."""
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "link").symlink_to("kept")
    with pytest.raises(OSError, match="a link, not a file"):
        open_lock(tmp_path / "link")
    with open_new(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "kept").read_text() == "kept"
    assert (tmp_path / "link").read_text() == "new"


@pytest.mark.parametrize("kind", ["fifo", "device", "loop", "huge"])
def test_temporary_file(tmp_path, kind) -> None:
    """A file is written whole though something else has its own, or its temporary file's, name."""
    put(kind, tmp_path / "out.json")
    put(kind, tmp_path / f".out.json.{os.getpid()}")
    write_atomically(tmp_path / "out.json", "whole")
    assert (tmp_path / "out.json").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_longest_name(tmp_path) -> None:
    """A file whose name has all the bytes that it can have is written, too."""
    write_atomically(tmp_path / ("x" * 255), "whole")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"]


def test_bytes_that_are_no_text(tmp_path) -> None:
    """A path whose bytes are no text is written down, and found again as it was."""
    path = os.fsdecode(b"a\xff")
    write_atomically(tmp_path / "out.json", json.dumps({"path": path}, ensure_ascii=False))
    assert read_json(tmp_path / "out.json", MIB) == {"path": path}


def test_unreadable(tmp_path, monkeypatch) -> None:
    """A file that may not be read says so, and keeps its error's number."""

    def refuse(*given, **named):
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "file").touch()
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        read_file(tmp_path / "file", MIB)


def test_shorten() -> None:
    """A long text is shown by its beginning and its length."""
    assert shorten("short") == "short"
    assert shorten("9" * 5000) == "9" * 60 + "... (5000 characters)"


@pytest.mark.parametrize("below", ["quick", "calibrate/quick", ""])
def test_artifacts_that_git_leaves_out(tmp_path, below) -> None:
    """The usual folder of artifacts is made with a .gitignore of all that it holds."""
    folder = tmp_path / "noisecore-results" / below
    make_artifacts(folder)
    assert folder.is_dir()
    ignored = tmp_path / "noisecore-results/.gitignore"
    assert "*" in ignored.read_text().splitlines()
    ignored.write_text("!quick\n")
    make_artifacts(folder)
    assert ignored.read_text() == "!quick\n"


@pytest.mark.parametrize("place", ["noisecore-results", "records"])
def test_artifacts_that_may_be_committed(tmp_path, place) -> None:
    """A folder that was there, or has a name of its own, gets no .gitignore."""
    if place == "noisecore-results":
        (tmp_path / place).mkdir()
    make_artifacts(tmp_path / place / "quick")
    assert [path.name for path in (tmp_path / place).iterdir()] == ["quick"]
