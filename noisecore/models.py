"""Model builders: each returns an untrained, uncompiled Keras model for a shape and classes."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from noisecore.noise import source_sha256, unknown

Builder = Callable[[tuple[int, ...], int], Any]


class ModelError(ValueError):
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
    softmax probabilities: 407,050 parameters for (28, 28, 1) and 10. One layer and not two: over
    seeds it spreads less (README, the search for the quick recipe).
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


# Builders of a user's own, by their functions' names, and where a worker finds them.
_OWN: dict[str, Builder] = {}


@dataclass(frozen=True)
class Home:
    """Where a builder is defined: its module, the module's file, and its name there."""

    module: str
    file: str
    name: str


def get_builder(name: str) -> Builder:
    """Return the builder of that name; raise `ModelError` that lists the known ones."""
    known = MODELS | _OWN
    try:
        return known[name]
    except KeyError:
        raise ModelError(unknown("model", name, known)) from None


def add_builder(function: Builder) -> str:
    """Make a builder of one's own known by the name of its function, and return that name.

    It has to be a function at the top of a file, for it travels to a worker as file and name.
    Raises `ModelError` if it is not, or if another builder has that name.
    """
    name = str(getattr(function, "__qualname__", repr(function)))
    if not inspect.isfunction(function) or "<" in name or "." in name:
        raise ModelError(
            f"a model builder must be a function at the top of a file, got {name}: give it a name "
            "there with def, so that a worker can find it"
        )
    try:
        source = source_sha256(function)
    except OSError:
        raise ModelError(
            f"the source of the model builder {name} cannot be read: define it in a file"
        ) from None
    other = (MODELS | _OWN).get(name)
    if other is not None and source_sha256(other) != source:
        raise ModelError(f"two model builders are called {name}: rename one of them")
    _OWN[name] = function
    return name


def builder_home(name: str) -> Home | None:
    """Return where a user's own builder is defined, None for one of noisecore's."""
    function = _OWN.get(name)
    if function is None:
        return None
    file = inspect.getsourcefile(function) or ""
    return Home(module=function.__module__, file=os.path.abspath(file), name=name)


def load_builder(home: Home) -> None:
    """Make a user's own builder known in this process: by its module, else by its file."""
    known = _OWN.get(home.name)
    if known is not None and inspect.getsourcefile(known) == home.file:
        return
    module = None
    with suppress(ImportError):  # pytest may have made up the name
        module = importlib.import_module(home.module)
    if module is None or os.path.abspath(module.__file__ or "") != home.file:
        name = f"noisecore_builder_{hashlib.sha256(home.file.encode()).hexdigest()[:8]}"
        spec = importlib.util.spec_from_file_location(name, home.file)
        if spec is None or spec.loader is None or not os.path.isfile(home.file):
            raise ModelError(f"the file of the model builder {home.name} is not here: {home.file}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    _OWN[home.name] = getattr(module, home.name)
