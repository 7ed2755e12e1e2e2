"""The paths that a command line names, looked at before anything runs, or is skipped."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from noisecore.data import DatasetError, find_own, is_own
from noisecore.paths import check_folder, is_missing

if TYPE_CHECKING:
    from noisecore.plugin.choices import Choices


def refuse_places(choices: Choices) -> None:
    """Raise `pytest.UsageError` if a path of the command line cannot be used.

    What a configuration names is said by whoever needs it: it holds for other machines, and for
    tests that measure nothing.
    """
    given = choices.given
    if "artifacts" in given:
        try:
            check_folder(choices.artifacts)
        except OSError as error:
            raise pytest.UsageError(
                f"noisecore: artifacts cannot be written to {choices.artifacts}: "
                f"{error.strerror}: choose another folder with --noise-artifacts"
            ) from None
    if choices.records is not None and is_missing(choices.records):
        raise pytest.UsageError(
            f"noisecore: {choices.records}: expected a results.json, or a folder of records, found "
            "neither"
        )
    dataset = choices.profile.dataset
    if "dataset" in given and is_own(dataset) and choices.records is None:
        try:
            find_own(dataset)
        except DatasetError as error:
            raise pytest.UsageError(f"noisecore: {error}") from None
    if {"baseline", "baseline-dir", "update-baseline"} & given.keys():
        _refuse_baseline(choices)


def _refuse_baseline(choices: Choices) -> None:
    path = choices.baseline.path
    if path is None:
        return
    try:
        check_folder(path.parent)
    except OSError as error:
        if error.errno == errno.EACCES and not choices.baseline.update:
            return  # it may be read
        raise pytest.UsageError(
            f"noisecore: no baseline can be at {os.path.relpath(path)}: {error.strerror}: name a "
            ".json file, or a folder for it, with --noise-baseline"
        ) from None
