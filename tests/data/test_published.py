"""MNIST and Fashion-MNIST at full size, with tiny files whose sums are made the known ones."""

import os
import re
import sys

import numpy as np
import pytest
from published_files import NAMES, STEMS, assert_is, idx_bytes, not_found, write_idx, write_npz

from noisecore.data import find_dataset, load_dataset
from noisecore.data.dataset import ARRAYS
from noisecore.data.published import PUBLISHED

REAL = dict(PUBLISHED)  # before any test puts tiny ones in their place

pytestmark = pytest.mark.usefixtures("tiny", "keras")


class TestForms:
    """Each form of the files is read, and gives the same dataset."""

    @pytest.mark.parametrize("name", NAMES)
    def test_npz(self, tmp_path, tiny, name):
        """Keras' `.npz` is read; source, licence and classes are stated."""
        dataset = load_dataset(name, write_npz(tmp_path, name, tiny[name]))
        assert_is(dataset, tiny[name])
        assert dataset.source == str(tmp_path / f"{name}.npz")
        assert (dataset.name, dataset.num_classes) == (name, 10)
        assert dataset.licence == PUBLISHED[name].licence

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("spelling", ["{}", "{}.gz"])
    @pytest.mark.parametrize("dots", [False, True])
    def test_idx(self, tmp_path, tiny, name, spelling, dots):
        """The four IDX files are read, in both spellings, gzipped or not."""
        folder = write_idx(tmp_path, tiny[name], spelling)
        if dots:
            for file in list(folder.iterdir()):
                file.rename(folder / file.name.replace("-idx", ".idx"))
        dataset = load_dataset(name, folder)
        assert_is(dataset, tiny[name])
        assert dataset.source == str(folder)

    @pytest.mark.parametrize(
        ("name", "within"),
        [
            ("mnist", "mnist"),
            ("mnist", "MNIST/raw"),
            ("fashion-mnist", "fashion-mnist"),
            ("fashion-mnist", "FashionMNIST/raw"),
        ],
    )
    def test_idx_in_a_subfolder(self, tmp_path, tiny, name, within):
        """A folder that holds both datasets, in subfolders of their usual names, serves both."""
        write_idx(tmp_path / within, tiny[name])
        assert load_dataset(name, tmp_path).source == str(tmp_path / within)

    def test_gzip_is_told_by_content(self, tmp_path, tiny):
        """A browser that unpacked the files and left their names does no harm."""
        for key, array in tiny["mnist"].items():
            (tmp_path / f"{STEMS[key]}.gz").write_bytes(idx_bytes(array))
        assert_is(load_dataset("mnist", tmp_path), tiny["mnist"])

    def test_content_sum_does_not_depend_on_form(self, tmp_path, tiny):
        """The dataset's SHA-256 is the same from `.npz` and IDX."""
        one = load_dataset("mnist", write_npz(tmp_path / "a", "mnist", tiny["mnist"]))
        two = load_dataset("mnist", write_idx(tmp_path / "b", tiny["mnist"], "{}.gz"))
        assert one.sha256 == two.sha256

    def test_wide_labels_are_the_same_labels(self, tmp_path, tiny):
        """An `.npz` whose labels were saved as int64 holds the same values, and passes."""
        wide = {**tiny["mnist"], "y_train": tiny["mnist"]["y_train"].astype(np.int64)}
        assert_is(load_dataset("mnist", write_npz(tmp_path, "mnist", wide)), tiny["mnist"])


