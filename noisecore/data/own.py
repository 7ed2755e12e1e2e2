"""A user's own data, an `.npz` or a function, checked when it is read.

A wrong range or shape costs little at that point.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.data.dataset import (
    ARRAYS,
    Array,
    Dataset,
    DatasetError,
    DatasetNotFoundError,
    as_dataset,
    refusal,
    settled_images,
)
from noisecore.data.files import names_in_npz, read_npz
from noisecore.data.members import words
from noisecore.escaping import shorten
from noisecore.functions import importable_from, load_file
from noisecore.paths import MIB, is_missing, open_file, open_new

LICENCE = "the user's own"
_PYTHON_BYTES = 16 * MIB
_STEM = 60  # characters of a file's name that go into the name of its dataset


def is_own(name: str) -> bool:
    """Return whether a name is that of a user's own data: `FILE.npz`, `FILE.py:FUNCTION`."""
    return name.endswith(".npz") or re.search(r"\.py:\w+$", name) is not None


def load_own(name: str) -> Dataset:
    """Return the dataset of a user's `.npz` file, or of a function in a Python file, checked.

    name: path of a file with x_train and x_test, (n, h, w) or (n, h, w, channels), uint8 in 0..255
    or float32 or float64 in [0, 1], and y_train and y_test, integers (n,) or (n, 1), or one-hot
    (n, k), classes 0..k-1; or `FILE.py:FUNCTION`, where the function takes nothing and returns
    the same as ((x_train, y_train), (x_test, y_test)), the same at every call.
    Raises DatasetError, of one line, for anything else. A function that calls `os._exit` ends
    this process, and no message can be given.
    """
    path = find_own(name)
    if name.endswith(".npz"):
        return _checked(path.name, path, read_npz(path))
    function = name.rpartition(":")[2]
    return _checked(f"{path.name}:{function}", path, _call(path, function))


def check_arrays(name: str, given: Any) -> Dataset:
    """Return ((x_train, y_train), (x_test, y_test)) as a dataset, checked as by `load_own`.

    name: what it is called in records. Raises DatasetError, of one line, for anything else.
    """
    return _checked(name, "the data", _unpacked(given, "the data"))


def write_own(dataset: Dataset, folder: Path) -> Path:
    """Write a dataset into a folder, created if need be, and return the path of its `.npz` file.

    The file is named after the dataset and its SHA-256, so it can only replace itself. Raises
    OSError if it cannot be written.
    """
    stem = re.sub(r"[^\w-]+", "-", dataset.name.removesuffix(".npz"))[:_STEM]
    path = folder / f"{stem}-{dataset.sha256[:12]}.npz"
    folder.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open_new(half) as file:
            np.savez(file, **{key: getattr(dataset, key) for key in ARRAYS})
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
    return path


def load_test_alone(name: str) -> tuple[Array, Array] | None:
    """Return x_test and y_test of an `.npz` file without a training split, otherwise None.

    They are checked and prepared as in `load_own`.
    """
    path = find_own(name)
    names = names_in_npz(path)
    if not names >= {"x_test", "y_test"} or names & {"x_train", "y_train"}:
        return None
    arrays = read_npz(path, ("x_test", "y_test"))
    images = arrays["x_test"]
    _check_images(images, f"x_test in {path}")
    labels, _ = class_numbers(arrays["y_test"], f"y_test in {path}")
    return settled_images(images), labels


def find_own(name: str) -> Path:
    """Return the file of a user's own dataset; raise `DatasetNotFoundError` if there is no file."""
    archive = name.endswith(".npz")
    kind, file = ("an .npz file", name) if archive else ("a Python file", name.rpartition(":")[0])
    path = Path(os.path.abspath(os.path.expanduser(file)))
    try:
        open_file(path, None if archive else _PYTHON_BYTES).close()
    except OSError as error:
        state = "no such file" if is_missing(path) else words(error)
        raise DatasetNotFoundError(
            f"dataset {shorten(name)!r} was not found: expected {kind} at {shorten(str(path))}, "
            f"got {state}; give its path from the current folder (in pytest's configuration: from "
            "the folder of that file), or its full path"
        ) from None
    return path


