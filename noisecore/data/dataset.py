"""A dataset: four arrays that can be trusted, and where they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.errors import NoisecoreError
from noisecore.escaping import brief, one_line

Array = NDArray[Any]

# The four arrays of a dataset, by the names that Keras' `.npz` files use, in the order of hashing.
ARRAYS = ("x_train", "y_train", "x_test", "y_test")


class DatasetError(NoisecoreError, ValueError):
    """A dataset cannot be used; the message says what was expected, what was found, what to do."""


class DatasetNotFoundError(DatasetError):
    """A dataset is in none of the places searched; the message names them and each remedy."""


@dataclass(frozen=True)
class Facts:
    """What is known of a dataset before it is found: name, sizes, image shape, classes, licence."""

    name: str
    train: int
    test: int
    image_shape: tuple[int, int, int]
    num_classes: int
    licence: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels for training and testing, with their provenance. Arrays are read-only.

    name: as records show it; for a user's own file, the file name without its folder.
    x_train, x_test: images, (n, height, width, channels), channels last: uint8 in 0..255 or
    float32 in [0, 1].
    y_train, y_test: labels, int64, (n,), 0..num_classes-1.
    sha256: of the content (`content_sha256`), the same wherever it was found.
    source: where it was found. licence: of the data.

    Example:
        >>> np.savez("own.npz", x_train=x, y_train=y, x_test=x, y_test=y)
        >>> load_dataset("own.npz").num_classes
        3
    """

    name: str
    x_train: Array
    y_train: NDArray[np.int64]
    x_test: Array
    y_test: NDArray[np.int64]
    num_classes: int
    sha256: str
    source: str
    licence: str

    def __repr__(self) -> str:
        sizes = {"train": len(self.y_train), "test": len(self.y_test)}
        return brief("Dataset", name=self.name, shape=self.image_shape, **sizes, source=self.source)

    def __post_init__(self) -> None:
        for name, axes in zip(ARRAYS, (4, 1, 4, 1), strict=True):
            array = getattr(self, name)
            if not isinstance(array, np.ndarray) or array.ndim != axes:
                raise refusal(
                    name,
                    expected="images (n, height, width, channels)" if axes > 1 else "labels (n,)",
                    got=str(getattr(array, "shape", type(array).__name__)),
                    remedy="train_sweep takes ((x_train, y_train), (x_test, y_test)) as they are",
                )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Return (height, width, channels)."""
        height, width, channels = self.x_train.shape[1:]
        return height, width, channels


def unit_images(images: Array, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Return the images as float32 in [0, 1]: uint8 divided by 255, float32 as it is.

    out: an array of their shape to put them into, and to return. Left out, uint8 images get a new
    array, and float32 images are returned as they are.
    Raises DatasetError for any other dtype: its range could only be guessed.
    """
    if images.dtype == np.uint8:
        return np.divide(images, 255, out=out, dtype=np.float32)
    if images.dtype == np.float32:
        if out is None:
            return images
        np.copyto(out, images)
        return out
    raise refusal(
        "dtype of the images",
        expected="uint8 (0..255) or float32 (0..1)",
        got=str(images.dtype),
        remedy="convert them first",
    )


def as_dataset(
    name: str, arrays: Mapping[str, Array], *, num_classes: int, source: str, licence: str
) -> Dataset:
    """Return already checked arrays as a Dataset: channels added, dtypes settled, read-only.

    arrays: x_train and x_test as (n, h, w) or (n, h, w, c), uint8 or floating; y_train and y_test
    as integers (n,).
    """
    settled = {}
    for key in ARRAYS:
        array = arrays[key]
        is_image = key.startswith("x")
        array = settled_images(array) if is_image else np.ascontiguousarray(array, np.int64)
        view = array.view()
        view.setflags(write=False)
        settled[key] = view
    return Dataset(
        name=name,
        num_classes=num_classes,
        sha256=content_sha256(settled),
        source=source,
        licence=licence,
        **settled,
    )


def settled_images(images: Array) -> Array:
    """Return images, (n, h, w) or (n, h, w, c), as (n, h, w, c), uint8 or float32."""
    images = images[..., np.newaxis] if images.ndim == 3 else images
    return np.ascontiguousarray(images, np.uint8 if images.dtype == np.uint8 else np.float32)


def content_sha256(arrays: Mapping[str, Array]) -> str:
    """Return the SHA-256 of names, dtypes, shapes and bytes of the four arrays.

    Memory layout and byte order do not matter: bytes are taken in C order, little-endian.
    """
    digest = hashlib.sha256()
    for key in ARRAYS:
        array = arrays[key].astype(arrays[key].dtype.newbyteorder("<"), copy=False)
        digest.update(f"{key} {array.dtype.name} {array.shape}\n".encode())
        digest.update(_octets(array))
    return digest.hexdigest()


def payload_sha256(array: Array) -> str:
    """Return the SHA-256 of an array's bytes alone, in C order: published sums are made from these.

    Integers that fit are taken as single bytes, as IDX files hold them; so int64 labels give the
    sum of the same labels as uint8.
    """
    if array.dtype.kind in "iu" and array.size and array.min() >= 0 and array.max() <= 255:
        array = array.astype(np.uint8, copy=False)
    return hashlib.sha256(_octets(array)).hexdigest()


def _octets(array: Array) -> memoryview:
    """Return an array's bytes in C order; they are copied only if they are in another order."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def refusal(what: str, *, expected: str, got: str, remedy: str) -> DatasetError:
    """Return a DatasetError of one line: what, what was expected, what was found, what to do."""
    return DatasetError(f"{what}: expected {expected}, got {one_line(got)}; {remedy}")
