"""A user's own `.npz` that is damaged, or was made to do harm: one line each, and little memory."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile

import numpy as np
import pytest
from odd_places import KINDS, put

from noisecore.data import DatasetError, load_dataset, members

HEADER = "{'descr': %s, 'fortran_order': %s, 'shape': %s, }"

# What a header may say that is no array of numbers which the member holds.
HEADERS = {
    "more than there is": HEADER % ("'|u1'", False, "(99999999999, 4, 5)"),
    "less than there is": HEADER % ("'|u1'", False, "(5, 4, 5)"),
    "overflow": HEADER % ("'|u1'", False, f"({10**18}, {10**18}, 4)"),
    "thousands of digits": HEADER % ("'|u1'", False, f"({'9' * 5000}, 4)"),
    "negative": HEADER % ("'|u1'", False, "(-6, 4, -5)"),
    "bool": HEADER % ("'|u1'", False, "(True, 24, 5)"),
    "fraction": HEADER % ("'|u1'", False, "(6.0, 4, 5)"),
    "no shape": HEADER % ("'|u1'", False, "6"),
    "too many dimensions": HEADER % ("'|u1'", False, "(120," + "1," * 99 + ")"),
    "order": HEADER % ("'|u1'", 3, "(6, 4, 5)"),
    "objects": HEADER % ("'|O'", False, "(15,)"),
    "objects inside": HEADER % ("[('a', 'O')]", False, "(15,)"),
    "structured": HEADER % ("[('a', '|u1')]", False, "(6, 4, 5)"),
    "array in array": HEADER % ("('|u1', (5,))", False, "(6, 4)"),
    "no bytes": HEADER % ("'|S0'", False, f"({10**15},)"),
    "no type": HEADER % ("'zz'", False, "(6, 4, 5)"),
    "tuple": HEADER % ("()", False, "(6, 4, 5)"),
    "keys": "{1: 2, 'descr': '|u1', 'fortran_order': False}",
    "no dict": "[]",
    "no end": "{'descr': '|u1'",
    "nested": "(" * 4000,
    "signs": "-" * 4000 + "1",
    "escape": "'\\N{'",
    "call": "__import__('os').system('touch ran')",
}


@pytest.fixture
def save(tmp_path, arrays):
    """Return a function that saves the arrays, with a member replaced, and returns the path."""

    def save(key="", content=b"", method=zipfile.ZIP_DEFLATED):
        path = tmp_path / "mine.npz"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, array in arrays.items():
                buffer = io.BytesIO()
                np.save(buffer, array)
                archive.writestr(f"{name}.npy", content if name == key else buffer.getvalue())
        return path

    return save


def member(header, content, version=1):
    """Return an array's member with such a header."""
    text = f"{header}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


def refused(path):
    """Return the message of the refusal, after checking that it is one line, and no long one."""
    with pytest.raises(DatasetError) as caught:
        load_dataset(str(path))
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert len(message) < 500 + len(str(path))
    return message


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", HEADERS)
def test_header(save, arrays, monkeypatch, tmp_path, name, version) -> None:
    """A header that does not fit is refused in one line; nothing in it is run."""
    monkeypatch.chdir(tmp_path)
    content = arrays["x_train"].tobytes()
    message = refused(save("x_train", member(HEADERS[name], content, version)))
    assert "expected a whole numeric array" in message
    assert not (tmp_path / "ran").exists()


def test_header_that_promises(save, monkeypatch) -> None:
    """Memory is taken only once a header fits its member's size, and the memory that is left."""
    taken = []
    empty = np.empty
    monkeypatch.setattr(np, "empty", lambda size, *rest: taken.append(size) or empty(size, *rest))
    content = member(HEADER % ("'|u1'", False, "(10000000, 4, 5)"), bytes(120))
    assert "promises 200000000 bytes, before 120" in refused(save("x_train", content))
    monkeypatch.setattr(members, "available_memory", lambda: 100)
    assert "but only 0 MiB of memory is left" in refused(save())
    assert taken == []


def test_header_without_end(save) -> None:
    """A header is read no further than NumPy's headers reach, whatever length it gives."""
    content = b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + bytes(100)
    assert "a header of 4294967295 bytes" in refused(save("y_test", content))


@pytest.mark.parametrize("version", [0, 3, 9])
def test_header_of_another_version(save, version) -> None:
    """A version that NumPy writes for structured arrays alone, or that there is not, is refused."""
    content = b"\x93NUMPY" + bytes([version, 0]) + bytes(100)
    assert f"version {version}.0" in refused(save("y_test", content))


