"""Reading files of arrays: NumPy's `.npz` and the IDX files of MNIST. Nothing is ever unpickled."""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from noisecore.data.dataset import ARRAYS, Array, refusal

_AGAIN = "download or write the file again"
# What zipfile, gzip, zlib and NumPy raise for files that are cut, altered, encrypted or no such
# file at all; a header that promises more than the memory holds is a MemoryError.
_UNREADABLE = (
    EOFError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_npz(path: Path, keys: Sequence[str] = ARRAYS) -> dict[str, Array]:
    """Return x_train, y_train, x_test and y_test of an `.npz` file; other arrays are left alone.

    keys: of the arrays that are wanted instead. Raises DatasetError, naming the file, if it is no
    zip archive, is truncated, lacks an array, has one twice, or holds pickled objects.
    """
    with _archive(path) as archive:
        members = _members(archive)
        needed = ", ".join(keys)
        wrong = [f"no {key}" for key in keys if key not in members]
        wrong += [f"{key} twice" for key in keys if members.count(key) > 1]
        if wrong:
            raise refusal(
                str(path),
                expected=f"each of {needed} once",
                got=", ".join(wrong),
                remedy="save all four at once with numpy.savez_compressed",
            )
        return {key: _read_member(archive, key, path) for key in keys}


def names_in_npz(path: Path) -> set[str]:
    """Return the names of the arrays of an `.npz` file; raise DatasetError if it is none."""
    with _archive(path) as archive:
        return set(_members(archive))


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise refusal(
            str(path), expected="a whole .npz file (a zip archive)", got=str(error), remedy=_AGAIN
        ) from error


def _members(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist()]


def _read_member(archive: zipfile.ZipFile, key: str, path: Path) -> Array:
    name = f"{key}.npy" if f"{key}.npy" in archive.namelist() else key
    try:
        with archive.open(name) as member:
            array: Array = np.lib.format.read_array(member, allow_pickle=False)
            # Reading on to the end is what makes zipfile compare its checksum.
            if member.read(1):
                raise ValueError("bytes after the array's end")
    except _UNREADABLE as error:
        raise refusal(
            f"{key} in {path}",
            expected="a whole numeric array (pickled objects are never loaded)",
            got=str(error) or type(error).__name__,
            remedy=_AGAIN,
        ) from error
    return array


def read_idx(path: Path, shape: tuple[int, ...]) -> Array:
    """Return the uint8 array of an IDX file, gzipped or not (told by its first bytes, not by name).

    shape: what the file must hold; anything else, or a byte too few or too many, is a DatasetError.
    The format: two zero bytes, the type (8: unsigned byte), the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the values. Source: "The IDX file format" at
    http://yann.lecun.com/exdb/mnist/.
    """
    header = _idx_header(shape)
    size = math.prod(shape)
    expected = f"an IDX file of bytes, {_times(shape)}"
    try:
        with open(path, "rb") as plain:
            zipped = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if zipped else open(path, "rb") as file:
            found = file.read(len(header))
            payload = file.read(size + 1) if found == header else b""
    except _UNREADABLE as error:
        got = str(error) or type(error).__name__
        raise refusal(str(path), expected=expected, got=got, remedy=_AGAIN) from error
    if found != header:
        raise refusal(str(path), expected=expected, got=_describe(found), remedy=_AGAIN)
    if len(payload) != size:
        got = "a longer file" if len(payload) > size else f"only {len(payload)} of {size} values"
        raise refusal(str(path), expected=expected, got=got, remedy=_AGAIN)
    return np.frombuffer(payload, np.uint8).reshape(shape)


def _idx_header(shape: tuple[int, ...]) -> bytes:
    return bytes([0, 0, 8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape)


def _describe(header: bytes) -> str:
    dimensions = len(header) // 4 - 1
    if len(header) % 4 or header[:4] != bytes([0, 0, 8, max(dimensions, 0)]):
        return f"a file that begins with {header[:4].hex() or 'nothing'}"
    sizes = tuple(int.from_bytes(header[i : i + 4], "big") for i in range(4, len(header), 4))
    return f"one of {_times(sizes)}"


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
