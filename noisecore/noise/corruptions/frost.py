"""Frost: a piece of a photograph of ice over the image. The photographs are the user's."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from noisecore.errors import refusals
from noisecore.escaping import shown
from noisecore.noise.corruptions.resampling import LUMA, between
from noisecore.noise.families import FloatArray, NoiseError
from noisecore.paths import open_file

Photographs = tuple[FloatArray, ...]
_File = tuple[str, int, int]  # path, and when and how large it was
_KINDS = (".jpg", ".png")
_MOST = 5  # the published scripts have six, and never use the last


def frost(
    images: FloatArray,
    draws: FloatArray,
    share: float,
    ice: float,
    shrink: float,
    photographs: Photographs,
) -> FloatArray:
    """Add a share of a photograph to a share of the image, from a place drawn at random.

    photographs: (height, width, 3), already shrunk.
    """
    high, wide, channels = images.shape[1:]
    frosted = images * np.float32(share)
    for image, (number, row, column) in zip(frosted, draws[:, :3].astype(np.float64), strict=True):
        photograph = photographs[int(number * len(photographs))]
        if photograph.shape[0] <= high or photograph.shape[1] <= wide:
            raise NoiseError(
                f"frost needs photographs larger than the images of {high} x {wide} pixels, got "
                f"one of {photograph.shape[0]} x {photograph.shape[1]} after it was shrunk to "
                f"{shrink:g} of its sides: give larger ones, or take another suite"
            )
        top = int(row * (photograph.shape[0] - high))
        left = int(column * (photograph.shape[1] - wide))
        part = photograph[top : top + high, left : left + wide]
        image += (part if channels == 3 else part @ LUMA[:, np.newaxis]) * np.float32(ice)
    return frosted


def load_photographs(folder: str, shrink: float) -> Photographs:
    """Return the first five photographs of a folder by name, their sides shrunk to a share.

    Raises:
        NoiseError: There is none.
        RefusedError: The system refused the folder or a file in it.
    """
    with refusals(folder):
        return _loaded(_files(folder), shrink)


def photographs_sha256(folder: str) -> str:
    """Return the hash of these photographs: of their bytes alone, wherever they are.

    Raises `NoiseError` if they cannot be read.
    """
    try:
        return _sha256(_files(folder))
    except OSError as error:
        why = error.strerror or error
        raise NoiseError(f"photographs cannot be read: {shown(folder)}: {why}") from None


def _files(folder: str) -> tuple[_File, ...]:
    """Return the first photographs of a folder by name, each with its state.

    So what was read of them holds until one is changed.
    """
    files = sorted(each for each in Path(folder).iterdir() if each.suffix in _KINDS)[:_MOST]
    if not files:
        raise NoiseError(f"no photograph, *.png or *.jpg, is in the folder {shown(folder)}")
    states = [(file, file.stat()) for file in files]
    return tuple((str(file), state.st_mtime_ns, state.st_size) for file, state in states)


@lru_cache(maxsize=4)
def _sha256(files: tuple[_File, ...]) -> str:
    digest = hashlib.sha256()
    for path, *_ in files:
        with open_file(path) as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@lru_cache(maxsize=4)
def _loaded(files: tuple[_File, ...], shrink: float) -> Photographs:
    from PIL import Image

    found = []
    for path, *_ in files:
        with Image.open(path) as read:
            found.append(_shrunk(np.asarray(read.convert("RGB")), shrink))
    return tuple(found)


def _shrunk(levels: np.ndarray, shrink: float) -> FloatArray:
    """Return a photograph in [0, 1], shrunk by mixing the nearest pixels, as OpenCV does."""
    high, wide = (round(side * shrink) for side in levels.shape[:2])
    row, column = np.mgrid[:high, :wide].astype(np.float32)
    rows, columns = (((each + 0.5) / shrink - 0.5)[np.newaxis] for each in (row, column))
    photograph = between(levels[np.newaxis].astype(np.float32), rows, columns, "nearest")[0]
    shrunk: FloatArray = np.rint(photograph) / np.float32(255)
    return shrunk
