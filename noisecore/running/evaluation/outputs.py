"""Records of what a model gave elsewhere: no model is asked, and no image is seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from noisecore.data import class_numbers
from noisecore.noise import check_scale
from noisecore.records import GivenTrial, TrialRecord
from noisecore.running.evaluation.given import GivenError, Outputs, as_outputs
from noisecore.running.evaluation.images import Units
from noisecore.running.evaluation.tally import Tally, wanted_scales


def evaluate_outputs(
    outputs: Mapping[float, ArrayLike],
    y: ArrayLike,
    *,
    name: str,
    noise: str = "gaussian",
    units: Units = "range",
    clip: tuple[float, float] | None = None,
    dataset: str = "arrays",
    least_clean: float | None = None,
    kind: Outputs | None = None,
    run: str = "",
) -> list[TrialRecord]:
    """Make records of what a model gave elsewhere, for images that were noisy already.

    outputs: by scale, 0 among them, class probabilities or scores, (n, classes), or of several
        draws of the noise (draws, n, classes), equally many at each scale but 0.
    y: labels, (n,) class numbers or (n, classes) one-hot.
    noise, units: what the scales are of; kind: what the outputs are, "probabilities" or "scores",
        as `evaluate_given` has it; all else as there.

    noisecore has not seen the images: that equal names stand for equal images is the caller's
    word. Raises `GivenError`, or `NoiseError` or `DatasetError`, on what cannot be meant.
    """
    if not isinstance(outputs, Mapping):
        raise GivenError(
            "outputs must be a dict from each scale to class probabilities or scores, "
            f"got {type(outputs).__name__}"
        )
    labels = class_numbers(np.asarray(y), "y")[0]
    arrays = {check_scale(scale): np.asarray(given) for scale, given in outputs.items()}
    if len(arrays) < len(outputs):
        shown = ", ".join(map(str, outputs))
        raise GivenError(f"outputs must have each scale once, got {shown}")
    if 0.0 not in arrays:
        raise GivenError("outputs must have scale 0, the images without noise, got none")
    clean = as_outputs(arrays.pop(0.0), len(labels))
    wanted = wanted_scales(arrays)
    drawn = {
        scale: given if given.ndim == 3 else given[np.newaxis] for scale, given in arrays.items()
    }
    draws = len(drawn[wanted[0]])
    tally = Tally(wanted, draws, kind, "kind")
    declared = f"{dataset} {noise} {units} {clip} ".encode() + labels.tobytes()
    tally.clean(declared, labels, clean)
    given_sha256 = hashlib.sha256(clean.tobytes())
    for scale, given in drawn.items():
        if len(given) != draws:
            raise GivenError(
                f"each scale must have equally many draws, got {draws} at {wanted[0]:g} and "
                f"{len(given)} at {scale:g}"
            )
        for draw, each in enumerate(given):
            checked = as_outputs(each, len(labels))
            if checked.shape != clean.shape:
                raise GivenError(
                    f"outputs must be {clean.shape} as at scale 0, got {checked.shape} at {scale:g}"
                )
            seen = declared + f" {scale} {draw}".encode()
            tally.noisy(draw, scale, seen, changed=not np.array_equal(clean, checked))
            tally.judge(draw, scale, labels, checked)
            given_sha256.update(checked.tobytes())
    tally.check(least_clean, units, noise)
    return [
        TrialRecord(
            key=trial.key({}),
            run=run,
            trial=trial,
            status="complete",
            environment={"outputs": tally.outputs, "model_kind": "outputs"},
            evaluations=tally.evaluations(trial.test_draw),
        )
        for trial in (
            GivenTrial(
                dataset=dataset,
                dataset_sha256=hashlib.sha256(declared).hexdigest(),
                model=name,
                model_source=given_sha256.hexdigest(),
                noise=noise,
                noise_source=hashlib.sha256(noise.encode()).hexdigest(),
                test_scales=(0.0, *wanted),
                seed=draw,
                test_draw=draw,
                clip=clip,
                units=units,
            )
            for draw in range(draws)
        )
    ]
