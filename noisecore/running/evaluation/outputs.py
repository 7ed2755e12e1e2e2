"""Records of outputs that were made before: no model is called, and no image is seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from noisecore.data import class_numbers
from noisecore.escaping import shown
from noisecore.noise import check_scale
from noisecore.records import GivenTrial, TrialRecord
from noisecore.running.evaluation.answers import Kind, Outputs, as_outputs, check_kind
from noisecore.running.evaluation.arguments import clip_bounds, share, word
from noisecore.running.evaluation.arrays import as_array
from noisecore.running.evaluation.given import GivenError
from noisecore.running.evaluation.images import Labels, Units
from noisecore.running.evaluation.tally import Tally, wanted_scales


def evaluate_outputs(
    outputs: Mapping[float, ArrayLike],
    y: ArrayLike,
    *,
    name: str,
    noise: str = "gaussian",
    units: Units = "range",
    clip: tuple[float, float] | str | None = None,
    dataset: str = "arrays",
    least_clean: float | None = None,
    kind: Kind | None = None,
    run: str = "",
    on_labels: Callable[[Labels], None] = lambda labels: None,
) -> list[TrialRecord]:
    """Make records of outputs that were made before, for images that were noisy already.

    The arguments are those of `noisecore.evaluate_outputs`, which says what they may be; `run` and
    `on_labels` are as in `evaluate_given`.
    """
    check_kind(kind, "kind")
    word(name, "name")
    word(noise, "noise")
    word(dataset, "dataset")
    least_clean = share(least_clean, "least_clean")
    if not isinstance(units, str) or units not in ("range", "own"):
        raise GivenError(f"units must be 'range' or 'own', got {shown(units)}")
    bounds = clip_bounds(clip, units)
    labels = class_numbers(as_array(y, "y"), "y")[0]
    arrays = _by_scale(outputs)
    clean = as_outputs(arrays.pop(0.0), len(labels))
    wanted = wanted_scales(arrays)
    drawn = {
        scale: given if isinstance(given, list) or given.ndim == 3 else [given]
        for scale, given in arrays.items()
    }
    draws = _draws(drawn, wanted[0])
    tally = Tally(wanted, draws, kind, argument="kind")
    # A pair is written as it was given: a baseline identifies the data set by these bytes.
    clip_text = bounds if isinstance(clip, str) else clip
    declared = f"{dataset} {noise} {units} {clip_text} ".encode() + labels.tobytes()
    tally.clean(declared, labels, clean)
    given_sha256 = _count(tally, drawn, clean, labels, declared)
    tally.settle()
    tally.check(least_clean, units, [noise])
    on_labels(labels)
    trial = GivenTrial(
        dataset=dataset,
        dataset_sha256=hashlib.sha256(declared).hexdigest(),
        model=name,
        model_source=given_sha256,
        noise=noise,
        noise_source=hashlib.sha256(noise.encode()).hexdigest(),
        test_scales=(0.0, *wanted),
        seed=0,
        test_draw=0,
        clip=bounds,
        units=units,
    )
    return [_record(replace(trial, seed=n, test_draw=n), tally, run) for n in range(draws)]


def _draws(drawn: Mapping[float, Sequence[Any]], first: float) -> int:
    """Return how many draws each scale has; raise `GivenError` unless it is as many as `first`."""
    draws = len(drawn[first])
    for scale, given in drawn.items():
        if len(given) != draws:
            raise GivenError(
                f"each scale must have equally many draws, got {draws} at {first:g} and "
                f"{len(given)} at {scale:g}"
            )
    return draws


def _count(
    tally: Tally,
    drawn: Mapping[float, Sequence[Any]],
    clean: Outputs,
    labels: Labels,
    declared: bytes,
) -> str:
    """Count the outputs of all draws; return the SHA-256 of all outputs.

    declared: what is known of the images, which noisecore has not seen.
    """
    sha256 = hashlib.sha256(clean.values.tobytes())
    for scale, given in drawn.items():
        for draw, each in enumerate(given):
            values = _shaped(each, clean, scale)
            seen = declared + f" {scale} {draw}".encode()
            tally.noisy(draw, scale, seen, changed=not np.array_equal(clean.values, values.values))
            tally.judge(draw, scale, labels, values)
            sha256.update(values.values.tobytes())
    return sha256.hexdigest()


def _record(trial: GivenTrial, tally: Tally, run: str) -> TrialRecord:
    return TrialRecord(
        key=trial.key({}),
        run=run,
        trial=trial,
        status="complete",
        environment={"outputs": tally.kind, "model_kind": "outputs"},
        evaluations=tally.evaluations(trial.test_draw),
    )


def _by_scale(outputs: Mapping[float, ArrayLike]) -> dict[float, Any]:
    """Return outputs by scale, 0 among them; raise `GivenError` if that is not what they are."""
    if not isinstance(outputs, Mapping):
        raise GivenError(
            "outputs must be a dict from each scale to class probabilities or scores, "
            f"such as {{0: clean, 1: noisy}}, got {type(outputs).__name__}"
        )
    arrays: dict[float, Any] = {}
    for key, given in outputs.items():
        scale = check_scale(key)
        if scale in arrays:
            raise GivenError(
                f"outputs must have each scale once, got {scale:g} twice, the second as "
                f"{shown(key)}: leave one out, or stack them as draws, (draws, n, classes)"
            )
        arrays[scale] = given if hasattr(given, "ndim") else _listed(given)
    if 0.0 not in arrays:
        raise GivenError("outputs must have scale 0, the images without noise, got none")
    return arrays


def _shaped(given: Any, clean: Outputs, scale: float) -> Outputs:
    """Return outputs that are as many as the clean ones; raise `GivenError` otherwise."""
    checked = as_outputs(given, len(clean.values))
    if checked.values.shape != clean.values.shape:
        raise GivenError(
            f"outputs must be {clean.values.shape} as at scale 0, "
            f"got {checked.values.shape} at {scale:g}"
        )
    return checked


def _listed(given: Any) -> Any:
    """Return nested lists as an array; a list of draws stays one, of arrays of any precision."""
    if isinstance(given, list | tuple) and given and getattr(given[0], "ndim", 0) == 2:
        return list(given)
    return as_array(given, "outputs")
