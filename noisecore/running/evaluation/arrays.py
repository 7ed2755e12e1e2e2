"""Convert arrays of any library and precision to NumPy's: only here."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.running.evaluation.frameworks import is_torch
from noisecore.running.evaluation.given import GivenError

# The step from 1 to the next number. NumPy knows float16's, but not bfloat16's.
_BFLOAT16, _FLOAT16 = 2.0**-7, 2.0**-10
# Float types that both PyTorch and NumPy have.
_SHARED = ("torch.float16", "torch.float32", "torch.float64")


def as_array(given: Any, what: str) -> NDArray[Any]:
    """Return an array, a tensor or nested lists as NumPy's array; see `with_step`."""
    return with_step(given, what)[0]


def with_step(given: Any, what: str) -> tuple[NDArray[Any], float]:
    """Return an array as NumPy's, and the step from 1 to the next number in the dtype it had.

    bfloat16 and the 8-bit floats become float32, which holds each of their values; the step shows
    how coarsely they were rounded. It is 0 for whole numbers. Raises `GivenError` if it is not an
    array; `what` names it in the message.
    """
    step = 0.0
    if given is None:
        raise GivenError(f"{what} must be an array, got None")
    try:
        if hasattr(given, "detach"):  # a PyTorch tensor
            given = given.detach().cpu()
        if is_torch(given, "Tensor") and given.is_floating_point():
            step = float(sys.modules["torch"].finfo(given.dtype).eps)
            if str(given.dtype) not in _SHARED:
                given = given.float()
        array: NDArray[Any] = np.asanyarray(given)
    except Exception as error:  # whatever an odd object raises
        line = str(error).strip().partition("\n")[0]
        raise GivenError(
            f"{what} must be an array, got {type(given).__name__}, which cannot be one: {line}"
        ) from None
    if array.dtype.type.__module__ == "ml_dtypes" and "float" in array.dtype.name:
        step = float(sys.modules["ml_dtypes"].finfo(array.dtype).eps)
        array = array.astype(np.float32)
    elif array.dtype.kind == "f":
        step = step or float(np.finfo(array.dtype).eps)
    return array, step


@dataclass(frozen=True)
class Held:
    """Which of two coarse precisions hold some values: casting them back does not refine them."""

    bfloat16: bool
    float16: bool

    def __and__(self, other: Held) -> Held:
        """Return which hold the values of both."""
        return Held(self.bfloat16 and other.bfloat16, self.float16 and other.float16)

    @property
    def step(self) -> float:
        """From 1 to the next number in the coarsest that holds all, 0 if neither does."""
        return _BFLOAT16 if self.bfloat16 else _FLOAT16 if self.float16 else 0.0


def held_precision(values: NDArray[np.float64]) -> Held:
    """Return which of bfloat16 and float16 hold all values."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
        half = values.astype(np.float16)
    if not np.array_equal(single, values):
        return Held(False, False)
    # bfloat16 is the first half of float32.
    return Held(not (single.view(np.uint32) & 0xFFFF).any(), np.array_equal(half, values))
