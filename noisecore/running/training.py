"""Train a model, and evaluate one: the whole of it on one screen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.noise import FloatArray
from noisecore.recipes import Recipe
from noisecore.records import Epoch

# Images a step of evaluation: fixed, since the order of summation may depend on it.
EVALUATION_BATCH = 500


class TrialError(RuntimeError):
    """A trial ended without a result; the message is its reason."""


def standardise(
    train: FloatArray, test: FloatArray, standardisation: str
) -> tuple[FloatArray, FloatArray]:
    """Return both splits standardised as the recipe says, float32; see `Recipe`."""
    if standardisation == "none":
        return train, test
    train_mean, train_std = _moments(train)
    if standardisation == "train":
        return (train - train_mean) / train_std, (test - train_mean) / train_std
    test_mean, test_std = _moments(test)
    return train / train_std, (test - test_mean) / test_std


def _moments(images: FloatArray) -> tuple[np.float32, np.float32]:
    std = images.std(dtype=np.float64)
    if std == 0:
        raise TrialError("the images are all of one value: there is nothing to standardise")
    return np.float32(images.mean(dtype=np.float64)), np.float32(std)


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


def train(
    model: Any,
    recipe: Recipe,
    images: Callable[[int], FloatArray],
    labels: NDArray[np.int64],
    test: tuple[FloatArray, NDArray[np.int64]],
    on_epoch: Callable[[int, Epoch], None],
) -> tuple[list[Epoch], list[float]]:
    """Train `model` from its first step to its last; return its history and each epoch's seconds.

    images: gives an epoch's training images, (samples, ...) float32. test: the noisy test images
    and labels that each epoch is evaluated on, for the record alone: they choose nothing.
    Raises `TrialError` with the epoch when a loss is not finite.
    """
    compile_model(model, recipe, recipe.epochs * math.ceil(len(labels) / recipe.batch_size))
    history: list[Epoch] = []
    seconds: list[float] = []
    for epoch in range(recipe.epochs):
        epoch_images = images(epoch)
        start = time.perf_counter()
        fit = model.fit(
            epoch_images,
            labels,
            batch_size=recipe.batch_size,
            initial_epoch=epoch,
            epochs=epoch + 1,
            verbose=0,
        )
        seconds.append(time.perf_counter() - start)
        loss, accuracy = fit.history["loss"][0], fit.history["accuracy"][0]
        if not math.isfinite(loss):
            raise TrialError(f"the training loss became {loss} in epoch {epoch + 1}")
        test_loss, right = evaluate(model, *test)
        history.append(
            Epoch(
                loss=float(loss),
                accuracy=float(accuracy),
                test_loss=test_loss,
                test_accuracy=float(right.mean()),
            )
        )
        on_epoch(epoch, history[-1])
    return history, seconds


def evaluate(
    model: Any, images: FloatArray, labels: NDArray[np.int64]
) -> tuple[float, NDArray[np.bool_]]:
    """Return the mean cross-entropy, in nats, and which images were right, (images,) bool.

    Raises `TrialError` when the model's probabilities are not finite.
    """
    probabilities = model.predict(images, batch_size=EVALUATION_BATCH, verbose=0)
    if not np.isfinite(probabilities).all():
        raise TrialError("the model's probabilities are not finite numbers")
    likelihood = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    # Keras' own bound, so that the losses are those that Keras would report.
    loss = -np.log(np.clip(likelihood, 1e-7, 1.0)).mean()
    return float(loss), probabilities.argmax(axis=1) == labels
