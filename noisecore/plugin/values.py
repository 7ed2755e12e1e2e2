"""The values of single options: each is read from a text, or refused in one line."""

from __future__ import annotations

import math
import re
from typing import TypeVar

import pytest

from noisecore.escaping import shorten

T = TypeVar("T", bound=str)
_WHOLE = r"\d{1,9}"  # more digits are a typing mistake


def size_of(name: str, text: str) -> int:
    """Return a size in bytes, of a text such as "1GiB"."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([KMGT])i?B", text, re.IGNORECASE)
    size = int(float(found[1]) * 1024 ** (" KMGT".index(found[2].upper()))) if found else 0
    if not size:
        raise pytest.UsageError(
            f"noisecore: {name} must be a size > 0 such as 500MB or 1GiB, got {shorten(text)!r}"
        )
    return size


def count_of(name: str, text: str, other: str = "") -> int:
    """Return a whole number of 0 or more; other: what else the option takes, for the message."""
    if not re.fullmatch(_WHOLE, text):
        raise pytest.UsageError(
            f"noisecore: {name} must be a whole number >= 0{other}, got {shorten(text)!r}"
        )
    return int(text)


def timeout_of(text: str) -> float | None:
    """Return seconds, None for no limit."""
    if text == "none":
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    # A thread cannot wait for an infinite time: there is a longest wait.
    if not 0 < seconds <= 10**6:
        raise pytest.UsageError(
            f"noisecore: trial-timeout must be seconds > 0 (1e6 at most), or none, got "
            f"{shorten(text)!r}"
        )
    return seconds


def one_of(name: str, text: str, known: tuple[T, ...]) -> T:
    """Return the known value that a text is."""
    for each in known:
        if each == text:
            return each
    words = " or ".join(filter(None, known))
    raise pytest.UsageError(f"noisecore: --noise-{name} must be {words}, got {shorten(text)!r}")
