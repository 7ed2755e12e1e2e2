"""The user's own modules: found as an import would find them, read, but never imported."""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from noisecore.code.canonical import parse
from noisecore.code.names import Import, Statement, parameters, statements

_NOISECORE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_INSTALLED = {"site-packages", "dist-packages"}
_LIBRARY = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib"))


@dataclass(frozen=True)
class Place:
    """Where a module is: its file, None if it has none, and the folders of its submodules."""

    file: str | None
    folders: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether its source is the user's: not installed, and not part of Python or noisecore."""
        file = self.file
        return (
            file is not None
            and file.endswith(".py")
            and not file.startswith((f"{_NOISECORE}{os.sep}", *_LIBRARY))
            and _INSTALLED.isdisjoint(Path(file).parts)
        )


class Scope:
    """A module, or the body of a function in one: its statements, by the names that they bind.

    outer: the scope around it, None for a module. own: names that are bound there in other ways.
    """

    def __init__(
        self, body: Iterable[ast.stmt], outer: Scope | None = None, own: Iterable[str] = ()
    ) -> None:
        self.outer = outer
        self.statements = list(statements(body))
        self._own = set(own)
        self._by_name: dict[str, list[Statement]] = {}
        for each in self.statements:
            for name in each.binds:
                self._by_name.setdefault(name, []).append(each)

    def binding(self, name: str) -> list[Statement]:
        """Return the statements that bind a name, or change its object."""
        return self._by_name.get(name, [])

    def binds(self, name: str) -> bool:
        """Return whether a name is bound here, if only by a parameter."""
        return name in self._own or name in self._by_name


class Module(Scope):
    """A module's source, read and split into its statements.

    file: its path, or a name if it has none. script: whether Python was started with this file.
    Raises `SyntaxError` or `ValueError` if the text is not Python.
    """

    def __init__(self, source: str | bytes, file: str, *, script: bool = False) -> None:
        self.file = file
        self.script = script
        self.tree = parse(source)
        super().__init__(_imported(self.tree.body, script))
        if ast.get_docstring(self.tree, clean=False) is not None:
            self._by_name["__doc__"] = self.statements[:1]
        imported = {name for each in self.statements for name in each.imports}
        # What happens when it is imported, apart from binding names: to itself, or to other
        # modules.
        self.acting = [each for each in self.statements if each.acts or each.changes & imported]
        self.stars = [
            each for one in self.statements for each in one.imports.get("*", ()) if each.name == "*"
        ]

    def within(self, functions: Iterable[ast.AST]) -> Scope:
        """Return the scope inside functions, each inside the one before it."""
        scope: Scope = self
        for function in functions:
            body = getattr(function, "body", [])
            scope = Scope(
                body if isinstance(body, list) else [], outer=scope, own=parameters(function)
            )
        return scope


def _imported(body: Iterable[ast.stmt], script: bool) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported, or started as a script."""
    for node in body:
        if not isinstance(node, ast.If):
            yield node
            continue
        named = {getattr(each, "id", getattr(each, "attr", "")) for each in ast.walk(node.test)}
        if named <= {"TYPE_CHECKING", "typing"} and "TYPE_CHECKING" in named:
            yield from node.orelse
        elif script or "__name__" not in named:
            yield node


_read: dict[str, tuple[tuple[int, int], Module]] = {}
_scripts: set[str] = set()  # of other processes


def read_module(file: str) -> Module:
    """Return the module in a file, read again only if the file has changed; may raise `OSError`."""
    state = os.stat(file)
    version = state.st_mtime_ns, state.st_size
    known = _read.get(file)
    if known is None or known[0] != version:
        known = _read[file] = version, Module(Path(file).read_bytes(), file, script=is_script(file))
    return known[1]


def is_script(file: str) -> bool:
    """Return whether a file is the script that Python runs, in this process or its parent."""
    return file in _scripts or _loaded("__main__") == Place(file)


def take_for_script(file: str) -> None:
    """Treat a file as the script that Python runs, as it is in the parent process."""
    _scripts.add(file)
    _read.pop(file, None)


def find(imported: Import, near: str) -> Place | None:
    """Return where the module of an import in the file `near` is; None if it is not found."""
    places = trail(imported.module, imported.level, near)
    return places[-1] if places else None


def trail(name: str, level: int, near: str) -> list[Place]:
    """Return where a module is, after the packages around it, as an import in `near` names it.

    level: the dots before the name. Empty if it is not found.
    """
    folder = near
    for _ in range(level):
        folder = os.path.dirname(folder)
    package = os.path.join(folder, "__init__.py")
    start = Place(package if os.path.isfile(package) else None, (folder,))
    places = [start] if level else []
    parts = name.split(".") if name else []
    for number, part in enumerate(parts, 1):
        whole = ".".join(parts[:number])
        place = submodule(places[-1], part) if level else _find(whole, places)
        if place is None:
            return []
        places.append(place)
    return places


def submodule(place: Place, name: str) -> Place | None:
    """Return where a submodule of a package is, None if it has none of that name."""
    return _in_folders(place.folders, name)


def _find(name: str, around: list[Place]) -> Place | None:
    """Return where a module is, inside the packages `around` it; nothing is imported for that."""
    loaded = _loaded(name)
    if loaded is not None:
        return loaded
    if around:
        return submodule(around[-1], name.rpartition(".")[2])
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    folders = tuple(map(os.path.abspath, spec.submodule_search_locations or ()))
    file = spec.origin if spec.has_location else None
    return Place(os.path.abspath(file) if file else None, folders)


def _loaded(name: str) -> Place | None:
    module = sys.modules.get(name)
    if not isinstance(module, ModuleType):
        return None
    known = vars(module)
    file, folders = known.get("__file__"), known.get("__path__")
    if not isinstance(file, str) and folders is None:
        return None
    return Place(
        os.path.abspath(file) if isinstance(file, str) else None,
        tuple(map(os.path.abspath, folders or ())),
    )


def _in_folders(folders: Iterable[str], name: str) -> Place | None:
    spaces = []
    for folder in folders:
        inside = os.path.join(folder, name)
        package = os.path.join(inside, "__init__.py")
        if os.path.isfile(package):
            return Place(package, (inside,))
        if os.path.isfile(f"{inside}.py"):
            return Place(f"{inside}.py")
        if os.path.isdir(inside):
            spaces.append(inside)
    return Place(None, tuple(spaces)) if spaces else None
