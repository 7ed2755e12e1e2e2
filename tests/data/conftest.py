"""Data sets of the tests' own, and nothing of this machine's."""

import gzip
import importlib.util
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from published_files import NAMES, make_arrays

from noisecore.data.dataset import payload_sha256
from noisecore.data.packaged import PACKAGED
from noisecore.data.published import PUBLISHED


@pytest.fixture(autouse=True)
def nothing_on_this_machine(monkeypatch, tmp_path):
    """Hide this machine's own datasets: no test may depend on what lies about."""
    monkeypatch.delenv("NOISECORE_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras-home"))


@pytest.fixture
def arrays():
    """Return the four arrays of a tiny dataset of three classes."""
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (6, 4, 5), np.uint8),
        "y_train": np.array([0, 1, 2, 0, 1, 2], np.uint8),
        "x_test": rng.integers(0, 256, (3, 4, 5), np.uint8),
        "y_test": np.array([2, 1, 0], np.uint8),
    }


@pytest.fixture
def save(tmp_path):
    """Return a function that saves arrays as an `.npz` and returns its path as text."""

    def save(arrays):
        path = tmp_path / "mine.npz"
        np.savez_compressed(path, **arrays)
        return str(path)

    return save


@pytest.fixture
def fake_package(monkeypatch, tmp_path):
    """Return a function that writes a package's data file and makes it the installed one."""

    def fake(name, content):
        packaged = PACKAGED[name]
        path = tmp_path / "package" / packaged.file
        path.parent.mkdir(parents=True)
        if content is not None:
            path.write_bytes(content)
        spec = SimpleNamespace(origin=str(tmp_path / "package" / "__init__.py"))
        monkeypatch.setattr(importlib.util, "find_spec", lambda module: spec)
        return path

    return fake


@pytest.fixture
def fake_digits(fake_package, monkeypatch):
    """Return a function that installs a file of twenty digits and makes its sums the known ones."""

    def fake(**changes):
        table = np.arange(20 * 65, dtype=np.int64).reshape(20, 65) % 17
        table[:, -1] = np.arange(20) % 2
        text = "".join(",".join(map(str, row)) + "\n" for row in table)
        path = fake_package("digits", gzip.compress(text.encode()))
        sums = {
            "images_sha256": payload_sha256(table[:, :-1]),
            "labels_sha256": payload_sha256(table[:, -1]),
        }
        known = replace(PACKAGED["digits"], **{**sums, **changes})
        monkeypatch.setitem(PACKAGED, "digits", known)
        return path

    return fake


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Make two tiny datasets the known ones, and return them by name."""
    known = {}
    for seed, name in enumerate(NAMES):
        arrays = known[name] = make_arrays(seed)
        system = ("dataset-fashion-mnist", str(tmp_path / "system")) if seed else None
        tiny_facts = replace(
            PUBLISHED[name],
            train=6,
            test=3,
            image_shape=(4, 5, 1),
            sha256={key: payload_sha256(array) for key, array in arrays.items()},
            system=system,
        )
        monkeypatch.setitem(PUBLISHED, name, tiny_facts)
    return known


@pytest.fixture
def keras(monkeypatch, tiny):
    """Put a Keras in place that cannot download; a test may give it a `load_data` that can."""

    def fail():
        raise Exception("URL fetch failure on https://example.org/mnist.npz:\n None -- offline")

    modules = {name: SimpleNamespace(load_data=fail) for name in ("mnist", "fashion_mnist")}
    fake = SimpleNamespace(datasets=SimpleNamespace(**modules))
    monkeypatch.setitem(sys.modules, "keras", fake)
    return fake
