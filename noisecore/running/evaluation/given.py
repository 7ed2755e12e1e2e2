"""A model that was given, of whatever kind, as one function from images to outputs."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from noisecore.functions import source_sha256
from noisecore.noise import FloatArray

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
