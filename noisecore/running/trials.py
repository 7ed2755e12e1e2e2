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
from noisecore.callables import told
from noisecore.code import files_sha256
from noisecore.data import choose
from noisecore.escaping import described
from noisecore.functions import Functions
from noisecore.models import BUILDERS, ModelError, get_builder
from noisecore.noise import FAMILIES
from noisecore.records import (
    Cell,
    Epoch,
    Evaluation,
    Trial,
    TrialRecord,
    pack_classes,
    pack_probabilities,
    pack_right,
)
from noisecore.records.sketch import sketch_of
from noisecore.running import compat, machine
from noisecore.running.images import Images, trained_with
from noisecore.running.training import TrialError, score, shuffled, train
from noisecore.running.watch import watched
from noisecore.running.weights import Weights, save_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from noisecore.data import Dataset

# The code that a trial's numbers depend on, apart from the model builder and the noise, whose own
# code is part of the trial.
_SOURCES = (
    "data/dataset.py",
    "data/subset.py",
    "noise/checks.py",
    "noise/families.py",
    "noise/streams.py",
    "running/compat.py",
    "running/images.py",
    "running/steps.py",
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
    weights: Weights | None = None,
) -> list[TrialRecord]:
    """Train once in this process and test it for each of these trials; return a record for each.

    The trials share one training. A trial whose noise changes nothing, or whose loss stops being
    finite, gives a failed record that says so. Other errors are raised unchanged: the caller
    decides whose fault they were. If `weights` can be loaded, nothing is trained, and the records
    have no history; otherwise they are written, and a note says so if that failed.
    """
    environment = {**conditions, **compat.environment()}
    started = datetime.now(UTC).isoformat(timespec="seconds")
    figures = _Figures()
    start = time.perf_counter()
    with _seeded(trials[0].seed):
        _measure(trials, dataset, figures, on_epoch, weights)
    spent = time.perf_counter() - start
    first = next((trial for trial in trials if trial in figures.evaluations), trials[0])
    common = {"started": started, **figures.cost, "peak_memory_bytes": machine.peak_memory()}
    if figures.outside:
        common["outside"] = figures.outside[0]
    records = []
    for trial in trials:
        own = figures.seconds.get(trial, 0.0)
        # The seconds of the training count once: with the trial that was tested first.
        seconds = spent - sum(figures.seconds.values()) + own if trial == first else own
        reason = figures.reasons.get(trial)
        records.append(
            TrialRecord(
                key=trial.key(conditions),
                run=run,
                trial=trial,
                status="failed" if reason else "complete",
                reason=reason,
                environment=environment,
                parameters=figures.parameters,
                history=figures.history,
                evaluations=figures.evaluations.get(trial, ()),
                cost={**common, "evaluate_seconds": own, "seconds": seconds},
            )
        )
    return records


@dataclass
class _Figures:
    """What is measured of a training, of its cells, and of each of its trials.

    reasons: why trials failed. seconds: how long the test of each took. outside: what the user's
    own functions read while they were called.
    """

    parameters: int | None = None
    history: tuple[Epoch, ...] = ()
    cost: dict[str, Any] = field(default_factory=dict)
    cells: dict[Cell, Evaluation] = field(default_factory=dict)
    evaluations: dict[Trial, tuple[Evaluation, ...]] = field(default_factory=dict)
    seconds: dict[Trial, float] = field(default_factory=dict)
    reasons: dict[Trial, str] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)


