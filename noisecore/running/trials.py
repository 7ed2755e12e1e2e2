"""One trial becomes one record."""

from __future__ import annotations

import hashlib
import os
import platform
import random
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import noisecore
from noisecore.code import files_sha256
from noisecore.data import unit_images
from noisecore.functions import Functions
from noisecore.models import BUILDERS, get_builder
from noisecore.noise import BLOCK, FAMILIES, FloatArray, Stream, apply_noise, get_noise
from noisecore.records import Epoch, Evaluation, Trial, TrialRecord, pack_right
from noisecore.running import compat, machine
from noisecore.running.training import TrialError, evaluate, shuffled, standardise, train

if TYPE_CHECKING:
    from collections.abc import Iterator

    from noisecore.data import Dataset

# The code that a trial's numbers depend on, beside the model builder and the noise, whose own code
# is part of the trial.
_SOURCES = (
    "data/dataset.py",
    "noise/checks.py",
    "noise/families.py",
    "noise/streams.py",
    "running/compat.py",
    "running/training.py",
    "running/trials.py",
)


def training_source() -> str:
    """Return the hash of the code of noisecore's own training path, as it is installed here."""
    package = Path(noisecore.__file__).parent
    return files_sha256((package / name).read_bytes() for name in _SOURCES)


def conditions(threads: int) -> dict[str, Any]:
    """Return what a trial's numbers depend on outside itself, without importing TensorFlow."""
    return {
        **compat.versions(),
        "noisecore": noisecore.__version__,
        "source_sha256": training_source(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "threads": threads,
        "accelerator": machine.accelerator() if compat.can_use_gpus() else "none",
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def processor() -> str:
    """Return the processor's model, as the system names it, with its family and model numbers."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    pairs = (line.partition(":") for line in lines)
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    names = ("model name", "cpu family", "model", "stepping")
    return " ".join(fields[name] for name in names if name in fields) or platform.machine()


def run_trial(
    trial: Trial,
    dataset: Dataset,
    *,
    run: str,
    conditions: Mapping[str, Any],
    on_epoch: Callable[[int, Epoch], None] = lambda epoch, figures: None,
) -> TrialRecord:
    """Train and evaluate one trial, in this process; return its record.

    A trial whose loss stops being finite gives a failed record that names the epoch. Other errors
    are raised as they are: the caller decides whose fault they were.
    """
    record: dict[str, Any] = {
        "key": trial.key(conditions),
        "run": run,
        "trial": trial,
        "environment": {**conditions, **compat.environment()},
    }
    cost: dict[str, Any] = {"started": datetime.now(UTC).isoformat(timespec="seconds")}
    start = time.perf_counter()
    try:
        with _seeded(trial.seed):
            record |= _measure(trial, dataset, cost, on_epoch)
        record["status"] = "complete"
    except TrialError as failure:
        record |= {"status": "failed", "reason": str(failure)}
    cost["seconds"] = time.perf_counter() - start
    cost["peak_memory_bytes"] = peak_memory()
    return TrialRecord(cost=cost, **record)


def _measure(
    trial: Trial,
    dataset: Dataset,
    cost: dict[str, Any],
    on_epoch: Callable[[int, Epoch], None],
) -> dict[str, Any]:
    """Return the record's figures; put the seconds into `cost`."""
    import keras

    if dataset.sha256 != trial.dataset_sha256:
        raise TrialError(
            f"data set {trial.dataset} changed: expected SHA-256 {trial.dataset_sha256}, "
            f"got {dataset.sha256}"
        )
    _check_sources(trial)
    trained_with = trial.trained_with or trial.noise
    recipe = trial.recipe
    # Each step that can be is done in place: at full size a split in float32 is 188 MB.
    splits = dataset.x_train, dataset.x_test
    clean, test = (unit_images(each, out=np.empty(each.shape, np.float32)) for each in splits)
    if trial.blank:
        clean[:], test[:] = 0, 0
    standardise(clean, test, recipe.standardisation, in_place=True)

    # The noise is laid over images in one layout, so that it is the same for every backend.
    channels_last = keras.backend.image_data_format() == "channels_last"

    def layout(images: FloatArray) -> FloatArray:
        return images if channels_last else np.moveaxis(images, -1, 1)

    def train_images(epoch: int | None, out: FloatArray | None = None) -> FloatArray:
        stream = Stream(trial.seed, "train", epoch)
        scale = trial.train_scale
        noise = get_noise(trained_with)
        return layout(apply_noise(noise, clean, scale, stream, clip=trial.clip, out=out))

    def test_images(scale: float, name: str = trial.noise, most: int | None = None) -> FloatArray:
        stream = Stream(trial.test_draw, "test")
        noisy = apply_noise(get_noise(name), test[:most], scale, stream, clip=trial.clip)
        if scale > 0 and np.array_equal(noisy, test[:most]):
            if most is not None:  # the noise may be rare
                return test_images(scale, name)
            raise TrialError(f"noise {name} at scale {scale:g} changed no test image")
        return noisy

    # Noise that changes nothing is found now rather than after the training.
    test_images(trial.train_scale, trained_with, most=BLOCK)
    for scale in trial.test_scales:
        test_images(scale, most=BLOCK)

    shape = layout(clean[:1]).shape[1:]
    with compat.precision(recipe.precision):
        model = get_builder(trial.model)(shape, dataset.num_classes)
    if recipe.precision != "float32":
        compat.end_in_float32(model)
    images: Callable[[int], FloatArray] = train_images
    if recipe.train_noise == "frozen" or trial.train_scale == 0:
        frozen = train_images(None, out=clean)

        def images(epoch: int) -> FloatArray:
            return frozen

    def order(epoch: int) -> NDArray[np.int64]:
        return shuffled(trial.seed, epoch, len(dataset.y_train))

    history, epoch_seconds = train(
        model,
        recipe,
        images,
        dataset.y_train,
        order,
        (layout(test_images(trial.train_scale, trained_with)), dataset.y_test),
        on_epoch,
    )
    cost["train_seconds"] = sum(epoch_seconds)
    cost["epoch_seconds"] = epoch_seconds

    start = time.perf_counter()
    evaluations = []
    for scale in trial.test_scales:
        noisy = test_images(scale)
        loss, right = evaluate(model, layout(noisy), dataset.y_test)
        evaluations.append(
            Evaluation(
                scale=scale,
                loss=loss,
                accuracy=float(right.mean()),
                images=len(right),
                correct=pack_right(right),
                images_sha256=hashlib.sha256(noisy.tobytes()).hexdigest(),
            )
        )
    cost["evaluate_seconds"] = time.perf_counter() - start
    return {
        "parameters": int(model.count_params()),
        "history": tuple(history),
        "evaluations": tuple(evaluations),
    }


def _check_sources(trial: Trial) -> None:
    """Raise `TrialError` unless the code of each of a user's own functions is that asked for."""
    asked: list[tuple[Functions[Any], str, str | None]] = [
        (BUILDERS, trial.model, trial.model_source),
        (FAMILIES, trial.noise, trial.noise_source),
        (FAMILIES, trial.trained_with or "", trial.trained_with_source),
    ]
    for functions, name, source in asked:
        if functions.home(name) and functions.source(name) != source:
            raise TrialError(
                f"the code of the {functions.kind} {name}, or of a module that it imports, is not "
                "the one asked for: leave the files as they are during a run, and the same on "
                "every machine"
            )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed every generator that Keras draws from, and give the caller's own back afterwards."""
    import keras

    python_state, numpy_state = random.getstate(), np.random.get_state()
    # Frees the last trial's graphs, and starts Keras' name counters anew.
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


def peak_memory() -> int:
    """Return this process's greatest resident memory so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
