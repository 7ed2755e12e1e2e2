"""Data sets: the type, its images in the unit range, and the names."""

import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from noisecore.data import (
    DATASETS,
    DatasetError,
    as_dataset,
    check_name,
    content_sha256,
    find_dataset,
    load_dataset,
    unit_images,
)


def make(arrays):
    """Return the arrays as a dataset."""
    return as_dataset("tiny", arrays, num_classes=3, source="a test", licence="none")


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
