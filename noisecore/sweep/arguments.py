"""The arguments of `train_sweep`, checked before anything is read, written or trained."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from noisecore.data import Dataset, check_arrays, load_dataset
from noisecore.errors import NoisecoreError
from noisecore.escaping import described, shown
from noisecore.noise import check_bounds, listed_scales
from noisecore.paths import RESULTS
from noisecore.profiles import checked_images, listed_seeds
from noisecore.recipes import Recipe, get_recipe

FOLDER = os.path.join(RESULTS, "sweep")  # next to the folders of pytest's profiles

Workers = int | Literal["auto"]


class SweepError(NoisecoreError, ValueError):
    """An argument of `train_sweep` cannot be used; the message says which, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How a sweep is run.

    scales: ascending, 0 among them. workers: None for as many as the machine has room for.
    artifacts: the full path of the folder that records go to. cache: that of the cache.
    """

    scales: tuple[float, ...]
    seeds: tuple[int, ...]
    recipe: Recipe
    clip: tuple[float, float] | None
    test_draw: int
    images: int | None
    workers: int | None
    artifacts: Path
    resume: bool
    keep_models: bool
    cache: Path | None

    @property
    def here(self) -> bool:
        """Whether this process trains, and no worker."""
        return self.workers == 0


def read_choices(
    *,
    scales: Iterable[float] | str,
    seeds: int | Iterable[int] | str,
    recipe: str | Recipe,
    clip: tuple[float, float] | str | None,
    test_draw: int,
    images: int | None,
    workers: Workers,
    artifacts: str | os.PathLike[str] | None,
    resume: bool,
    keep_models: bool,
    cache: str | os.PathLike[str] | None,
) -> Choices:
    """Return the choices of a sweep.

    Raises `SweepError`, `NoiseError`, `ProfileError` or `RecipeError` if one cannot be used.
    """
    listed = listed_scales(scales)
    if not listed:
        raise SweepError("scales must be a list of numbers such as [0.1, 1], got an empty one")
    return Choices(
        scales=tuple(sorted({0.0, *listed})),
        seeds=listed_seeds(seeds),
        recipe=_recipe(recipe),
        clip=None if clip is None else check_bounds(clip, "clip"),
        test_draw=_whole("test_draw", test_draw),
        images=checked_images(images),
        workers=None if _is_auto(workers) else _whole("workers", workers, ", or 'auto'"),
        artifacts=_folder("artifacts", FOLDER if artifacts is None else artifacts),
        resume=check_flag("resume", resume),
        keep_models=check_flag("keep_models", keep_models),
        cache=None if cache is None else _folder("cache", cache),
    )


def check_flag(name: str, given: Any) -> bool:
    """Return True or False as it was given; raise `SweepError` on anything else."""
    if not isinstance(given, bool):
        raise SweepError(f"{name} must be True or False, got {shown(given)}")
    return given


def read_data(data: Any) -> Dataset:
    """Return the data set of a name, of a path or of arrays, or the given data set itself.

    Raises `SweepError` or `DatasetError` if it is none of these.
    """
    if isinstance(data, str | os.PathLike):
        return load_dataset(os.fsdecode(data))
    if isinstance(data, Dataset):
        return check_arrays(data.name, ((data.x_train, data.y_train), (data.x_test, data.y_test)))
    if isinstance(data, tuple | list):
        return check_arrays("arrays", data)
    raise SweepError(
        "data must be the name of a data set such as 'mnist-5k', the path of an .npz file, "
        "FILE.py:FUNCTION, a Dataset, or ((x_train, y_train), (x_test, y_test)), got "
        f"{described(data)}"
    )


def _recipe(given: Any) -> Recipe:
    if isinstance(given, Recipe):
        return given
    if isinstance(given, str):
        return get_recipe(given)
    raise SweepError(
        f"recipe must be a Recipe, or a text such as 'quick+epochs=8', got {shown(given)}"
    )


def _is_auto(workers: Any) -> bool:
    return isinstance(workers, str) and workers == "auto"


def _whole(name: str, given: Any, other: str = "") -> int:
    try:
        number = -1 if isinstance(given, bool) else operator.index(given)
    except TypeError:
        number = -1
    if not 0 <= number < 10**9:  # more digits are surely a mistake
        raise SweepError(f"{name} must be a whole number >= 0{other}, got {shown(given)}")
    return number


def _folder(name: str, given: Any) -> Path:
    try:
        text = os.fsdecode(given)
    except TypeError:
        text = ""
    if not text.strip() or "\0" in text:
        raise SweepError(f"{name} must be the path of a folder, got {shown(given)}")
    return Path(os.path.abspath(os.path.expanduser(text)))
