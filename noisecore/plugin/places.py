"""Checks the paths that a command line names, before anything is run or skipped."""

from __future__ import annotations

import errno
import os

import pytest

from noisecore.data import DatasetError, find_own, is_own
from noisecore.paths import check_folder, is_missing
from noisecore.plugin.settings import Settings


def refuse_places(settings: Settings) -> None:
    """Raise `pytest.UsageError` if a path of the command line cannot be used.

    A path in a configuration is checked only when it is needed: the configuration also serves other
    machines, and tests that measure nothing.
    """
    typed = settings.typed
    if "artifacts" in typed:
        try:
            check_folder(settings.artifacts)
        except OSError as error:
            raise pytest.UsageError(
                f"noisecore: artifacts cannot be written to {settings.artifacts}: "
                f"{error.strerror}: choose another folder with --noise-artifacts"
            ) from None
    if settings.records is not None and is_missing(settings.records):
        raise pytest.UsageError(
            f"noisecore: {settings.records}: expected a results.json, or a folder of records, "
            "found neither"
        )
    dataset = settings.profile.dataset
    if "dataset" in typed and is_own(dataset) and settings.records is None:
        try:
            find_own(dataset)
        except DatasetError as error:
            raise pytest.UsageError(f"noisecore: {error}") from None
    if {"baseline", "baseline-dir", "update-baseline"} & typed.keys():
        _refuse_baseline(settings)


def _refuse_baseline(settings: Settings) -> None:
    path = settings.baseline.path
    if path is None:
        return
    try:
        check_folder(path.parent)
    except OSError as error:
        if error.errno == errno.EACCES and not settings.baseline.update:
            return  # it may still be readable
        raise pytest.UsageError(
            f"noisecore: no baseline can be at {os.path.relpath(path)}: {error.strerror}: name a "
            ".json file, or a folder for it, with --noise-baseline"
        ) from None
