"""All the code that a function reaches: its own, and what it uses from the user's modules."""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from noisecore.code.canonical import canonical, code_sha256, parse, reads_docstrings
from noisecore.code.modules import Module, Place, Scope, find, read_module, submodule, trail
from noisecore.code.names import Import, Statement


def function_sha256(function: Any) -> str:
    """Return the hash of the code of a function or class, and of the code that it reaches.

    It reaches the names that it reads: at the top of its file, around it if it is inside another
    function, and in the user's own modules that these are imported from, and so on. What such
    modules call when they are imported counts too. Code that is installed, or part of Python or
    noisecore, does not: there, only the import counts. Nothing is imported, and no module's name
    is part of the hash. If the source is not Python that can be found again, its text is hashed.

    Raises OSError if there is no source, TypeError for an object that never had any.
    """
    found = reach(function)
    if found is None:
        return code_sha256(["text", inspect.getsource(inspect.unwrap(function))])
    return code_sha256(found.texts())


def reach(function: Any) -> Reached | None:
    """Return the code that a function or class reaches; raises as `function_sha256` does.

    None if its source is not Python that can be found again.
    """
    function = inspect.unwrap(function)
    file = inspect.getsourcefile(function) or inspect.getfile(function)
    # Every eval and exec calls its text "<string>", and so does `python -c`, whose text Python 3.13
    # keeps under that name: a text found there may belong to another call.
    if file == "<string>":
        raise OSError("source code not available")
    try:
        module = _module(function, file)
        found = list(_definitions(module.tree, function))
    except (SyntaxError, ValueError):
        return None
    if not found:
        return None
    reached = Reached(module)
    for functions, node in found:
        reached.add_definition(module.within(functions), node)
    return reached


def files_sha256(sources: Iterable[bytes]) -> str:
    """Return the hash of the code of whole files, in their order."""
    trees = [parse(source) for source in sources]
    return code_sha256(canonical(tree, docstrings=reads_docstrings(tree)) for tree in trees)


def _module(function: Any, file: str) -> Module:
    """Return the module that a function is in; a cell of a notebook is one, too."""
    path = os.path.abspath(file)
    if os.path.isfile(path):
        return read_module(path)
    loaded = sys.modules.get(function.__module__)
    lines = linecache.getlines(file, getattr(loaded, "__dict__", None))
    if not lines:
        raise OSError("source code not available")
    return Module("".join(lines), file, script=True)


def _definitions(tree: ast.AST, function: Any) -> Iterator[tuple[tuple[ast.AST, ...], ast.AST]]:
    """Yield where a function or class is defined: the functions around it, and what defines it.

    For a method, that is the class around it. If several have its name, the one at its line is
    taken; but a file may have changed since it was imported, and a class knows no line.
    """
    code = getattr(function, "__code__", None)
    name = function.__qualname__ if code is None else code.co_qualname
    name = re.sub(r"<(list|set|dict)comp>\.|<genexpr>\.", "", name)
    named = [each for each in _all_definitions(tree) if each[0] == name]
    there = [each for each in named if code is None or each[1] == code.co_firstlineno]
    for _, _, functions, node in there or named:
        yield functions, node


def _all_definitions(tree: ast.AST) -> Iterator[tuple[str, int, tuple[ast.AST, ...], ast.AST]]:
    """Yield qualified name, first line, functions around and defining node of all in a tree."""
    todo: list[tuple[ast.AST, str, tuple[ast.AST, ...], ast.AST | None]] = [(tree, "", (), None)]
    while todo:
        part, prefix, functions, holder = todo.pop()
        for node in ast.iter_child_nodes(part):
            if isinstance(node, ast.ClassDef):
                name = prefix + node.name
                yield name, node.lineno, functions, holder or node
                todo.append((node, f"{name}.", functions, holder or node))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                name = prefix + getattr(node, "name", "<lambda>")
                line = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
                yield name, line, functions, holder or node
                todo.append((node, f"{name}.<locals>.", (*functions, node), None))
            else:
                todo.append((node, prefix, functions, holder))


