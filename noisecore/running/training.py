"""Train a model, and evaluate one: the whole of it on one screen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.errors import NoisecoreError
from noisecore.noise import BLOCK, FloatArray, Stream
from noisecore.recipes import Recipe
from noisecore.records import Epoch
from noisecore.running.steps import Steps

# Images per evaluation step: few, because its memory grows with them; the numbers stay the same.
EVALUATION_BATCH = 125


class TrialError(NoisecoreError, RuntimeError):
    """A trial ended without a result; the message is its reason."""


@dataclass(frozen=True)
class Scaling:
    """How pixels are standardised: minus a mean, divided by a standard deviation."""

    mean: np.float32
    std: np.float32

    def standardise(self, images: FloatArray) -> None:
        """Standardise images in place."""
        images -= self.mean
        images /= self.std


def scalings(
    train: FloatArray, test: FloatArray, standardisation: str
) -> tuple[Scaling, Scaling] | None:
    """Return how the recipe standardises each split, None if it does not; see `Recipe`."""
    if standardisation == "none":
        return None
    mean, std = _moments(train)
    if standardisation == "train":
        return Scaling(mean, std), Scaling(mean, std)
    return Scaling(np.float32(0), std), Scaling(*_moments(test))  # as the notebook does


def standardise(
    train: FloatArray, test: FloatArray, standardisation: str, *, in_place: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return both splits standardised as the recipe says, float32; see `Recipe`."""
    if not in_place:
        train, test = train.copy(), test.copy()
    if (both := scalings(train, test, standardisation)) is not None:
        for images, scaling in zip((train, test), both, strict=True):
            scaling.standardise(images)
    return train, test


def _moments(images: FloatArray) -> tuple[np.float32, np.float32]:
    """Return the mean and the standard deviation, summed in float64, without a float64 copy."""
    mean = images.mean(dtype=np.float64)
    blocks = (images[start : start + BLOCK] for start in range(0, len(images), BLOCK))
    squares = sum(float(np.square(block - mean, dtype=np.float64).sum()) for block in blocks)
    std = np.float32(math.sqrt(squares / images.size))
    if std == 0:
        raise TrialError("all pixels have the same value, so that they cannot be standardised")
    return np.float32(mean), std


def compile_model(model: Any, recipe: Recipe, steps: int) -> None:
    """Compile `model` for integer labels; `steps` is the number of all training steps."""
    import keras

    rate: Any = recipe.learning_rate
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    optimizers = {"adam": keras.optimizers.Adam, "adadelta": keras.optimizers.Adadelta}
    model.compile(
        optimizer=optimizers[recipe.optimizer](learning_rate=rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def shuffled(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """Return the order, (count,), in which an epoch of a seed takes its images."""
    return Stream(seed, "order", epoch).generator(0).permutation(count)


def train(
    model: Any,
    recipe: Recipe,
    images: Callable[[int], FloatArray],
    labels: NDArray[np.int64],
    order: Callable[[int], NDArray[np.int64]],
    test: tuple[FloatArray, NDArray[np.int64]],
    on_epoch: Callable[[int, Epoch], None],
) -> tuple[list[Epoch], list[float]]:
    """Train `model` from its first step to its last; return its history and each epoch's seconds.

    images: gives an epoch's training images, (samples, ...) float32. order: gives the order in
    which the epoch takes them, (samples,). test: the noisy test images and labels that each epoch
    is evaluated on, for the record alone: they choose nothing.
    Raises `TrialError` with the epoch when a loss is not finite.
    """
    compile_model(model, recipe, recipe.epochs * math.ceil(len(labels) / recipe.batch_size))
    steps = Steps(model)
    history: list[Epoch] = []
    seconds: list[float] = []
    for epoch in range(recipe.epochs):
        epoch_images = images(epoch)
        start = time.perf_counter()
        loss, accuracy = _train_epoch(steps, epoch_images, labels, order(epoch), recipe.batch_size)
        seconds.append(time.perf_counter() - start)
        del epoch_images  # otherwise the next epoch's noise would be drawn while it is still held
        if not math.isfinite(loss):
            raise TrialError(f"the training loss became {loss} in epoch {epoch + 1}")
        test_loss, probabilities = score(model, *test)
        right = probabilities.argmax(axis=1) == test[1]
        history.append(
            Epoch(
                loss=loss,
                accuracy=accuracy,
                test_loss=test_loss,
                test_accuracy=float(right.mean()),
            )
        )
        on_epoch(epoch, history[-1])
    return history, seconds


def _train_epoch(
    steps: Steps,
    images: FloatArray,
    labels: NDArray[np.int64],
    order: NDArray[np.int64],
    size: int,
) -> tuple[float, float]:
    """Take a step for each `size` images of an epoch; return the means of loss and accuracy.

    Not Keras' `fit`: it feeds arrays through tf.data, whose tuning thread is not woken when an
    epoch ends. It then sleeps on, until 10 ms x (2^k - 1) from the epoch's start, and a minute at
    most: epochs of 61 s took 82 s or 142 s.
    """
    loss = accuracy = 0.0
    whole, rest = np.split(order, [len(order) // size * size])
    for batches in (whole.reshape(-1, size), rest.reshape(-1, max(1, len(rest)))):
        for loss_there, accuracy_there in steps.take(images, labels, batches):
            loss += loss_there * batches.shape[1]
            accuracy += accuracy_there * batches.shape[1]
    return loss / len(labels), accuracy / len(labels)


def score(model: Any, images: FloatArray, labels: NDArray[np.int64]) -> tuple[float, FloatArray]:
    """Return the mean cross-entropy, in nats, and the probabilities, (images, classes).

    Raises `TrialError` when the model's probabilities are not finite.
    """
    batches = (
        images[start : start + EVALUATION_BATCH]
        for start in range(0, len(images), EVALUATION_BATCH)
    )
    # Not Keras' `predict`, for the reason that `_train_epoch` gives.
    probabilities = np.concatenate([model.predict_on_batch(batch) for batch in batches])
    if not np.isfinite(probabilities).all():
        raise TrialError("the model's probabilities are not finite numbers")
    likelihood = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    # Keras' own bound, so that the losses are those that Keras would report.
    loss = -np.log(np.clip(likelihood, 1e-7, 1.0)).mean()
    return float(loss), probabilities
