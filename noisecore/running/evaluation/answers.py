"""What a model returned: the numbers, and whether they are probabilities or scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.escaping import shown
from noisecore.running.evaluation.arrays import Held, held_precision, with_step
from noisecore.running.evaluation.given import GivenError

Kind = Literal["probabilities", "scores"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outputs:
    """Outputs, (images, classes), and the step from 1 to the next number in their precision."""

    values: Floats
    step: float


@dataclass(frozen=True)
class Answers:
    """What is kept of the outputs for some images: all that verdicts and losses need.

    right: which images were right, (n,) bool; predicted: their classes. own: the output of the
    right class; most: that of the predicted one; total: the logarithm of the sum of all
    exponentials; sums: of all outputs; each (n,). least, greatest: of all outputs. step: see
    `Outputs`. held: which coarser precisions hold them.
    """

    right: NDArray[np.bool_]
    predicted: NDArray[np.int64]
    own: Floats
    most: Floats
    total: Floats
    sums: Floats
    least: float
    greatest: float
    step: float
    held: Held

    @property
    def tolerance(self) -> float:
        """How far rounding may move a sum that should be 1."""
        return max(1e-3, 2 * self.step, 2 * self.held.step)

    def loss(self, kind: str) -> float:
        """Return the sum of the images' cross-entropies, in nats."""
        if kind == "probabilities":
            return float(-np.log(np.clip(self.own, 1e-7, 1.0)).sum())  # Keras' own bound
        return float((self.total - self.own).sum())

    def probability(self, kind: str) -> Floats:
        """Return the probability of each image's predicted class, (n,)."""
        return self.most if kind == "probabilities" else np.exp(self.most - self.total)


def answers_of(outputs: Outputs, labels: NDArray[np.int64]) -> Answers:
    """Return what is kept of outputs, given the images' labels, (n,)."""
    values = outputs.values
    greatest = values.max(axis=1)
    summed = np.exp(values - greatest[:, np.newaxis]).sum(axis=1)
    predicted = values.argmax(axis=1)
    return Answers(
        right=predicted == labels,
        predicted=predicted,
        own=values[np.arange(len(labels)), labels],
        most=greatest,
        total=np.log(summed) + greatest,
        sums=values.sum(axis=1),
        least=float(values.min()),
        greatest=float(greatest.max()),
        step=outputs.step,
        held=held_precision(values),
    )


def merged(parts: Sequence[Answers]) -> Answers:
    """Return the answers for several groups of images as one."""
    if len(parts) == 1:
        return parts[0]
    held = parts[0].held
    for part in parts:
        held &= part.held
    return Answers(
        right=np.concatenate([part.right for part in parts]),
        predicted=np.concatenate([part.predicted for part in parts]),
        own=np.concatenate([part.own for part in parts]),
        most=np.concatenate([part.most for part in parts]),
        total=np.concatenate([part.total for part in parts]),
        sums=np.concatenate([part.sums for part in parts]),
        least=min(part.least for part in parts),
        greatest=max(part.greatest for part in parts),
        step=max(part.step for part in parts),
        held=held,
    )


def as_outputs(given: Any, images: int) -> Outputs:
    """Return a model's outputs as float64 (images, classes); raise `GivenError` if they are not.

    They are a copy: a model may return the same memory each time. If a dict or list holds one
    output, that one is taken.
    """
    given = _only(given)
    array, step = with_step(given, "the outputs of the model")
    if array.dtype.kind not in "fiu" or array.ndim != 2 or array.shape[0] != images:
        raise GivenError(
            f"the model must give class probabilities or scores, ({images}, classes), for "
            f"{images} images, got {array.dtype} {array.shape}{_of_one_column(array, images)}"
        )
    if array.shape[1] < 2:
        raise GivenError(
            f"the model must give one column per class, got {array.shape}: for a probability p of "
            "the second of two classes, give numpy.hstack([1 - p, p]), for a score s of it "
            "numpy.hstack([0 * s, s])"
        )
    if not np.isfinite(array).all():
        raise GivenError("the model's outputs must be finite numbers, got NaN or infinity")
    return Outputs(array.astype(np.float64), step)


def _of_one_column(array: NDArray[Any], images: int) -> str:
    """Return what to do about one number per image, empty for other outputs."""
    if array.shape != (images,):
        return ""
    if array.dtype.kind in "iu":
        return ": of class numbers c of k classes, give numpy.eye(k)[c]"
    return (
        ": for a probability p of the second of two classes, give numpy.stack([1 - p, p], 1), for "
        "a score s of it numpy.outer(s, [0, 1])"
    )


def _only(given: Any) -> Any:
    """Return the one output of a dict or list; raise `GivenError` if a dict holds others."""
    if isinstance(given, list | tuple) and len(given) == 1 and getattr(given[0], "ndim", 0) == 2:
        return given[0]
    if not isinstance(given, Mapping):
        return given
    if len(given) != 1:
        names = ", ".join(f"{shown(name)} {_shape(held)}" for name, held in given.items())
        raise GivenError(
            f"the model must give one array of outputs, got a dict of {names or 'none'}: choose "
            "one, as in lambda x: model(x)['probabilities']"
        )
    return next(iter(given.values()))


def _shape(held: Any) -> str:
    shape = getattr(held, "shape", None)
    return type(held).__name__ if shape is None else str(tuple(shape))


def joined(parts: Sequence[Outputs]) -> Outputs:
    """Return the outputs for several batches as one."""
    widths = list(dict.fromkeys(part.values.shape[1] for part in parts))
    if len(widths) > 1:
        raise other_width(*widths[:2])
    values = np.concatenate([part.values for part in parts]) if len(parts) > 1 else parts[0].values
    return Outputs(values, max(part.step for part in parts))


def other_width(first: int, then: int) -> GivenError:
    """Return the error of a model whose number of classes changes."""
    return GivenError(
        f"the model must give the same number of classes for all images, got {first} and then "
        f"{then}"
    )


def check_kind(declared: str | None, argument: str) -> None:
    """Raise `GivenError` unless `declared` is a kind of outputs, or None."""
    if declared is not None and (
        not isinstance(declared, str) or declared not in ("probabilities", "scores")
    ):
        raise GivenError(f"{argument} must be 'probabilities' or 'scores', got {shown(declared)}")


def kind_of(answers: Answers) -> Kind:
    """Return "probabilities" if no output is negative and all sum to 1 within their precision."""
    whole = answers.least >= 0 and np.allclose(answers.sums, 1, atol=answers.tolerance)
    return "probabilities" if whole else "scores"


def check_probabilities(answers: Answers, argument: str) -> None:
    """Raise `GivenError` on what cannot be probabilities; the sums of means may be a little off."""
    far = max(0.05, 2 * answers.tolerance)
    if answers.least < -answers.tolerance or answers.greatest > 1 + answers.tolerance:
        got = f"values from {answers.least:.4g} to {answers.greatest:.4g}"
    elif (np.abs(answers.sums - 1) > far).any():
        got = f"sums from {answers.sums.min():.4g} to {answers.sums.max():.4g}"
    else:
        return
    raise GivenError(
        "probabilities must lie in 0 to 1 and sum to 1 for each image, clean or noisy, got "
        f"{got}: declare {argument}='scores', or give the model's softmax"
    )