class TestPlaces:
    """Where is looked, in which order."""

    def test_order(self, tmp_path, tiny, monkeypatch, keras):
        """The folder given, the variable, Keras' cache, the downloader: the first one wins."""
        arrays = tiny["mnist"]
        keras.datasets.mnist.load_data = lambda: (
            (arrays["x_train"], arrays["y_train"]),
            (arrays["x_test"], arrays["y_test"]),
        )
        given, named = tmp_path / "given", tmp_path / "named"
        cache = tmp_path / "keras-home" / "datasets"
        monkeypatch.setenv("NOISECORE_DATA_DIR", str(named))
        sources = [load_dataset("mnist", given).source]
        for folder in (cache, named, given):
            write_npz(folder, "mnist", arrays)
            sources.append(load_dataset("mnist", given).source)
        assert sources == [
            "Keras' downloader",
            *(str(folder / "mnist.npz") for folder in (cache, named, given)),
        ]

    def test_keras_cache_of_fashion_mnist(self, tmp_path, tiny):
        """Keras keeps Fashion-MNIST as four gzipped files in a folder of that name."""
        folder = tmp_path / "keras-home" / "datasets" / "fashion-mnist"
        write_idx(folder, tiny["fashion-mnist"], "{}.gz")
        assert load_dataset("fashion-mnist").source == str(folder)

    def test_keras_home_unset(self, tmp_path, tiny, monkeypatch):
        """Without KERAS_HOME the cache is ~/.keras."""
        monkeypatch.delenv("KERAS_HOME")
        monkeypatch.setenv("HOME", str(tmp_path))
        write_npz(tmp_path / ".keras" / "datasets", "mnist", tiny["mnist"])
        assert load_dataset("mnist").source == str(tmp_path / ".keras/datasets/mnist.npz")

    def test_system_package(self, tmp_path, tiny):
        """Debian's package is found where it puts its files."""
        folder = write_idx(tmp_path / "system" / "fashion-mnist", tiny["fashion-mnist"], "{}.gz")
        assert load_dataset("fashion-mnist").source == str(folder)

    def test_home_is_understood(self, tmp_path, tiny, monkeypatch):
        """A folder given as ~/data is the user's."""
        monkeypatch.setenv("HOME", str(tmp_path))
        write_npz(tmp_path / "data", "mnist", tiny["mnist"])
        assert load_dataset("mnist", "~/data").source == str(tmp_path / "data/mnist.npz")

    def test_empty_settings_are_no_settings(self, monkeypatch):
        """An empty option or variable does not mean the current folder."""
        monkeypatch.setenv("NOISECORE_DATA_DIR", "")
        message = not_found("mnist", "")
        assert "$NOISECORE_DATA_DIR: not set" in message
        assert "the folder given" not in message


class TestNotFound:
    """A dataset that is nowhere: one message with every place and each remedy."""

    def test_names_every_place_and_remedy(self, tmp_path, monkeypatch):
        """Each place is named with what was wrong there, then each thing that helps."""
        monkeypatch.setenv("NOISECORE_DATA_DIR", str(tmp_path / "named"))
        (tmp_path / "empty").mkdir()
        message = not_found("fashion-mnist", tmp_path / "empty")
        for part in (
            f"the folder given, {tmp_path}/empty: neither fashion-mnist.npz nor the four IDX files",
            f"$NOISECORE_DATA_DIR {tmp_path}/named: no such folder",
            f"Keras' cache {tmp_path}/keras-home/datasets: no such folder",
            f"system package dataset-fashion-mnist, {tmp_path}/system: no such folder",
            "Keras' downloader: failed (Exception: URL fetch failure",
            "--noise-data-dir",
            "pip install tensorflow-cpu",
            "keras.datasets.fashion_mnist.load_data()",
            "apt install dataset-fashion-mnist",
            *STEMS.values(),
        ):
            assert part in message
        assert message.startswith("dataset 'fashion-mnist' was not found")

    def test_library_message_stays_on_its_line(self):
        """The downloader's message, of several lines, is one line of ours."""
        lines = [line for line in not_found("mnist").splitlines() if "downloader" in line]
        assert lines == [
            "  - Keras' downloader: failed (Exception: URL fetch failure on "
            "https://example.org/mnist.npz: None -- offline)"
        ]

    def test_keras_not_installed(self, monkeypatch):
        """Without Keras the message says so, and what to install."""
        monkeypatch.setitem(sys.modules, "keras", None)
        assert "Keras' downloader: failed (ModuleNotFoundError" in not_found("mnist")

    def test_file_instead_of_a_folder(self, tmp_path, tiny):
        """A path of a file where a folder is meant is told."""
        write_npz(tmp_path, "mnist", tiny["mnist"])
        assert "mnist.npz: a file, not a folder" in not_found("mnist", tmp_path / "mnist.npz")

    def test_incomplete_idx(self, tmp_path, tiny):
        """A folder with only some of the files does not hold it, and the missing are named."""
        write_idx(tmp_path, tiny["mnist"])
        os.remove(tmp_path / STEMS["y_test"])
        assert "IDX files incomplete, without t10k-labels-idx1-ubyte" in not_found(
            "mnist", tmp_path
        )

    def test_listing_downloads_nothing(self, keras):
        """Looking a dataset up never calls the downloader."""
        keras.datasets.mnist.load_data = lambda: pytest.fail("downloaded")
        listing = find_dataset("mnist")
        assert listing.state == "not found"
        assert "downloader" not in listing.advice


def test_known_sums():
    """Each dataset has a SHA-256 for each of its arrays, and no two of them are alike."""
    sums = [known.sha256[key] for known in REAL.values() for key in ARRAYS]
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in sums)
    assert len(set(sums)) == 8
