"""A given model, of any kind, as one function from images to outputs.

Its kind is found by what it can do, never by the name of its class or module.
"""

from __future__ import annotations

import hashlib
import inspect
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MethodType
from typing import Any

import numpy as np

from noisecore.callables import name_of, source_sha256, told
from noisecore.errors import NoisecoreError
from noisecore.noise import FloatArray
from noisecore.running.compat import INSTALL
from noisecore.running.evaluation.advice import without_probabilities
from noisecore.running.evaluation.files import how_to_load
from noisecore.running.evaluation.frameworks import is_torch, used, version_of
from noisecore.running.evaluation.modes import always_training, evaluating


class GivenError(NoisecoreError, ValueError):
    """What was given cannot be evaluated: what it is, what was expected, what came, what to do."""


@dataclass(frozen=True, kw_only=True)
class GivenModel:
    """A model that is only called: its outputs are (images, classes), for float32 images.

    kind: what it is, in words. source: the SHA-256 of its weights, or the hash of its code.
    parameters: their number, None if unknown. versions: of the libraries that run it. working: the
    block in which it is called, which restores the model afterwards.
    """

    ask: Callable[[FloatArray], Any]
    kind: str
    source: str
    parameters: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    working: Callable[[], AbstractContextManager[None]] = nullcontext


def given_model(model: Any) -> GivenModel:
    """Return a function that calls a model, as `_taken` does; raise `GivenError` if that fails."""
    try:
        return _taken(model)
    except GivenError:
        raise
    except Exception as error:  # whatever an odd object raises
        raise GivenError(f"model cannot be used: {told(error)}") from error


def _taken(model: Any) -> GivenModel:
    """Return a function that calls a model of Keras, PyTorch or another library.

    It may be the path of a `.keras` file; a SavedModel, or one of its signatures; anything else
    that can be called; an object with `predict_proba`, such as scikit-learn's classifiers; or a
    session of ONNX Runtime. Only Keras is imported, for a file. Raises `GivenError` on any other
    model.
    """
    if isinstance(model, str | Path):
        return _keras(_load(Path(model)))
    if isinstance(model, type):
        raise _refused(model, f"the class {model.__name__} itself", "give one of its objects")
    if is_torch(model, "nn.Module"):
        return _torch(model)
    if _can(model, "predict_on_batch", "get_weights", "count_params"):
        return _keras(model)
    ask = _signature(model)
    if ask is None and callable(model):
        ask = _of_rows(model)
    elif ask is None and _can(model, "predict_proba"):
        ask = _classifier(model)
    elif ask is None and _can(model, "run", "get_inputs"):
        ask = _session(model)
    if ask is not None:
        return GivenModel(ask=ask, kind=_name(model), source=_source(model), versions=used(model))
    raise _refused(model, _described(model), _remedy(model))


def _refused(model: Any, got: str, remedy: str) -> GivenError:
    return GivenError(
        "model must be a model of Keras, PyTorch, scikit-learn or ONNX Runtime, a .keras file, or "
        f"a function from a batch of images to class probabilities or scores, got {got}"
        + (f": {remedy}" if remedy else "")
    )


def _can(model: Any, *names: str) -> bool:
    return all(callable(getattr(model, name, None)) for name in names)


def _described(thing: Any) -> str:
    shape = getattr(thing, "shape", None)
    if shape is not None and hasattr(thing, "dtype"):
        return f"an array, {thing.dtype} {tuple(shape)}"
    if isinstance(thing, list | tuple | dict | set):
        return f"a {type(thing).__name__} of {len(thing)}"
    without = " without predict_proba" if _can(thing, "fit", "predict") else ""
    return "None" if thing is None else f"an object of {type(thing).__name__}{without}"


def _remedy(model: Any) -> str:
    if isinstance(model, dict) and any(is_torch(each, "Tensor") for each in model.values()):
        return "these are weights: give the module, after module.load_state_dict(weights)"
    if hasattr(model, "shape") or isinstance(model, list | tuple | dict):
        return (
            "the model comes first, evaluate(model, x, y); for outputs that were made before, call "
            "evaluate_outputs({0: clean, 1: noisy}, y)"
        )
    return without_probabilities(model) if _can(model, "fit", "predict") else ""


def _load(path: Path) -> Any:
    if path.is_dir():
        raise GivenError(
            f"model must be a .keras file, got the folder {path}: load a SavedModel yourself, and "
            "give it, or one of its signatures"
        )
    if remedy := how_to_load(path):
        raise GivenError(
            f"model must be a model, or the path of a .keras file, got {path}: {remedy}"
        )
    if not path.is_file():
        raise GivenError(f"model must be a .keras file that exists, got {path}")
    if not zipfile.is_zipfile(path):
        raise GivenError(
            f"{path} could not be read as a Keras model: expected a .keras file, which is a zip "
            "archive; of another kind of file load the model yourself, and give it"
        )
    try:
        import keras
    except ImportError as error:  # Keras itself, or what it computes with
        raise GivenError(
            f"{path} is read by Keras, which cannot be imported ({told(error)}): {INSTALL}"
        ) from None
    try:
        return keras.models.load_model(path)
    except Exception as error:  # Keras raises all kinds of errors on a bad file
        line = str(error).strip().strip("'\"").partition("\n")[0]
        raise GivenError(
            f"{path} could not be read as a Keras model: {type(error).__name__}: {line}"
        ) from None


