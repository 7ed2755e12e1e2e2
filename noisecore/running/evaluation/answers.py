"""What a model gave: the numbers, and whether they are probabilities or scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.running.evaluation.arrays import held_precision, with_step
from noisecore.running.evaluation.given import GivenError

Kind = Literal["probabilities", "scores"]


@dataclass(frozen=True)
class Outputs:
    """Outputs, (images, classes), and the step from 1 to the next number in their precision."""

    values: NDArray[np.float64]
    step: float

    @property
    def tolerance(self) -> float:
        """What rounding may do to a sum that is 1."""
        return max(1e-3, 2 * self.step, 2 * held_precision(self.values))


def as_outputs(given: Any, images: int) -> Outputs:
    """Return a model's outputs as float64 (images, classes); raise `GivenError` if they are not.

    They are a copy: a model may give the same memory each time.
    """
    array, step = with_step(given, "the outputs of the model")
    if array.dtype.kind not in "fiu" or array.ndim != 2 or array.shape[0] != images:
        raise GivenError(
            f"the model must give class probabilities or scores, ({images}, classes), for "
            f"{images} images, got {array.dtype} {array.shape}"
        )
    if array.shape[1] < 2:
        raise GivenError(
            "the model must give a column a class, got one: for a probability p of the second of "
            "two classes, give numpy.hstack([1 - p, p])"
        )
    if not np.isfinite(array).all():
        raise GivenError("the model's outputs must be finite numbers, got NaN or infinity")
    return Outputs(array.astype(np.float64), step)


def joined(parts: list[Outputs]) -> Outputs:
    """Return the outputs for several batches as one."""
    values = np.concatenate([part.values for part in parts])
    return Outputs(values, max(part.step for part in parts))


def check_kind(declared: str | None, argument: str) -> None:
    """Raise `GivenError` unless `declared` is a kind of outputs, or None."""
    if declared not in (None, "probabilities", "scores"):
        raise GivenError(f"{argument} must be 'probabilities' or 'scores', got {declared!r}")


def kind_of(outputs: Outputs) -> Kind:
    """Return "probabilities" for what is nowhere negative and sums to 1 as its precision can."""
    sums = outputs.values.sum(axis=1)
    whole = (outputs.values >= 0).all() and np.allclose(sums, 1, atol=outputs.tolerance)
    return "probabilities" if whole else "scores"


def check_probabilities(outputs: Outputs, argument: str) -> None:
    """Raise `GivenError` on what cannot be probabilities; sums may be off, as means of some are."""
    values = outputs.values
    sums = values.sum(axis=1)
    far = max(0.05, 2 * outputs.tolerance)
    if values.min() < -outputs.tolerance or values.max() > 1 + outputs.tolerance:
        got = f"values from {values.min():.4g} to {values.max():.4g}"
    elif (np.abs(sums - 1) > far).any():
        got = f"sums from {sums.min():.4g} to {sums.max():.4g}"
    else:
        return
    raise GivenError(
        "probabilities must lie in 0 to 1 and sum to 1 for each image, clean or noisy, got "
        f"{got}: declare {argument}='scores', or give the model's softmax"
    )
