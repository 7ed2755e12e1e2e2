"""MNIST and Fashion-MNIST at full size, with tiny files whose sums are made the known ones."""

import gzip
import os
import re
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from noisecore.data import DatasetError, DatasetNotFoundError, find_dataset, load_dataset
from noisecore.data.dataset import ARRAYS, payload_sha256
from noisecore.data.published import PUBLISHED

STEMS = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
NAMES = ["mnist", "fashion-mnist"]
REAL = dict(PUBLISHED)  # before any test puts tiny ones in their place


def make_arrays(seed):
    """Return six training and three test images of 4x5 pixels, as Keras' files hold them."""
    rng = np.random.default_rng(seed)
    return {
        "x_train": rng.integers(0, 256, (6, 4, 5), np.uint8),
        "y_train": np.arange(6, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (3, 4, 5), np.uint8),
        "y_test": rng.integers(0, 6, 3, np.uint8),
    }


@pytest.fixture(autouse=True)
def tiny(monkeypatch, tmp_path):
    """Make two tiny datasets the known ones, hide this machine's, and return them by name."""
    monkeypatch.delenv("NOISECORE_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras-home"))
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


@pytest.fixture(autouse=True)
def keras(monkeypatch, tiny):
    """Put a Keras in place that cannot download; a test may give it a `load_data` that can."""

    def fail():
        raise Exception("URL fetch failure on https://example.org/mnist.npz:\n None -- offline")

    modules = {name: SimpleNamespace(load_data=fail) for name in ("mnist", "fashion_mnist")}
    fake = SimpleNamespace(datasets=SimpleNamespace(**modules))
    monkeypatch.setitem(sys.modules, "keras", fake)
    return fake


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


class TestAltered:
    """What is found must be whole: it is never passed over for the next place."""

    @pytest.fixture(autouse=True)
    def a_good_copy_further_down(self, tmp_path, tiny):
        """Put a whole copy into Keras' cache, which must not be taken instead."""
        write_npz(tmp_path / "keras-home" / "datasets", "mnist", tiny["mnist"])

    @pytest.mark.parametrize("key", ARRAYS)
    def test_npz(self, tmp_path, tiny, key):
        """One changed value is told with array, file, both sums and what to do."""
        spoilt = {**tiny["mnist"], key: tiny["mnist"][key].copy()}
        spoilt[key].flat[0] ^= 1
        message = refused("mnist", write_npz(tmp_path, "mnist", spoilt))
        assert f"{key} in {tmp_path / 'mnist.npz'}: expected MNIST's values" in message
        assert payload_sha256(tiny["mnist"][key]) in message
        assert payload_sha256(spoilt[key]) in message
        assert "delete it or replace it" in message
        assert find_dataset("mnist", tmp_path).state == "altered"

    @pytest.mark.parametrize("key", ARRAYS)
    def test_idx(self, tmp_path, tiny, key):
        """One changed byte names the very file."""
        spoilt = {**tiny["mnist"], key: tiny["mnist"][key].copy()}
        spoilt[key].flat[0] ^= 1
        message = refused("mnist", write_idx(tmp_path, spoilt))
        assert message.startswith(f"{tmp_path / STEMS[key]}: expected MNIST's values")

    def test_truncated_npz(self, tmp_path, tiny):
        """A download that broke off is an error."""
        path = write_npz(tmp_path, "mnist", tiny["mnist"]) / "mnist.npz"
        path.write_bytes(path.read_bytes()[:-30])
        assert str(path) in refused("mnist", tmp_path)

    def test_objects_in_npz(self, tmp_path, tiny):
        """Pickled objects are never loaded here either."""
        spoilt = {**tiny["mnist"], "y_test": tiny["mnist"]["y_test"].astype(object)}
        message = refused("mnist", write_npz(tmp_path, "mnist", spoilt))
        assert "pickled objects are never loaded" in message

    def test_floating_npz(self, tmp_path, tiny):
        """The right pictures on another scale are not the published values."""
        spoilt = {**tiny["mnist"], "x_train": tiny["mnist"]["x_train"] / 255}
        assert "expected MNIST's values" in refused("mnist", write_npz(tmp_path, "mnist", spoilt))

    @pytest.mark.parametrize(
        ("spoil", "got"),
        [
            (lambda content: content[:-1], "got only 119 of 120 values;"),
            (lambda content: content + b"\0", "got a longer file;"),
            (lambda content: content[:7], "got a file that begins with 00000803;"),
            (lambda content: b"", "got a file that begins with nothing;"),
            (lambda content: b"<html>" + content, "got a file that begins with 3c68746d;"),
            (lambda content: idx_bytes(np.zeros((5, 4, 5), np.uint8)), "got one of 5 x 4 x 5;"),
            (lambda content: gzip.compress(content)[:-9], "got Compressed file ended"),
            (lambda content: gzip.compress(content)[:30] + b"\0" * 40, "got "),
        ],
        ids=["short", "long", "header", "empty", "web page", "size", "gzip cut", "gzip altered"],
    )
    def test_damaged_idx(self, tmp_path, tiny, spoil, got):
        """An IDX file that is cut, longer or another is told, with what it should hold."""
        path = write_idx(tmp_path, tiny["mnist"]) / STEMS["x_train"]
        path.write_bytes(spoil(path.read_bytes()))
        message = refused("mnist", tmp_path)
        assert message.startswith(f"{path}: expected an IDX file of bytes, 6 x 4 x 5, got ")
        assert got in message

    @pytest.mark.parametrize("array", [np.zeros((0, 4, 5), np.uint8), np.array(["a"]), np.array(7)])
    def test_array_of_another_kind(self, tmp_path, tiny, array):
        """Empty arrays, text and scalars are altered data like any other."""
        folder = write_npz(tmp_path, "mnist", {**tiny["mnist"], "x_train": array})
        assert "expected MNIST's values" in refused("mnist", folder)

    def test_download(self, tmp_path, tiny, keras):
        """What the downloader brings is checked too."""
        os.remove(tmp_path / "keras-home" / "datasets" / "mnist.npz")
        x, y = np.zeros((6, 4, 5), np.uint8), np.arange(6, dtype=np.uint8)
        keras.datasets.mnist.load_data = lambda: ((x, y), (x[:3], y[:3]))
        assert "x_train from Keras' downloader: expected" in refused("mnist", None)