def test_order(save, arrays) -> None:
    """Arrays in Fortran's order are taken as they are meant."""
    before = load_dataset(str(save())).sha256
    arrays["x_train"] = np.asfortranarray(arrays["x_train"])
    assert b"'fortran_order': True" in zipfile.ZipFile(save()).read("x_train.npy")
    assert load_dataset(str(save())).sha256 == before


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_method(save, method) -> None:
    """Only what NumPy writes is unpacked: other methods unpack any amount at once."""
    assert "a method other than deflate" in refused(save(method=method))


def test_bomb(save, monkeypatch) -> None:
    """An archive that unpacks to many times its size, and much, is not unpacked."""
    monkeypatch.setattr(members, "_UNPACKED", 2**20)
    path = save("x_train", bytes(2**21))
    assert path.stat().st_size * 100 < 2**21
    assert "unpacks to 2 MiB, over 100 times its size" in refused(path)
    assert "a whole numeric array" in refused(save("x_train", random.Random(0).randbytes(2**21)))


def test_directory(save, monkeypatch) -> None:
    """An archive of very many members is not listed."""
    monkeypatch.setattr(members, "_DIRECTORY", 200)
    assert "a directory of" in refused(save())


def test_encrypted(save) -> None:
    """A member that is encrypted is told as such."""
    path = save()
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the first of the directory
    content[content.index(b"PK\x03\x04") + 6] |= 1
    path.write_bytes(content)
    assert "encrypted" in refused(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_any_damage(save, method) -> None:
    """A file that is cut, or in which bytes were changed, loads or is refused in one line."""
    dice = random.Random(1)
    path = save(method=method)
    whole = path.read_bytes()
    before = load_dataset(str(path)).sha256
    refusals = []
    for _ in range(150):
        content = bytearray(whole)
        place = dice.randrange(len(content))
        how = dice.randrange(4)
        if how == 0:
            del content[place:]
        elif how == 1:
            content[place] ^= 1 << dice.randrange(8)
        elif how == 2:
            content[place : place + 16] = dice.randbytes(16)
        else:
            content[place:place] = content[place : place + 40]
        path.write_bytes(content)
        try:
            # What the checksums do not cover, such as a date, may differ.
            assert load_dataset(str(path)).sha256 == before
        except DatasetError as error:
            refusals.append(str(error))
    assert 50 < len(refusals) < 150
    assert not any("\n" in message for message in refusals)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"huge"}))
@pytest.mark.parametrize("name", ["mine.npz", "mine.py"])
def test_no_file(tmp_path, kind, name) -> None:
    """What is no file is neither waited for nor run."""
    put(kind, tmp_path / name)
    message = refused(tmp_path / name if name == "mine.npz" else f"{tmp_path / name}:load")
    assert KINDS[kind] in message


def test_endless_files(tmp_path) -> None:
    """A file of zeros without an end is no archive, and no Python file."""
    put("huge", tmp_path / "mine.npz")
    put("huge", tmp_path / "mine.py")
    assert "expected a whole .npz file" in refused(tmp_path / "mine.npz")
    assert "more than the 16 MiB" in refused(f"{tmp_path / 'mine.py'}:load")


@pytest.mark.parametrize("name", ["x" * 300 + ".npz", "a\0b.npz", "x" * 5000 + ".py:load"])
def test_no_name(name) -> None:
    """A name that no file can have is one line, and shortened."""
    with pytest.raises(DatasetError) as caught:
        load_dataset(name)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)


def test_unreadable(save, monkeypatch) -> None:
    """A file that may not be read says so."""

    def refuse(*given, **named):
        raise PermissionError(13, "Permission denied")

    path = save()
    monkeypatch.setattr(os, "open", refuse)
    assert "got Permission denied" in refused(path)


@pytest.mark.parametrize("place", ["mnist.npz", "mnist/train-images-idx3-ubyte"])
def test_published_place(tmp_path, place) -> None:
    """What stands where a published data set would is not passed over for the next place."""
    put("fifo", tmp_path / place)
    for other in ("train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        path = tmp_path / "mnist" / other
        path.parent.mkdir(exist_ok=True)
        path.touch()
    with pytest.raises(DatasetError, match="a FIFO, not a file"):
        load_dataset("mnist", tmp_path)


def test_memory(save, monkeypatch) -> None:
    """Images that the memory does not hold are one line, wherever it ends."""

    def fail(*given, **named):
        raise MemoryError

    monkeypatch.setattr("noisecore.data.own.as_dataset", fail)
    assert "expected images that fit into memory" in refused(save())
