"""From a name to a checked dataset."""

from __future__ import annotations

import difflib
import os
from typing import Any

from numpy.typing import NDArray

from noisecore.data.dataset import Dataset, DatasetError
from noisecore.data.own import is_own, load_own, load_test_alone
from noisecore.data.packaged import PACKAGED, load_packaged
from noisecore.data.published import PUBLISHED, load_published
from noisecore.escaping import described, shorten

DATASETS = ("mnist-5k", "mnist", "fashion-mnist", "digits")


def load_dataset(
    name: str | os.PathLike[str], data_dir: str | os.PathLike[str] | None = None
) -> Dataset:
    """Return a dataset, read and checked; if it is not on this machine, Keras downloads it.

    Args:
        name: "mnist-5k", "mnist", "fashion-mnist" or "digits"; or data of your own, `FILE.npz` or
            `FILE.py:FUNCTION`.
        data_dir: A folder that is searched first, for "mnist" and "fashion-mnist".

    Returns:
        The dataset; its arrays are read-only.

    Raises:
        DatasetError: The name is unknown, the data is truncated, altered or unusable, or it is not
            there; another dataset never takes its place.

    Example:
        >>> np.savez("own.npz", x_train=x, y_train=y, x_test=x, y_test=y)
        >>> load_dataset("own.npz").image_shape
        (6, 6, 1)
    """
    for what, given in (("name", name), ("data_dir", data_dir or "")):
        if not isinstance(given, str | os.PathLike):
            raise DatasetError(f"{what} must be a text or a path, got {described(given)}")
    return load(os.fspath(name), data_dir, download=True)


def load(name: str, data_dir: str | os.PathLike[str] | None, *, download: bool) -> Dataset:
    """Return a dataset as `load_dataset` does, with or without permission to download it."""
    try:
        return _load(name, data_dir, download=download)
    except MemoryError:
        raise DatasetError(
            f"dataset {shorten(name)!r}: expected images that fit into memory, got more; use "
            "fewer or smaller images"
        ) from None


def _load(name: str, data_dir: str | os.PathLike[str] | None, *, download: bool) -> Dataset:
    if is_own(name):
        return load_own(name)
    check_name(name)
    if name in PACKAGED:
        return load_packaged(PACKAGED[name])
    return load_published(PUBLISHED[name], data_dir, download=download)


def locate(name: str, data_dir: str | os.PathLike[str] | None = None) -> tuple[str, str | None]:
    """Return both as another process needs them, whatever its current folder: as full paths."""
    return (
        os.path.abspath(os.path.expanduser(name)) if is_own(name) else name,
        os.path.abspath(data_dir) if data_dir is not None else None,
    )


def load_test(
    name: str, data_dir: str | os.PathLike[str] | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the test images and labels of a dataset, as `load_dataset` does.

    An `.npz` file may hold these alone.
    """
    alone = load_test_alone(name) if name.endswith(".npz") else None
    if alone is not None:
        return alone
    data = load_dataset(name, data_dir)
    return data.x_test, data.y_test


def check_name(name: str) -> None:
    """Raise DatasetError unless the name is known or has the form of a user's own."""
    if name in DATASETS or is_own(name):
        return
    near = difflib.get_close_matches(name.lower(), DATASETS, n=2)
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise DatasetError(
        f"unknown dataset {shorten(name)!r}{hint}: expected one of {', '.join(DATASETS)}, or the "
        "path of an .npz file with x_train, y_train, x_test and y_test (to evaluate a trained "
        "model, the last two are enough), or FILE.py:FUNCTION"
    )
