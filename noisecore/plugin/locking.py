"""The lock on an artifact folder: one run at a time writes to it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

import pytest

from noisecore.paths import hold_lock, is_missing, make_artifacts


def lock_folder(folder: Path, *, xdist_worker: bool) -> IO[bytes]:
    """Hold the artifact folder for a run; raise `pytest.UsageError` if another one has it.

    The workers of xdist share a lock of their own: when their controller was killed, the next run
    has to wait for them too.
    """
    workers = folder / ".lock-workers"
    try:
        make_artifacts(folder)
        if xdist_worker:
            return hold_lock(workers, fcntl.LOCK_SH)
        lock = hold_lock(folder / ".lock", fcntl.LOCK_EX)
        try:
            if not is_missing(workers):
                hold_lock(workers, fcntl.LOCK_EX).close()
        except OSError:
            lock.close()
            raise
        return lock
    except BlockingIOError:
        raise pytest.UsageError(
            f"noisecore: another run is writing to {folder}: wait for it, or choose another "
            "folder with --noise-artifacts"
        ) from None
    except OSError as error:
        raise pytest.UsageError(
            f"noisecore: artifacts cannot be written to {folder}: {_reason(error)}: choose another "
            "folder with --noise-artifacts"
        ) from None


def _reason(error: OSError) -> str:
    """Return what an error says, and of which file in the folder."""
    name = os.path.basename(os.fsdecode(error.filename or ""))
    return f"{name}: {error.strerror}" if name.startswith(".lock") else str(error.strerror or error)