class Reached:
    """What has been reached so far, starting from one module.

    parts: each statement, with its module and the scope that it is in. unread: the text of modules
    that are not Python.
    """

    def __init__(self, module: Module) -> None:
        self._first = module
        self._modules: dict[str, Module | None] = {}
        self._found: dict[str, list[Statement]] = {}
        self.unread: list[str] = []
        self.parts: list[tuple[Module, Scope, Statement]] = []
        self._seen: set[Statement] = set()
        self._asked: set[tuple[Place, tuple[str, ...]]] = set()
        self._todo: list[tuple[Module, Scope, Statement]] = []
        self._fresh = [module]  # not begun yet
        self._modules[module.file] = module

    def add_definition(self, scope: Scope, node: ast.AST) -> None:
        """Reach a function or class by its name in a scope, or a lambda by itself."""
        name = getattr(node, "name", "")
        for statement in scope.binding(name) or [Statement(node)]:
            self._todo.append((self._first, scope, statement))
        while self._fresh or self._todo:
            if self._fresh:
                self._begin(self._fresh.pop())
            else:
                self._go_on(*self._todo.pop())

    @property
    def files(self) -> list[str]:
        """The files of all modules of the user's that were entered."""
        return list(self._modules)

    def texts(self) -> list[str]:
        """Return the canonical text of each module's part: first that of the first module.

        The others are in the order of their texts: names of modules differ between processes.
        """
        nodes = [each.node for found in self._found.values() for each in found]
        docstrings = any(map(reads_docstrings, nodes))

        def text(file: str) -> str:
            found = sorted(self._found.get(file, ()), key=_in_order)
            return "\n".join(canonical(each.node, docstrings=docstrings) for each in found)

        others = [text(file) for file in self._found if file != self._first.file]
        return [text(self._first.file), *sorted(others + self.unread)]

    def _begin(self, module: Module) -> None:
        """Reach what a module does when it is imported: what it calls, and what it imports."""
        acting = set() if module.script else set(module.acting)
        for statement in module.statements:
            if statement in acting:
                self._todo.append((module, module, statement))
            elif not isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._load(module, statement)

    def _go_on(self, module: Module, scope: Scope, statement: Statement) -> None:
        """Reach everything that a statement reads."""
        if statement in self._seen:
            return
        self._seen.add(statement)
        self._found.setdefault(module.file, []).append(statement)
        self.parts.append((module, scope, statement))
        self._load(module, statement)
        for name, *rest in statement.reads:
            for imported in statement.imports.get(name, ()):
                self._follow(imported, rest, module)
            self._read(module, scope, name, rest)

    def _read(self, module: Module, scope: Scope | None, name: str, rest: list[str]) -> None:
        """Reach what a name is bound to, in a scope or the nearest one around it that binds it."""
        while scope is not None and not scope.binds(name):
            scope = scope.outer
        if scope is not None:
            for statement in scope.binding(name):
                self._todo.append((module, scope, statement))
                for imported in statement.imports.get(name, ()):
                    self._follow(imported, rest, module)
            return
        for star in module.stars:
            if self._gives(star, module, name, set()):
                self._follow(replace(star, name=name), rest, module)

    def _gives(self, star: Import, module: Module, name: str, seen: set[str]) -> bool:
        """Return whether a star import from a module gives a name, directly or by way of others."""
        place = find(star, module.file)
        given = place and self._enter(place)
        if not given or given.file in seen:
            return False
        seen.add(given.file)
        return given.binds(name) or any(self._gives(s, given, name, seen) for s in given.stars)

    def _load(self, module: Module, statement: Statement) -> None:
        """Enter the modules that a statement imports, and the packages around them."""
        for imported in (each for one in statement.imports.values() for each in one):
            name = imported.loaded or imported.module
            places = trail(name, imported.level, module.file)
            entered = [self._enter(place) for place in places]
            if entered and imported.name and not (entered[-1] and entered[-1].binds(imported.name)):
                below = submodule(places[-1], imported.name)
                if below is not None:
                    self._enter(below)

    def _enter(self, place: Place) -> Module | None:
        """Return the module at a place, None if it is not a user's own."""
        if place.file is None or not place.is_own:
            return None
        if place.file not in self._modules:
            self._modules[place.file] = None
            with suppress(OSError):
                try:
                    self._fresh.append(read_module(place.file))
                    self._modules[place.file] = self._fresh[-1]
                except (SyntaxError, ValueError):
                    self.unread.append(Path(place.file).read_bytes().hex())
        return self._modules[place.file]

    def _follow(self, imported: Import, rest: list[str], near: Module) -> None:
        """Reach what is read from the object that an import binds a name to."""
        place = find(imported, near.file)
        if place is not None and imported.name != "*":
            self._take(place, [imported.name, *rest] if imported.name else rest)

    def _take(self, place: Place, path: list[str]) -> None:
        """Reach what is read from a module, by a path of attributes; all of it if that is empty."""
        if (place, tuple(path)) in self._asked:
            return
        self._asked.add((place, tuple(path)))
        module = self._enter(place)
        name, rest = (path[0], path[1:]) if path else ("", [])
        if module is not None and (module.binds(name) or self._has_star(module, name)):
            self._read(module, module, name, rest)
            return
        below = submodule(place, name) if name and (module or place.file is None) else None
        if below is not None:
            self._take(below, rest)
        elif module is not None and not name.startswith("__"):
            # Used as a whole, or it creates its names when it runs: a user sees those, we cannot.
            self._todo += [(module, module, statement) for statement in module.statements]

    def _has_star(self, module: Module, name: str) -> bool:
        return any(self._gives(star, module, name, set()) for star in module.stars)


def _in_order(statement: Statement) -> tuple[bool, str, tuple[int, int]]:
    """Return the key that statements are sorted by: their place, but imports first, by name.

    Sorting the imports of a file changes nothing.
    """
    imports = isinstance(statement.node, ast.Import | ast.ImportFrom)
    return not imports, min(statement.imports) if imports else "", statement.place
