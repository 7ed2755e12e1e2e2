"""Published files that are damaged, or another's: none is taken, and none is passed over."""

import gzip
import os

import numpy as np
import pytest
from published_files import (
    NAMES,
    STEMS,
    idx_bytes,
    not_found,
    refused,
    write_idx,
    write_npz,
)

from noisecore.data import find_dataset, load_dataset
from noisecore.data.dataset import ARRAYS, payload_sha256

pytestmark = pytest.mark.usefixtures("tiny", "keras")


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
