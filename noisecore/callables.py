"""Callables of every kind: their names, their identity, and how they reach another process.

A function is identified by its code, and by the code that it uses (`noisecore.code`). A
`functools.partial`, a bound method or a callable object is identified by the code of its function
or class, and by the values bound to it.
"""

from __future__ import annotations

import base64
import functools
import inspect
import json
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath
from types import MethodType
from typing import Any

import numpy as np

from noisecore.code import code_sha256, function_sha256, outside
from noisecore.errors import ArgumentError, ArgumentTypeError, NoisecoreError
from noisecore.escaping import shown

# Returns what is written in place of a function or class: its source, or its home.
Place = Callable[[Any], Any]
# Returns the function or class again, from what was written in its place.
Find = Callable[[Any], Any]
# Returns the attributes of an object, None if it may hold more than these.
Attributes = Callable[[Any], dict[str, Any] | None]

# A class that defines one of these itself may hold more than its attributes.
_REDUCE = ("__reduce_ex__", "__reduce__")

_PLAIN = (type(None), bool, int, float, str)


class BoundError(NoisecoreError, TypeError):
    """Something that is bound to a callable cannot be written down."""


@dataclass(frozen=True)
class Named:
    """A callable, under a name that somebody gave it."""

    call: Callable[..., Any]
    __name__: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self.call(*args, **kwargs)


def named(function: Callable[..., Any], *, name: str) -> Named:
    """Return a function under another name, so that two `functools.partial` can be told apart.

    Args:
        function: A noise or a builder, such as a `functools.partial`.
        name: Its new name.

    Returns:
        A callable that takes the same arguments as `function`.

    Raises:
        ArgumentTypeError: `function` cannot be called.
        ArgumentError: The name is empty.

    Example:
        >>> named(predict, name="bright")(x).shape
        (400, 3)
    """
    if not callable(function):
        raise ArgumentTypeError(f"what is named must be a function, got {shown(function)}")
    if not isinstance(name, str) or not name.strip():
        raise ArgumentError(f"name must be a word, got {shown(name)}")
    return Named(function, name)


def name_of(function: Callable[..., Any]) -> str:
    """Return the name of a callable: its own, or that of what it wraps, or that of its class."""
    name = getattr(function, "__name__", None)
    if isinstance(name, str):
        return name
    if isinstance(function, functools.partial):
        return name_of(function.func)
    return type(function).__name__


def is_bound(function: Callable[..., Any]) -> bool:
    """Return whether something is bound to a callable, so that it is more than its code."""
    if isinstance(function, Named):
        return True
    kinds = inspect.isfunction, inspect.isclass, inspect.isbuiltin
    return not any(is_kind(function) for is_kind in kinds)


def source_sha256(function: Callable[..., Any]) -> str:
    """Return the hash that identifies a callable: of its code, and of all that is bound to it.

    If the code of a noise or model changes, so does its hash; a changed comment changes nothing.
    `noisecore.code.function_sha256` hashes the code. Raises OSError if a source text cannot be
    found, TypeError if there never was one, or if something that is bound cannot be written down.
    """
    while isinstance(function, Named):
        function = function.call
    if is_bound(function):
        written = write_down(function, function_sha256, _identity)
        return code_sha256([json.dumps(written, sort_keys=True)])
    return function_sha256(function)


def outside_of(function: Callable[..., Any], root: str) -> str:
    """Return why a callable may depend on more than `source_sha256` covers; empty if it does not.

    root: the folder that all of its code must be in. Raises as `source_sha256` does.
    """
    while isinstance(function, Named):
        function = function.call
    parts = [function]
    if is_bound(function):
        parts.clear()
        write_down(function, lambda part: parts.append(part))
    return next(filter(None, (outside(each, root) for each in parts)), "")


def write_down(value: Any, place: Place, attributes: Attributes | None = None) -> Any:
    """Return JSON values for a callable, and for what is bound to it.

    place: what to write for a function or a class. attributes: those to write of an object; left
    out, all. Raises `BoundError` for anything other than a number, text, array, function or class,
    or an object or collection of these.
    """
    try:
        return _written(value, place, attributes or _state)
    except RecursionError:
        raise BoundError("what is bound to it must not hold itself") from None


