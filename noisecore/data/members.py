"""The members of an `.npz`: a zip archive from others, which may claim anything."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from noisecore.data.dataset import Array, refusal
from noisecore.memory import available_memory
from noisecore.paths import MIB, open_file

AGAIN = "download or write the file again"
# What gzip, zlib and the system raise for files that are cut or altered.
UNREADABLE = (EOFError, MemoryError, OSError, ValueError, zlib.error)

_DIRECTORY = 4 * MIB  # of an archive: some ten thousand members
_HEADER = 10_000  # of an array: the most that NumPy reads
# An archive that unpacks to more than both, this size and this many times its own, is a trap.
_UNPACKED = 1024 * MIB
_TIMES = 100
# What NumPy writes. Other methods unpack all they read at once, some to a million times as much.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class _Bounded(io.BufferedReader):
    """A file of which zipfile reads no more at once than an archive's directory may take."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _DIRECTORY:
            raise zipfile.BadZipFile(f"a directory of {size} bytes")
        return super().read(_DIRECTORY if size is None or size < 0 else size)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive whose members have a plausible size; otherwise raise DatasetError."""
    try:
        file = _Bounded(open_file(path).detach())
    except OSError as error:
        raise _no_archive(path, error) from error
    with file:
        try:
            archive = zipfile.ZipFile(file)
            unpacked = sum(info.file_size for info in archive.infolist())
            if unpacked > max(_UNPACKED, _TIMES * path.stat().st_size):
                raise ValueError(
                    f"one that unpacks to {_mib(unpacked)}, over {_TIMES} times its size"
                )
        # zipfile raises any error of its parts if an archive is damaged.
        except Exception as error:
            raise _no_archive(path, error) from error
        with archive:
            yield archive


def read_member(archive: zipfile.ZipFile, key: str, path: Path) -> Array:
    """Return an array of an archive, `key` or `key.npy`; raise DatasetError if it is not one."""
    name = f"{key}.npy" if f"{key}.npy" in archive.namelist() else key
    try:
        with archive.open(name) as member:
            return _read_array(member, archive.getinfo(name))
    # zipfile, its decompressors and NumPy raise all kinds of errors on damage: all mean damage.
    except Exception as error:
        raise refusal(
            f"{key} in {path}",
            expected="a whole numeric array (pickled objects are never loaded)",
            got=words(error),
            remedy=AGAIN,
        ) from error


def _read_array(member: IO[bytes], info: zipfile.ZipInfo) -> Array:
    """Return the array in a member; memory is used only once its header fits the member's size."""
    if info.compress_type not in _METHODS:
        raise ValueError("one that is compressed by a method other than deflate")
    dtype, shape, fortran, start = _read_header(member)
    size = math.prod(shape) * dtype.itemsize
    if start + size != info.file_size:
        raise ValueError(f"a header that promises {size} bytes, before {info.file_size - start}")
    room = available_memory()
    if room is not None and size > room:
        raise MemoryError(f"an array of {_mib(size)}, but only {_mib(room)} of memory is left")
    content = np.empty(size, np.uint8)
    for place in range(0, size, MIB):
        part = member.read(min(MIB, size - place))
        content[place : place + len(part)] = np.frombuffer(part, np.uint8)
        if len(part) < min(MIB, size - place):
            raise EOFError(f"only {place + len(part)} of {size} bytes")
    # Only reading to the end makes zipfile compare its checksum.
    if member.read(1):
        raise ValueError("bytes after the array's end")
    return content.view(dtype).reshape(shape, order="F" if fortran else "C")


def _read_header(member: IO[bytes]) -> tuple[np.dtype[np.generic], tuple[int, ...], bool, int]:
    """Return dtype, shape, whether the order is Fortran's, and where the values begin.

    The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Its version
    3 is for structured arrays alone.
    """
    magic = member.read(8)
    version = np.lib.format.read_magic(io.BytesIO(magic))
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"a header of version {version[0]}.{version[1]}")
    prefix = member.read(2 * version[0])  # the header's length: two bytes, or four
    length = int.from_bytes(prefix, "little")
    if length > _HEADER:
        raise ValueError(f"a header of {length} bytes")
    text = io.BytesIO(prefix + member.read(length))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it takes for Python: it is wrong, or it is not
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(text)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(text)
    if dtype.hasobject or dtype.kind == "V" or dtype.itemsize == 0:
        raise ValueError(f"an array of {'objects' if dtype.hasobject else 'no numbers'}")
    if any(type(side) is not int or side < 0 for side in shape):
        raise ValueError("an impossible shape")
    return dtype, shape, fortran, len(magic) + len(prefix) + length


def _no_archive(path: Path, error: Exception) -> Exception:
    return refusal(
        str(path),
        expected="a whole .npz file (a zip archive)",
        got=words(error),
        remedy=AGAIN,
    )


def words(error: BaseException) -> str:
    """Return an error's message, cut: NumPy's messages show the whole header."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text[:200] or type(error).__name__


def _mib(size: int) -> str:
    return f"{size // MIB:,} MiB"
