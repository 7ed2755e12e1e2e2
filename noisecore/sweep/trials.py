"""The trials of a sweep, trained by the engine in the same way as those of a pytest run."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from noisecore.data import Dataset
from noisecore.paths import repository
from noisecore.records import TrialRecord
from noisecore.running.cache import CACHE_BYTES, Cache
from noisecore.running.engine import Engine
from noisecore.running.events import Event
from noisecore.running.here import settle_late
from noisecore.running.request import CurveRequest, try_noises
from noisecore.running.sizing import THREADS, auto_workers, usable_gpus
from noisecore.running.store import Store, StoreError, new_run
from noisecore.sweep.arguments import Choices
from noisecore.sweep.bar import progress_bar


def request_curves(
    dataset: Dataset,
    model: str,
    noises: Sequence[str],
    trained: tuple[str, float] | None,
    choices: Choices,
) -> list[CurveRequest]:
    """Return the requests of a sweep, one for each noise.

    Raises `NoiseError` if one does not fit the images, `DatasetError` if these are too few.
    """
    requests = [_request(dataset, model, noise, trained, choices) for noise in noises]
    requests[0].trials(dataset)  # are so few images enough for each class?
    try_noises(requests, dataset)
    return requests


def _request(
    dataset: Dataset, model: str, noise: str, trained: tuple[str, float] | None, choices: Choices
) -> CurveRequest:
    return CurveRequest(
        dataset=dataset.name,
        model=model,
        noise=noise,
        recipe=choices.recipe,
        train_scales=choices.scales if trained is None else (trained[1],),
        test_scales=choices.scales,
        seeds=choices.seeds,
        test_draw=choices.test_draw,
        clip=choices.clip,
        blank=False,
        # What is trained on clean images is one model, whatever the noise would have been.
        trained_with=None if trained is None else trained[0] if trained[1] else noise,
        images=choices.images,
    )


def train_trials(
    requests: Sequence[CurveRequest],
    dataset: Dataset,
    location: tuple[str, str | None],
    choices: Choices,
    *,
    name: str,
    shows: bool,
    lasting: bool,
) -> list[TrialRecord]:
    """Train, and return the records.

    name: of the curve or the suite. shows: whether there is a bar. lasting: whether an interrupted
    sweep can be continued. Raises `KeyboardInterrupt` that says how, `StoreError`, or
    `TensorFlowError`.
    """
    trials = [trial for request in requests for trial in request.trials(dataset)]
    store = Store(choices.artifacts / "trials", new_run(), resume=choices.resume)
    gpus = usable_gpus()
    workers = choices.workers
    if workers is None:
        workers = auto_workers(len(trials), dataset, len(gpus))
    try:
        with progress_bar(name, len(trials)) if shows else nullcontext(_silent) as listener:
            return _run(
                Engine(
                    trials,
                    store=store,
                    location=location,
                    workers=workers,
                    listener=listener,
                    gpus=gpus,
                    keep_models=choices.keep_models,
                    cache=_cache(choices, store.run, location),
                )
            )
    except KeyboardInterrupt:
        kept = f"{len(store.records())} of {len(trials)} trials have a record in {store.folder}"
        how = "; to go on, call train_sweep again with resume=True" if lasting else ""
        raise KeyboardInterrupt(kept + how) from None
    except StoreError as error:
        raise StoreError(as_arguments(str(error))) from None


def _cache(choices: Choices, run: str, location: tuple[str, str | None]) -> Cache | None:
    """Return the cache of a sweep, None without one."""
    if choices.cache is None:
        return None
    unfit = "workers=0 trains in this process, whatever was done there before"
    return Cache(
        choices.cache,
        size=CACHE_BYTES,
        run=run,
        root=repository(Path.cwd()),
        location=location,
        unfit=unfit if choices.here else "",
    )


# Keras' random generators belong to the process: only one thread at a time trains in it.
_alone = threading.Lock()


def _silent(event: Event) -> None:
    pass


def _run(engine: Engine) -> list[TrialRecord]:
    """Return the records of all trials; however it ends, the workers have ended by then."""
    if engine.workers == 0:
        settle_late(THREADS)
    with _alone if engine.workers == 0 else nullcontext():
        try:
            engine.start()
            return engine.wait(engine.trials)
        finally:
            engine.close()


# The argument that stands for each of pytest's options.
_ARGUMENTS = {
    "--noise-artifacts": "artifacts=",
    "--noise-keep-models": "keep_models=True",
    "--noise-resume": "resume=True",
}


def as_arguments(text: str) -> str:
    """Rewrite a message about pytest's options as one about arguments of `train_sweep`."""
    for option, argument in _ARGUMENTS.items():
        text = text.replace(option, argument)
    return text
