"""The trials of a sweep, trained by the engine in the same way as those of a pytest run."""

from __future__ import annotations

import threading
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


def request_curve(
    dataset: Dataset,
    model: str,
    noise: str,
    trained: tuple[str, float] | None,
    choices: Choices,
) -> CurveRequest:
    """Return the request of a sweep.

    Raises `NoiseError` if its noise does not fit the images, `DatasetError` if these are too few.
    """
    request = CurveRequest(
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
        trained_with=None if trained is None else trained[0],
        images=choices.images,
    )
    request.trials(dataset)  # are so few images enough for each class?
    try_noises([request], dataset)
    return request


def train_trials(
    request: CurveRequest,
    dataset: Dataset,
    location: tuple[str, str | None],
    choices: Choices,
    *,
    shows: bool,
    lasting: bool,
) -> list[TrialRecord]:
    """Train, and return the records.

    shows: whether there is a bar. lasting: whether an interrupted sweep can be continued. Raises
    `KeyboardInterrupt` that says how, `StoreError`, or `TensorFlowError`.
    """
    trials = request.trials(dataset)
    store = Store(choices.artifacts / "trials", new_run(), resume=choices.resume)
    gpus = usable_gpus()
    workers = choices.workers
    if workers is None:
        workers = auto_workers(len(trials), dataset, len(gpus))
    try:
        with (
            progress_bar(request.curve, len(trials)) if shows else nullcontext(_silent) as listener
        ):
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
