"""A user's own `.npz`: which images and labels are taken, and each refusal of others."""

import numpy as np
import pytest
from own_files import refused

from noisecore.data import load_dataset


@pytest.fixture
def arrays():
    """Return the four arrays of a tiny dataset of three classes."""
    rng = np.random.default_rng(1)
    return {
        "x_train": rng.integers(0, 256, (6, 5, 6), np.uint8),
        "y_train": np.array([0, 1, 2, 0, 1, 2]),
        "x_test": rng.integers(0, 256, (3, 5, 6), np.uint8),
        "y_test": np.array([2, 1, 0]),
    }


def of_dtype(arrays, convert):
    """Return the arrays with both splits' images converted."""
    return {key: convert(array) if key[0] == "x" else array for key, array in arrays.items()}


class TestTaken:
    """What a user's file may look like."""

    def test_grey_bytes(self, arrays, save):
        """uint8 images without a channel axis gain one; name, source and licence are stated."""
        path = save(arrays)
        dataset = load_dataset(path)
        assert dataset.image_shape == (5, 6, 1)
        assert dataset.num_classes == 3
        assert (dataset.name, dataset.source) == ("mine.npz", path)
        assert dataset.licence == "the user's own"
        np.testing.assert_array_equal(dataset.x_train[..., 0], arrays["x_train"])

    @pytest.mark.parametrize("channels", [1, 3])
    def test_colour(self, arrays, save, channels):
        """Images with channels last are kept as they are."""
        arrays = of_dtype(arrays, lambda x: np.repeat(x[..., None], channels, axis=3))
        assert load_dataset(save(arrays)).image_shape == (5, 6, channels)

    @pytest.mark.parametrize("dtype", ["float32", "float64", ">f8"])
    def test_floating(self, arrays, save, dtype):
        """Floating images in [0, 1] are held as float32 in this machine's byte order."""
        dataset = load_dataset(save(of_dtype(arrays, lambda x: (x / 255).astype(dtype))))
        assert dataset.x_train.dtype == np.dtype(np.float32)
        np.testing.assert_allclose(dataset.x_test[..., 0], arrays["x_test"] / 255, rtol=1e-6)

    @pytest.mark.parametrize(
        "form",
        [
            lambda y: y.astype(np.uint8),
            lambda y: y[:, None],
            lambda y: np.eye(3)[y],
            lambda y: np.eye(3, dtype=bool)[y],
        ],
        ids=["bytes", "column", "one-hot", "one-hot bool"],
    )
    def test_labels_in_each_form(self, arrays, save, form):
        """Class numbers, a column of them, and one-hot rows give the same dataset."""
        plain = load_dataset(save(arrays))
        formed = {key: form(array) if key[0] == "y" else array for key, array in arrays.items()}
        assert load_dataset(save(formed)).sha256 == plain.sha256

    def test_other_arrays_are_left_alone(self, arrays, save):
        """An array of another name, pickled even, is never read."""
        path = save({**arrays, "notes": np.array([{"a": 1}], dtype=object)})
        assert load_dataset(path).num_classes == 3

    def test_path_from_home_or_the_current_folder(self, arrays, save, monkeypatch, tmp_path):
        """A relative path and one that begins with ~ are understood."""
        path = save(arrays)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        assert load_dataset("~/mine.npz").source == path
        assert load_dataset("mine.npz").source == path

    def test_how_it_was_saved_does_not_matter(self, arrays, save, tmp_path):
        """Compression, array order and file name leave the content's sum unchanged."""
        before = load_dataset(save(arrays)).sha256
        np.savez(tmp_path / "other.npz", **dict(reversed(arrays.items())))
        assert load_dataset(str(tmp_path / "other.npz")).sha256 == before