def _measure(
    trials: Sequence[Trial],
    dataset: Dataset,
    figures: _Figures,
    on_epoch: Callable[[int, Epoch], None],
    weights: Weights | None,
) -> None:
    """Train, or load what was trained, and test it for each trial; test each cell once."""
    sound: list[Trial] = []
    images: Images | None = None
    for trial in trials:
        try:
            _check_dataset(trial, dataset)
            _check_sources(trial)
            images = images or Images.of(trial, dataset)
            with watched("its noise", figures.outside):
                images.check_noise(trial)
        except TrialError as failure:
            figures.reasons[trial] = str(failure)
        else:
            sound.append(trial)
    if images is None or not sound:
        return
    model = _build(sound[0], images.shape, dataset.num_classes, figures.outside)
    if weights is not None and weights.sha256 is not None:
        model.load_weights(weights.path)
    else:
        try:
            _train(model, sound[0], images, dataset, figures, on_epoch)
        except TrialError as failure:
            figures.reasons |= dict.fromkeys(sound, str(failure))
            return
        if weights is not None:
            _keep(model, weights, figures)
    figures.parameters = int(model.count_params())
    for trial in sound:
        start = time.perf_counter()
        chosen = choose(dataset.y_test, trial.subset and trial.subset[0])
        places = slice(None) if chosen is None else chosen.places
        for scale in trial.test_scales:
            if (cell := trial.cell(scale)) not in figures.cells:
                figures.cells[cell] = _tested(
                    model, images, trial.noise, scale, dataset.y_test, places
                )
        figures.evaluations[trial] = tuple(
            figures.cells[trial.cell(scale)] for scale in trial.test_scales
        )
        figures.seconds[trial] = time.perf_counter() - start


def _train(
    model: Any,
    trial: Trial,
    images: Images,
    dataset: Dataset,
    figures: _Figures,
    on_epoch: Callable[[int, Epoch], None],
) -> None:
    """Train a model; raise `TrialError` when a loss is not finite."""
    history, epoch_seconds = train(
        model,
        trial.recipe,
        images.by_epoch(),
        dataset.y_train,
        lambda epoch: shuffled(trial.seed, epoch, len(dataset.y_train)),
        (images.laid_out(images.test_at(trial.train_scale, trained_with(trial))), dataset.y_test),
        on_epoch,
    )
    figures.history = tuple(history)
    figures.cost = {"train_seconds": sum(epoch_seconds), "epoch_seconds": epoch_seconds}


def _keep(model: Any, weights: Weights, figures: _Figures) -> None:
    """Keep the weights of a model; a training is not lost because its weights are."""
    try:
        figures.cost["weights_sha256"] = save_weights(model, weights.path)
    except Exception as error:  # of the disk, or of a layer that cannot be saved
        figures.cost["note"] = f"weights could not be kept in {weights.path}: {told(error)}"


def _check_dataset(trial: Trial, dataset: Dataset) -> None:
    """Raise `TrialError` unless a data set is the one that the trial asks for."""
    if dataset.sha256 != trial.dataset_sha256:
        raise TrialError(
            f"data set {trial.dataset} changed: expected SHA-256 {trial.dataset_sha256}, "
            f"got {dataset.sha256}"
        )


def _build(trial: Trial, shape: tuple[int, ...], classes: int, outside: list[str]) -> Any:
    """Return the model of a trial, untrained, in the recipe's precision."""
    builder = get_builder(trial.model)  # its file may be imported for that
    with compat.precision(trial.recipe.precision), watched("its builder", outside):
        model = builder(shape, classes)
    if not hasattr(model, "predict_on_batch"):
        raise ModelError(
            f"the builder {trial.model} must return a Keras model, got {described(model)}: does "
            "it end in return model?"
        )
    if trial.recipe.precision != "float32":
        compat.end_in_float32(model)
    return model


def _tested(
    model: Any,
    images: Images,
    noise: str,
    scale: float,
    labels: NDArray[Any],
    places: NDArray[np.intp] | slice,
) -> Evaluation:
    """Return what a trained model gives for the test images at some places, under a noise."""
    noisy, labels = images.test_at(scale, noise, places), labels[places]
    loss, probabilities = score(model, images.laid_out(noisy), labels)
    predicted = probabilities.argmax(axis=1)
    right = predicted == labels
    return Evaluation(
        scale=scale,
        loss=loss,
        accuracy=float(right.mean()),
        images=len(right),
        correct=pack_right(right),
        images_sha256=hashlib.sha256(noisy.tobytes()).hexdigest(),
        images_sketch=sketch_of(noisy),
        predicted=pack_classes(predicted, probabilities.shape[1]),
        probability=pack_probabilities(probabilities.max(axis=1)),
    )


def _check_sources(trial: Trial) -> None:
    """Raise `TrialError` unless the code of each of a user's functions is what the trial names."""
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
    """Seed every generator that Keras draws from, and restore the caller's own afterwards."""
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
