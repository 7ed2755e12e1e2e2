"""What comes out, counted chunk by chunk: right answers, losses, and what cannot be true."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.noise import check_scale
from noisecore.records import Evaluation, pack_right
from noisecore.running.evaluation.given import GivenError, Outputs, settle_outputs
from noisecore.running.evaluation.images import Labels, Units


@dataclass
class _Cell:
    """What is known of one scale and draw so far."""

    right: list[NDArray[np.bool_]] = field(default_factory=list)
    loss: float = 0.0
    changed: bool = False
    seen: Any = field(default_factory=hashlib.sha256)


def wanted_scales(scales: Iterable[float]) -> tuple[float, ...]:
    """Return the scales above 0 in their order, each once; raise on what is none."""
    if isinstance(scales, str | float | int):
        raise GivenError(f"scales must be a list of numbers such as [0.1, 1], got {scales!r}")
    checked = sorted(check_scale(scale) for scale in scales)
    wanted = tuple(dict.fromkeys(scale for scale in checked if scale > 0))
    if not wanted:
        raise GivenError("scales must have a number > 0 (0 is always there), got none")
    return wanted


def blind(right: int, answers: NDArray[np.int64], labels: NDArray[np.int64]) -> bool:
    """Return whether so many right answers could be had without a look at the images.

    answers, labels: how many there are of each class. Were the labels dealt out anew among the
    images, the number of right answers would have the mean and variance computed here; `right`
    must lie above it (one-sided 0.05, normal). A perfect score is never taken for luck, and labels
    of one class alone say nothing.
    """
    images = int(labels.sum())
    if right == images or labels.max() == images:
        return False
    a, b = answers.astype(np.float64), labels.astype(np.float64)
    both = a * b
    mean = both.sum() / images
    # The expectation of right (right - 1): pairs of images, of two classes and of one.
    pairs = both.sum() ** 2 - (both**2).sum() + (both * (a - 1) * (b - 1)).sum()
    variance = pairs / (images * (images - 1)) + mean - mean**2
    return bool(right <= mean + 1.645 * math.sqrt(max(variance, 0.0)))


class Tally:
    """Counts right answers and losses, chunk by chunk."""

    def __init__(
        self,
        scales: Sequence[float],
        draws: int,
        declared: str | None = None,
        argument: str = "outputs",
    ) -> None:
        self._declared, self._argument = declared, argument
        self.images = 0
        self.model_seconds = 0.0
        self.outputs: Outputs | Literal[""] = ""
        self._classes = 0
        self._counts = self._answers = np.zeros(0, np.int64)
        self._clean = _Cell()
        self._cells = {(draw, scale): _Cell() for draw in range(draws) for scale in scales}

    def clean(self, seen: bytes, labels: Labels, outputs: NDArray[np.float64]) -> None:
        """Take in the next clean images and their outputs; the first settle what outputs are.

        seen: what says which images they were: their own bytes.
        """
        if not self.images:
            self._classes = outputs.shape[1]
            self.outputs = settle_outputs(self._declared, outputs, self._argument)
        if labels.max() >= self._classes:
            raise GivenError(
                f"labels must be below the {self._classes} classes that the model gives, "
                f"got {labels.max()}: was it trained on other classes?"
            )
        counts = np.bincount(labels, minlength=self._classes)
        answers = np.bincount(outputs.argmax(axis=1), minlength=self._classes)
        self._counts = counts if not self.images else self._counts + counts
        self._answers = answers if not self.images else self._answers + answers
        self.images += len(labels)
        self._clean.seen.update(seen)
        self._count(self._clean, labels, outputs)

    def noisy(self, draw: int, scale: float, seen: bytes, *, changed: bool) -> None:
        """Take in the next noisy images themselves, and whether noise changed any of them."""
        cell = self._cells[draw, scale]
        cell.changed = cell.changed or changed
        cell.seen.update(seen)

    def judge(self, draw: int, scale: float, labels: Labels, outputs: NDArray[np.float64]) -> None:
        """Take in the outputs for noisy images."""
        self._count(self._cells[draw, scale], labels, outputs)

    def _count(self, cell: _Cell, labels: Labels, outputs: NDArray[np.float64]) -> None:
        cell.right.append(outputs.argmax(axis=1) == labels)
        own = outputs[np.arange(len(labels)), labels]
        if self.outputs == "probabilities":
            cell.loss += float(-np.log(np.clip(own, 1e-7, 1.0)).sum())  # Keras' own bound
        else:
            greatest = outputs.max(axis=1)
            summed = np.exp(outputs - greatest[:, np.newaxis]).sum(axis=1)
            cell.loss += float((np.log(summed) + greatest - own).sum())

    def check(self, least_clean: float | None, units: Units, noise: str) -> None:
        """Raise `GivenError` if the model guesses, or a noise changed nothing."""
        right = int(sum(part.sum() for part in self._clean.right))
        accuracy, commonest = right / self.images, int(self._counts.argmax())
        other = "on images in [0, 1]" if units == "own" else "on standardised images"
        cause = f"was the model trained {other}, or on other labels?"
        if least_clean is not None:
            if accuracy < least_clean:
                raise GivenError(
                    f"accuracy on clean images must be {least_clean:g} (least_clean) or more, got "
                    f"{accuracy:.4f}: {cause} Give it what its own predict takes"
                )
        elif blind(right, self._answers, self._counts):
            chance = float(self._answers @ self._counts) / self.images**2
            raise GivenError(
                f"accuracy on clean images must be better than that of answers that ignore the "
                f"images, {chance:.4f} of these labels ({self._counts[commonest]} of "
                f"{self.images} are class {commonest}), got {accuracy:.4f}: {cause} If it is "
                f"right, say so: least_clean={math.floor(100 * accuracy) / 100:g}"
            )
        idle = sorted({scale for (_, scale), cell in self._cells.items() if not cell.changed})
        if idle:
            shown = ", ".join(f"{scale:g}" for scale in idle)
            raise GivenError(
                f"noise {noise} must change the images, got none that changed at scale {shown}"
            )

    def evaluations(self, draw: int) -> tuple[Evaluation, ...]:
        """Return what a draw's record holds: scale 0 and all others."""
        cells = {0.0: self._clean}
        cells |= {scale: cell for (d, scale), cell in self._cells.items() if d == draw}
        return tuple(self._evaluation(scale, cell) for scale, cell in cells.items())

    def _evaluation(self, scale: float, cell: _Cell) -> Evaluation:
        right = np.concatenate(cell.right)
        return Evaluation(
            scale=scale,
            loss=cell.loss / self.images,
            accuracy=float(right.mean()),
            images=self.images,
            correct=pack_right(right),
            images_sha256=cell.seen.hexdigest(),
        )
