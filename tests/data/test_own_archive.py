"""A user's own `.npz` that is not there, or is not a whole archive of four arrays."""

import io
import zipfile

import numpy as np
import pytest
from own_files import refused

from noisecore.data import DatasetError, DatasetNotFoundError, load_dataset, load_test


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
        with pytest.raises(DatasetError, match=r"a trained model, only x_test and y_test\)"):
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
