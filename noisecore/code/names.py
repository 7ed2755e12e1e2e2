"""What a statement binds, reads and imports, found from its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

# A name, and the attributes that are read from it: `helpers.fog.thin` has three parts.
Reading = tuple[str, ...]

# Calls at the top of test files that change no number: `sys.path` only says where modules are, and
# those are read where they are found.
_HARMLESS = frozenset({"logging", "pytest", "sys", "warnings"})

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_NAMED = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Import:
    """One name that an import binds: of a module, or of something in it.

    level: the dots before the module. name: what is imported from it, `*` for all; None: itself.
    loaded: the module that is imported, if the name is bound to a package around it.
    """

    module: str
    level: int = 0
    name: str | None = None
    loaded: str = ""


@dataclass(eq=False)
class Statement:
    """A statement of a module or of a function's body, as a whole.

    imports: what it imports, by the name that the import binds, also in functions inside it.
    """

    node: ast.AST
    imports: dict[str, list[Import]] = field(init=False)

    def __post_init__(self) -> None:
        self.imports = _imports(self.node)

    @cached_property
    def binds(self) -> frozenset[str]:
        """The names that it binds, or whose objects it changes."""
        return frozenset(_bound(self.node, changed=True))

    @cached_property
    def reads(self) -> frozenset[Reading]:
        """What it reads from outside itself."""
        return frozenset(_readings(self.node))

    @cached_property
    def acts(self) -> bool:
        """Whether it calls something only for its effect, which may change a number."""
        return any(_is_bare_call(node) for node in _outside_scopes(self.node))

    @cached_property
    def changes(self) -> frozenset[str]:
        """The names whose attribute or item it sets, as in `os.environ["A"] = "1"`."""
        nodes = _outside_scopes(self.node)
        return frozenset(name for node in nodes for name in _changed(node)) - _HARMLESS

    @property
    def place(self) -> tuple[int, int]:
        """Its position in its file."""
        return getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0)


def statements(body: Iterable[ast.stmt]) -> Iterator[Statement]:
    """Yield the statements of a body; an import of several names becomes one for each."""
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Statement(ast.copy_location(ast.Import([alias]), alias))
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                one = ast.ImportFrom(node.module, [alias], node.level)
                yield Statement(ast.copy_location(one, alias))
        else:
            yield Statement(node)


def parameters(node: ast.AST) -> set[str]:
    """Return the names of a function's parameters."""
    arguments = getattr(node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return set()
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return {each.arg for each in (*every, arguments.vararg, arguments.kwarg) if each is not None}


def _outside_scopes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and its parts, but not those in the body of a function or class inside it."""
    todo: list[ast.AST] = [node]
    while todo:
        part = todo.pop()
        yield part
        todo += _around(part) if isinstance(part, _SCOPES) else ast.iter_child_nodes(part)


def _around(scope: ast.AST) -> list[ast.AST]:
    """Return what is evaluated outside a function or class: decorators, defaults, bases."""
    if isinstance(scope, ast.ClassDef):
        return [*scope.decorator_list, *scope.bases, *scope.keywords]
    arguments: ast.arguments = scope.args  # type: ignore[attr-defined]
    defaults = [each for each in arguments.kw_defaults if each is not None]
    return [*getattr(scope, "decorator_list", ()), *arguments.defaults, *defaults]


def _bound(node: ast.AST, *, changed: bool) -> Iterator[str]:
    """Yield the names that a statement binds around it; changed: or whose object it changes."""
    hidden = {id(each) for part in _outside_scopes(node) for each in _targets(part)}
    for part in _outside_scopes(node):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            if id(part) not in hidden:
                yield part.id
        elif isinstance(part, _NAMED):
            if part.name is not None:
                yield part.name
        elif isinstance(part, ast.MatchMapping) and part.rest:
            yield part.rest
        elif isinstance(part, ast.Import | ast.ImportFrom):
            yield from (name for name, _ in _aliases(part))
        elif changed and isinstance(part, ast.Attribute | ast.Subscript):
            yield from _changed(part)
        elif changed and isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            call = part.value
            if isinstance(call.func, ast.Attribute):
                yield from _base(call.func)
            for given in (*call.args, *(each.value for each in call.keywords)):
                yield from _base(given)
    if changed:  # a function inside may bind a name out here
        for part in ast.walk(node):
            if isinstance(part, ast.Global | ast.Nonlocal):
                yield from part.names


def _targets(part: ast.AST) -> Iterator[ast.AST]:
    """Yield the targets of a comprehension, which are its own."""
    if isinstance(part, ast.comprehension):
        yield from ast.walk(part.target)


def _changed(part: ast.AST) -> Iterator[str]:
    """Yield the name whose attribute or item is set."""
    if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
        yield from _base(part)


def _base(node: ast.AST) -> Iterator[str]:
    """Yield the name that a chain of attributes and items begins with, if there is one."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _is_bare_call(node: ast.AST) -> bool:
    """Return whether a node is only a call, and not one that changes no number."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call | ast.Await):
        return False
    called = node.value.func if isinstance(node.value, ast.Call) else node.value
    return _HARMLESS.isdisjoint(_base(called))


def _locals(function: ast.AST) -> set[str]:
    """Return the names that are local to a function, except those that it imports."""
    body = getattr(function, "body", [])
    nodes = body if isinstance(body, list) else [body]
    outer = {
        name
        for node in nodes
        for part in _outside_scopes(node)
        if isinstance(part, ast.Global | ast.Nonlocal)
        for name in part.names
    }
    imported = {name for node in nodes for name in _imports(node)}
    bound = {name for node in nodes for name in _bound(node, changed=False)}
    return (parameters(function) | bound) - outer - imported


def _readings(node: ast.AST) -> Iterator[Reading]:
    """Yield what a statement reads, except the names local to functions inside it.

    A function's annotations are left out: they change no number, and are often only for checkers.
    """
    todo: list[tuple[ast.AST, frozenset[str]]] = [(node, frozenset())]
    while todo:
        part, hidden = todo.pop()
        chain = _chain(part)
        if chain:
            if chain[0] not in hidden:
                yield chain
        elif isinstance(part, _FUNCTIONS):
            todo += [(each, hidden) for each in _around(part)]
            body = part.body if isinstance(part.body, list) else [part.body]
            inside = _declared_global(body)
            todo += [(each, (hidden | _locals(part)) - inside) for each in body]
        elif isinstance(part, _COMPREHENSIONS):
            own = {
                each.id
                for generator in part.generators
                for each in ast.walk(generator.target)
                if isinstance(each, ast.Name)
            }
            todo.append((part.generators[0].iter, hidden))
            todo += [(each, hidden | own) for each in ast.iter_child_nodes(part)]
        else:
            todo += [(each, hidden) for each in ast.iter_child_nodes(part)]


def _declared_global(body: Iterable[ast.AST]) -> set[str]:
    parts = (part for node in body for part in _outside_scopes(node))
    return {name for part in parts if isinstance(part, ast.Global) for name in part.names}


def _chain(node: ast.AST) -> Reading:
    """Return a name with the attributes read from it, empty if a node is nothing of the kind."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or (not names and not isinstance(node.ctx, ast.Load)):
        return ()
    return (node.id, *reversed(names))


def _imports(node: ast.AST) -> dict[str, list[Import]]:
    found: dict[str, list[Import]] = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Import | ast.ImportFrom):
            for name, imported in _aliases(part):
                found.setdefault(name, []).append(imported)
    return found


def _aliases(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Import]]:
    """Yield the names that an import binds, and what they are bound to."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            name, taken = alias.asname or alias.name, alias.name
            yield name, Import(node.module or "", level=node.level, name=taken)
        elif alias.asname:
            yield alias.asname, Import(alias.name)
        else:  # it binds the first part, and the other parts can be read from it
            first = alias.name.partition(".")[0]
            yield first, Import(first, loaded=alias.name)
