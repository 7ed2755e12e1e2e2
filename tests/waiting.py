"""Waiting for other processes, and looking for those that are left."""

from __future__ import annotations

import time
from pathlib import Path


def wait_until(condition, seconds: float = 120) -> None:
    """Wait until a condition holds; fail if it does not within that time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def workers_of(session: int) -> list[int]:
    """Return the pids of the living noisecore workers in a session of processes."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            # After the name in brackets: state, parent, group, session.
            state, _, _, its_session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it has just ended
        if int(its_session) == session and state != "Z" and b"noisecore.running.worker" in command:
            found.append(int(folder.name))
    return found
