"""Reads the baseline of a run: once, as long as its file stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from noisecore.paths import check_folder, is_missing
from noisecore.profiles import Profile
from noisecore.records import RecordError

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline


def read(path: Path, profile: Profile, former: Mapping[str, str] | None = None) -> Baseline | None:
    """Return the baseline, None if its file is not there.

    former: the models of curves that have other names now, as in `Robustness`. Raises
    `RecordError` if the file cannot be used.
    """
    from noisecore.judging.baselines import renamed

    if is_missing(path):
        return None
    baseline = _read(path, _stamp(path))
    if baseline.profile != profile.name:
        raise RecordError(
            f"{path}: expected a baseline of profile {profile.name}, got one of "
            f"{baseline.profile}: name another file with --noise-baseline"
        )
    return renamed(baseline, former) if former else baseline


@lru_cache(maxsize=1)  # a run reads its baseline up to six times
def _read(path: Path, stamp: tuple[int, ...]) -> Baseline:
    from noisecore.judging.baselines import read_baseline

    return read_baseline(path)


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes with a file's content; empty if nothing is known of it."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def check_place(path: Path) -> None:
    """Raise `RecordError` if a baseline cannot be written there."""
    try:
        check_folder(path.parent)
    except OSError as error:
        raise RecordError(
            f"{path}: cannot be written: {error.strerror}: name another file with --noise-baseline"
        ) from None
