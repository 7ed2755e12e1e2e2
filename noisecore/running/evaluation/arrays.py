"""Arrays of whatever library and precision, as NumPy's: the one place where they are converted."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.running.evaluation.given import GivenError

# Between two neighbouring numbers from 1 on. float16's is known to NumPy, bfloat16's is not.
_BFLOAT16, _FLOAT16 = 2.0**-7, 2.0**-10
# Floats that PyTorch and NumPy both have.
_SHARED = ("torch.float16", "torch.float32", "torch.float64")


def is_torch(given: Any, *names: str) -> bool:
    """Return whether `given` is of one of these classes of torch, which is never imported for it.

    Who gives one has imported it.
    """
    for name in names:
        kind: Any = sys.modules.get("torch")
        for part in name.split("."):
            kind = getattr(kind, part, None)
        if isinstance(kind, type) and isinstance(given, kind):
            return True
    return False


def as_array(given: Any, what: str) -> NDArray[Any]:
    """Return an array, a tensor or nested lists as NumPy's array; see `with_step`."""
    return with_step(given, what)[0]


def with_step(given: Any, what: str) -> tuple[NDArray[Any], float]:
    """Return an array as NumPy's, and the step from 1 to the next number in the dtype it had.

    bfloat16 and the floats of 8 bits become float32, which holds each of their values; what was
    rounded stays rounded, as the step says. It is 0 for whole numbers. Raises `GivenError` on what
    is no array; `what` says in it what was given.
    """
    step = 0.0
    try:
        if hasattr(given, "detach"):  # a PyTorch tensor
            given = given.detach().cpu()
        if is_torch(given, "Tensor") and given.is_floating_point():
            step = float(sys.modules["torch"].finfo(given.dtype).eps)
            if str(given.dtype) not in _SHARED:
                given = given.float()
        array: NDArray[Any] = np.asanyarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        line = str(error).strip().partition("\n")[0]
        raise GivenError(
            f"{what} must be an array, got {type(given).__name__}, which is none: {line}"
        ) from None
    if array.dtype.type.__module__ == "ml_dtypes" and "float" in array.dtype.name:
        step = float(sys.modules["ml_dtypes"].finfo(array.dtype).eps)
        array = array.astype(np.float32)
    elif array.dtype.kind == "f":
        step = step or float(np.finfo(array.dtype).eps)
    return array, step


def held_precision(values: NDArray[np.float64]) -> float:
    """Return that of the coarsest of bfloat16 and float16 that holds all values, else 0.

    Outputs that were cast back to float32 are as coarse as they were before.
    """
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
        half = values.astype(np.float16)
    if not np.array_equal(single, values):
        return 0.0
    if not (single.view(np.uint32) & 0xFFFF).any():  # bfloat16 is the first half of float32
        return _BFLOAT16
    return _FLOAT16 if np.array_equal(half, values) else 0.0
