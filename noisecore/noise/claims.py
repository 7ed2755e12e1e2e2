"""What a noise declares of itself: whether accuracy is claimed to fall as its scale grows."""

from __future__ import annotations

import functools
from types import MethodType
from typing import Any

import numpy as np

from noisecore.callables import Named, name_of
from noisecore.noise.families import FAMILIES, NOISES, Noise


def declares_fall(noise: Noise) -> bool:
    """Return whether accuracy is claimed to fall with the scale of a noise.

    Its attribute `monotone` says so, or that of what it wraps; without one it is claimed.
    """
    inside: Any = noise
    while inside is not None:
        said = getattr(inside, "monotone", None)
        if isinstance(said, bool | np.bool_):
            return bool(said)
        inside = _inside(inside)
    return True


def told_of(noise: Noise) -> bool | None:
    """Return what a noise declares where its name says something else, otherwise None."""
    says = declares_fall(noise)
    return None if says == _name_says(name_of(noise)) else says


def claims_fall(name: str) -> bool:
    """Return whether accuracy may be claimed to fall with the scale of the noise of that name.

    Only noisecore's corruptions deny it; a noise of a user's own of the same name does not.
    """
    return (FAMILIES.home(name) is not None and "/" not in name) or _name_says(name)


def _name_says(name: str) -> bool:
    if name in NOISES:
        return True
    from noisecore.noise.corruptions.names import declared

    family = declared(name)
    return family is None or family.monotone


def _inside(noise: Any) -> Any:
    """Return what a noise wraps, or is a method of; None if that is nothing."""
    if isinstance(noise, Named):
        return noise.call
    if isinstance(noise, functools.partial):
        return noise.func
    if isinstance(noise, MethodType):
        return noise.__self__
    return getattr(noise, "__wrapped__", None)
