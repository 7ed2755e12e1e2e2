"""Functions that go by name: noisecore's, and those of a user's own, which a worker finds again."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return the one line that answers an unknown name: what is known, and the nearest of it."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown {what} {name!r}: expected one of {', '.join(known)}{hint}"


def source_sha256(function: Callable[..., object]) -> str:
    """Return the SHA-256 of a function's source text: a changed noise or model is another one.

    Raises OSError where the text is nowhere, TypeError for what never had any.
    """
    # Every eval and exec calls its text "<string>", and so does `python -c`, whose text Python 3.13
    # keeps under that name: what is found there may be another's.
    if inspect.getfile(inspect.unwrap(function)) == "<string>":
        raise OSError("source code not available")
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()


@dataclass(frozen=True)
class Home:
    """Where a function is defined: its module, the module's file, and its name there."""

    module: str
    file: str
    name: str


class Functions(Generic[F]):
    """The functions of one kind, by name: noisecore's, and those that a user makes known.

    kind: what one is called, such as "noise". shipped: noisecore's. error: what is raised.
    """

    def __init__(self, kind: str, shipped: Mapping[str, F], error: type[ValueError]) -> None:
        self.kind = kind
        self._shipped = shipped
        self._error = error
        self._own: dict[str, F] = {}

    def get(self, name: str) -> F:
        """Return the function of that name; raise the error, listing the known ones."""
        known = {**self._shipped, **self._own}
        try:
            return known[name]
        except (KeyError, TypeError):
            raise self._error(unknown(self.kind, str(name), known)) from None

    def add(self, function: F) -> str:
        """Make a function of a user's own known by its name, and return that name.

        It has to be a function at the top of a file, for it travels to a worker as file and name.
        Raises the error if it is not, or if another function of the kind has that name.
        """
        name = str(getattr(function, "__qualname__", repr(function)))
        if not inspect.isfunction(function) or "<" in name or "." in name:
            raise self._error(
                f"a {self.kind} of your own must be a function at the top of a file, got {name}: "
                "give it a name there with def, so that a worker can find it"
            )
        try:
            source = source_sha256(function)
        except OSError:
            raise self._error(
                f"the source of the {self.kind} {name} cannot be read: define it in a file"
            ) from None
        other = {**self._shipped, **self._own}.get(name)
        if other is function and name in self._shipped:
            return name
        if other is not None and source_sha256(other) != source:
            raise self._error(
                f"two functions for a {self.kind} are called {name}: rename one of them"
            )
        self._own[name] = function
        return name

    def home(self, name: str) -> Home | None:
        """Return where a user's own function is defined, None for one of noisecore's."""
        function = self._own.get(name)
        if function is None:
            return None
        file = inspect.getsourcefile(function) or ""
        return Home(module=function.__module__, file=os.path.abspath(file), name=name)

    def load(self, home: Home) -> None:
        """Make a user's own function known in this process: by its module, else by its file."""
        known = self._own.get(home.name)
        if known is not None and inspect.getsourcefile(known) == home.file:
            return
        module = None
        with suppress(ImportError):  # pytest may have made up the name
            module = importlib.import_module(home.module)
        if module is None or os.path.abspath(module.__file__ or "") != home.file:
            if not os.path.isfile(home.file):
                raise self._error(
                    f"the file of the {self.kind} {home.name} is not here: {home.file}"
                )
            module = load_file(home.file)
        self._own[home.name] = getattr(module, home.name)


def load_file(file: str) -> Any:
    """Return the module of a Python file, which is run once a process."""
    name = f"noisecore_own_{hashlib.sha256(os.fsencode(file)).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"no Python file: {file}")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