def _keras(model: Any) -> GivenModel:
    if not getattr(model, "built", True):
        raise GivenError(
            "model must be trained, got a Keras model that was never built: fit it, or load its "
            "weights, first"
        )
    return GivenModel(
        ask=model.predict_on_batch,
        kind=f"Keras {type(model).__name__}",
        source=_digest((str(each.dtype), each.shape, each) for each in model.get_weights()),
        parameters=int(model.count_params()),
        versions={name: version_of(name) for name in ("tensorflow", "keras")},
    )


def _digest(weights: Iterator[tuple[str, Any, Any]]) -> str:
    digest = hashlib.sha256()
    for dtype, shape, array in weights:
        digest.update(f"{dtype} {shape}".encode() + array.tobytes())
    return digest.hexdigest()


def _torch(model: Any) -> GivenModel:
    import torch

    if training := always_training(model):
        raise GivenError(
            "model must answer as in eval mode, got one that was exported or traced in training "
            f"mode, and stays in it ({', '.join(training)}): call .eval() before. If this is "
            "meant, give a function that calls it"
        )
    held = [*model.parameters(), *model.buffers()]
    floats = [each for each in held if each.is_floating_point()]
    device = held[0].device if held else torch.device("cpu")
    dtype = floats[0].dtype if floats else torch.float32

    def ask(images: FloatArray) -> Any:
        with torch.no_grad():
            return model(torch.from_numpy(images).to(device=device, dtype=dtype))

    def bits(tensor: Any) -> Any:
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        return flat.view(torch.uint8).numpy() if flat.numel() else np.zeros(0, np.uint8)

    def weights() -> Iterator[tuple[str, Any, Any]]:
        for name, tensor in model.state_dict().items():
            if isinstance(tensor, torch.Tensor):
                yield f"{name} {tensor.dtype}", tuple(tensor.shape), bits(tensor)

    return GivenModel(
        ask=ask,
        kind=f"PyTorch {type(model).__name__}",
        source=_digest(weights()),
        parameters=sum(each.numel() for each in model.parameters()),
        versions={"torch": version_of("torch")},
        working=lambda: evaluating(model),
    )


def _classifier(model: Any) -> Callable[[FloatArray], Any]:
    """Return a function that calls a scikit-learn classifier, or one with the same methods."""
    classes = getattr(model, "classes_", None)
    if classes is not None and list(classes) != list(range(len(classes))):
        raise GivenError(
            "a classifier must know its classes by their numbers, 0 to k - 1, got "
            f"{', '.join(map(str, list(classes)[:10]))}: train it on numbers, or give a function "
            "that puts its columns in the order of the labels"
        )

    def ask(images: FloatArray) -> Any:
        # One that counts its features was trained on rows of them.
        return model.predict_proba(_rows(images) if hasattr(model, "n_features_in_") else images)

    return ask


def _of_rows(model: Callable[..., Any]) -> Callable[[FloatArray], Any]:
    """Return a function that gives a model rows if it was trained on rows of that many features."""
    owner = model.__self__ if isinstance(model, MethodType) else None
    features = getattr(owner, "n_features_in_", None)

    def ask(images: FloatArray) -> Any:
        rows = _rows(images)
        return model(rows if rows.shape[1] == features else images)

    return model if features is None else ask


def _rows(images: FloatArray) -> FloatArray:
    return images.reshape(len(images), -1)


def _session(model: Any) -> Callable[[FloatArray], Any]:
    """Return a function that calls a session of ONNX Runtime."""
    inputs = [each.name for each in model.get_inputs()]
    if len(inputs) != 1:
        raise GivenError(
            f"a session must take only the images, got {len(inputs)} inputs, "
            f"{', '.join(inputs)}: give a function that adds the other inputs"
        )

    def ask(images: FloatArray) -> Any:
        names = [each.name for each in model.get_outputs()]
        outputs = dict(zip(names, model.run(None, {inputs[0]: images}), strict=True))
        tables = {name: each for name, each in outputs.items() if np.ndim(each) == 2}
        return tables if len(tables) == 1 else outputs

    return ask


def _signature(model: Any) -> Callable[[FloatArray], Any] | None:
    """Return a function that calls a SavedModel's signature, None if it is not one."""
    signatures = getattr(model, "signatures", None)
    if isinstance(signatures, Mapping) and not callable(model):
        chosen = signatures.get("serving_default")
        if chosen is None:
            known = ", ".join(map(str, signatures)) or "none"
            raise GivenError(
                f"a SavedModel must have the signature serving_default, got {known}: give the one "
                "that is meant, as in model.signatures['name']"
            )
        model = chosen
    asked = getattr(model, "structured_input_signature", None)
    if asked is None:
        return None
    places, names = asked
    specs = [*places, *names.values()]
    if len(specs) != 1:
        raise GivenError(
            f"a signature must take only the images, got {len(specs)} inputs: give a function "
            "that adds the other inputs"
        )
    import tensorflow as tf

    def ask(images: FloatArray) -> Any:
        tensor = tf.cast(images, specs[0].dtype)
        return model(tensor) if places else model(**{next(iter(names)): tensor})

    return ask


def failed(error: Exception, images: FloatArray, remedy: str) -> GivenError:
    """Return the error of a model that raised one itself, and what may fix it."""
    return GivenError(
        f"the model failed on images of float32 {images.shape}, it raised {told(error)}"
        + (f": {remedy}" if remedy else "")
    )


def _name(model: Any) -> str:
    return str(getattr(model, "__qualname__", None) or name_of(model))


def _source(model: Any) -> str:
    try:
        return source_sha256(model if inspect.isroutine(model) else type(model))
    except (OSError, TypeError):
        text = f"{type(model).__module__}.{_name(model)}"
        return hashlib.sha256(text.encode()).hexdigest()
