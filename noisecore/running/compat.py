"""What differs between Keras 2 and Keras 3, and the settings that TensorFlow reads only once.

This is the only place that checks a version.
"""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from noisecore.errors import NoisecoreError

# Distributions that provide `import tensorflow`, the likeliest first.
_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-rocm", "tf-nightly")

INSTALL = "pip install 'noisecore[cpu]' (or [tensorflow], or [cuda] for NVIDIA GPUs)"


class TensorFlowError(NoisecoreError, RuntimeError):
    """TensorFlow is missing, or was started with other settings; the message says what to do."""


def versions() -> dict[str, str]:
    """Return the installed versions of TensorFlow and Keras, without importing them.

    Raises `TensorFlowError` with the line that installs TensorFlow when it is missing.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise TensorFlowError(f"training needs TensorFlow, which is not installed: {INSTALL}")
    names = (*_TENSORFLOWS, *importlib.metadata.packages_distributions().get("tensorflow", ()))
    return {"tensorflow": _version(*names), "keras": _version("keras")}


def can_use_gpus() -> bool:
    """Return whether the installed TensorFlow could use NVIDIA's GPUs, without importing it."""
    names = {(each.metadata["Name"] or "").lower() for each in importlib.metadata.distributions()}
    if "tensorflow-cpu" in names:
        return False
    # From the extra [and-cuda], or from the system.
    bundled = any(name.startswith("nvidia-cudnn") for name in names)
    return bundled or ctypes.util.find_library("cudnn") is not None


def _version(*distributions: str) -> str:
    for name in distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "unknown"


def settings(threads: int) -> dict[str, str]:
    """Return the environment variables that TensorFlow and Keras read once, while they load."""
    return {
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
        "KERAS_BACKEND": "tensorflow",
    }


def settle(threads: int) -> None:
    """Give this process the settings of a worker; raise `TensorFlowError` if it is too late.

    It is too late when TensorFlow was imported before with other settings: its numbers could
    then differ from those of a worker.
    """
    wanted = settings(threads)
    bound = {name: wanted[name] for name in wanted if name.startswith("TF_NUM")}
    if "tensorflow" in sys.modules and any(os.environ.get(n) != v for n, v in bound.items()):
        raise TensorFlowError(
            "TensorFlow was imported before the first trial, with other thread settings: "
            "use --noise-workers 1, or set " + " ".join(f"{n}={v}" for n, v in bound.items())
        )
    os.environ.update(wanted)


@contextmanager
def precision(name: str) -> Iterator[None]:
    """Let layers that are made in the block compute in this precision: a Keras dtype policy."""
    import keras

    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def end_in_float32(model: Any) -> None:
    """Let the last layer compute in float32, as Keras' guide to mixed precision recommends.

    A probability in bfloat16 has two to three digits: too few for its logarithm.
    """
    layer = model.layers[-1]
    if _keras_3():
        layer.dtype_policy = "float32"
    else:
        layer._set_dtype_policy("float32")


def training_step(model: Any) -> Callable[[Any, Any], Mapping[str, Any]]:
    """Return a function that trains a compiled `model` on a batch and returns loss and metrics.

    It takes images and labels. The `train_on_batch` of Keras 2 makes a data pipeline for every
    batch, 12 to 17 ms each in a trial (TensorFlow 2.15); what it then runs is the same, with the
    same numbers.
    """
    if _keras_3():
        return partial(model.train_on_batch, return_dict=True)
    import tensorflow as tf

    step = tf.function(model.train_step)
    return lambda images, labels: step((images, labels))


def _keras_3() -> bool:
    return int(_version("keras").split(".")[0]) >= 3


def environment() -> Mapping[str, Any]:
    """Import TensorFlow and return what only it knows: backend, device, flags."""
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:  # on a CPU it changes the numbers but makes nothing more repeatable
        tf.config.experimental.enable_op_determinism()
    names = [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus]
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        # Keras 2 has no other backend, and no function that names it.
        "keras_backend": keras.backend.backend() if _keras_3() else "tensorflow",
        "image_data_format": keras.backend.image_data_format(),
        "device": ", ".join(map(str, names)) or "CPU",
        "op_determinism": bool(gpus),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }
