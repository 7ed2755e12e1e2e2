"""What may stand in the place of a file, and is none."""

from __future__ import annotations

import os
import socket
from pathlib import Path

# Each, and a word of the reason that is given for it.
KINDS = {
    "fifo": "a FIFO",
    "socket": "a socket",
    "device": "a device",
    "loop": "symbolic links",
    "folder": "a folder",
    "huge": "a file of more than",
}


def put(kind: str, path: Path) -> None:
    """Put one of them at a path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        # The path of a socket must be short, and that of a test's folder is not.
        here = os.open(os.curdir, os.O_RDONLY)
        os.chdir(path.parent)
        try:
            with socket.socket(socket.AF_UNIX) as opened:
                opened.bind(path.name)
        finally:
            os.fchdir(here)
            os.close(here)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "folder":
        path.mkdir()
    else:
        with open(path, "wb") as file:
            file.truncate(10**12)  # it takes no room: nothing is written
