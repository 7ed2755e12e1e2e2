"""A model that was given, of whatever kind, as one function from images to outputs."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.functions import source_sha256
from noisecore.noise import FloatArray

Outputs = Literal["probabilities", "scores"]

_KERAS = ("keras.", "tensorflow.", "tf_keras.")


class GivenError(ValueError):
    """What was given cannot be evaluated: what it is, what was expected, what came, what to do."""


@dataclass(frozen=True, kw_only=True)
class GivenModel:
    """A model that is only asked: its outputs are (images, classes), for float32 images.

    kind: what it is, in words. source: the SHA-256 of its weights or source text. parameters:
    their number, None if unknown. versions: of what runs it.
    """

    ask: Callable[[FloatArray], Any]
    kind: str
    source: str
    parameters: int | None = None
    versions: dict[str, str] = field(default_factory=dict)


def given_model(model: Any) -> GivenModel:
    """Return what asks a Keras model, a `.keras` file, or any function from images to outputs.

    Keras is imported for the first two alone. Raises `GivenError` on anything else.
    """
    if isinstance(model, str | Path):
        return _keras(_load(Path(model)))
    if any(each.__module__.startswith(_KERAS) for each in type(model).__mro__):
        return _keras(model)
    if isinstance(model, type) or not callable(model):
        raise GivenError(
            "model must be a Keras model, a .keras file, or a function from a batch of images to "
            f"class probabilities or scores, got {model!r}"
        )
    return GivenModel(ask=model, kind=_name(model), source=_source(model))


def _load(path: Path) -> Any:
    if not path.is_file():
        raise GivenError(f"model must be a .keras file that is there, got {path}")
    import keras

    try:
        return keras.models.load_model(path)
    except (OSError, TypeError, ValueError) as error:
        line = str(error).strip().partition("\n")[0]
        raise GivenError(f"{path} could not be read as a Keras model: {line}") from None


def _keras(model: Any) -> GivenModel:
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(f"{weight.dtype} {weight.shape}".encode() + weight.tobytes())
    return GivenModel(
        ask=model.predict_on_batch,
        kind=f"Keras {type(model).__name__}",
        source=digest.hexdigest(),
        parameters=int(model.count_params()),
        versions={name: _version(name) for name in ("tensorflow", "keras")},
    )


def _version(name: str) -> str:
    for distribution in (name, f"{name}-cpu"):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return "unknown"


def _name(model: Any) -> str:
    return str(getattr(model, "__qualname__", type(model).__qualname__))


def _source(model: Any) -> str:
    try:
        return source_sha256(model if inspect.isroutine(model) else type(model))
    except (OSError, TypeError):
        text = f"{type(model).__module__}.{_name(model)}"
        return hashlib.sha256(text.encode()).hexdigest()


def as_outputs(given: Any, images: int) -> NDArray[np.float64]:
    """Return a model's outputs as float64 (images, classes); raise `GivenError` if they are not."""
    outputs = as_array(given)
    if outputs.dtype.kind not in "fiu" or outputs.ndim != 2 or outputs.shape[0] != images:
        raise GivenError(
            f"the model must give class probabilities or scores, ({images}, classes), for "
            f"{images} images, got {outputs.dtype} {outputs.shape}"
        )
    if outputs.shape[1] < 2:
        raise GivenError(
            "the model must give a column a class, got one: for a probability p of the second of "
            "two classes, give numpy.hstack([1 - p, p])"
        )
    if not np.isfinite(outputs).all():
        raise GivenError("the model's outputs must be finite numbers, got NaN or infinity")
    return outputs.astype(np.float64)


def as_array(given: Any) -> NDArray[Any]:
    """Return a NumPy array, with short floating types that NumPy lacks, as bfloat16, in float32."""
    if hasattr(given, "detach"):  # a PyTorch tensor
        given = given.detach().cpu()
        if "float" in str(given.dtype) and str(given.dtype) not in _NUMPY_HAS:
            given = given.float()
    array: NDArray[Any] = np.asanyarray(given)
    if array.dtype.kind == "V" and "float" in array.dtype.name:
        return array.astype(np.float32)
    return array


_NUMPY_HAS = ("torch.float64", "torch.float32", "torch.float16", "float64", "float32", "float16")


def settle_outputs(declared: str | None, outputs: NDArray[np.float64], argument: str) -> Outputs:
    """Return what outputs are, "probabilities" or "scores", as declared or by their sums.

    They are probabilities if each row sums to 1 as nearly as their precision lets it: that of the
    shortest type that holds them all, for a model in bfloat16 rounds each by up to 0.4 %.
    """
    if declared not in (None, "probabilities", "scores"):
        raise GivenError(f"{argument} must be 'probabilities' or 'scores', got {declared!r}")
    if declared == "scores":
        return "scores"
    off = float(np.abs(outputs.sum(axis=1) - 1).max())
    least = float(outputs.min())
    if declared == "probabilities":
        if least < 0 or off > _FAR:
            raise GivenError(
                f"probabilities must be >= 0 and sum to 1, got {least:g} and a sum that is off by "
                f"{off:g}: if these are scores (logits), declare {argument}='scores'"
            )
        return "probabilities"
    return "probabilities" if least >= 0 and off <= _tolerance(outputs) else "scores"


_FAR = 0.05  # more than any rounding makes of a sum of probabilities


def _tolerance(outputs: NDArray[np.float64]) -> float:
    """Return how far from 1 a sum of probabilities of this precision may lie."""
    single = outputs.astype(np.float32)
    # bfloat16 is the upper half of a float32: the lower half of what was cast from it is zero.
    if not (single.view(np.uint32) & 0xFFFF).any():
        return 2 * 2.0**-7
    half = outputs.astype(np.float16).astype(np.float64)
    return 2 * 2.0**-10 if np.array_equal(half, outputs) else 1e-3
