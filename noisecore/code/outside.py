"""What a function may depend on that no hash of its code covers: files, settings, chance, time.

It is found in the syntax tree alone, and errs on the side of caution: a module or a name that is
not known to be harmless counts.
"""

from __future__ import annotations

import ast
import builtins
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from noisecore.code.modules import Module, Place, Scope, find, read_module, submodule, trail
from noisecore.code.names import Import, Statement
from noisecore.code.reach import reach

# Modules of the standard library that give the same for the same arguments.
_PURE = {
    "__future__", "abc", "bisect", "cmath", "collections", "contextlib", "copy", "dataclasses",
    "decimal", "enum", "fractions", "functools", "heapq", "itertools", "logging", "math",
    "numbers", "re", "string", "textwrap", "typing", "typing_extensions", "warnings",
}  # fmt: skip

# What may be used of packages whose versions are known: only this, or everything but that.
_ONLY = {
    "keras": {
        "Input", "InputSpec", "KerasTensor", "Layer", "Model", "Sequential", "Variable",
        "activations", "backend", "config", "constraints", "dtype_policies", "initializers",
        "layers", "losses", "metrics", "mixed_precision", "models", "ops", "optimizers",
        "regularizers",
    },
    "noisecore": {"callables", "models", "noise"},
    "scipy": {
        "constants", "fft", "interpolate", "linalg", "ndimage", "optimize", "signal", "spatial",
        "special",
    },
}  # fmt: skip
_BUT = {
    "numpy": {
        "DataSource", "ctypeslib", "datetime64", "distutils", "f2py", "lib", "recfromcsv",
        "recfromtxt", "testing",
    },
    "tensorflow": {
        "compat", "config", "data", "distribute", "experimental", "io", "load_library",
        "load_op_library", "lookup", "numpy_function", "profiler", "py_function", "python",
        "random", "raw_ops", "saved_model", "summary", "sysconfig", "test", "timestamp", "tpu",
        "train",
    },
}  # fmt: skip

# NumPy's generators, which give the same for the same seed; the others draw from a hidden state.
_SEEDED = {
    "MT19937", "PCG64", "PCG64DXSM", "Philox", "RandomState", "SFC64", "SeedSequence",
    "default_rng",
}  # fmt: skip

# What is read by these depends on files, on other processes or on Python's inside.
_READERS = {
    "FlaxLayer", "IntegerLookup", "JaxLayer", "StringLookup", "TFSMLayer", "TextVectorization",
    "TorchModuleWrapper", "__builtins__", "__globals__", "__import__", "__loader__", "__spec__",
    "__subclasses__", "environ", "environb", "f_globals", "f_locals", "from_pretrained",
    "from_preset", "fromfile", "fromregex", "genfromtxt", "get_file", "getenv", "load",
    "load_data", "load_img", "load_model", "load_npz", "load_state", "load_weights", "loadmat",
    "loadtxt", "memmap", "open", "open_memmap", "popen", "read", "read_bytes", "read_csv",
    "read_text", "readline", "readlines", "system", "urandom", "urlopen", "urlretrieve",
}  # fmt: skip
_BUILTINS = {
    "__builtins__", "__cached__", "__file__", "__import__", "__loader__", "__path__", "__spec__",
    "breakpoint", "compile", "dir", "eval", "exec", "globals", "hash", "id", "input", "locals",
    "open", "vars",
}  # fmt: skip
_BY_TEXT = {"delattr", "getattr", "hasattr", "setattr"}


def outside(function: Any, root: str, *, reads: bool = False) -> str:
    """Return why a function may depend on more than its hash covers; empty if it does not.

    root: the folder that all of its code must be in. reads: whether it may read what it likes, and
    only its place counts. Raises as `function_sha256` does.
    """
    found = reach(function)
    if found is None or found.unread:
        return "a part of its source cannot be read as Python"
    for file in found.files:
        if not Place(file).is_own or not Path(os.path.realpath(file)).is_relative_to(root):
            return f"{os.path.basename(file)} is installed, or outside the repository"
    for module, scope, statement in [] if reads else found.parts:
        for why in _whys(module, scope, statement):
            line = getattr(statement.node, "lineno", 0)
            return f"it {why} ({os.path.basename(module.file)}:{line})"
    return ""


def _whys(module: Module, scope: Scope, statement: Statement) -> Iterator[str]:
    """Yield what a statement does that its code does not tell."""
    for name, imported in ((name, i) for name, some in statement.imports.items() for i in some):
        yield from _imports(imported, module)
        if imported.name in _SEEDED and name != imported.name:  # its calls could not be told
            yield f"gives {imported.name} another name"
    for name, *rest in statement.reads:
        holder: Scope | None = scope
        while holder is not None and not holder.binds(name):
            holder = holder.outer
        held = holder.binding(name) if holder is not None else []
        imports = statement.imports.get(name) or [i for s in held for i in s.imports.get(name, ())]
        for imported in imports:
            if not _is_own(imported, module):
                yield from _uses([*_path(imported), *rest])
        if holder is None and not imports and not _is_given(name, module, set()):
            yield f"uses {name}"
    yield from _marks(statement.node)


def _is_given(name: str, module: Module, seen: set[str]) -> bool:
    """Return whether a name without a binding is harmless: a builtin, or a user's by a star import.

    What a star import takes from an installed module is not known.
    """
    seen.add(module.file)
    given = []
    for star in module.stars:
        place = find(star, module.file)
        if place is not None and place.file and place.is_own and place.file not in seen:
            given.append(read_module(place.file))
    if any(each.binds(name) or _is_given(name, each, seen) for each in given):
        return True
    return hasattr(builtins, name) and name not in _BUILTINS


def _imports(imported: Import, module: Module) -> Iterator[str]:
    """Yield why an import is not known to be harmless."""
    path = _path(imported)
    if _is_own(imported, module):
        return
    if imported.level or path[0] not in (*_PURE, *_ONLY, *_BUT):
        yield f"imports {'.' * imported.level}{'.'.join(path)}"
    elif imported.name == "*":
        yield f"imports all of {imported.module}"
    elif len(path) > 1:
        yield from _uses(path)


def _path(imported: Import) -> list[str]:
    """Return the dotted path of what an import binds its name to, as a list."""
    parts = [*filter(None, imported.module.split(".")), *filter(None, [imported.name])]
    return ["keras", *parts[2:]] if parts[:2] == ["tensorflow", "keras"] else parts


def _is_own(imported: Import, module: Module) -> bool:
    """Return whether all of an import is found in the user's own modules."""
    places = trail(imported.loaded or imported.module, imported.level, module.file)
    if not places or not all(each.is_own or _is_own_folder(each) for each in places):
        return False
    last = places[-1]
    if imported.name in (None, "*"):
        return last.is_own or imported.name is None
    given = read_module(last.file) if last.file else None
    if given is not None and (given.binds(imported.name or "") or given.stars):
        return True
    below = submodule(last, imported.name or "")
    return below is not None and below.is_own


def _is_own_folder(place: Place) -> bool:
    """Return whether a place is a package without a file, in folders of the user's."""
    inside = (Place(os.path.join(folder, "_.py")).is_own for folder in place.folders)
    return place.file is None and bool(place.folders) and all(inside)


def _uses(path: Sequence[str]) -> Iterator[str]:
    """Yield why what is used of a package, by its dotted path, is not known to be harmless."""
    if list(path[:2]) == ["tensorflow", "keras"]:
        path = ["keras", *path[2:]]
    package, *rest = path
    if package in _PURE:
        return
    if not rest:
        yield f"passes {package} on as a whole"
    elif "random" in rest:
        place = rest.index("random") + 1
        if package != "numpy" or {"Generator", *_SEEDED}.isdisjoint(rest[place : place + 1]):
            yield f"draws random numbers with {'.'.join(path)}"
    elif rest[0] not in _ONLY.get(package, rest) or {
        *_READERS,
        *_BUT.get(package, ()),
    }.intersection(rest):
        yield f"uses {'.'.join(path)}"


def _marks(tree: ast.AST) -> Iterator[str]:
    """Yield what in a statement is not known to be harmless, whatever the names in it mean."""
    nodes = list(_without_annotations(tree))
    calls = {id(each.func): each for each in nodes if isinstance(each, ast.Call)}
    for node in nodes:
        name = str(getattr(node, "attr", getattr(node, "id", "")))
        if isinstance(node, ast.Global):
            yield "changes a global variable"
        elif isinstance(node, ast.Attribute) and name in _READERS:
            yield f"uses .{name}"
        elif isinstance(node, ast.Name | ast.Attribute) and name in _SEEDED:
            given = calls.get(id(node))
            values = [*given.args, *(each.value for each in given.keywords)] if given else []
            if not values or any(isinstance(v, ast.Constant) and v.value is None for v in values):
                yield f"may draw random numbers without a seed ({name})"
        elif isinstance(node, ast.Name) and name in _BY_TEXT:
            given = calls.get(id(node))
            asked = given.args[1] if given is not None and len(given.args) > 1 else None
            known = isinstance(asked, ast.Constant) and asked.value not in _READERS | _SEEDED
            if not known:
                yield f"uses {name} for what its code does not tell"


def _without_annotations(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree, except those of annotations: they change no number."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns"):
                values = value if isinstance(value, list) else [value]
                todo += [each for each in values if isinstance(each, ast.AST)]
