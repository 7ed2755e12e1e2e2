"""A few images, clean and under noise: enough for a picture of them."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.noise.families import FloatArray

MOST_IMAGES, MOST_SCALES = 3, 6
SIDE = 160  # pixels: of a larger image every second one is kept, or every third, and so on
_SEEN = 256  # images among which these are chosen


@dataclass(frozen=True, eq=False, kw_only=True)
class Samples:
    """A few images, clean and under noise.

    clean: (k, height, width) or (k, height, width, channels). noisy: by scale, of the same shape.
    unit: of the pixels, in words.
    """

    clean: FloatArray
    noisy: Mapping[float, FloatArray]
    unit: str

    def to_bytes(self) -> bytes:
        """Return the content of an .npz file."""
        content = io.BytesIO()
        scales = np.array(list(self.noisy))
        noisy = np.stack(list(self.noisy.values()))
        np.savez_compressed(
            content, clean=self.clean, scales=scales, noisy=noisy, unit=np.array(self.unit)
        )
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Samples:
        """Return the samples that `to_bytes` gave; raise ValueError on anything else."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as held:
                noisy = zip(held["scales"].tolist(), held["noisy"], strict=True)
                return cls(clean=held["clean"], noisy=dict(noisy), unit=str(held["unit"]))
        except (EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"no samples: {error}") from None


def some_scales(scales: Sequence[float]) -> list[float]:
    """Return the scales for a picture: all, or a few from the least to the greatest."""
    places = np.linspace(0, len(scales) - 1, min(MOST_SCALES, len(scales))).round().astype(int)
    return [scales[place] for place in dict.fromkeys(places.tolist())]


def most_contrast(images: FloatArray, labels: NDArray[np.int64]) -> list[int]:
    """Return the places of the images to show: for each class, the one with the most contrast.

    If there are more classes than `MOST_IMAGES`, those with the most contrast, in their order.
    """
    if not len(images):
        return []
    contrast = np.array([image.std() for image in images])  # one by one: images may be large
    order = np.argsort(-contrast, kind="stable")
    _, first = np.unique(labels[order], return_index=True)  # the best of each class
    best = sorted(first.tolist())[:MOST_IMAGES]
    return sorted(order[best].tolist())


def reduced(images: FloatArray) -> FloatArray:
    """Return a copy of images, (n, height, width, ...), of at most `SIDE` pixels each way."""
    step = math.ceil(max(images.shape[1:3]) / SIDE)
    return images[:, ::step, ::step].copy()


@dataclass
class Sampler:
    """Chooses samples while images come group by group, and holds only these.

    They are chosen among the first `_SEEN` images: those with the most contrast, of each class.
    """

    scales: Sequence[float]
    _seen: int = 0
    _labels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    _clean: Any = None
    _noisy: dict[tuple[int, float], Any] = field(default_factory=dict)
    _kept: list[int] = field(default_factory=list)
    _added: list[int] = field(default_factory=list)
    _done: bool = False

    def choose(self, images: FloatArray, labels: NDArray[np.int64]) -> None:
        """Look at the next clean images; `take` must then get the same ones under the noise."""
        left = max(_SEEN - self._seen, 0)
        self._seen += len(images)
        self._done = not left
        if self._done:
            return
        images, labels = images[:left], labels[:left]
        own = most_contrast(images, labels)
        together = images[own] if self._clean is None else self._joined(images[own])
        held = len(self._labels)
        best = most_contrast(together, np.concatenate([self._labels, labels[own]]))
        self._kept = [place for place in best if place < held]
        self._added = [own[place - held] for place in best if place >= held]
        self._labels = np.concatenate([self._labels[self._kept], labels[self._added]])
        self._clean = self._together(self._clean, images)

    def take(self, scale: float, noisy: FloatArray, noise: int = 0) -> None:
        """Keep the images that `choose` looked at, under the noise at a scale.

        noise: its number, where there are several.
        """
        if scale in self.scales and not self._done:
            at = noise, scale
            self._noisy[at] = self._together(self._noisy.get(at), noisy)

    def samples(self, unit: str, noise: int = 0) -> Samples:
        """Return what was chosen, under one noise; unit: of the pixels, in words."""
        noisy = {scale: each for (at, scale), each in self._noisy.items() if at == noise}
        return Samples(clean=self._clean, noisy=noisy, unit=unit)

    def _joined(self, images: FloatArray) -> FloatArray:
        return np.concatenate([self._clean, reduced(images)])

    def _together(self, held: Any, images: FloatArray) -> FloatArray:
        """Return the images kept so far, together with those added from these."""
        added = reduced(images[self._added])
        return added if held is None else np.concatenate([held[self._kept], added])
