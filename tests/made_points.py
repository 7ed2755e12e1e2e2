"""Points that were made by hand, and what a gate says of them."""

from __future__ import annotations

import numpy as np
import pytest

from noisecore.judging.curves import Point

NAME = "cnn/gaussian/quick"


def point(accuracy: list[float], loss: list[float] | None = None, images: int = 10_000) -> Point:
    """Return a point made by hand."""
    return Point(
        curve=NAME,
        scale=1.0,
        seeds=tuple(range(len(accuracy))),
        accuracy=np.array(accuracy),
        loss=np.array(loss or [1.0] * len(accuracy)),
        images=images,
    )


def message(gate, *arguments, **choices) -> str:
    """Return what a gate says when it fails."""
    with pytest.raises(AssertionError) as caught:
        gate(*arguments, **choices)
    return str(caught.value)
