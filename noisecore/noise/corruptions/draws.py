"""What a corruption draws: a row of numbers for each image, known by the image's place alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np

from noisecore.noise.families import FloatArray, NoiseError

Kind = Literal["uniform", "normal"]

# How far apart two images of a block are in its generator: the step of NumPy's PCG64.jumped, for
# which a jump by its multiples gives streams that do not meet.
_JUMP = 0x9E3779B97F4A7C15F39CC0605CEDC835


class Rows:
    """The numbers of single images: each image has a stretch of its block's generator for itself.

    So an image can be drawn alone, at the cost of its own numbers. The numbers of a longer row
    begin with those of a shorter one.
    """

    def __init__(self, generator_of: Callable[[int], np.random.Generator]) -> None:
        self._generator_of = generator_of  # by the number of the block
        self._states: dict[int, Any] = {}
        self._bits = np.random.PCG64(0)
        self._own = np.random.Generator(self._bits)

    def drawn(self, keys: Iterable[tuple[int, int]], count: int, kind: Kind) -> FloatArray:
        """Return (images, count) numbers; keys: of each image its block, and its place there."""
        keys = list(keys)
        rows = np.empty((len(keys), count), np.float32)
        fill: Any = self._own.random if kind == "uniform" else self._own.standard_normal
        for row, (block, place) in zip(rows, keys, strict=True):
            if block not in self._states:
                self._states[block] = state_of(self._generator_of(block))
            self._bits.state = self._states[block]
            self._bits.advance(place * _JUMP)
            fill(out=row, dtype=np.float32)
        return rows


def state_of(generator: np.random.Generator) -> Any:
    """Return the state of a generator; raise `NoiseError` unless it is NumPy's default one."""
    if not isinstance(generator.bit_generator, np.random.PCG64):
        raise NoiseError(
            "a corruption draws from a PCG64 generator, got "
            f"{type(generator.bit_generator).__name__}: give numpy.random.default_rng(seed)"
        )
    return copy.deepcopy(generator.bit_generator.state)


def move_on(generator: np.random.Generator, images: int) -> None:
    """Move a generator past the numbers of so many images."""
    bits: Any = generator.bit_generator
    bits.advance(images * _JUMP)
