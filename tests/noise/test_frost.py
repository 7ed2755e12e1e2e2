"""Frost is known by the bytes of its photographs, and not by where they are."""

from __future__ import annotations

import functools
import shutil

import numpy as np
import pytest

from noisecore.callables import named, source_sha256
from noisecore.noise import FAMILIES, NoiseError, apply_noise
from noisecore.noise.corruptions import Corruption, frost

GREY = np.zeros((4, 8, 8), np.float32)


def put(folder, *levels):
    """Write a photograph of one level each, and return the folder."""
    from PIL import Image

    folder.mkdir(exist_ok=True)
    for number, level in enumerate(levels):
        photograph = Image.fromarray(np.full((20, 20, 3), level, np.uint8))
        photograph.save(folder / f"ice{number}.png")
    return folder


def frost_of(folder, family="frost"):
    """Return frost whose photographs are not shrunk."""
    return Corruption("imagenet-c", family, folder)


def test_the_same_photographs(tmp_path) -> None:
    """In another folder, under other names, they are the same noise; a sixth one is never used."""
    here = put(tmp_path / "here", 1, 2, 3, 4, 5)
    there = shutil.copytree(here, tmp_path / "there")
    put(there, 1, 2, 3, 4, 5, 6)
    (there / "ice0.png").rename(there / "a.png")
    assert source_sha256(frost_of(here)) == source_sha256(frost_of(there))
    np.testing.assert_array_equal(*(apply_noise(frost_of(each), GREY, 1) for each in (here, there)))


@pytest.mark.parametrize(
    "wrap", [lambda noise: noise, functools.partial, lambda noise: named(noise, name="ice")]
)
def test_other_photographs(tmp_path, wrap) -> None:
    """Other photographs in the same folder are another noise at once, in hash and in images."""
    noise = wrap(frost_of(put(tmp_path / "ice", 10, 20)))
    before = source_sha256(noise), apply_noise(noise, GREY, 1)
    put(tmp_path / "ice", 200, 220)
    after = source_sha256(noise), apply_noise(noise, GREY, 1)
    assert before[0] != after[0]
    assert (before[1] < after[1]).all()


def test_order_counts(tmp_path) -> None:
    """In another order other images get them."""
    one, two = put(tmp_path / "one", 10, 20), put(tmp_path / "two", 20, 10)
    assert source_sha256(frost_of(one)) != source_sha256(frost_of(two))


def test_read_once(tmp_path, monkeypatch) -> None:
    """Photographs that do not change are hashed once."""
    opened = []
    original = frost.open_file
    monkeypatch.setattr(frost, "open_file", lambda path: opened.append(path) or original(path))
    for _ in range(3):
        source_sha256(frost_of(put(tmp_path / "ice", 30) if not opened else tmp_path / "ice"))
    assert len(opened) == 1


def test_only_frost_has_them(tmp_path) -> None:
    """A folder changes nothing about a family that needs none; nor is it read."""
    sources = {source_sha256(frost_of(each, "fog")) for each in (None, tmp_path / "none", tmp_path)}
    assert len(sources) == 1


@pytest.mark.parametrize("photographs", ["absent", "."])
def test_no_photographs(tmp_path, monkeypatch, photographs) -> None:
    """A folder that is not there, or is empty, is one line before anything is measured."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoiseError, match=r"absent'?: No such file|no photograph") as refused:
        FAMILIES.add(frost_of(photographs))
    assert "\n" not in str(refused.value)
