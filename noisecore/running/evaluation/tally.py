"""Count what a model returns, group by group: right answers, losses, and impossible results."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.noise import listed_scales
from noisecore.records import Evaluation, pack_classes, pack_probabilities, pack_right
from noisecore.records.sketch import Sketch
from noisecore.running.evaluation.answers import (
    Answers,
    Outputs,
    answers_of,
    check_probabilities,
    kind_of,
    merged,
    other_width,
)
from noisecore.running.evaluation.given import GivenError
from noisecore.running.evaluation.guessing import guessed, matches
from noisecore.running.evaluation.images import Labels, Units


@dataclass
class _Cell:
    """What is known of one scale and draw so far; `held` is what is not settled yet."""

    right: list[NDArray[np.bool_]] = field(default_factory=list)
    predicted: list[NDArray[np.integer[Any]]] = field(default_factory=list)
    probability: list[NDArray[np.float32]] = field(default_factory=list)
    loss: float = 0.0
    held: list[Answers] = field(default_factory=list)
    changed: bool = False
    seen: Any = field(default_factory=hashlib.sha256)
    sketch: Sketch | None = None

    def see(self, seen: Any) -> None:
        """Take in the next images, or bytes that stand for images that noisecore has not seen."""
        self.seen.update(seen)
        if isinstance(seen, np.ndarray):
            self.sketch = self.sketch or Sketch()
            self.sketch.update(seen)


_DOES_IT_LOOK = "does it look at them, and not at stored answers? If it does, give greater scales"


def wanted_scales(scales: Iterable[float] | str) -> tuple[float, ...]:
    """Return the scales above 0 in their order, each once; raise if one is not a scale."""
    wanted = tuple(sorted(scale for scale in listed_scales(scales) if scale > 0))
    if not wanted:
        raise GivenError("scales must have a number > 0 (0 is always there), got none")
    return wanted


class Tally:
    """Counts right answers and losses, group by group.

    Losses, and what kind outputs are, are settled for many groups at once, so that neither depends
    on the size of a group.
    """

    def __init__(
        self, scales: Sequence[float], draws: int, declared: str | None, *, argument: str
    ) -> None:
        """Note what outputs are declared to be, and the argument that declares it.

        draws: of all noises, one noise after the other.
        """
        self.images = 0
        self.model_seconds = 0.0
        self.kind = declared or ""
        self._argument = argument
        self._classes = 0
        self._counts = np.zeros(0, np.int64)
        self._answers = np.zeros(0, np.int64)
        # Whether all outputs so far are bit for bit those for the clean images. A hash of those is
        # kept for each group, and whether all are class labels.
        self._unmoved = self._hard = True
        self._clean_outputs = b""
        self._idle: list[str] = []
        self._clean = _Cell()
        self._cells = {(draw, scale): _Cell() for draw in range(draws) for scale in scales}

    def clean(self, seen: Any, labels: Labels, outputs: Outputs) -> None:
        """Take in the next clean images and their outputs.

        seen: what identifies the images: bytes, or the images themselves.
        """
        if not self.images:
            self._classes = outputs.values.shape[1]
        if outputs.values.shape[1] != self._classes:
            raise other_width(self._classes, outputs.values.shape[1])
        if labels.max() >= self._classes:
            raise GivenError(
                f"labels must be below the {self._classes} classes that the model gives, "
                f"got {labels.max()}: was it trained on other classes?"
            )
        counts = np.bincount(labels, minlength=self._classes)
        answers = np.bincount(outputs.values.argmax(axis=1), minlength=self._classes)
        self._counts = counts if not self.images else self._counts + counts
        self._answers = answers if not self.images else self._answers + answers
        self.images += len(labels)
        self._clean.see(seen)
        if self._unmoved:
            self._clean_outputs = _digest(outputs)
            self._hard = self._hard and _is_hard(outputs)
        self._hold(self._clean, answers_of(outputs, labels))

    def noisy(self, draw: int, scale: float, seen: Any, *, changed: bool) -> None:
        """Take in the next noisy images themselves, and whether noise changed any of them."""
        cell = self._cells[draw, scale]
        cell.changed = cell.changed or changed
        cell.see(seen)

    def seen_alike(self, first: int, draw: int, scale: float) -> bool:
        """Return whether all noisy images of a draw so far were those of an earlier one."""
        one, other = (self._cells[each, scale].seen.digest() for each in (first, draw))
        return bool(one == other)

    def judge(self, draw: int, scale: float, labels: Labels, outputs: Outputs) -> None:
        """Take in the outputs for noisy images."""
        if outputs.values.shape[1] != self._classes:
            raise other_width(self._classes, outputs.values.shape[1])
        self._unmoved = self._unmoved and _digest(outputs) == self._clean_outputs
        self._hold(self._cells[draw, scale], answers_of(outputs, labels))

    def judge_alike(self, first: int, draw: int, scale: float) -> None:
        """Take in the answers of an earlier draw to the same images."""
        self._hold(self._cells[draw, scale], self._cells[first, scale].held[-1])

    def _hold(self, cell: _Cell, answers: Answers) -> None:
        cell.held.append(answers)
        cell.right.append(answers.right)
        cell.predicted.append(answers.predicted.astype(np.min_scalar_type(self._classes - 1)))

    def settle(self) -> None:
        """Settle what kind outputs are, if that is not declared, and count the losses so far."""
        for cell in (self._clean, *self._cells.values()):
            if not cell.held:
                continue
            answers = merged(cell.held)
            cell.held.clear()
            self.kind = self.kind or kind_of(answers)  # the clean ones come first
            if self.kind == "probabilities":
                check_probabilities(answers, self._argument)
            cell.loss += answers.loss(self.kind)
            cell.probability.append(answers.probability(self.kind).astype(np.float32))

    def check(self, least_clean: float | None, units: Units, noises: Sequence[str]) -> None:
        """Raise `GivenError` if the model guesses or ignores images, or a noise changes nothing.

        noises: the names of the noises, each of which has equally many draws.
        """
        right = int(sum(part.sum() for part in self._clean.right))
        accuracy = right / self.images
        other = "on images in [0, 1]" if units == "own" else "on standardised images"
        cause = f"was the model trained {other}, or on other labels?"
        if least_clean is not None:
            if not accuracy >= least_clean:
                raise GivenError(
                    f"accuracy on clean images must be at least least_clean, {least_clean:g}, "
                    f"got {accuracy:.4f}: {cause} Give it what its own predict takes"
                )
        elif guessed(right, self._answers, self._counts):
            chance = matches(self._answers, self._counts)[0] / self.images
            commonest = int(self._counts.argmax())
            share = self._counts[commonest] / self.images
            raise GivenError(
                f"accuracy on clean images is {accuracy:.4f}, no better than answers that ignore "
                f"the images ({chance:.4f} for these answers and labels; class {commonest} alone "
                f"is {share:.4f} of the labels): {cause} If it is right, say so with "
                f"least_clean={math.floor(accuracy * 100) / 100:g}"
            )
        self._check_noises(noises)
        if self._unmoved and not self._hard:
            raise GivenError(
                "the model must answer to the images that it is given, got the same outputs, to "
                f"the bit, for all noisy images as for the clean ones: {_DOES_IT_LOOK}"
            )

    def _check_noises(self, noises: Sequence[str]) -> None:
        """Raise `GivenError` if a noise changed no image at some scale; of several, note it."""
        draws = (1 + max(draw for draw, _ in self._cells)) // len(noises)
        for place, noise in enumerate(noises):
            own = {at: cell for at, cell in self._cells.items() if at[0] // draws == place}
            idle = sorted({scale for (_, scale), cell in own.items() if not cell.changed})
            if idle:
                shown = ", ".join(f"{scale:g}" for scale in idle)
                if len(noises) == 1:
                    raise GivenError(
                        f"noise {noise} must change the images, got the same ones at scale {shown}"
                    )
                self._idle.append(f"{noise} changes none of the images at scale {shown}")

    @property
    def note(self) -> str:
        """A note about images that some noise did not change, or class labels that none did."""
        if not self._unmoved:
            return "; ".join(self._idle)
        return (
            "the model gives the same class labels for all noisy images as for the clean ones: "
            f"{_DOES_IT_LOOK}, or let it give probabilities or scores"
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
            images_sketch=None if cell.sketch is None else cell.sketch.values,
            predicted=pack_classes(np.concatenate(cell.predicted), self._classes),
            probability=pack_probabilities(np.concatenate(cell.probability)),
        )


def _digest(outputs: Outputs) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(outputs.values).data).digest()


def _is_hard(outputs: Outputs) -> bool:
    """Return whether all outputs are 0 or 1, as for class labels."""
    values = outputs.values
    return bool(((values == 0) | (values == 1)).all())
