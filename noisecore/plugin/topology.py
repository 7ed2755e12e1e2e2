"""Which process this is, in every way that pytest-xdist can be started."""

from __future__ import annotations

import re

import pytest


def distributes(config: pytest.Config) -> bool:
    """Return whether this is a controller: it runs no test, its xdist workers do.

    Only then does xdist register this plugin, whether `-n`, `--dist` with `--tx` or anything else
    started it.
    """
    return config.pluginmanager.hasplugin("dsession")


def is_worker(config: pytest.Config) -> bool:
    """Return whether this process is one of xdist's workers."""
    return hasattr(config, "workerinput")


def place(config: pytest.Config) -> int | None:
    """Return which one of xdist's workers this process is, None if it is not one."""
    worker = getattr(config, "workerinput", None)
    # `--tx popen//id=NAME` gives a worker another name than gw0, gw1 ...
    return None if worker is None else int(re.sub(r"\D", "", worker["workerid"]) or 0)
