"""What the plugin keeps in pytest's stashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from noisecore.plugin.choices import Choices
    from noisecore.plugin.declare import Request
    from noisecore.plugin.fixture import Robustness
    from noisecore.plugin.run import Run

# In the configuration's stash.
CHOICES: pytest.StashKey[Choices] = pytest.StashKey()
RUN_ID: pytest.StashKey[str] = pytest.StashKey()
RUN: pytest.StashKey[Run | None] = pytest.StashKey()
REFUSAL: pytest.StashKey[str] = pytest.StashKey()
VANISHED: pytest.StashKey[dict[str, str]] = pytest.StashKey()

# In an item's.
REQUESTS: pytest.StashKey[tuple[Request, ...]] = pytest.StashKey()
HANDLE: pytest.StashKey[Robustness] = pytest.StashKey()
VERDICTS: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
