"""A training, and the trials that test it, become records."""

from __future__ import annotations

import hashlib
import os
import platform
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
        "processor": machine.processor(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def run_trials(
    trials: Sequence[Trial],
    dataset: Dataset,
    *,
    run: str,
    conditions: Mapping[str, Any],
    on_epoch: Callable[[int, Epoch], None] = lambda epoch, figures: None,
) -> list[TrialRecord]:
    """Train once, test that in each of these trials, in this process; return a record each.

    The trials have one training. One whose noise changes nothing, or whose loss stops being finite,
    gives a failed record that says so. Other errors are raised as they are: the caller decides
    whose fault they were.
    """
    environment = {**conditions, **compat.environment()}
    started = datetime.now(UTC).isoformat(timespec="seconds")
    figures = _Figures()
    start = time.perf_counter()
    with _seeded(trials[0].seed):
        _measure(trials, dataset, figures, on_epoch)
    spent = time.perf_counter() - start
    trained_by = next((trial for trial in trials if trial in figures.evaluations), None)
    records = []
    for trial in trials:
        cost = {"started": started, **figures.cost}
        cost |= {"evaluate_seconds": figures.seconds.get(trial, 0.0), "seconds": spent}
        if trained_by is not None and trial != trained_by:  # its seconds count once
            cost |= {"seconds": cost["evaluate_seconds"], "trained_by": trained_by.key(conditions)}
        if trained_by == trial:
            cost["seconds"] -= sum(figures.seconds.values()) - cost["evaluate_seconds"]
        reason = figures.reasons.get(trial)
        records.append(
            TrialRecord(
                key=trial.key(conditions),
                run=run,
                trial=trial,
                status="failed" if reason else "complete",
                reason=reason,
                environment=environment,
                parameters=None if reason else figures.parameters,
                history=() if reason else figures.history,
                evaluations=figures.evaluations.get(trial, ()),
                cost={**cost, "peak_memory_bytes": machine.peak_memory()},
            )
        )
    return records


@dataclass
class _Figures:
    """What is measured of a training, and of each of its trials.

    reasons: of the trials that failed. seconds: that each was tested for.
    """

    parameters: int | None = None
    history: tuple[Epoch, ...] = ()
    cost: dict[str, Any] = field(default_factory=dict)
    evaluations: dict[Trial, tuple[Evaluation, ...]] = field(default_factory=dict)
    seconds: dict[Trial, float] = field(default_factory=dict)
    reasons: dict[Trial, str] = field(default_factory=dict)


def _measure(
    trials: Sequence[Trial],
    dataset: Dataset,
    figures: _Figures,
    on_epoch: Callable[[int, Epoch], None],
) -> None:
    """Train, and test that in each trial."""
    sound: list[Trial] = []
    images: _Images | None = None
    for trial in trials:
        try:
            _check_dataset(trial, dataset)
            _check_sources(trial)
            images = images or _Images.of(trial, dataset)
            images.check_noise(trial)
        except TrialError as failure:
            figures.reasons[trial] = str(failure)
        else:
            sound.append(trial)
    if images is None or not sound:
        return
    trial = sound[0]
    model = _build(trial, images.shape, dataset.num_classes)
    try:
        history, epoch_seconds = train(
            model,
            trial.recipe,
            images.by_epoch(),
            dataset.y_train,
            lambda epoch: shuffled(trial.seed, epoch, len(dataset.y_train)),
            (
                images.laid_out(images.test_at(trial.train_scale, trained_with(trial))),
                dataset.y_test,
            ),
            on_epoch,
        )
    except TrialError as failure:
        figures.reasons |= dict.fromkeys(sound, str(failure))
        return
    figures.history, figures.parameters = tuple(history), int(model.count_params())
    figures.cost = {"train_seconds": sum(epoch_seconds), "epoch_seconds": epoch_seconds}
    for trial in sound:
        start = time.perf_counter()
        figures.evaluations[trial] = tuple(
            _evaluate(model, images, trial.noise, scale, dataset.y_test)
            for scale in trial.test_scales
        )
        figures.seconds[trial] = time.perf_counter() - start


def trained_with(trial: Trial) -> str:
    """Return the noise that a trial's model is trained with."""
    return trial.trained_with or trial.noise


def _check_dataset(trial: Trial, dataset: Dataset) -> None:
    """Raise `TrialError` unless a data set is the one that the trial asks for."""
    if dataset.sha256 != trial.dataset_sha256:
        raise TrialError(
            f"data set {trial.dataset} changed: expected SHA-256 {trial.dataset_sha256}, "
            f"got {dataset.sha256}"
        )


@dataclass(frozen=True)
class _Images:
    """The images of a training, standardised, and how they become noisy.

    trial: any of the training's. train, test: float32, (n, height, width, channels).
    channels_last: how the backend takes them; the noise is laid over images in one layout, so that
    it is the same for every backend.
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
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, as the backend takes it."""
        return self.laid_out(self.train[:1]).shape[1:]

    def laid_out(self, images: FloatArray) -> FloatArray:
        """Return images as the backend takes them."""
        return images if self.channels_last else np.moveaxis(images, -1, 1)

    def check_noise(self, trial: Trial) -> None:
        """Raise `TrialError` if a noise changes nothing: now rather than after the training."""
        self.test_at(trial.train_scale, trained_with(trial), most=BLOCK)
        for scale in trial.test_scales:
            self.test_at(scale, trial.noise, most=BLOCK)

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
        noise = get_noise(trained_with(trial))
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


def _evaluate(
    model: Any, images: _Images, noise: str, scale: float, labels: NDArray[Any]
) -> Evaluation:
    """Return what a trained model gives for the test images with a noise at one scale."""
    noisy = images.test_at(scale, noise)
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
