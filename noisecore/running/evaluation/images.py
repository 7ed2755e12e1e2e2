"""Convert images to the noise's units, and back."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.escaping import shown
from noisecore.noise import BLOCK, FloatArray
from noisecore.running.evaluation.arguments import bounds
from noisecore.running.evaluation.given import GivenError

Units = Literal["range", "own"]
Labels = NDArray[np.int64]

# Images whose losses are summed at once: smaller groups would be summed in another order. A batch
# never goes beyond their end.
CHUNK = 4 * BLOCK


class Pixels:
    """Converts the values of the images to the noise's units, and back."""

    def __init__(self, units: Units, value_range: tuple[float, float] | None) -> None:
        if not isinstance(units, str) or units not in ("range", "own"):
            raise GivenError(f"units must be 'range' or 'own', got {shown(units)}")
        if value_range is not None:
            if units == "own":
                raise GivenError("value_range has no meaning with units='own': leave one out")
            value_range = bounds(value_range, "value_range")
        self._units = units
        self._range = value_range
        self._assumed = ""  # the dtype that the range was assumed from, if it was not declared
        self._least, self._greatest = np.inf, -np.inf

    def enter(self, images: NDArray[Any], plain: FloatArray) -> FloatArray:
        """Return float32 images in the noise's units."""
        self._least = min(self._least, float(images.min()))
        self._greatest = max(self._greatest, float(images.max()))
        if self._units == "own":
            return plain
        if self._range is None:
            self._range = (0.0, 255.0) if images.dtype == np.uint8 else (0.0, 1.0)
            self._assumed = "uint8" if images.dtype == np.uint8 else "floats"
        low, high = self._range
        if self._least < low or self._greatest > high:
            raise GivenError(
                f"pixels must lie in the value range {low:g} to {high:g}, got {self._least:g} to "
                f"{self._greatest:g}: declare value_range=(least, greatest); or, if the model "
                "takes standardised images, units='own'"
            )
        inside: FloatArray = plain - np.float32(low)
        inside /= np.float32(high - low)  # in place: an image may be large
        return inside

    def bound(self, inside: FloatArray) -> None:
        """Bound images in the noise's units to [0, 1], which rounding may have left.

        Raises `GivenError` if they are in units of their own and outside it.
        """
        if self._units == "own" and (self._least < 0 or self._greatest > 1):
            raise GivenError(
                f"a corruption needs pixels in [0, 1], got {self._least:g} to {self._greatest:g} "
                "with units='own': leave units out, and declare value_range=(least, greatest)"
            )
        if self._units == "range":
            np.clip(inside, 0, 1, out=inside)

    def leave(self, noisy: FloatArray) -> FloatArray:
        """Return noisy images in the values that the model takes."""
        if self._units == "own" or self._range is None:
            return noisy
        low, high = self._range
        taken: FloatArray = noisy * np.float32(high - low)
        taken += np.float32(low)
        return taken

    def check(self) -> None:
        """Raise `GivenError` if all images lie in a small part of their range: scaled twice."""
        if self._units == "range" and self._range is not None:
            low, high = self._range
            if self._greatest - low <= (high - low) / 255:
                raise GivenError(
                    f"pixels must go over the value range {low:g} to {high:g}, got at most "
                    f"{self._greatest:g}: were the images scaled twice? Or declare value_range"
                )

    @property
    def note(self) -> str:
        """A note about images that fill less than half of a range that was assumed."""
        if not self._assumed or self._range is None or self._greatest >= self._range[1] / 2:
            return ""
        return (
            f"the pixels were read as {self.shown}, the range of {self._assumed}, but none is over "
            f"{self._greatest:g}: the scales depend on the range, so declare value_range="
            f"(0, {self._greatest:g}), or (0, {self._range[1]:g}) if that is right"
        )

    @property
    def unit(self) -> str:
        """What the noise's units are, in words."""
        own = self._range is None
        return "pixels in own units" if own else f"pixels as shares of the range {self.shown}"

    @property
    def shown(self) -> str:
        """The value range in words."""
        return "own units" if self._range is None else "{:g} to {:g}".format(*self._range)
