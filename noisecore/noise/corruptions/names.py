"""Corruptions by name: "cifar-10-c/fog", or "gamma" for one of noisecore's own."""

from __future__ import annotations

from typing import Any

from noisecore.callables import named
from noisecore.escaping import shown
from noisecore.noise.corruptions.applied import Corruption
from noisecore.noise.corruptions.suites import SUITES
from noisecore.noise.corruptions.table import CORRUPTIONS, Family
from noisecore.noise.families import NOISES, NoiseError

_OWN = "noisecore"
_EIGHT_BITS = "uint8"


def named_corruption(name: str) -> Any:
    """Return the corruption of a name, None if it is the name of none.

    The name is SUITE/FAMILY, or SUITE/FAMILY/uint8 to cut the result down to 8 bits; for
    noisecore's own the family is enough, unless another noise has its name.
    Raises `NoiseError` if the suite or the family is unknown, or the suite is missing.
    """
    suite, *rest = name.split("/")
    if not rest:
        if name in SUITES[_OWN] and name not in NOISES:
            return named(Corruption(_OWN, name), name=name)
        written = [f"{suite}/{name}" for suite, families in SUITES.items() if name in families]
        if written:
            raise NoiseError(f"unknown noise {name!r}: expected one of {', '.join(written)}")
        return None
    if len(rest) > 2 or rest[1:] not in ([], [_EIGHT_BITS]):
        raise NoiseError(
            "a corruption must be written as SUITE/FAMILY, such as cifar-10-c/fog, or "
            f"SUITE/FAMILY/{_EIGHT_BITS}, got {shown(name)}"
        )
    return Corruption(suite, rest[0], quantise=len(rest) == 2)


def declared(name: str) -> Family | None:
    """Return what is declared of the corruption of that name, None if it is the name of none."""
    suite, *rest = name.split("/") if "/" in name else (_OWN, name)
    return CORRUPTIONS[rest[0]] if rest[0] in SUITES.get(suite, ()) else None
