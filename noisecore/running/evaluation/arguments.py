"""What the arguments of an evaluation may be: one check for each, wherever it is given."""

from __future__ import annotations

import operator
from typing import Any

from noisecore.escaping import shown
from noisecore.noise import NoiseError, check_bounds
from noisecore.running.evaluation.given import GivenError


def whole_number(given: Any, what: str) -> int:
    """Return a whole number >= 1, of Python's or NumPy's; raise `GivenError` on anything else."""
    try:
        number = 0 if isinstance(given, bool) else operator.index(given)
    except Exception:  # whatever an odd object raises
        number = 0
    if number < 1:
        raise GivenError(f"{what} must be a whole number >= 1, got {shown(given)}")
    return number


def share(given: Any, what: str) -> float | None:
    """Return a number from 0 to 1, or None; raise `GivenError` on anything else."""
    if given is None:
        return None
    try:
        number = float(given)
    except Exception:  # whatever an odd object raises
        number = -1.0
    if not 0 <= number <= 1:
        raise GivenError(f"{what} must be a number from 0 to 1, got {shown(given)}")
    return number


def word(given: Any, what: str) -> str:
    """Return a text that is not empty; raise `GivenError` on anything else."""
    if not isinstance(given, str) or not given.strip():
        raise GivenError(f"{what} must be a text that is not empty, got {shown(given)}")
    return given


def bounds(given: Any, what: str) -> tuple[float, float]:
    """Return two ascending numbers, given as a pair or as the text `0:1`; raise `GivenError`."""
    try:
        return check_bounds(given, what)
    except NoiseError as error:
        raise GivenError(str(error)) from None


def clip_bounds(given: Any, units: Any) -> tuple[float, float] | None:
    """Return the bounds of noisy images, in the units of the noise, None for none.

    Raises `GivenError` on pixel values such as (0, 255) if 0 is the least and 1 the greatest: they
    would limit nothing.
    """
    if given is None or (isinstance(given, str) and given.strip() == "none"):
        return None
    low, high = bounds(given, "clip")
    if units == "range" and (low < 0 or high > 1):
        raise GivenError(
            "clip must lie in 0 to 1, from the least to the greatest value of a pixel, with "
            f"units='range', got {shown(given)}: give clip=(0, 1)"
        )
    return low, high