def _call(path: Path, name: str) -> dict[str, Array]:
    """Return the four arrays that a function in a file returns."""
    what = f"{name} in {path}"
    try:
        function = getattr(load_file(str(path)), name, None)
        with importable_from(str(path)):
            given: Any = function() if callable(function) else None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it may exit too, or fail as a test does
        raise _failed(what, error) from error
    if not callable(function):
        raise refusal(
            what,
            expected="a function of that name",
            got="none" if function is None else type(function).__name__,
            remedy="define it there, at the top of the file",
        )
    return _unpacked(given, what)


def _unpacked(given: Any, what: str) -> dict[str, Array]:
    """Return the four arrays of ((x_train, y_train), (x_test, y_test))."""
    try:
        (x_train, y_train), (x_test, y_test) = given
    except (TypeError, ValueError):
        raise refusal(
            what,
            expected="((x_train, y_train), (x_test, y_test))",
            got=type(given).__name__,
            remedy="give the four arrays like this",
        ) from None
    try:
        arrays = list(map(np.asarray, (x_train, y_train, x_test, y_test)))
    except Exception as error:  # raised by whatever turns them into arrays
        raise _failed(what, error) from error
    return dict(zip(ARRAYS, arrays, strict=True))


def _failed(what: str, error: BaseException) -> DatasetError:
    return refusal(
        what,
        expected="a function that returns data",
        got=f"{type(error).__name__}: {words(error)}",
        remedy="call it by hand to see where that comes from",
    )


def _checked(name: str, path: Path | str, arrays: dict[str, Array]) -> Dataset:
    for split in ("train", "test"):
        _check_images(arrays[f"x_{split}"], f"x_{split} in {path}")
    _check_pair(arrays, path)
    labels, num_classes = _labels(arrays, path)
    for split in ("train", "test"):
        images, count = len(arrays[f"x_{split}"]), len(labels[f"y_{split}"])
        if images != count:
            raise refusal(
                f"y_{split} in {path}",
                expected=f"a label for each of the {images} images",
                got=f"{count}",
                remedy=f"save x_{split} and y_{split} of the same samples",
            )
    return as_dataset(
        name, {**arrays, **labels}, num_classes=num_classes, source=str(path), licence=LICENCE
    )


def _check_images(images: Array, what: str) -> None:
    remedy = "save images as (n, height, width) or (n, height, width, channels)"
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise refusal(
            what,
            expected="shape (n, height, width) or (n, height, width, channels), nothing empty",
            got=str(images.shape),
            remedy=remedy,
        )
    if images.ndim == 4 and images.shape[1] <= 4 < images.shape[3]:
        raise refusal(
            what,
            expected="channels last, (n, height, width, channels)",
            got=f"{images.shape}, which looks like channels first",
            remedy="save numpy.moveaxis(images, 1, -1)",
        )
    floating = images.dtype.kind == "f" and images.dtype.itemsize in (4, 8)
    if images.dtype != np.uint8 and not floating:
        raise refusal(
            what,
            expected="dtype uint8 (0..255), float32 or float64 (0..1)",
            got=str(images.dtype),
            remedy="convert the images before saving",
        )
    if floating and not np.isfinite(images).all():
        raise refusal(
            what,
            expected="finite pixels",
            got=f"NaN or infinity in {int((~np.isfinite(images)).sum())} of {images.size}",
            remedy="find out where they come from, and save the images without them",
        )
    least, greatest = images.min(), images.max()
    if floating and (least < 0 or greatest > 1):
        raise refusal(
            what,
            expected="floating pixels in [0, 1]",
            got=f"{least:g} to {greatest:g}",
            remedy="scale the images to [0, 1] (0..255: save them as uint8)",
        )
    # Scaled twice, or a 0/1 mask kept as uint8: noise would drown it at every scale.
    if greatest <= (1 / 255 if floating else 1):
        raise refusal(
            what,
            expected="pixels over the whole range of their dtype (uint8 0..255, floating 0..1)",
            got=f"at most {greatest:g}",
            remedy="multiply by 255, or save as floating in [0, 1]",
        )


