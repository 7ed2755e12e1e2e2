"""What a user's function reads while it is called, as Python's own audit events tell.

What C code opens by itself, as HDF5 does, is no event, and neither is the environment: for these
there is `noisecore.code.outside`, which reads the code.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_EVENTS = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.startfile", "os.system",
    "socket.connect", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen",
    "urllib.Request",
}  # fmt: skip
_CODE = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_INSTALLED = tuple(
    f"{os.path.realpath(folder)}{os.sep}"
    for folder in {*_CODE, *site.getsitepackages(), site.getusersitepackages()}
)
_here = threading.local()
_hooks: list[bool] = []  # whether there is one: it cannot be taken away again


@contextmanager
def watched(what: str, heard: list[str]) -> Iterator[None]:
    """Add to `heard` what this thread reads inside the block, except code and installed files.

    what: the word for who reads.
    """
    if not _hooks:
        _hooks.append(True)
        sys.addaudithook(_hear)
    _here.heard = what, heard
    try:
        yield
    finally:
        _here.heard = None


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    told: tuple[str, list[str]] | None = getattr(_here, "heard", None)
    if told is None:
        return
    what, heard = told
    if event in _EVENTS:
        heard.append(f"{what} uses {event}")
    elif event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        code = path.endswith(".py") or "__pycache__" in path
        # importlib.metadata opens each of these as an archive, even one that is not there.
        code = code or path in [os.path.realpath(place) for place in sys.path]
        if not code and not path.startswith(_INSTALLED):
            heard.append(f"{what} opens {os.path.basename(path)}")
