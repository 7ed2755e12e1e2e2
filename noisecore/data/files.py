"""Reading files of arrays: NumPy's `.npz` and the IDX files of MNIST. Nothing is ever unpickled.

Nothing is trusted either: the size that a file claims is checked against its real size first.
"""

from __future__ import annotations

import gzip
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from noisecore.data.dataset import ARRAYS, Array, refusal
from noisecore.data.members import AGAIN, UNREADABLE, open_archive, read_member, words
from noisecore.paths import open_file


def read_npz(path: Path, keys: Sequence[str] = ARRAYS) -> dict[str, Array]:
    """Return x_train, y_train, x_test and y_test of an `.npz` file; other arrays are not read.

    keys: the names of other arrays to read instead. Raises DatasetError, naming the file, if it is
    not a zip archive, is truncated, does not have such an array, has one twice, holds pickled
    objects, or unpacks to more than memory holds.
    """
    with open_archive(path) as archive:
        members = _members(archive)
        needed = ", ".join(keys)
        wrong = [f"no {key}" for key in keys if key not in members]
        wrong += [f"{key} twice" for key in keys if members.count(key) > 1]
        if wrong:
            raise refusal(
                str(path),
                expected=f"each of {needed} once",
                got=", ".join(wrong),
                remedy=f"save {_wanted(keys)} at once with numpy.savez_compressed",
            )
        return {key: read_member(archive, key, path) for key in keys}


def _wanted(keys: Sequence[str]) -> str:
    if len(keys) < len(ARRAYS):
        return " and ".join(keys)
    return "all four (to evaluate a trained model, only x_test and y_test)"


def names_in_npz(path: Path) -> set[str]:
    """Return the names of the arrays of an `.npz` file; raise DatasetError if it is not one."""
    with open_archive(path) as archive:
        return set(_members(archive))


def _members(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist()]


def read_idx(path: Path, shape: tuple[int, ...]) -> Array:
    """Return the uint8 array of an IDX file, gzipped or not (its first bytes decide, not its name).

    shape: what the file must hold; anything else, or a byte too few or too many, is a DatasetError.
    The format: two zero bytes, the type (8: unsigned byte), the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the values. Source: "The IDX file format" at
    http://yann.lecun.com/exdb/mnist/.
    """
    header = _idx_header(shape)
    size = math.prod(shape)
    expected = f"an IDX file of bytes, {_times(shape)}"
    try:
        with open_file(path) as plain:
            zipped = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            file = gzip.GzipFile(fileobj=plain) if zipped else plain
            found = file.read(len(header))
            payload = file.read(size + 1) if found == header else b""
    except UNREADABLE as error:
        raise refusal(str(path), expected=expected, got=words(error), remedy=AGAIN) from error
    if found != header:
        raise refusal(str(path), expected=expected, got=_describe(found), remedy=AGAIN)
    if len(payload) != size:
        got = "a longer file" if len(payload) > size else f"only {len(payload)} of {size} values"
        raise refusal(str(path), expected=expected, got=got, remedy=AGAIN)
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
