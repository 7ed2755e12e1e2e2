"""What the plugin keeps in pytest's stashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from noisecore.plugin.choices import Choices
    from noisecore.plugin.declare import Request
    from noisecore.plugin.fixture import Robustness
    from noisecore.plugin.outcomes import Selected
    from noisecore.plugin.output import Output
    from noisecore.plugin.run import Run
    from noisecore.plugin.seen import Seen
    from noisecore.plugin.signals import Signals

# In the configuration's stash.
CHOICES: pytest.StashKey[Choices] = pytest.StashKey()
RUN_ID: pytest.StashKey[str] = pytest.StashKey()
RUN: pytest.StashKey[Run | None] = pytest.StashKey()
REFUSAL: pytest.StashKey[str] = pytest.StashKey()
SEEN: pytest.StashKey[Seen] = pytest.StashKey()
OUTPUT: pytest.StashKey[Output] = pytest.StashKey()
SIGNALS: pytest.StashKey[Signals] = pytest.StashKey()
SELECTED: pytest.StashKey[Selected] = pytest.StashKey()

# In an item's.
NODEID: pytest.StashKey[str] = pytest.StashKey()
REQUESTS: pytest.StashKey[tuple[Request, ...]] = pytest.StashKey()
HANDLE: pytest.StashKey[Robustness] = pytest.StashKey()
# By the phase of the test: setup, call, teardown.
VERDICTS: pytest.StashKey[dict[str, list[dict[str, Any]]]] = pytest.StashKey()
# What gates raised in the phase that has just ended.
RAISED: pytest.StashKey[list[AssertionError]] = pytest.StashKey()
