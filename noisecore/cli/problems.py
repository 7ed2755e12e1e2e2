"""Prints why some files of a command could not be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noisecore.showing.terminal import say

if TYPE_CHECKING:
    from noisecore.showing.parts import Parts


def say_problems(parts: Parts) -> bool:
    """Print one line per reason for what could not be made; return whether there is any.

    Raises the error that one of them came from, if that was a bug.
    """
    for problem in parts.problems:
        say(f"noisecore: {problem}", err=True)
    if parts.bugs:
        raise parts.bugs[0]
    return bool(parts.problems)
