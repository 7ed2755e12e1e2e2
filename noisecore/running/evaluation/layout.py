"""Which axis of images has the channels: declared, and never guessed from a shape."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.escaping import shown
from noisecore.noise import FloatArray
from noisecore.running.evaluation.advice import Advice
from noisecore.running.evaluation.frameworks import is_torch
from noisecore.running.evaluation.given import GivenError

Channels = Literal["last", "first"]

# How long an axis of channels is: grey, colours, colours and opacity.
COLOURS = (1, 3, 4)


@dataclass(frozen=True)
class Layout:
    """Where the data have their channels, and where the model takes them.

    In between they are last, so that noise and hashes do not depend on it. declared: whether the
    caller said so. rule: whether something other than the caller says where the data have them.
    advice: what to do about images that do not fit.
    """

    data: Channels
    model: Channels
    advice: Advice
    declared: bool = False
    rule: bool = False

    def last(self, images: NDArray[Any]) -> NDArray[Any]:
        """Return images with their channels last; raise `GivenError` if they do not fit."""
        if images.ndim != 4:
            return images
        first = self.data == "first"
        own, other = (1, 3) if first else (3, 1)
        looks_other = images.shape[other] in COLOURS and images.shape[own] not in COLOURS
        if looks_other and not self.rule:
            expected = "(n, channels, height, width)" if first else "(n, height, width, channels)"
            told = "declared" if self.declared else "noisecore assumes if nothing is declared"
            move = self.advice.first if first else self.advice.last
            declare = f"declare channels='{'last' if first else 'first'}' if the model takes them"
            raise GivenError(
                f"x must be {expected}, channels {self.data} as {told}, got {images.shape}: "
                + (
                    f"give {move}, or {declare} last"
                    if first
                    else f"{declare} first, or give {move}"
                )
            )
        return np.ascontiguousarray(np.moveaxis(images, 1, -1)) if first else images

    def batch(self, images: FloatArray) -> FloatArray:
        """Return a copy of images as the model takes them: contiguous, and free to be changed."""
        moved = self.model == "first" and images.ndim == 4
        return np.array(np.moveaxis(images, -1, 1) if moved else images, order="C")


def layout_of(channels: str | None, model: Any, x: Any) -> Layout:
    """Return the declared layout, or PyTorch's if the model or the data are PyTorch's.

    A file has its channels last, by the rule of data sets: there `channels` is the model's.
    """
    if channels is not None and not (isinstance(channels, str) and channels in ("last", "first")):
        raise GivenError(f"channels must be 'last' or 'first', got {shown(channels)}")
    torch = is_torch(model, "nn.Module") or is_torch(x, "Tensor", "utils.data.DataLoader")
    taken: Channels = "first" if (channels or ("first" if torch else "last")) == "first" else "last"
    if isinstance(x, str | Path):
        return Layout("last", taken, Advice(model, x), rule=True)
    return Layout(taken, taken, Advice(model, x), declared=channels is not None)
