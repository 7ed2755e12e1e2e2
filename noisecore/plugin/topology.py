"""Which process this is, in every way that pytest-xdist can be started."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

# In the stash of an xdist controller's configuration: why its workers cannot run.
REFUSAL: pytest.StashKey[str] = pytest.StashKey()
_REFUSAL = "noisecore_usage"  # the key of a worker's answer if its tests cannot be run


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


@contextmanager
def refusals_told(session: pytest.Session) -> Iterator[None]:
    """Report a usage error of the block to xdist's controller, if this is a worker.

    xdist treats such an error as a crash of the worker, and does not show it.
    """
    try:
        yield
    except pytest.UsageError as error:
        if is_worker(session.config):
            vars(session.config)["workeroutput"][_REFUSAL] = str(error)
            session.shouldfail = str(error)  # or the controller expects its tests to have run
        raise


def take_refusal(config: pytest.Config, answer: Mapping[str, Any]) -> None:
    """Keep what a worker has sent to its controller, if it is a refusal."""
    if _REFUSAL in answer:
        config.stash[REFUSAL] = answer[_REFUSAL]
