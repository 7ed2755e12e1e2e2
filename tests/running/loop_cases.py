"""Small trainings, each with its steps in a loop and one by one; prints what came out, as JSON.

A script of its own: Keras draws seeds from Python's `random`, and so do threads that other tests
have left in pytest's process.
"""

from __future__ import annotations

import json
import signal
import sys
import time

import keras
import numpy as np
import tensorflow as tf

from noisecore.models import build_cnn, build_mlp
from noisecore.recipes import get_recipe
from noisecore.running import compat, steps
from noisecore.running.training import shuffled, train

LOOP = compat.training_loop
IMAGES = np.random.default_rng(0).random((53, 8, 8, 1), np.float32)
LABELS = np.arange(53) % 3


class Noise(keras.layers.Layer):
    """Adds normal numbers from TensorFlow's own generator, which has a state."""

    def call(self, inputs, training=False):
        """Return the inputs with noise."""
        return inputs + tf.random.normal(tf.shape(inputs))


class OwnStep(keras.Sequential):
    """Has a training step of its own, as Keras' guide shows one."""

    def __init__(self, layers):
        super().__init__(layers)
        self.own_loss = keras.metrics.Mean(name="loss")
        self.own_accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def train_step(self, data):
        """Take a step; it says its figures by metrics of its own."""
        images, labels = data[:2]
        with tf.GradientTape() as tape:
            probabilities = self(images, training=True)
            losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
            loss = 2 * tf.reduce_mean(losses)
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.own_loss.update_state(loss)
        self.own_accuracy.update_state(labels, probabilities)
        return {"loss": self.own_loss.result(), "accuracy": self.own_accuracy.result()}

    @property
    def metrics(self):
        """Those that are reset before each step."""
        return [self.own_loss, self.own_accuracy]


class LastLoss(keras.metrics.Mean):
    """A metric of a user's own, which does something in Python when it is reset."""

    resets = 0

    def reset_state(self):
        """Count, and reset."""
        self.resets += 1
        super().reset_state()


class OwnMetric(OwnStep):
    """Has a metric whose reset is not Keras' own."""

    def __init__(self, layers):
        super().__init__(layers)
        self.own_loss = LastLoss(name="loss")


class Counting(keras.Sequential):
    """Does something in Python before each step."""

    resets = 0

    def reset_metrics(self):
        """Count, and reset."""
        self.resets += 1
        super().reset_metrics()


class Eager(keras.Sequential):
    """Is compiled to run eagerly, whatever is asked for."""

    def compile(self, **choices):
        """Compile as asked, but eager."""
        super().compile(**choices, run_eagerly=True)


class Jitted(keras.Sequential):
    """Is compiled by XLA."""

    def compile(self, **choices):
        """Compile as asked, and by XLA."""
        super().compile(**choices, jit_compile=True)


class Double(keras.Sequential):
    """Gives its loss with more digits than a loop hands back."""

    def train_step(self, data):
        """Take Keras' step."""
        figures = super().train_step(data)
        return {**figures, "loss": tf.cast(figures["loss"], tf.float64) / 3}


def small(kind=keras.Sequential, first=None):
    """Return a builder of a small network with dropout, of a class."""
    layers = keras.layers
    return lambda shape, classes: kind(
        [
            keras.Input(shape),
            first() if first else layers.Flatten(),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def least(shape, classes):
    """Return the smallest network, compiled by XLA."""
    dense = keras.layers.Dense(classes, activation="softmax")
    return Jitted([keras.Input(shape), keras.layers.Flatten(), dense])


# Builder, changes of the recipe, whether its steps are looped over.
CASES = {
    "mlp": (build_mlp, "batch_size=16", True),  # the last batch has 5 images
    "batches of 5": (small(), "batch_size=5,optimizer=adadelta", True),
    "fewer images than a batch": (small(), "batch_size=64", True),
    "mlp, bfloat16": (build_mlp, "batch_size=16,precision=mixed_bfloat16", True),
    "cnn": (build_cnn, "batch_size=16", True),
    "cnn, bfloat16": (build_cnn, "batch_size=10,precision=mixed_bfloat16", True),
    "random numbers with a state": (small(first=Noise), "batch_size=16", True),
    "a step of its own": (small(OwnStep), "batch_size=16", True),
    "a metric of its own": (small(OwnMetric), "batch_size=16", False),
    "Python before each step": (small(Counting), "batch_size=16", False),
    "eager": (small(Eager), "batch_size=16", False),
    "XLA": (least, "batch_size=27", False),
    "a loss in float64": (small(Double), "batch_size=16", False),
}


def trained(builder, changes, images=IMAGES, labels=LABELS):
    """Train, and return the history, the weights, and the model."""
    recipe = get_recipe(f"quick+epochs=2,{changes}")
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    with compat.precision(recipe.precision):
        model = builder(images.shape[1:], 3)
    if recipe.precision != "float32":
        compat.end_in_float32(model)
    history, _ = train(
        model,
        recipe,
        lambda epoch: images + np.float32(epoch),
        labels,
        lambda epoch: shuffled(0, epoch, len(labels)),
        (images[:9], labels[:9]),
        lambda epoch, figures: None,
    )
    found = [[repr(each) for each in history], [w.tobytes().hex() for w in model.get_weights()]]
    return found, model


def compared(name):
    """Return whether a case gives the same to the bit, and whether it was looped as expected."""
    builder, changes, expected = CASES[name]
    compat.training_loop = lambda *arguments: None
    before, model = trained(builder, changes)
    loops = []
    compat.training_loop = lambda *arguments: loops.append(LOOP(*arguments)) or loops[-1]
    after, again = trained(builder, changes)
    resets = getattr(model, "resets", 0), getattr(again, "resets", 0)
    return {
        "same": before == after and resets[0] == resets[1],
        "learns": before[0][0] != before[0][1],
        "as_expected": (loops[-1] is not None) == expected,
    }


def interrupted():
    """Return how long a training goes on after a signal that comes in the middle of an epoch."""
    due = []

    def ring(*_):
        raise KeyboardInterrupt

    def armed(*arguments):
        loop = LOOP(*arguments)
        due.append(time.perf_counter() + 0.5)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        return loop

    compat.training_loop = armed
    signal.signal(signal.SIGALRM, ring)
    images, labels = np.tile(IMAGES, (500, 1, 1, 1)), np.tile(LABELS, 500)
    try:
        trained(build_mlp, "batch_size=1", images, labels)
    except KeyboardInterrupt:
        return time.perf_counter() - due[0]
    return None


if __name__ == "__main__":
    assert steps.SECONDS <= 1
    found = {name: compared(name) for name in CASES}
    json.dump({"cases": found, "late": interrupted()}, sys.stdout)
