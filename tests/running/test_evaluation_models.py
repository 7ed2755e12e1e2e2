"""What a model does to what it gets, and how it gives what it gives, changes no number."""

from __future__ import annotations

import numpy as np
import pytest
from bands import CLASSES, X, evaluate, sharp

X255 = X * 255


def plain(images):
    """Answer without a trace."""
    return sharp(images / 255)


def in_place(images):
    """Scale the images where they lie, as much preprocessing does."""
    images /= 255
    return sharp(images)


class Keeper:
    """Keeps what it was given, and spoils it at the next call."""

    def __init__(self) -> None:
        self.kept = []

    def __call__(self, images):
        """Answer."""
        for each in self.kept:
            each[:] = -1
        self.kept.append(images)
        return sharp(images / 255)


def own_input(images):
    """Answer in the memory of the images."""
    answers = sharp(images / 255)
    room = images.reshape(len(images), -1)[:, :CLASSES]
    room[:] = answers
    return room


class Buffer:
    """Answers in the same memory each time."""

    def __init__(self) -> None:
        self.room = np.zeros((len(X), CLASSES))

    def __call__(self, images):
        """Answer."""
        self.room[:] = 0
        self.room[: len(images)] = sharp(images / 255)
        return self.room[: len(images)]


class TestImagesAreTheModelsOwn:
    """Nothing that a model does to its input reaches anything else."""

    @pytest.mark.parametrize("size", [70, 500])
    @pytest.mark.parametrize("units", ["own", "range"])
    @pytest.mark.parametrize("make", [lambda: in_place, Keeper, lambda: own_input, Buffer])
    def test_no_trace(self, make, units, size) -> None:
        """Models that change what they got measure as the one that does not, and leave x alone."""
        how = {"units": units, "batch_size": size, "scales": [50, 150] if units == "own" else [0.5]}
        if units == "range":
            how["value_range"] = (0, 255)
        x = X255.copy()
        found, wanted = (evaluate(model, x=x, draws=2, **how) for model in (make(), plain))
        assert [each.evaluations for each in found] == [each.evaluations for each in wanted]
        assert found[0].trial.dataset_sha256 == wanted[0].trial.dataset_sha256
        np.testing.assert_array_equal(x, X255)

    def test_batches_are_plain_memory(self) -> None:
        """A model gets contiguous, writable images, whatever the memory of x is like."""
        seen = []

        def model(images):
            seen.append(images.flags.c_contiguous and images.flags.writeable)
            return sharp(images)

        for x in (np.asfortranarray(X), X[:, ::-1][:, ::-1], np.broadcast_to(X[:1], X.shape)):
            evaluate(model, x=x, draws=1, least_clean=0)
        assert all(seen)
