"""What pytest looked at while it collected: tests that it did not look at have not vanished."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from noisecore.escaping import one_line

# In the stash of a test: its node id as pytest collected it.
NODEID: pytest.StashKey[str] = pytest.StashKey()


class Seen:
    """Listens to pytest's collection.

    items: every test that was made, by its node id, whether or not it was selected afterwards.
    skipped: why a file or folder was skipped as a whole, by its node id.
    """

    def __init__(self) -> None:
        self.items: dict[str, pytest.Item] = {}
        self.skipped: dict[str, str] = {}
        self._begun: set[str] = set()
        self._passed: set[str] = set()
        self._parts: dict[str, set[str]] = {}

    @pytest.hookimpl
    def pytest_make_collect_report(self, collector: pytest.Collector) -> None:
        """Note that a file or class is asked for its tests."""
        # This is called only if no plugin answers instead of the collector: `--lf` has one that
        # says "nothing here" for whole files, and it is called first, as it is registered later.
        self._begun.add(collector.nodeid)

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that the file or class was collected without an error or a skip."""
        if report.passed:
            self._passed.add(report.nodeid)
        if report.skipped:
            said = report.longrepr[-1] if isinstance(report.longrepr, tuple) else ""
            why = str(said).removeprefix("Skipped: ") or "no reason is given"
            self.skipped[report.nodeid] = one_line(why)

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makeitem(
        self, collector: pytest.Collector
    ) -> Generator[None, object, object]:
        """Note the tests and classes that a file or class contains."""
        made: Any = yield
        for each in made if isinstance(made, list) else [made]:
            if isinstance(each, pytest.Item):
                self.items[each.nodeid] = each
            elif isinstance(each, pytest.Collector):
                self._parts.setdefault(collector.nodeid, set()).add(each.nodeid)
        return made

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note a test, and its node id as it is now."""
        item.stash[NODEID] = item.nodeid  # xdist's loadgroup changes it later
        self.items[item.nodeid] = item

    def whole(self, nodeid: str) -> bool:
        """Return whether all tests of a file are known: it and its classes were collected.

        They are not known if the file was left out, was skipped as a module, or failed to import.
        """
        parts = self._parts.get(nodeid, ())
        return nodeid in self._begun & self._passed and all(map(self.whole, parts))


# In the configuration's stash.
SEEN: pytest.StashKey[Seen] = pytest.StashKey()


def is_gone(session: pytest.Session, file: str) -> bool:
    """Return whether a test file is missing from a folder in which pytest was asked to look."""
    path = session.config.rootpath / file
    if os.path.exists(path):
        return False
    below: list[Path] = [path]
    for folder in path.parents:
        if session.isinitpath(folder):
            # pytest did not look for files that it would have ignored.
            hook = session.gethookproxy(folder)
            return not any(
                hook.pytest_ignore_collect(collection_path=each, config=session.config)
                for each in below
            )
        below.append(folder)
    return False