class TestTheOther:
    """MNIST and Fashion-MNIST share their file names; only the sums tell them apart."""

    @pytest.mark.parametrize(("name", "other"), [NAMES, NAMES[::-1]])
    def test_whole_files_of_the_other_are_no_damage(self, tmp_path, tiny, name, other):
        """The message says whose files these are."""
        titles = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
        folder = write_idx(tmp_path / "given", tiny[other])
        message = not_found(name, folder)
        assert f"{folder}: its IDX files are {titles[other]}'s, not {titles[name]}'s" in message

    def test_the_search_goes_on(self, tmp_path, tiny):
        """A data folder with MNIST's files is passed over, and the next place is taken."""
        given = write_idx(tmp_path / "given", tiny["mnist"])
        system = write_idx(tmp_path / "system" / "fashion-mnist", tiny["fashion-mnist"])
        assert load_dataset("fashion-mnist", given).source == str(system)
        assert load_dataset("mnist", given).source == str(given)

    def test_one_file_of_the_other_is_an_error(self, tmp_path, tiny):
        """A mixture of both belongs to neither; the strange file is named, and whose it is."""
        mixed = {**tiny["mnist"], "x_test": tiny["fashion-mnist"]["x_test"]}
        message = refused("mnist", write_idx(tmp_path, mixed))
        assert message.startswith(str(tmp_path / STEMS["x_test"]))
        assert "(Fashion-MNIST's)" in message

    def test_archive_under_the_wrong_name(self, tmp_path, tiny):
        """An `.npz` that is named for one and holds the other is an error, not passed over."""
        message = refused("mnist", write_npz(tmp_path, "mnist", tiny["fashion-mnist"]))
        assert "(Fashion-MNIST's)" in message


def test_known_sums():
    """Each dataset has a SHA-256 for each of its arrays, and no two of them are alike."""
    sums = [known.sha256[key] for known in REAL.values() for key in ARRAYS]
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in sums)
    assert len(set(sums)) == 8
