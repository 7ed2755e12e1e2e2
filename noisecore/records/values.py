"""One number per image, as the text that a record holds."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.records.checking import RecordError

Dtype = Literal["bit", "uint8", "uint16", "uint32", "float32", "float64"]


@dataclass(frozen=True, kw_only=True)
class Values:
    """One number per image.

    dtype: of each; bits are packed in groups of eight (`numpy.packbits`), numbers of several bytes
    are little-endian. data: the bytes of all, base64.
    """

    dtype: Dtype
    data: str

    @classmethod
    def of(cls, numbers: NDArray[Any]) -> Values:
        """Return (images,) numbers, or bools, in their own dtype."""
        if numbers.dtype == np.bool_:
            return cls(dtype="bit", data=_text(np.packbits(numbers)))
        name: Any = numbers.dtype.name
        return cls(dtype=name, data=_text(numbers.astype(numbers.dtype.newbyteorder("<"))))

    def array(self, images: int) -> NDArray[Any]:
        """Return the numbers, (images,); bits as bool. Raises `RecordError` if they do not fit."""
        try:
            data = base64.b64decode(self.data, validate=True)
        except (binascii.Error, ValueError):
            raise RecordError("must be base64") from None
        width = 1 if self.dtype == "bit" else np.dtype(self.dtype).itemsize
        expected = -(-images // 8) if self.dtype == "bit" else width * images
        if len(data) != expected:
            raise RecordError(
                f"must hold {images} images of {self.dtype}, {expected} bytes, got {len(data)}"
            )
        if self.dtype == "bit":
            bits = np.unpackbits(np.frombuffer(data, np.uint8)).astype(bool)
            if bits[images:].any():
                raise RecordError(f"must hold {images} images, got a bit after the last one")
            return bits[:images]
        return np.frombuffer(data, np.dtype(self.dtype).newbyteorder("<"))


def pack_right(right: NDArray[np.bool_]) -> str:
    """Return (images,) bool as the text that `Evaluation.correct` holds."""
    return _text(np.packbits(right))


def pack_classes(predicted: NDArray[np.integer[Any]], classes: int) -> Values:
    """Return class numbers, (images,), in the smallest unsigned type that holds all classes."""
    return Values.of(predicted.astype(np.min_scalar_type(classes - 1)))


def pack_probabilities(probability: NDArray[np.floating[Any]]) -> Values:
    """Return probabilities, (images,), as bytes: 255 for 1."""
    return Values.of(np.rint(255 * np.clip(probability, 0, 1)).astype(np.uint8))


def _text(numbers: NDArray[Any]) -> str:
    return base64.b64encode(numbers.tobytes()).decode()
