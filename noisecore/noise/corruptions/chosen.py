"""A suite of corruptions as a whole: which of its families are wanted, and how they are applied."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any

from noisecore.errors import ArgumentError, ArgumentTypeError
from noisecore.escaping import described, shown
from noisecore.functions import unknown
from noisecore.noise.corruptions.applied import Corruption
from noisecore.noise.corruptions.suites import SUITES, extras_of
from noisecore.noise.corruptions.table import CORRUPTIONS
from noisecore.noise.families import NoiseError


@dataclass(frozen=True)
class CorruptionSuite:
    """A suite of corruptions: `suite=` takes one, or its name alone.

    name: "mnist-c", "cifar-10-c", "tiny-imagenet-c", "imagenet-c" or "noisecore". photographs: a
    folder of photographs of ice; without it frost is left out. extras: whether the four families
    are taken that do not count in the suite's mean. quantise: cut results down to 8 bits.

    Example:
        >>> list(CorruptionSuite("cifar-10-c", extras=False).families())[-1]
        'jpeg_compression'
    """

    name: str
    photographs: str | PathLike[str] | None = None
    extras: bool = True
    quantise: bool = False

    def __post_init__(self) -> None:
        """Raise `NoiseError` if the suite is unknown or an argument cannot be used."""
        if not isinstance(self.name, str) or self.name not in SUITES:
            raise NoiseError(unknown("suite", str(self.name), SUITES))
        if not isinstance(self.extras, bool):
            raise NoiseError(f"extras must be True or False, got {shown(self.extras)}")
        self.families()

    def families(self) -> dict[str, Corruption]:
        """Return the corruption of each family that is wanted, by the family's name."""
        left = () if self.extras else extras_of(self.name)
        return {
            family: Corruption(
                self.name,
                family,
                self.photographs if CORRUPTIONS[family].photographs else None,
                self.quantise,
            )
            for family in SUITES[self.name]
            if family not in left
            and (self.photographs is not None or not CORRUPTIONS[family].photographs)
        }

    def noises(self) -> list[str | Corruption]:
        """Return each family as a noise: its name, if another process finds it by its name."""
        return [
            family if family.photographs is not None else family.__name__
            for family in self.families().values()
        ]

    @property
    def label(self) -> str:
        """The name, "mnist-c", or "mnist-c/uint8" if results are cut down to 8 bits."""
        return self.name + "/uint8" * self.quantise

    @property
    def severities(self) -> tuple[int, ...]:
        """The severities other than 0, the same for each family."""
        return tuple(range(1, len(next(iter(SUITES[self.name].values()))) + 1))

    @property
    def note(self) -> str:
        """A note on frost that is left out, because there are no photographs; or an empty text."""
        if self.photographs is not None or "frost" not in SUITES[self.name]:
            return ""
        return (
            f"{self.name} is without frost: noisecore ships no photographs of ice. Give a folder "
            f"of them: suite=noisecore.noise.corruptions.CorruptionSuite({self.name!r}, FOLDER)"
        )


def as_suite(given: Any) -> CorruptionSuite:
    """Return a suite, given as itself or by its name; raise `NoiseError` on anything else."""
    if isinstance(given, str):
        return CorruptionSuite(given)
    if not isinstance(given, CorruptionSuite):
        raise NoiseError(
            "suite must be a name, such as 'mnist-c', or a "
            f"noisecore.noise.corruptions.CorruptionSuite, got {described(given)}"
        )
    return given


def which_noise(noise: Any, suite: Any, scales: Any) -> dict[str, Any]:
    """Return the noise, or a suite of corruptions, and its scales; raise in one line on others."""
    if suite is None:
        if scales is None:
            raise ArgumentTypeError("scales must be given, such as scales=[0.1, 1]")
        return {"noise": "gaussian" if noise is None else noise, "scales": scales}
    if noise is not None:
        raise ArgumentError("noise must be left out where suite is given, got both")
    chosen = as_suite(suite)
    return {"noise": chosen, "scales": chosen.severities if scales is None else scales}