def _check_pair(arrays: dict[str, Array], path: Path | str) -> None:
    train, test = (arrays[f"x_{split}"] for split in ("train", "test"))
    kinds = [
        ("shape of an image", train.shape[1:], test.shape[1:]),
        ("dtype kind", _kind(train), _kind(test)),
    ]
    for what, of_train, of_test in kinds:
        if of_train != of_test:
            raise refusal(
                f"x_test in {path}",
                expected=f"the {what} of x_train, {of_train}",
                got=str(of_test),
                remedy="prepare both splits in the same way",
            )


def _kind(images: Array) -> str:
    return "uint8" if images.dtype == np.uint8 else "floating"


def _labels(arrays: dict[str, Array], path: Path | str) -> tuple[dict[str, NDArray[np.int64]], int]:
    """Return the labels as int64 (n,), and the number of classes."""
    labels, widths = {}, {}
    for key in ARRAYS[1::2]:
        labels[key], widths[key] = class_numbers(arrays[key], f"{key} in {path}")
    if len(set(widths.values())) > 1:
        raise refusal(
            f"y_test in {path}",
            expected=f"labels of the same form as y_train's, {_form(widths['y_train'])}",
            got=_form(widths["y_test"]),
            remedy="save both as class numbers or both as one-hot",
        )
    known = np.unique(labels["y_train"])
    num_classes = widths["y_train"] or int(known[-1]) + 1
    if num_classes < 2 or len(known) != num_classes:
        raise refusal(
            f"y_train in {path}",
            expected="classes 0..k-1, two or more, each at least once",
            got=f"{len(known)} different, from {known[0]} to {known[-1]}, for k = {num_classes}",
            remedy="number the classes from 0 without gaps",
        )
    strange = labels["y_test"][labels["y_test"] >= num_classes]
    if strange.size:
        raise refusal(
            f"y_test in {path}",
            expected=f"the classes of y_train, 0..{num_classes - 1}",
            got=f"class {strange[0]}",
            remedy="train on every class that is tested",
        )
    return labels, num_classes


def class_numbers(labels: Array, what: str) -> tuple[NDArray[np.int64], int]:
    """Return class numbers, and the width if they were one-hot, otherwise 0."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 1 and (labels.dtype.kind == "b" or _whole(labels)):
        labels = labels.astype(np.int64)  # Keras uses 0.0 and 1.0 for two classes
    if labels.ndim == 1 and labels.dtype.kind in "iu" and labels.size:
        # Compared before the cast, which would wrap the greatest uint64 around to negative.
        least, greatest = labels.min(), labels.max()
        if least < 0 or greatest > np.iinfo(np.int64).max:
            raise refusal(
                what,
                expected="class numbers from 0",
                got=f"{least if least < 0 else greatest}",
                remedy="number the classes from 0 without gaps",
            )
        return labels.astype(np.int64), 0
    if labels.ndim == 2 and labels.dtype.kind in "biuf" and labels.size:
        ones = (labels == 1).sum(axis=1)
        if ((labels != 0).sum(axis=1) == 1).all() and (ones == 1).all():
            return labels.argmax(axis=1).astype(np.int64), labels.shape[1]
        raise refusal(
            what,
            expected="one-hot rows, a single 1 among 0s",
            got=f"other values in row {int(np.argmax(ones != 1))}",
            remedy="save class numbers instead",
        )
    raise refusal(
        what,
        expected="integer labels of shape (n,) or (n, 1), or one-hot of shape (n, k)",
        got=f"{labels.dtype} of shape {labels.shape}",
        remedy="save class numbers as integers"
        + (", numpy.unique(labels, return_inverse=True)[1]" if labels.dtype.kind in "US" else ""),
    )


def _whole(labels: Array) -> bool:
    """Return whether floating labels are class numbers, none of them large enough to be rounded."""
    if labels.dtype.kind != "f" or not labels.size:
        return False
    return bool((np.abs(labels) < 2**11).all() and (labels == np.trunc(labels)).all())


def _form(width: int) -> str:
    return f"one-hot of width {width}" if width else "class numbers"