class TestImages:
    """Images whose shape, dtype or range would make every number wrong."""

    @pytest.mark.parametrize(
        "shape", [(6,), (6, 30), (6, 5, 6, 1, 1), (0, 5, 6), (6, 0, 6), (6, 5, 6, 0)]
    )
    @pytest.mark.parametrize("key", ["x_train", "x_test"])
    def test_shape(self, arrays, save, key, shape):
        """Images are (n, h, w) or (n, h, w, c), and there is something in them."""
        arrays[key] = np.full(shape, 9, np.uint8)
        assert f"got {shape};" in refused(save(arrays))

    def test_channels_first(self, arrays, save):
        """Channels first is noticed, with the call that turns it."""
        arrays = of_dtype(arrays, lambda x: np.repeat(x[:, None], 3, axis=1))
        assert "numpy.moveaxis(images, 1, -1)" in refused(save(arrays))

    @pytest.mark.parametrize("dtype", ["int64", "int8", "float16", "bool", "complex64", "U1"])
    def test_dtype(self, arrays, save, dtype):
        """Only uint8, float32 and float64 have a range that is known."""
        message = refused(save(of_dtype(arrays, lambda x: (x // 200).astype(dtype))))
        assert "expected dtype uint8" in message

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("key", ["x_train", "x_test"])
    def test_not_finite(self, arrays, save, key, value):
        """A single NaN or infinity is refused, and counted."""
        arrays = of_dtype(arrays, lambda x: x / 255)
        arrays[key][0, 0, 0] = value
        message = refused(save(arrays))
        assert f"{key} in" in message
        assert "got NaN or infinity in 1 of" in message

    @pytest.mark.parametrize("value", [-0.01, 1.01, 255.0])
    def test_range(self, arrays, save, value):
        """Floating pixels outside [0, 1] are refused, never rescaled by guess."""
        arrays = of_dtype(arrays, lambda x: x / 255)
        arrays["x_test"][1, 2, 3] = value
        assert "expected floating pixels in [0, 1]" in refused(save(arrays))

    @pytest.mark.parametrize(
        "spoil", [lambda x: x // 200, lambda x: x / 255 / 255], ids=["0/1 as uint8", "scaled twice"]
    )
    def test_nearly_black(self, arrays, save, spoil):
        """Images scaled once too often are refused: every noise would drown them."""
        assert "expected pixels over the whole range" in refused(save(of_dtype(arrays, spoil)))

    def test_splits_of_different_shape(self, arrays, save):
        """Training and test images have one shape."""
        arrays["x_test"] = arrays["x_test"][:, :-1]
        message = refused(save(arrays))
        assert "x_test in" in message
        assert "expected the shape of an image of x_train, (5, 6), got (4, 6)" in message

    def test_splits_of_different_dtype(self, arrays, save):
        """uint8 beside floating images is refused: one of them was prepared otherwise."""
        arrays["x_test"] = arrays["x_test"] / 255
        assert "expected the dtype kind of x_train, uint8, got floating" in refused(save(arrays))


class TestLabels:
    """Labels that would be trained on wrongly or not at all."""

    @pytest.mark.parametrize("split", ["train", "test"])
    def test_count(self, arrays, save, split):
        """There is a label for each image."""
        arrays[f"y_{split}"] = np.concatenate([arrays[f"y_{split}"], [1]])
        message = refused(save(arrays))
        assert f"y_{split} in" in message
        assert "expected a label for each of the" in message

    @pytest.mark.parametrize(
        "labels",
        [
            np.array([0.0, 1, 2, 0, 1, 2.5]),
            np.array(list("abcabc")),
            np.array(3),
            np.zeros((6, 2, 2), int),
            np.zeros(0, int),
            np.array([0, 1, 2, 0, 1, np.nan]),
            np.array([0, 1, 2, 0, 1, 1e300]),
        ],
        ids=["floating", "text", "scalar", "three axes", "empty", "NaN", "huge"],
    )
    def test_form(self, arrays, save, labels):
        """Labels are integers or one-hot rows."""
        arrays["y_train"] = labels
        assert "expected integer labels of shape (n,)" in refused(save(arrays))

    @pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
    @pytest.mark.parametrize("dtype", ["float32", "float16", "bool", "int8"])
    def test_whole_numbers_of_any_type(self, arrays, save, shape, dtype):
        """Labels of two classes are taken as Keras has them: 0.0 and 1.0, (n,) or (n, 1)."""
        wanted = {}
        for split in ("train", "test"):
            wanted[split] = np.arange(len(arrays[f"y_{split}"])) % 2
            arrays[f"y_{split}"] = wanted[split].astype(dtype).reshape(shape)
        dataset = load_dataset(save(arrays))
        np.testing.assert_array_equal(dataset.y_train, wanted["train"])
        np.testing.assert_array_equal(dataset.y_test, wanted["test"])

    @pytest.mark.parametrize("value", [-1, 2**63])
    def test_out_of_int64(self, arrays, save, value):
        """A negative label, or one that would wrap round to negative, is refused."""
        dtype = np.int64 if value < 0 else np.uint64
        arrays["y_test"] = np.array([0, 1, value], dtype)
        assert f"expected class numbers from 0, got {value};" in refused(save(arrays))

    @pytest.mark.parametrize(
        "labels", [[1, 2, 3, 1, 2, 3], [0, 1, 3, 0, 1, 3], [0] * 6, [0, 1, 10**12, 0, 1, 0]]
    )
    def test_gaps(self, arrays, save, labels):
        """Classes are 0..k-1, all of them there, two or more."""
        arrays["y_train"] = np.array(labels)
        assert "expected classes 0..k-1" in refused(save(arrays))

    def test_class_that_was_never_trained(self, arrays, save):
        """A test label beyond the trained classes is refused."""
        arrays["y_test"] = np.array([0, 1, 3])
        assert "expected the classes of y_train, 0..2, got class 3" in refused(save(arrays))

    @pytest.mark.parametrize("value", [0.0, 0.5, np.nan, 2.0])
    def test_not_one_hot(self, arrays, save, value):
        """Soft, empty and scaled rows are refused, with the row."""
        rows = np.eye(3)[arrays["y_train"]]
        rows[4, 1] = value
        arrays["y_train"] = rows
        assert "got other values in row 4;" in refused(save(arrays))

    def test_two_ones_in_a_row(self, arrays, save):
        """A row with two classes is refused."""
        rows = np.eye(3)[arrays["y_train"]]
        rows[2] = [1, 1, 0]
        arrays["y_train"] = rows
        assert "got other values in row 2;" in refused(save(arrays))

    @pytest.mark.parametrize("form", [lambda y: y, lambda y: np.eye(4)[y]])
    def test_splits_of_different_form(self, arrays, save, form):
        """Both splits are class numbers, or one-hot of one width."""
        arrays["y_train"] = np.eye(3)[arrays["y_train"]]
        arrays["y_test"] = form(arrays["y_test"])
        assert "expected labels of the same form as y_train's" in refused(save(arrays))
