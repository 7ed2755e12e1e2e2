"""Make MNIST's and Fashion-MNIST's kinds of files, tiny, and look at what is read of them."""

import gzip

import numpy as np
import pytest

from noisecore.data import DatasetError, DatasetNotFoundError, load_dataset
from noisecore.data.dataset import ARRAYS

STEMS = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
NAMES = ["mnist", "fashion-mnist"]


def make_arrays(seed):
    """Return six training and three test images of 4x5 pixels, as Keras' files hold them."""
    rng = np.random.default_rng(seed)
    return {
        "x_train": rng.integers(0, 256, (6, 4, 5), np.uint8),
        "y_train": np.arange(6, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (3, 4, 5), np.uint8),
        "y_test": rng.integers(0, 6, 3, np.uint8),
    }


def idx_bytes(array):
    """Return an array as an IDX file's content."""
    sizes = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write_idx(folder, arrays, spelling="{}"):
    """Write the four IDX files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, array in arrays.items():
        name = spelling.format(STEMS[key])
        if ".idx" in name:
            name = name.replace("-idx", "")
        content = idx_bytes(array)
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


def write_npz(folder, name, arrays):
    """Write Keras' kind of `.npz` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / f"{name}.npz", **arrays)
    return folder


def assert_is(dataset, arrays):
    """Assert that a dataset holds these arrays, in noisecore's shapes and dtypes."""
    for key in ARRAYS:
        expected = arrays[key][..., None] if key[0] == "x" else arrays[key].astype(np.int64)
        got = getattr(dataset, key)
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)


def refused(name, data_dir):
    """Return the one line of a refusal that is no "not found"."""
    with pytest.raises(DatasetError) as caught:
        load_dataset(name, data_dir)
    assert not isinstance(caught.value, DatasetNotFoundError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def not_found(name, data_dir=None):
    """Return the message of a dataset that is nowhere."""
    with pytest.raises(DatasetNotFoundError) as caught:
        load_dataset(name, data_dir)
    return str(caught.value)
