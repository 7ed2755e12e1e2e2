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
        self._homes: dict[str, Home] = {}  # of those that another process told of

    def get(self, name: str) -> F:
        """Return the function of that name; raise the error, listing the known ones."""
        home = self._homes.get(name) if isinstance(name, str) else None
        if home is not None and name not in self._own:
            self._own[name] = self._load(home)
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
        self._homes.pop(name, None)
        return name

    def home(self, name: str) -> Home | None:
        """Return where a user's own function is defined, None for one of noisecore's."""
        function = self._own.get(name)
        if name in self._homes or function is None:
            return self._homes.get(name)
        function = inspect.unwrap(function)  # what decorates it may be from elsewhere
        file = inspect.getsourcefile(function) or ""
        return Home(module=function.__module__, file=os.path.abspath(file), name=name)

    def expect(self, home: Home) -> None:
        """Make a user's own function known that another process has: it is loaded when asked for.

        Then `noisecore.imports.follow` must have said how that process imports.
        """
        if self._homes.get(home.name) != home:
            self._homes[home.name] = home
            self._own.pop(home.name, None)

    def _load(self, home: Home) -> F:
        """Return the function from its module, else from its file."""
        module = None
        try:
            module = importlib.import_module(home.module)
        except ModuleNotFoundError as error:
            if not f"{home.module}.".startswith(f"{error.name}."):
                raise  # it is there, and something that it imports is not
        if os.path.abspath(getattr(module, "__file__", None) or "") != home.file:
            if not os.path.isfile(home.file):
                raise self._error(
                    f"the file of the {self.kind} {home.name} is not here: {home.file}"
                )
            module = load_file(home.file)
        function: F | None = getattr(module, home.name, None)
        if function is None:
            raise self._error(
                f"the {self.kind} {home.name} is not at the top of its file {home.file}: "
                "give it a name there with def, so that a worker can find it"
            )
        return function


def load_file(file: str) -> Any:
    """Return the module of a Python file, which is run once a process."""
    name = f"noisecore_own_{hashlib.sha256(file.encode()).hexdigest()[:8]}"
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
