"""What a test gives to `robustness.evaluate`: names of arguments, noises, labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from noisecore.callables import name_of
from noisecore.data import DatasetError, class_numbers
from noisecore.errors import ArgumentError, ArgumentTypeError
from noisecore.functions import check_arguments
from noisecore.noise import NoiseError
from noisecore.plugin.failing import failure

if TYPE_CHECKING:
    from numpy.typing import NDArray


def what_is_tested(noise: Any, suite: Any, scales: Iterable[float] | None) -> dict[str, Any]:
    """Return a noise, or a suite of corruptions, and its scales; fail the test on others."""
    from noisecore.noise.corruptions import which_noise

    try:
        return which_noise(noise, suite, scales)
    except (ArgumentError, ArgumentTypeError, NoiseError) as error:
        raise failure(f"noisecore: {error}") from None


def noises_of(noise: Any) -> list[str]:
    """Return the name of a noise, or of each family of a suite."""
    from noisecore.noise.corruptions import CorruptionSuite

    listed = noise.families().values() if isinstance(noise, CorruptionSuite) else [noise]
    return [name_of(each) if callable(each) else str(each) for each in listed]


def check_names(given: Mapping[str, Any], function: Callable[..., Any]) -> None:
    """Fail the test if it gives an argument that `function` does not have."""
    try:
        check_arguments(function, given)
    except ArgumentTypeError as error:
        raise failure(f"noisecore: {error}") from None


def numbers_of(y: Any) -> NDArray[np.int64] | None:
    """Return the class of each test image, None if `y` does not give it: x may hold the labels.

    This is for saved records that are judged again: their data is not read.
    """
    from noisecore.running.evaluation import GivenError
    from noisecore.running.evaluation.arrays import as_array

    try:
        return class_numbers(as_array(y, "y"), "y")[0]
    except (DatasetError, GivenError):
        return None
