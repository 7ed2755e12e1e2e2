"""The root of the tests, which pytest looks for before it knows the options of a plugin."""

from __future__ import annotations

import inspect
import os
import shlex
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from noisecore.plugin.options import OPTIONS, destination
from noisecore.plugin.topology import is_worker


def refuse_moved_root(config: pytest.Config) -> None:
    """Raise `pytest.UsageError` if the value of an option moved the root of the tests.

    When pytest looks for the root it does not know our options yet. If the value of one is a path
    that exists, as in `--noise-artifacts out`, it takes that for a path of tests. Baselines and the
    names of tests depend on the root.
    """
    if is_worker(config) or config.getoption("rootdir") or config.getoption("inifilename"):
        return
    values = {config.getoption(destination(each.name)) for each in OPTIONS}
    words = [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *config.invocation_params.args]
    taken = [
        (option, value)
        for option, value in pairwise(map(str, words))
        if option.startswith("--") and "=" not in option and value in values
        if os.path.exists(config.invocation_params.dir / value.split("::")[0])
    ]
    root = _find_root(config, config.option.file_or_dir) if taken else None
    if root is not None and root != config.rootpath:
        option, value = taken[0]
        raise pytest.UsageError(
            f"noisecore: pytest read {value}, the value of {option}, as a path of tests, so that "
            f"the root of the tests became {config.rootpath} and not {root}: write {option}={value}"
        )


def _find_root(config: pytest.Config, arguments: Sequence[str]) -> Path | None:
    """Return the root that pytest finds for these arguments, None if it cannot be found out."""
    try:
        from _pytest.config.findpaths import determine_setup

        given: dict[str, Any] = {
            "inifile": None,
            "args": list(arguments),
            "rootdir_cmd_arg": None,
            "invocation_dir": config.invocation_params.dir,
            "override_ini": None,
        }
        known = inspect.signature(determine_setup).parameters  # not the same in every pytest
        root = determine_setup(**{name: given[name] for name in known})[0]
    except Exception:  # pytest may change its private function: then check nothing
        return None
    return Path(root)
