"""The folder of a sweep: locked while it is written to, and the place for data in memory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from noisecore.data import DATASETS, Dataset, DatasetError, locate, write_own
from noisecore.data.loading import load
from noisecore.paths import hold_lock, make_artifacts
from noisecore.running.store import StoreError


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Share a folder with other sweeps: that is safe, as each training is written by one at a time.

    Raises `StoreError` if a pytest run uses it, whose report needs the records of that run alone.
    """
    try:
        make_artifacts(folder)
        lock = hold_lock(folder / ".lock", fcntl.LOCK_SH)
    except BlockingIOError:
        raise StoreError(
            f"a pytest run is writing to {folder}: wait for it, or choose another folder with "
            "artifacts="
        ) from None
    except OSError as error:
        raise StoreError(
            f"artifacts cannot be written to {folder}: {error.strerror or error}: choose another "
            "folder with artifacts="
        ) from None
    with lock:
        yield


def place_data(dataset: Dataset, data: Any, folder: Path) -> tuple[Dataset, tuple[str, str | None]]:
    """Return a data set under the name that records use, and where a worker reads it."""
    if isinstance(data, str | os.PathLike):
        return dataset, locate(os.fsdecode(data))
    if dataset.name in DATASETS:  # perhaps it is that very data set
        try:
            if load(dataset.name, None, download=False).sha256 == dataset.sha256:
                return dataset, locate(dataset.name)
        except DatasetError:
            pass  # it came from a folder that is not known here
    try:
        path = write_own(dataset, folder / "data")
    except OSError as error:
        raise StoreError(
            f"the data cannot be written to {folder}: {error.strerror or error}: choose another "
            "folder with artifacts="
        ) from None
    return replace(dataset, name=path.name, source=str(path)), locate(str(path))
