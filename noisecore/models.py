"""Model builders: each returns an untrained, uncompiled Keras model for a shape and classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from noisecore.errors import NoisecoreError
from noisecore.functions import Functions

Builder = Callable[[tuple[int, ...], int], Any]


class ModelError(NoisecoreError, ValueError):
    """A model cannot be built as asked; the message says why and what to do."""


def build_cnn(input_shape: tuple[int, ...], num_classes: int) -> Any:
    """Build the reference notebook's convolutional network.

    input_shape: one image as the Keras backend lays it out, (height, width, channels) or
    (channels, height, width), at least 6 pixels high and wide. Returns a `keras.Sequential` that
    ends in `num_classes` softmax probabilities: 1,199,882 parameters for (28, 28, 1) and 10.
    """
    import keras

    channels_last = keras.backend.image_data_format() == "channels_last"
    height, width = input_shape[:2] if channels_last else input_shape[1:]
    if min(height, width) < 6:
        raise ModelError(
            f"cnn needs images of at least 6 x 6 pixels, got {height} x {width}: use mlp for these"
        )
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(num_classes, activation="softmax"),
        ],
        name="cnn",
    )


def build_mlp(input_shape: tuple[int, ...], num_classes: int) -> Any:
    """Build a plain dense network: one layer of 512 ReLU units, and dropout 0.2.

    input_shape: one image, any shape. Returns a `keras.Sequential` that ends in `num_classes`
    softmax probabilities: 407,050 parameters for (28, 28, 1) and 10. It has one layer and not two,
    because its accuracy then varies less over seeds (docs/studies/recipe.md).
    """
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(num_classes, activation="softmax"),
        ],
        name="mlp",
    )


MODELS: dict[str, Builder] = {"cnn": build_cnn, "mlp": build_mlp}

# The shipped builders, and those that a user adds.
BUILDERS = Functions("model", MODELS, ModelError)


def get_builder(name: str) -> Builder:
    """Return the builder of that name; raise `ModelError` that lists the known ones."""
    return BUILDERS.get(name)
