"""A user's own `.npz`: what is taken, and each refusal."""

import io
import zipfile

import numpy as np
import pytest

from noisecore.data import DatasetError, DatasetNotFoundError, load_dataset, load_test


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


@pytest.fixture
def save(tmp_path):
    """Return a function that saves arrays as an `.npz` and returns its path as text."""

    def save(arrays):
        path = tmp_path / "mine.npz"
        np.savez_compressed(path, **arrays)
        return str(path)

    return save


def refused(name):
    """Return the message of the refusal, after checking that it is one line in three beats."""
    with pytest.raises(DatasetError) as caught:
        load_dataset(name)
    message = str(caught.value)
    assert "\n" not in message
    assert "expected " in message
    assert ", got " in message
    assert "; " in message
    assert name in message
    return message


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


class TestFile:
    """Files that are not a whole archive of four arrays."""

    def test_missing(self, tmp_path):
        """A file that is not there is told by its full path."""
        assert "got no such file" in refused(str(tmp_path / "none.npz"))
        with pytest.raises(DatasetNotFoundError):
            load_dataset(str(tmp_path / "none.npz"))

    def test_folder(self, tmp_path):
        """A folder is no file, whatever its name."""
        (tmp_path / "mine.npz").mkdir()
        assert "got a folder" in refused(str(tmp_path / "mine.npz"))

    def test_no_zip(self, tmp_path, arrays):
        """A single `.npy` array under the wrong name is refused."""
        path = tmp_path / "mine.npz"
        with open(path, "wb") as file:
            np.save(file, arrays["x_train"])
        assert "expected a whole .npz file" in refused(str(path))

    @pytest.mark.parametrize("keep", [0, 0.1, 0.5, 0.99])
    def test_truncated(self, tmp_path, arrays, save, keep):
        """A file cut anywhere is refused."""
        path = tmp_path / "mine.npz"
        save(arrays)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * keep)])
        assert "expected a whole .npz file" in refused(str(path))

    def test_altered_byte(self, tmp_path, arrays):
        """A byte changed inside an array is noticed by the archive's own checksum."""
        path = tmp_path / "mine.npz"
        np.savez(path, **arrays)
        content = bytearray(path.read_bytes())
        content[content.index(arrays["x_train"].tobytes()) + 7] ^= 1
        path.write_bytes(content)
        assert "x_train in" in refused(str(path))

    @pytest.mark.parametrize("size", [5, 5000])
    def test_array_of_another_length_than_it_says(self, tmp_path, arrays, size):
        """An array with values missing or left over is refused."""
        path = tmp_path / "mine.npz"
        with zipfile.ZipFile(path, "w") as archive:
            for key, array in arrays.items():
                buffer = io.BytesIO()
                np.save(buffer, array)
                content = buffer.getvalue()
                archive.writestr(f"{key}.npy", (content + b"\0" * 5000)[: len(content) + size - 10])
        assert "x_train in" in refused(str(path))

    @pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
    def test_array_missing(self, arrays, save, key):
        """The missing array is named."""
        del arrays[key]
        assert f"got no {key};" in refused(save(arrays))

    def test_none_of_its_names(self, arrays, tmp_path):
        """A file of other arrays is told both ways: all four, or what an evaluation takes."""
        path = tmp_path / "mine.npz"
        np.savez(path, arrays["x_test"], arrays["y_test"])
        assert "save all four (" in refused(str(path))
        with pytest.raises(DatasetError, match=r"a trained model, x_test and y_test alone\)"):
            load_test(str(path))
        with pytest.raises(DatasetError, match="to evaluate a trained model, the last two are"):
            load_test("mine.np")

    @pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
    def test_test_set_twice(self, arrays, save, tmp_path):
        """Of a file of the test set alone no training set is asked."""
        path = save({"x_test": arrays["x_test"], "y_test": arrays["y_test"]})
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("y_test", b"")
        with pytest.raises(DatasetError, match="save x_test and y_test at once with"):
            load_test(path)

    @pytest.mark.parametrize("second", ["y_test.npy", "y_test"])
    @pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
    def test_array_twice(self, arrays, save, second):
        """An archive with two arrays of one name is refused: which was meant?"""
        path = save(arrays)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(second, b"")
        assert "got y_test twice;" in refused(path)

    @pytest.mark.parametrize("key", ["x_train", "y_test"])
    def test_objects(self, arrays, save, key):
        """Pickled objects, which could run code, are never loaded."""
        arrays[key] = arrays[key].astype(object)
        message = refused(save(arrays))
        assert f"{key} in" in message
        assert "pickled objects are never loaded" in message


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
