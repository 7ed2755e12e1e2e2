"""MNIST and Fashion-MNIST at full size: where they may be, and the sums that they must match.

Searched in this order: the folder given, `$NOISECORE_DATA_DIR`, Keras' cache, a system package's
folder, Keras' downloader. The first one found must match; a bad one is never skipped.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from noisecore.data.dataset import (
    ARRAYS,
    Array,
    Dataset,
    DatasetNotFoundError,
    Facts,
    as_dataset,
    payload_sha256,
    refusal,
)
from noisecore.data.files import read_idx, read_npz
from noisecore.escaping import one_line
from noisecore.paths import stands

DATA_DIR_VARIABLE = "NOISECORE_DATA_DIR"

# Both datasets use MNIST's file names, in two spellings; only the sums tell them apart.
_IDX_STEMS = {
    "x_train": ("train-images-idx3-ubyte", "train-images.idx3-ubyte"),
    "y_train": ("train-labels-idx1-ubyte", "train-labels.idx1-ubyte"),
    "x_test": ("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"),
    "y_test": ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"),
}


@dataclass(frozen=True)
class Published(Facts):
    """A dataset whose every byte is known.

    title: its proper name. sha256: of each array's values as bytes, in C order. archive: the name
    of its `.npz`. subfolders: where its IDX files may be within a folder. keras: its module in
    `keras.datasets`. system: (package, folder) of a system package that holds it.
    """

    title: str
    sha256: Mapping[str, str]
    archive: str
    subfolders: tuple[str, ...]
    keras: str
    system: tuple[str, str] | None = None


# MNIST's sums were taken of arrays whose IDX files have the original files' MD5 sums
# (train-images 6bbc9ace898e44ae57da46a324031adb, train-labels a25bea736e30d166cdddb491f175f624,
# t10k-images 2646ac647ad5339dbf082846283269ea, t10k-labels 27ae3e4e09519cfbb04c329615203637).
# Licence: https://keras.io/api/datasets/mnist/.
# Fashion-MNIST's were taken of Debian's package dataset-fashion-mnist 0.0~git20200523.55506a9-1;
# its files, with the name and time stamp back in their gzip headers, have the MD5 sums (and its
# licence) of https://github.com/zalandoresearch/fashion-mnist.
PUBLISHED = {
    "mnist": Published(
        name="mnist",
        title="MNIST",
        train=60_000,
        test=10_000,
        image_shape=(28, 28, 1),
        num_classes=10,
        licence="CC BY-SA 3.0 (Yann LeCun, Corinna Cortes)",
        sha256={
            "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
            "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
            "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
            "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        },
        archive="mnist.npz",
        subfolders=("mnist", "MNIST/raw", ""),
        keras="mnist",
    ),
    "fashion-mnist": Published(
        name="fashion-mnist",
        title="Fashion-MNIST",
        train=60_000,
        test=10_000,
        image_shape=(28, 28, 1),
        num_classes=10,
        licence="MIT (Zalando SE)",
        sha256={
            "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
            "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
            "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
            "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
        },
        archive="fashion-mnist.npz",
        subfolders=("fashion-mnist", "FashionMNIST/raw", ""),
        keras="fashion_mnist",
        system=("dataset-fashion-mnist", "/usr/share/datasets"),
    ),
}


class _Found(NamedTuple):
    arrays: dict[str, Array]
    source: str


def load_published(
    published: Published, data_dir: str | os.PathLike[str] | None, *, download: bool
) -> Dataset:
    """Return a published dataset from the first place that holds it, checked.

    Raises DatasetError if what a place holds is truncated or altered, and DatasetNotFoundError,
    which names every place and each remedy, if none holds it.
    """
    looked = []
    found: _Found | str = "not looked at"
    for place, folder in _places(published, data_dir):
        found = "not set" if folder is None else _look(folder, published)
        if isinstance(found, _Found):
            break
        looked.append(f"{place}: {found}" if folder is None else f"{place} {folder}: {found}")
    if not isinstance(found, _Found) and download:
        found = _download(published)
        looked.append(f"Keras' downloader: {found}")
    if isinstance(found, _Found):
        return as_dataset(
            published.name,
            {key: found.arrays[key].reshape(_shape(published, key)) for key in ARRAYS},
            num_classes=published.num_classes,
            source=found.source,
            licence=published.licence,
        )
    listed = [f"dataset {published.name!r} was not found; looked at:", *looked]
    remedies = ["what helps, any one of:", *_remedies(published)]
    raise DatasetNotFoundError("\n  - ".join(listed) + "\n" + "\n  - ".join(remedies))


def _places(
    published: Published, data_dir: str | os.PathLike[str] | None
) -> Iterator[tuple[str, Path | None]]:
    if data_dir:
        yield "the folder given,", _folder(data_dir)
    set_to = os.environ.get(DATA_DIR_VARIABLE)
    yield f"${DATA_DIR_VARIABLE}", _folder(set_to) if set_to else None
    # The same rule as in keras.config.keras_home and keras.utils.get_file.
    yield "Keras' cache", _folder(os.environ.get("KERAS_HOME") or "~/.keras") / "datasets"
    if published.system:
        package, folder = published.system
        yield f"system package {package},", Path(folder)


def _folder(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.abspath(os.path.expanduser(path)))


def _look(folder: Path, published: Published) -> _Found | str:
    """Return what a folder holds, or why it does not hold it."""
    if not os.path.isdir(folder):
        return "a file, not a folder" if os.path.exists(folder) else "no such folder"
    archive = folder / published.archive
    if stands(archive):
        arrays = read_npz(archive)
        _check(arrays, published, {key: f"{key} in {archive}" for key in ARRAYS})
        return _Found(arrays, str(archive))
    remarks = []
    for within in published.subfolders:
        files = _idx_files(folder / within)
        if not files:
            continue
        if len(files) < len(ARRAYS):
            missing = ", ".join(_IDX_STEMS[key][0] for key in ARRAYS if key not in files)
            remarks.append(f"IDX files incomplete, without {missing}")
            continue
        arrays = {key: read_idx(files[key], _shape(published, key)) for key in ARRAYS}
        owner = _owner(arrays)
        if owner and owner is not published:
            # Intact files of the other dataset are not damage: both use the same names.
            remarks.append(f"its IDX files are {owner.title}'s, not {published.title}'s")
            continue
        _check(arrays, published, {key: str(files[key]) for key in ARRAYS})
        return _Found(arrays, str(folder / within))
    return "; ".join(remarks) or f"neither {published.archive} nor the four IDX files"


def _idx_files(folder: Path) -> dict[str, Path]:
    found = {}
    for key, stems in _IDX_STEMS.items():
        for name in (*stems, *(f"{stem}.gz" for stem in stems)):
            if stands(folder / name):
                found[key] = folder / name
                break
    return found


def _shape(published: Published, key: str) -> tuple[int, ...]:
    """Return the shape of one of the four arrays in its IDX file, where images have no channels."""
    count = published.train if key.endswith("train") else published.test
    return (count, *published.image_shape[:2]) if key.startswith("x") else (count,)


def _owner(arrays: Mapping[str, Array]) -> Published | None:
    sums = {key: payload_sha256(arrays[key]) for key in ARRAYS}
    return next((known for known in PUBLISHED.values() if known.sha256 == sums), None)


def _check(arrays: Mapping[str, Array], published: Published, files: Mapping[str, str]) -> None:
    """Raise DatasetError on the first array whose bytes are not the published ones."""
    for key in ARRAYS:
        got = payload_sha256(arrays[key])
        if got == published.sha256[key]:
            continue
        for known in PUBLISHED.values():
            if got == known.sha256[key]:
                got += f" ({known.title}'s)"
        raise refusal(
            files[key],
            expected=f"{published.title}'s values, SHA-256 {published.sha256[key]}",
            got=got,
            remedy="the file is altered or another dataset's: delete it or replace it by a fresh "
            "download",
        )


def _download(published: Published) -> _Found | str:
    """Return what Keras' downloader fetches and keeps in its cache, or why it failed."""
    try:
        module = importlib.import_module("keras").datasets
        (x_train, y_train), (x_test, y_test) = getattr(module, published.keras).load_data()
    # Keras' get_file raises a plain Exception for a failed transfer, and importing Keras can fail
    # in the ways of each backend: whatever it was, the dataset is not there.
    except Exception as error:
        return f"failed ({type(error).__name__}: {one_line(error)})"
    arrays = dict(zip(ARRAYS, (x_train, y_train, x_test, y_test), strict=True))
    _check(arrays, published, {key: f"{key} from Keras' downloader" for key in ARRAYS})
    return _Found(arrays, "Keras' downloader")


def _remedies(published: Published) -> list[str]:
    names = ", ".join(stems[0] for stems in _IDX_STEMS.values())
    remedies = [
        f"put {published.archive}, or the IDX files {names} (gzipped or not), into a folder and "
        f"name the folder with --noise-data-dir or {DATA_DIR_VARIABLE}",
        "with internet access and Keras (pip install tensorflow-cpu) it is downloaded when it is "
        "first needed; to do so now: python -c "
        f'"import keras; keras.datasets.{published.keras}.load_data()"',
    ]
    if published.system:
        remedies.append(f"on Debian and Ubuntu: apt install {published.system[0]}")
    return remedies
