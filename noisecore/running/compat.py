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


Step = Callable[[Any, Any], Mapping[str, Any]]
Loop = Callable[[Any, Any], Any]


def training_step(model: Any) -> Step:
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


def training_loop(model: Any, images: Any, labels: Any) -> Loop | None:
    """Return a function that trains a compiled, untrained `model` on many batches, in one call.

    It takes images and labels, (steps, batch, ...), of any number of steps, else like these, and
    returns the loss and the accuracy of each step. The numbers are those of `training_step`, taken
    for every batch of this size. None if the model's steps cannot be looped over.
    """
    import tensorflow as tf

    if not _may_loop(model):
        return None
    unconverted = tf.autograph.experimental.do_not_convert

    def loop(images: Any, labels: Any) -> Any:
        def body(index: Any, found: Any) -> Any:
            model.reset_metrics()
            figures = traced_step(images[index], labels[index])
            pair = [figures["loss"], figures["accuracy"]]
            for each in pair:
                tf.debugging.assert_type(each, tf.float32)  # another would be rounded
            return index + 1, found.write(index, pair)

        count = tf.shape(labels)[0]
        found = tf.TensorArray(tf.float32, count, element_shape=(2,))
        start = tf.constant(0), found
        _, found = tf.while_loop(lambda index, _: index < count, body, start, parallel_iterations=1)
        return found.stack()

    specs = [tf.TensorSpec(each.shape[1:], each.dtype) for each in (images, labels)]
    many = [tf.TensorSpec((None, *each.shape), each.dtype) for each in specs]
    try:
        # By itself, before the loop: this makes what the first step makes, such as Adam's moments.
        traced_step = tf.function(_train_step(model)).get_concrete_function(*specs)
        if not all(_keras_own(type(each).reset_state) for each in _metrics(model)):
            return None
        traced = tf.function(unconverted(loop)).get_concrete_function(*many)
    except Exception:  # a user's step may do anything; one by one, it raises what it has to say
        return None
    return lambda *batches: traced(*map(tf.constant, batches)).numpy()


def _may_loop(model: Any) -> bool:
    """Return whether all that runs around each training step of a model is Keras' own.

    What else is done in Python, a loop in TensorFlow would do once. GPUs and XLA were not tried.
    """
    import keras
    import tensorflow as tf

    if not isinstance(model, keras.Model) or model.run_eagerly or model.jit_compile:
        return False
    if tf.config.functions_run_eagerly() or tf.config.list_physical_devices("GPU"):
        return False
    if model.distribute_strategy is not tf.distribute.get_strategy():
        return False
    names = ("train_on_batch", "make_train_function", "reset_metrics")
    own = [getattr(getattr(model, name), "__func__", None) for name in names]
    return own == [getattr(keras.Model, name) for name in names]


def _metrics(model: Any) -> list[Any]:
    """Return the metrics of a model, with those that stand in others."""
    return [each for outer in model.metrics for each in (outer, *getattr(outer, "metrics", ()))]


def _keras_own(function: Callable[..., Any]) -> bool:
    return function.__module__.split(".")[0] == "keras"


def _train_step(model: Any) -> Callable[[Any, Any], Any]:
    """Return the model's own step as Keras would trace it, of images and labels."""
    if not _keras_3():
        return lambda images, labels: model.train_step((images, labels))
    import tensorflow as tf

    # None: the images have no weights.
    return tf.autograph.experimental.do_not_convert(  # type: ignore[no-any-return]
        lambda images, labels: model.train_step((images, labels, None))
    )


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
