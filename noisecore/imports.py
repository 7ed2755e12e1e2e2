"""How a user's own files are imported: noted by one process, repeated by another.

pytest, its options and a conftest decide where modules are found: they put folders on the path,
in a certain order, and make up names for files and packages that no path leads to. A worker knows
nothing of this.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType
from typing import Any

# What is here is the same in every process, and nobody's own.
_KNOWN = ("noisecore", "__main__", "__mp_main__")


@dataclass(frozen=True)
class _Place:
    """Where a module is: its file, if it has one, and the folders of a package's modules."""

    file: str | None
    folders: list[str] | None

    def all(self) -> list[str]:
        """Return its file and its folders."""
        return [*filter(None, [self.file]), *(self.folders or ())]

    def leads_to(self, name: str, other: _Place) -> bool:
        """Return whether the module of that name is found in this package's own folders."""
        near = {os.path.join(folder, name) for folder in self.folders or ()}
        files = {f"{path}.py" for path in near} | {f"{path}/__init__.py" for path in near}
        return other.file in files if other.file else bool(near & {*(other.folders or ())})


_told: dict[str, Any] | None = None


def note() -> dict[str, Any]:
    """Return how this process imports now, as plain values, and remember it."""
    global _told
    path = [os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)]
    modules = {name: [place.file, place.folders] for name, place in _own_modules().items()}
    _told = {"path": path, "modules": modules}
    return _told


def remember(told: dict[str, Any]) -> None:
    """Remember what another process sent, to pass it on."""
    global _told
    _told = told


def remembered() -> dict[str, Any]:
    """Return what was noted or received last; if there is nothing yet, note it now."""
    return _told if _told is not None else note()


def follow(told: dict[str, Any]) -> None:
    """From now on, import as the process does that sent this."""
    path = told["path"]
    sys.path[:] = [*path, *(entry for entry in sys.path if entry not in path)]
    places = {name: _Place(*place) for name, place in told["modules"].items()}
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, _Finder)]
    sys.meta_path.insert(0, _Finder(places))
    # A user's own module may have the same name as one that was imported here already.
    taken = [name for name, place in places.items() if place.file and _is_other(name, place.file)]
    for name in list(sys.modules):
        if any(f"{name}.".startswith(f"{each}.") for each in taken):
            del sys.modules[name]


class _Finder(MetaPathFinder):
    """Finds the modules of a note where the note says that they are."""

    def __init__(self, places: dict[str, _Place]) -> None:
        self._places = places

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        place = self._places.get(name)
        if place is None:
            return None
        if place.file is not None:
            if not os.path.isfile(place.file):
                return None  # another machine: it may be somewhere else on the path
            return spec_from_file_location(
                name, place.file, submodule_search_locations=place.folders
            )
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = place.folders or []
        return spec


def _own_modules() -> dict[str, _Place]:
    """Return the user's own modules that are imported, except those that a package leads to.

    Every process finds the modules that are installed. They are left out, except those that a
    user's own file would hide: they were imported before its folder was on the path.
    """
    roots = {*site.getsitepackages(), site.getusersitepackages(), *sysconfig.get_paths().values()}
    installed = tuple(f"{root}{os.sep}" for root in roots)
    hidden = _names([each for each in sys.path if not f"{each}{os.sep}".startswith(installed)])
    places = {name: _place(module) for name, module in list(sys.modules.items())}
    own = {
        name
        for name, place in places.items()
        if place.all()
        and name.partition(".")[0] not in _KNOWN
        and (name in hidden or not all(each.startswith(installed) for each in place.all()))
    }
    for name in list(own):  # a package may be an empty name that pytest made up
        while name := name.rpartition(".")[0]:
            own.add(name)
    nowhere = _Place(None, None)
    found = {}
    for name in sorted(own):
        parent, _, last = name.rpartition(".")
        place = places.get(name, nowhere)
        if not places.get(parent, nowhere).leads_to(last, place):
            found[name] = place
    return found


def _names(folders: Sequence[object]) -> set[str]:
    """Return the names that the modules in these folders may have."""
    names = set()
    for folder in folders:
        if isinstance(folder, str):
            with suppress(OSError):
                names |= {entry.partition(".")[0] for entry in os.listdir(folder or ".")}
    return names


def _place(module: Any) -> _Place:
    known = vars(module) if isinstance(module, ModuleType) else {}
    file, folders = known.get("__file__"), known.get("__path__")
    return _Place(
        file=os.path.abspath(file) if isinstance(file, str) and os.path.isfile(file) else None,
        folders=None if folders is None else [os.path.abspath(folder) for folder in folders],
    )


def _is_other(name: str, file: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and _place(module).file != file
