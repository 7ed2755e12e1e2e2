"""A sweep from a script or a notebook: a model trained at each scale, for each seed; its curve."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

from noisecore.errors import warn
from noisecore.escaping import one_line
from noisecore.functions import knows_arguments
from noisecore.models import Builder
from noisecore.noise import Noise, check_scales, get_noise
from noisecore.noise.corruptions import which_noise
from noisecore.recipes import Recipe
from noisecore.records import TrialRecord, noted
from noisecore.sweep.arguments import SweepError, Workers, check_flag, read_choices, read_data
from noisecore.sweep.own import Own
from noisecore.sweep.places import hold_folder, place_data
from noisecore.sweep.script import refuse_import
from noisecore.sweep.trials import as_arguments, request_curves, train_trials

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve
    from noisecore.judging.suites import Suite
    from noisecore.noise.corruptions import CorruptionSuite

__all__ = ["SweepError", "train_sweep"]


class _How(TypedDict, total=False):
    """The arguments of `train_sweep` that a curve and a suite have in common."""

    seeds: int | Iterable[int] | str
    recipe: str | Recipe
    clip: tuple[float, float] | str | None
    test_draw: int
    images: int | None
    workers: Workers
    artifacts: str | os.PathLike[str] | None
    resume: bool
    keep_models: bool
    cache: str | os.PathLike[str] | None
    progress: bool


@overload
def train_sweep(
    build: str | Builder,
    data: Any,
    *,
    scales: Iterable[float] | str,
    noise: str | Noise | None = None,
    suite: None = None,
    train: tuple[str | Noise, float] | str | None = None,
    **how: Unpack[_How],
) -> Curve: ...


@overload
def train_sweep(
    build: str | Builder,
    data: Any,
    *,
    suite: str | CorruptionSuite,
    train: tuple[str | Noise, float] | str,
    scales: Iterable[float] | str | None = None,
    **how: Unpack[_How],
) -> Suite: ...


@knows_arguments
def train_sweep(
    build: str | Builder,
    data: Any,
    *,
    scales: Iterable[float] | str | None = None,
    seeds: int | Iterable[int] | str = 3,
    noise: str | Noise | None = None,
    suite: str | CorruptionSuite | None = None,
    train: tuple[str | Noise, float] | str | None = None,
    recipe: str | Recipe = "quick",
    clip: tuple[float, float] | str | None = None,
    test_draw: int = 0,
    images: int | None = None,
    workers: Workers = "auto",
    artifacts: str | os.PathLike[str] | None = None,
    resume: bool = False,
    keep_models: bool = False,
    cache: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Curve | Suite:
    """Train a model at each scale of a noise, for each seed, test it there, and return the curve.

    With `suite` and `train` it is trained once per seed, and tested with all families of a suite.
    It trains what a pytest run with the same choices trains, with the same numbers. Each record is
    written before it is used, so that an interrupted sweep can be continued.

    A function of your own for `build` or `noise` must be at the top of a file, where a worker can
    import it: from a notebook, put it in a .py file in the same folder; from a script, in another
    file, or above the call, with the call under `if __name__ == "__main__":`. With workers=0 it may
    be defined anywhere.

    Args:
        build: A builder's name ("cnn", "mlp"), or a function that takes the shape of an image,
            (height, width, channels) unless Keras is set to channels first, and the number of
            classes, and returns an uncompiled Keras model that ends in one probability per class.
        data: What is trained and tested on: a name ("mnist-5k", "mnist", "fashion-mnist",
            "digits"), the path of an .npz file, FILE.py:FUNCTION, a `noisecore.data.Dataset`, or
            ((x_train, y_train), (x_test, y_test)). Images are (n, height, width) or (n, height,
            width, channels), uint8 in 0..255 or floating in [0, 1]; labels are class numbers, (n,)
            or (n, 1), or one-hot. Arrays are written into the folder `data` of the artifacts,
            because workers read a file.
        scales: Strengths of the noise, numbers >= 0 in its own unit (for "gaussian" the standard
            deviation, in the unit of the standardised pixels). Scale 0, no noise, is trained too.
            With `suite` they are severities, and may be left out: all of them.
        seeds: A number of seeds (3: 0, 1 and 2), or a list of whole numbers.
        noise: Its name, such as "mnist-c/fog", or a function f(images, scale, *, rng) -> images.
            Left out, it is "gaussian".
        suite: Instead of a noise, all families of a suite of corruptions, such as "mnist-c", or a
            `noisecore.noise.corruptions.CorruptionSuite`. It needs `train`.
        train: The noise and scale, such as ("gaussian", 0.5), that a model is trained with once per
            seed, to be tested at each of the scales. Left out, one is trained at each scale.
        recipe: How it is trained: a `Recipe`, or a text such as "quick+epochs=8".
        clip: Bounds of the noisy images, such as (0, 1), in the unit of the pixels that the model
            gets; None for none.
        test_draw: Which realisation of the noise the test images get, the same for every seed.
        images: How many of the test images are tested, as in `evaluate`; left out, all of them. The
            training stays the same: each epoch is still tested on all, for its history.
        workers: How many processes train side by side, each with one thread, or one GPU. "auto":
            one per GPU, otherwise one per processor if there is enough memory. 0: this process
            trains, one model after the other; TensorFlow may be imported there, but not used yet.
        artifacts: The folder to write to; left out, `noisecore-results/sweep` in the current
            folder. Records go to its folder `trials`, one file per training. Several sweeps may use
            one folder, also at the same time; a pytest run needs a folder for itself.
        resume: Whether earlier records of the same trainings in the folder are used again.
        keep_models: Whether the weights of each training are kept, in the folder `models`.
        cache: A folder that sweeps and pytest runs share: what an earlier one has trained is taken
            from it (`docs/reference/cache.md`), and a warning says what cannot be. None: no cache.
        progress: Whether to show a bar: trials done, time left, the last accuracy.

    Returns:
        The curve: accuracy and loss, (seeds, scales), over the scales in ascending order. They are
        NaN where a trial failed; `failures` says which and why, a warning says so at once, and
        every gate refuses the curve. With `suite`, a `Suite` of such curves.

    Raises:
        SweepError: An argument cannot be used, or a worker cannot import what it needs.
        ModelError, NoiseError, DatasetError, RecipeError, ProfileError: `build`, `noise`, `data`,
            `recipe` or `seeds` cannot be used. These and SweepError are ValueErrors, of one line.
        TensorFlowError: TensorFlow is not installed, or cannot train in this process any more.
        StoreError: The folder cannot be written to, or a pytest run is writing to it.
        KeyboardInterrupt: Somebody ended it. The workers have ended, and finished trials are kept.

    Example:
        >>> data = (x, y), (x, y)
        >>> short = "quick+epochs=1"
        >>> curve = train_sweep("mlp", data, scales=[1], seeds=1, recipe=short, progress=False)
        >>> curve.accuracy.shape
        (1, 2)
    """
    refuse_import()
    chosen = which_noise(noise, suite, scales)
    if suite is not None and train is None:
        raise SweepError(
            "suite needs train, the noise and scale that a model is trained with once per seed, "
            "such as train=('gaussian', 0) for clean images"
        )
    choices = read_choices(
        scales=chosen["scales"],
        seeds=seeds,
        recipe=recipe,
        clip=clip,
        test_draw=test_draw,
        images=images,
        workers=workers,
        artifacts=artifacts,
        resume=resume,
        keep_models=keep_models,
        cache=cache,
    )
    shows = check_flag("progress", progress)
    with ExitStack() as held:
        own = Own(held, choices)
        model = own.builder(build)
        given = [chosen["noise"]] if suite is None else chosen["noise"].noises()
        noises = [own.noise(each) for each in given]
        for each in noises:
            check_scales(get_noise(each), choices.scales)
        trained = None if train is None else own.training(train)
        own.refuse_unguarded(data)
        dataset = read_data(data)
        requests = request_curves(dataset, model, noises, trained, choices)
        if suite is not None and chosen["noise"].note:
            warn(chosen["noise"].note)  # now, and not when all is trained
        held.enter_context(hold_folder(choices.artifacts))  # from here on something is written
        dataset, location = place_data(dataset, data, choices.artifacts)
        requests = [replace(each, dataset=dataset.name) for each in requests]
        name = requests[0].curve
        if suite is not None:
            name = replace(requests[0].curve_id, noise=chosen["noise"].label).name
        records = train_trials(
            requests, dataset, location, choices, name=name, shows=shows, lasting=own.lasting
        )
    curves = _curves(records)
    if suite is None:
        return curves[name]
    from noisecore.judging.suites import suite_of

    return suite_of(chosen["noise"], curves.values())


def _curves(records: Sequence[TrialRecord]) -> dict[str, Curve]:
    """Return the curves of the records; warn about trials that failed, and about notes."""
    from noisecore.judging.curves import matched_curves

    failed = [record for record in records if record.status == "failed"]
    said = [*noted(records), *noted(records, "cache_note")]
    if failed:
        more = f" (and {len(failed) - 1} more: see the curve's failures)" * (len(failed) > 1)
        first = f"{failed[0].trial.label}: {failed[0].reason}{more}"
        said.insert(0, f"{len(failed)} of {len(records)} trials failed: {first}")
    for each in said:
        warn(one_line(as_arguments(each)), RuntimeWarning)
    return matched_curves(records)