def _written(value: Any, place: Place, attributes: Attributes) -> Any:
    def write(one: Any) -> Any:
        return _written(one, place, attributes)

    def each(values: Any) -> list[Any]:
        return [write(one) for one in values]

    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind in (list, tuple):
        return [kind.__name__, each(value)]
    if kind in (set, frozenset):
        return [kind.__name__, sorted(each(value), key=json.dumps)]
    if kind is dict:
        return ["dict", [each(pair) for pair in value.items()]]
    if kind is bytes:
        return ["bytes", _base64(value)]
    if isinstance(value, PurePath):
        return ["path", str(value)]
    if isinstance(value, Enum):
        return ["member", write(kind), value.name]
    if (kind is np.ndarray or isinstance(value, np.generic)) and value.dtype.kind in "biufcSU":
        array = np.asarray(value, order="C")
        what = "array" if kind is np.ndarray else "number"
        return [what, array.dtype.str, list(array.shape), _base64(array.tobytes())]
    if kind is Named:
        return ["named", write(value.call), value.__name__]
    if isinstance(value, functools.partial):
        return ["partial", write(value.func), each(value.args), each(_pairs(value))]
    if isinstance(value, MethodType):
        return ["method", write(value.__self__), value.__func__.__name__]
    if inspect.isfunction(value) or inspect.isclass(value):
        return ["at", place(value)]
    if all(getattr(kind, name) is getattr(object, name) for name in _REDUCE):
        state = attributes(value)
        if state is not None:
            return ["object", write(kind), each(state.items())]
    raise BoundError(
        "what is bound to it must be numbers, text, arrays, functions, or objects and collections "
        f"of these, got {kind.__name__}"
    )


def _pairs(value: functools.partial[Any]) -> list[Any]:
    return list(value.keywords.items())


def _state(value: Any) -> dict[str, Any] | None:
    """Return the attributes of an object if its class is written in Python, otherwise None."""
    kind = type(value)
    if not hasattr(value, "__dict__") and not hasattr(kind, "__slots__"):
        return None
    state = dict(getattr(value, "__dict__", {}))
    for each in kind.__mro__:
        slots = each.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                state[name] = getattr(value, name)
    return state


def _identity(value: Any) -> dict[str, Any] | None:
    """Return the attributes that identify an object, None as of `_state`.

    An object of noisecore's own gives its identity itself (`Keyed.shipped_identity`), because its
    code and the files that its paths lead to are not read here.
    """
    state = _state(value)
    if state is None or not hasattr(type(value), "shipped_identity"):
        return state
    return {**state, **value.shipped_identity}


def read_back(data: Any, find: Find) -> Any:
    """Return the object that `write_down` wrote; `find` returns its functions and classes."""

    def each(values: Any) -> list[Any]:
        return [read_back(one, find) for one in values]

    if not isinstance(data, list):
        return data
    kind, *rest = data
    if kind in _COLLECTIONS:
        return _COLLECTIONS[kind](each(rest[0]))
    if kind == "dict":
        return {read_back(key, find): read_back(held, find) for key, held in rest[0]}
    if kind == "bytes":
        return base64.b64decode(rest[0])
    if kind == "path":
        return Path(rest[0])
    if kind == "member":
        return read_back(rest[0], find)[rest[1]]
    if kind in ("array", "number"):
        array = np.frombuffer(base64.b64decode(rest[2]), rest[0]).reshape(rest[1]).copy()
        return array if kind == "array" else array[()]
    if kind == "named":
        return Named(read_back(rest[0], find), rest[1])
    if kind == "partial":
        function, args, keywords = read_back(rest[0], find), each(rest[1]), each(rest[2])
        return functools.partial(function, *args, **dict(keywords))
    if kind == "method":
        return getattr(read_back(rest[0], find), rest[1])
    if kind == "at":
        return find(rest[0])
    made = object.__new__(read_back(rest[0], find))
    for name, held in each(rest[1]):
        object.__setattr__(made, name, held)  # a frozen one too
    return made


_COLLECTIONS: dict[str, Callable[[Any], Any]] = {
    "list": list, "tuple": tuple, "set": set, "frozenset": frozenset,
}  # fmt: skip


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def told(error: BaseException) -> str:
    """Return the error of a user's function in one line: its message, and where it was raised."""
    line = str(error).strip().partition("\n")[0]
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {line}{where}" if line else f"{type(error).__name__}{where}"
