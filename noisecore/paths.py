"""Files at paths that a user named: only regular files are opened, and read up to a limit.

Opening a FIFO would wait, a device has no end, and a folder or a loop of links is not a file. Each
of them raises an `OSError` here, whose `strerror` says in words what is there.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import stat
from contextlib import suppress
from pathlib import Path

MIB = 2**20

# The most bytes of one record, and of a whole run in one file: many times the largest known.
RECORD_BYTES = 512 * MIB
RUN_BYTES = 2048 * MIB

# Where artifacts go if nobody says otherwise; it has a folder for each profile.
RESULTS = "noisecore-results"

# The longest path that a system opens; no option needs a longer text.
LONGEST = 4096

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_file(path: str | os.PathLike[str], most: int | None = None) -> io.BufferedReader:
    """Open a regular file of at most `most` bytes for reading.

    Raises `OSError` on anything else; `FileNotFoundError` if nothing is there.
    """
    try:
        file = os.fdopen(_open(path, os.O_RDONLY), "rb")
    except FileNotFoundError:
        if os.path.islink(path):
            goal = os.readlink(path)
            raise _error(errno.ENOENT, f"a link to {goal}, which does not exist", path) from None
        raise
    except ValueError:
        raise _error(errno.EINVAL, "no file can have that name", path) from None
    if most is not None and os.fstat(file.fileno()).st_size > most:
        file.close()
        raise _too_large(most, path)
    return file


def read_file(path: str | os.PathLike[str], most: int) -> bytes:
    """Return the content of a regular file of at most `most` bytes; `OSError` as `open_file`."""
    parts, left = [], most + 1  # a file may hold more than its size says
    with open_file(path, most) as file:
        while left and (part := file.read(min(left, MIB))):
            parts.append(part)
            left -= len(part)
    if not left:
        raise _too_large(most, path)
    return b"".join(parts)


def read_text(path: str | os.PathLike[str], most: int) -> str:
    """Return the text of such a file, which must be UTF-8; raise `ValueError` if it is not."""
    return read_file(path, most).decode()


def open_new(path: str | os.PathLike[str]) -> io.BufferedWriter:
    """Create a file and open it for writing; whatever was at that path is removed first."""
    Path(path).unlink(missing_ok=True)
    return os.fdopen(_open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb")


def open_lock(path: str | os.PathLike[str]) -> io.BufferedWriter:
    """Open a file to lock it, and create it if need be; a link is not followed."""
    if os.path.islink(path):
        raise _error(errno.EINVAL, "a link, not a file", path)
    return os.fdopen(_open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW), "wb")


def hold_lock(path: str | os.PathLike[str], how: int) -> io.BufferedWriter:
    """Lock a file, created if need be, as `fcntl.flock` does; closing what it returns unlocks it.

    Raises `BlockingIOError` if somebody else holds it.
    """
    while True:
        file = open_lock(path)
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        except FileNotFoundError:
            pass  # its holder removed the file, so others would lock a new one: try again
        except OSError:
            file.close()
            raise
        file.close()


def open_end(path: str | os.PathLike[str]) -> io.BufferedWriter:
    """Open a file to append to it, and create it if need be."""
    return os.fdopen(_open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "wb")


def is_missing(path: str | os.PathLike[str]) -> bool:
    """Return whether nothing is at a path that could be used: no file, no folder, no link."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        pass  # something is wrong there: opening it raises the error that says what
    return False


def same_file(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file that is there."""
    try:
        return one.samefile(other)
    except FileNotFoundError:
        return False


def repository(folder: Path) -> Path:
    """Return the folder of the repository that a folder is in, or else that folder."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def stands(path: str | os.PathLike[str]) -> bool:
    """Return whether something other than a folder is at a path."""
    return os.path.exists(path) and not os.path.isdir(path)


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raise `OSError` if something that is not a folder is where a folder is to be written to.

    A folder that is not there yet can be made, unless the same is true of a folder around it.
    """
    for place in (Path(path), *Path(path).absolute().parents):
        if os.path.isdir(place):
            if not os.access(place, os.W_OK | os.X_OK):
                raise _error(errno.EACCES, os.strerror(errno.EACCES), place)
            return
        if os.path.lexists(place):
            raise _error(errno.ENOTDIR, f"{place.name} is not a folder", place)


def make_artifacts(folder: Path) -> None:
    """Make a folder for artifacts; if the usual place for them is new, let git ignore it.

    pytest does the same with .pytest_cache. A folder that was there before, or has another name,
    may be meant to be committed.
    """
    for place in (folder, *folder.parents):
        if place.name == RESULTS:
            with suppress(FileExistsError):
                place.mkdir(parents=True)
                (place / ".gitignore").write_text("# Made by noisecore.\n*\n")
            break
    folder.mkdir(parents=True, exist_ok=True)


def _open(path: str | os.PathLike[str], flags: int) -> int:
    with suppress(FileNotFoundError):  # it may be made
        _check(os.stat(path), path)  # before it is opened: opening a device may have an effect
    # So as not to wait for the other end of a FIFO that has replaced the file since.
    number = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    try:
        _check(os.fstat(number), path)
    except BaseException:
        os.close(number)
        raise
    return number


def _check(status: os.stat_result, path: str | os.PathLike[str]) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kind = next((name for test, name in _KINDS if test(status.st_mode)), "something else")
    code = errno.EISDIR if kind == "a folder" else errno.EINVAL
    raise _error(code, f"{kind}, not a file", path)


def _too_large(most: int, path: str | os.PathLike[str]) -> OSError:
    return _error(errno.EFBIG, f"a file of more than the {most // MIB} MiB that are read", path)


def _error(code: int, why: str, path: str | os.PathLike[str]) -> OSError:
    return OSError(code, why, os.fspath(path))
