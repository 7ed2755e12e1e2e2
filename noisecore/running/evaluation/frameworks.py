"""Which framework an object belongs to, and its version; none is imported to find out."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

# By the name that it is imported by: what it is called in records, and its distributions.
_FRAMEWORKS = {
    "jax": ("jax", "jax"),
    "keras": ("keras", "keras"),
    "lightgbm": ("lightgbm", "lightgbm"),
    "onnxruntime": ("onnxruntime", "onnxruntime", "onnxruntime-gpu"),
    "sklearn": ("scikit-learn", "scikit-learn"),
    "tensorflow": ("tensorflow", "tensorflow", "tensorflow-cpu"),
    "torch": ("torch", "torch"),
    "xgboost": ("xgboost", "xgboost", "xgboost-cpu"),
}
_MOST = 1000  # objects that are looked at: a model may hold very many


def is_torch(given: Any, *names: str) -> bool:
    """Return whether `given` is of one of these classes of torch, without importing torch.

    Whoever gives such an object has imported it.
    """
    for name in names:
        kind: Any = sys.modules.get("torch")
        for part in name.split("."):
            kind = getattr(kind, part, None)
        if isinstance(kind, type) and isinstance(given, kind):
            return True
    return False


def version_of(module: str) -> str:
    """Return the version of a framework, by the name that it is imported by."""
    for distribution in _FRAMEWORKS[module][1:]:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return str(getattr(sys.modules.get(module), "__version__", "unknown"))


def used(model: Any) -> dict[str, str]:
    """Return the frameworks that a callable uses, and their versions.

    They are found among the objects that it holds, is bound to, or names in its code.
    """
    found = set()
    waiting, known = [model], {id(model)}
    while waiting and len(known) < _MOST:
        thing = waiting.pop(0)
        root = _root(thing)
        if root in _FRAMEWORKS:
            found.add(root)
            continue
        for part in _parts(thing):
            if id(part) not in known:
                known.add(id(part))
                waiting.append(part)
    if "keras" in found and "tensorflow" in sys.modules:
        found.add("tensorflow")  # which Keras computes with
    return {_FRAMEWORKS[root][0]: version_of(root) for root in sorted(found)}


def _root(thing: Any) -> str:
    if isinstance(thing, ModuleType):
        return thing.__name__.partition(".")[0]
    of = thing if isinstance(thing, type | FunctionType) else type(thing)
    return str(getattr(of, "__module__", None) or "").partition(".")[0]


def _parts(thing: Any) -> Iterator[Any]:
    """Yield what something holds, is bound to, or names in its code."""
    if isinstance(thing, FunctionType):
        names = set(_names(thing.__code__))
        yield from (cell.cell_contents for cell in thing.__closure__ or () if _filled(cell))
        yield from thing.__defaults__ or ()
        for held in [thing.__globals__.get(name) for name in names]:
            yield held
            if isinstance(held, ModuleType) and _root(held) not in _FRAMEWORKS:
                yield from (vars(held).get(name) for name in names)
    elif isinstance(thing, MethodType):
        yield from (thing.__self__, thing.__func__)
    elif isinstance(thing, functools.partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, list | tuple):
        yield from thing[:_MOST]
    elif isinstance(thing, dict):
        yield from list(thing.values())[:_MOST]
    elif not isinstance(thing, type | ModuleType | str | bytes):
        yield from list(getattr(thing, "__dict__", {}).values())
        call = vars(type(thing)).get("__call__")
        if isinstance(call, FunctionType):
            yield call


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # a name that was never given a value
        return False
