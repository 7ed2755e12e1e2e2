"""Functions known by name: noisecore's own, and the user's, which a worker can find again."""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from noisecore.callables import BoundError, is_bound, name_of, read_back, source_sha256, write_down
from noisecore.code import take_for_script
from noisecore.errors import ArgumentTypeError
from noisecore.escaping import shorten

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return the one-line answer to an unknown name: the known names, and the nearest one."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown {what} {shorten(name)!r}: expected one of {', '.join(known)}{hint}"


def check_arguments(function: Callable[..., Any], given: Iterable[str]) -> None:
    """Raise `ArgumentTypeError` if a function has no argument of a name that it is given."""
    known = [name for name in inspect.signature(function).parameters if name != "self"]
    for name in given:
        if name not in known:
            raise ArgumentTypeError(unknown("argument", name, known))


def knows_arguments(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function answer an unknown argument with those that it has, and the nearest."""

    @functools.wraps(function)
    def called(*given: P.args, **named: P.kwargs) -> T:
        __tracebackhide__ = True
        check_arguments(function, named)
        return function(*given, **named)

    return called


@dataclass(frozen=True)
class Home:
    """Where a function is defined: its module, the module's file, and its name there.

    bound: if it is more than a function, what is bound to it, and where that is defined; module and
    file are then empty.
    """

    module: str
    file: str
    name: str
    bound: Any = None


class Functions(Generic[F]):
    """The functions of one kind, by name: noisecore's own, and those that a user adds.

    kind: the word for one, such as "noise". shipped: noisecore's own. error: the class to raise.
    made: returns a function that noisecore makes for a name, None if the name is no such one.
    hint: what the names of these look like, for the answer to an unknown name.
    """

    def __init__(
        self,
        kind: str,
        shipped: Mapping[str, F],
        error: type[ValueError],
        made: Callable[[str], F | None] = lambda name: None,
        hint: str = "",
    ) -> None:
        self.kind = kind
        self._made = made
        self._hint = hint
        self._shipped = shipped
        self._error = error
        self._own: dict[str, F] = {}
        self._homes: dict[str, Home] = {}  # of functions that another process reported
        self._sources: dict[str, tuple[F, str]] = {}
        self._lent: Counter[str] = Counter()  # how many blocks a function is known in

    def get(self, name: str) -> F:
        """Return the function of that name; raise the error, listing the known ones."""
        home = self._homes.get(name) if isinstance(name, str) else None
        if home is not None and name not in self._own:
            self._own[name] = self._load(home)
        known = {**self._shipped, **self._own}
        try:
            return known[name]
        except (KeyError, TypeError):
            made = self._made(name) if isinstance(name, str) else None
        if made is None:
            raise self._error(unknown(self.kind, str(name), known) + self._hint)
        return made

    def source(self, name: str) -> str:
        """Return the hash of the function of that name, as `source_sha256` does.

        It is made once: editing a file during a run does not change what has been loaded.
        """
        function = self.get(name)
        known = self._sources.get(name)
        if known is None or known[0] is not function:
            known = self._sources[name] = function, source_sha256(function)
        return known[1]

    def add(self, function: F, *, here: bool = False) -> str:
        """Make a user's own function known by its name, and return that name.

        It must be a function at the top of a file, because a worker gets only its file and name;
        or a `functools.partial`, a bound method or an object of a function or class defined there,
        whose arguments can be written down. here: it is only called in this process, so it may be
        defined anywhere.
        Raises the error if it does not fit, or if another function of the kind has that name.
        """
        name = name_of(function)
        if self._is_made(name, function):
            return name
        try:
            if not here:
                self.check_travels(function)
            source = source_sha256(function)
        except BoundError as error:
            raise self._error(
                f"the {self.kind} {name} cannot be sent to a worker: {error}"
            ) from None
        except (OSError, TypeError):
            raise self._error(
                f"the source of the {self.kind} {name} cannot be read: define it in a file"
            ) from None
        other = {**self._shipped, **self._own}.get(name)
        if other is function and name in self._shipped:
            return name
        if other is not None and source_sha256(other) != source:
            raise self._error(
                f"two functions for a {self.kind} are called {name}: rename one of them, or give "
                "one another name with noisecore.callables.named(function, name=...)"
            )
        self._own[name] = function
        self._homes.pop(name, None)
        return name

    def _is_made(self, name: str, function: Any) -> bool:
        """Return whether a function is the one that noisecore makes for its name."""
        try:
            made = self._made(name)
        except self._error:  # more than a name is needed
            return False
        return made is not None and type(made) is type(function) and bool(made == function)

    @contextmanager
    def lend(self, function: F, *, here: bool = False) -> Iterator[str]:
        """Make a function known by its name, as `add` does, only inside the block.

        So a notebook can define it again under the same name. Afterwards its source is read again
        too, as a worker will read it.
        """
        name = name_of(function)
        known = name in self._own and not self._lent[name]  # it was made known for good
        self.add(function, here=here)
        self._lent[name] += 1
        try:
            yield name
        finally:
            self._lent[name] -= 1
            if not known and not self._lent[name]:
                self._own.pop(name, None)
                if not here:
                    self._sources.pop(name, None)

    def check_travels(self, function: Any) -> None:
        """Raise the error unless another process can find a function, and all that is bound to it.

        Raises `BoundError` if something that is bound to it cannot be written down.
        """
        if is_bound(function):
            write_down(function, self._check_top)
        else:
            self._check_top(function, inspect.isfunction)

    def _check_top(self, function: Any, fits: Callable[[Any], bool] = callable) -> None:
        """Raise the error unless a function, or a class too, is at the top of a file."""
        name = str(getattr(function, "__qualname__", repr(function)))
        what = f"a {self.kind} of your own must be a function at the top of a file, got {name}"
        if not fits(function) or "<" in name or "." in name:
            raise self._error(
                f"{what}: give it a name there with def, so that a worker can find it"
            )
        function = inspect.unwrap(function)
        file = inspect.getsourcefile(function)
        # The file of a module may be inside an archive.
        module = sys.modules.get(function.__module__)
        if not (file and (os.path.isfile(file) or getattr(module, "__file__", None) == file)):
            raise self._error(
                f"{what}, which is not in a file: put it into a file and import it from there, so "
                "that a worker can find it"
            )

    def home(self, name: str) -> Home | None:
        """Return where a user's own function is defined, None for one of noisecore's."""
        function = self._own.get(name)
        if name in self._homes or function is None:
            return self._homes.get(name)
        if is_bound(function):
            bound = write_down(function, lambda part: asdict(_home(part)))
            return Home(module="", file="", name=name, bound=bound)
        return _home(function)

    def expect(self, home: Home) -> None:
        """Make known a user's own function that another process has; it is loaded when needed.

        By then, `noisecore.imports.follow` must have been told how that process imports.
        """
        if self._homes.get(home.name) != home:
            self._homes[home.name] = home
            self._own.pop(home.name, None)

    def _load(self, home: Home) -> F:
        """Return the function, with what is bound to it."""
        if home.bound is None:
            found: F = self._find(home)
        else:
            found = read_back(home.bound, lambda place: self._find(Home(**place)))
        return found

    def _find(self, home: Home) -> Any:
        """Return what is defined there, from its module or, failing that, from its file."""
        module = None
        if home.module == "__main__":  # of that process: its code is known by the same hash here
            take_for_script(home.file)
        try:
            module = importlib.import_module(home.module)
        except ModuleNotFoundError as error:
            if not f"{home.module}.".startswith(f"{error.name}."):
                raise  # the module is there, but something that it imports is not
        if os.path.abspath(getattr(module, "__file__", None) or "") != home.file:
            if not os.path.isfile(home.file):
                raise self._error(
                    f"the file of the {self.kind} {home.name} is not here: {home.file}"
                )
            module = load_file(home.file)
        found = getattr(module, home.name, None)
        if found is None:
            raise self._error(
                f"the {self.kind} {home.name} is not at the top of its file {home.file}: "
                "give it a name there with def, so that a worker can find it"
            )
        return found


def _home(function: Any) -> Home:
    function = inspect.unwrap(function)  # its decorator may be in another file
    file = inspect.getsourcefile(function) or ""
    return Home(function.__module__, os.path.abspath(file), function.__name__)


def load_file(file: str) -> Any:
    """Return the module of a Python file, which is run once per process.

    It may import the modules in its own folder.
    """
    name = f"noisecore_own_{hashlib.sha256(os.fsencode(file)).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"no Python file: {file}")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        with importable_from(file):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def importable_from(file: str) -> Iterator[None]:
    """Let a user's file import the modules in its own folder, as a script may."""
    folder = os.path.dirname(os.path.realpath(file))
    if folder in [os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)]:
        yield
        return
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        with suppress(ValueError):  # the file may have put things right itself
            sys.path.remove(folder)
