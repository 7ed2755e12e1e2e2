"""One trial becomes one record."""

from __future__ import annotations

import hashlib
import os
import platform
import random
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import noisecore
from noisecore.callables import source_sha256
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

# The source that a trial's numbers depend on, beside the model builder and the noise, whose
# own text is part of the trial.
_SOURCES = (
    "noise/checks.py",
    "noise/families.py",
    "noise/streams.py",
    "running/compat.py",
    "running/training.py",
    "running/trials.py",
)


def training_source() -> str:
    """Return the SHA-256 of noisecore's own training path, as it is installed here."""
    package = Path(noisecore.__file__).parent
    source = b"".join((package / name).read_bytes() for name in _SOURCES)
    return hashlib.sha256(source).hexdigest()


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
        "processor": machine.processor(),
        "system": f"{platform.system()} {platform.machine()}",
    }


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
    cost["peak_memory_bytes"] = machine.peak_memory()
    return TrialRecord(cost=cost, **record)


def _measure(
    trial: Trial,
    dataset: Dataset,
    cost: dict[str, Any],
    on_epoch: Callable[[int, Epoch], None],
) -> dict[str, Any]:
    """Return the record's figures; put the seconds into `cost`."""
    if dataset.sha256 != trial.dataset_sha256:
        raise TrialError(
            f"data set {trial.dataset} changed: expected SHA-256 {trial.dataset_sha256}, "
            f"got {dataset.sha256}"
        )
    _check_sources(trial)
    images = _Images.of(trial, dataset)
    images.check_noise()
    model = _build(trial, images.shape, dataset.num_classes)
    history, epoch_seconds = train(
        model,
        trial.recipe,
        images.by_epoch(),
        dataset.y_train,
        lambda epoch: shuffled(trial.seed, epoch, len(dataset.y_train)),
        (images.laid_out(images.test_at(trial.train_scale, images.trained_with)), dataset.y_test),
        on_epoch,
    )
    cost["train_seconds"] = sum(epoch_seconds)
    cost["epoch_seconds"] = epoch_seconds
    start = time.perf_counter()
    evaluations = tuple(
        _evaluate(model, images, scale, dataset.y_test) for scale in trial.test_scales
    )
    cost["evaluate_seconds"] = time.perf_counter() - start
    return {
        "parameters": int(model.count_params()),
        "history": tuple(history),
        "evaluations": evaluations,
    }


@dataclass(frozen=True)
class _Images:
    """The images of a trial, standardised, and how they become noisy.

    train, test: float32, (n, height, width, channels). channels_last: how the backend takes them;
    the noise is laid over images in one layout, so that it is the same for every backend.
    """

    trial: Trial
    train: FloatArray
    test: FloatArray
    channels_last: bool

    @classmethod
    def of(cls, trial: Trial, dataset: Dataset) -> _Images:
        """Return the images of a data set, as a trial takes them."""
        import keras

        # Each step that can be is done in place: at full size a split in float32 is 188 MB.
        splits = dataset.x_train, dataset.x_test
        train, test = (unit_images(each, out=np.empty(each.shape, np.float32)) for each in splits)
        if trial.blank:
            train[:], test[:] = 0, 0
        standardise(train, test, trial.recipe.standardisation, in_place=True)
        return cls(trial, train, test, keras.backend.image_data_format() == "channels_last")

    @property
    def trained_with(self) -> str:
        """The noise that the model is trained with."""
        return self.trial.trained_with or self.trial.noise

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, as the backend takes it."""
        return self.laid_out(self.train[:1]).shape[1:]

    def laid_out(self, images: FloatArray) -> FloatArray:
        """Return images as the backend takes them."""
        return images if self.channels_last else np.moveaxis(images, -1, 1)

    def check_noise(self) -> None:
        """Raise `TrialError` if a noise changes nothing: now rather than after the training."""
        self.test_at(self.trial.train_scale, self.trained_with, most=BLOCK)
        for scale in self.trial.test_scales:
            self.test_at(scale, self.trial.noise, most=BLOCK)

    def by_epoch(self) -> Callable[[int], FloatArray]:
        """Return what gives the noisy training images of an epoch, laid out."""
        if self.trial.recipe.train_noise == "fresh" and self.trial.train_scale > 0:
            return self._train_at
        frozen = self._train_at(None, out=self.train)
        return lambda epoch: frozen

    def _train_at(self, epoch: int | None, out: FloatArray | None = None) -> FloatArray:
        trial = self.trial
        stream = Stream(trial.seed, "train", epoch)
        scale = trial.train_scale
        noise = get_noise(self.trained_with)
        return self.laid_out(
            apply_noise(noise, self.train, scale, stream, clip=trial.clip, out=out)
        )

    def test_at(self, scale: float, name: str, most: int | None = None) -> FloatArray:
        """Return the noisy test images, the first `most` of them; not laid out.

        Raises `TrialError` if the noise changes none of them all.
        """
        stream = Stream(self.trial.test_draw, "test")
        noise, test = get_noise(name), self.test
        noisy = apply_noise(noise, test[:most], scale, stream, clip=self.trial.clip)
        if scale > 0 and np.array_equal(noisy, test[:most]):
            if most is not None:  # the noise may be rare
                return self.test_at(scale, name)
            raise TrialError(f"noise {name} at scale {scale:g} changed no test image")
        return noisy


def _build(trial: Trial, shape: tuple[int, ...], classes: int) -> Any:
    """Return the model of a trial, untrained, in the recipe's precision."""
    with compat.precision(trial.recipe.precision):
        model = get_builder(trial.model)(shape, classes)
    if trial.recipe.precision != "float32":
        compat.end_in_float32(model)
    return model


def _evaluate(model: Any, images: _Images, scale: float, labels: NDArray[Any]) -> Evaluation:
    """Return what a trained model gives for the test images at one scale."""
    noisy = images.test_at(scale, images.trial.noise)
    loss, right = evaluate(model, images.laid_out(noisy), labels)
    return Evaluation(
        scale=scale,
        loss=loss,
        accuracy=float(right.mean()),
        images=len(right),
        correct=pack_right(right),
        images_sha256=hashlib.sha256(noisy.tobytes()).hexdigest(),
    )


def _check_sources(trial: Trial) -> None:
    """Raise `TrialError` unless the source of each of a user's own functions is that asked for."""
    asked: list[tuple[Functions[Any], str, str | None]] = [
        (BUILDERS, trial.model, trial.model_source),
        (FAMILIES, trial.noise, trial.noise_source),
        (FAMILIES, trial.trained_with or "", trial.trained_with_source),
    ]
    for functions, name, source in asked:
        if functions.home(name) and source_sha256(functions.get(name)) != source:
            raise TrialError(f"the source of the {functions.kind} {name} is not the one asked for")


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
