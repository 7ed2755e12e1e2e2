"""A verdict on its way from the test that found it to the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A verdict as plain values, and the test that found it.

    file: relative to the root of the tests. line: counts from 0, or is None.
    """

    nodeid: str
    file: str
    line: int | None
    verdict: Mapping[str, Any]
