"""Test a model that was given, as it is, under noise: nothing is trained."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import noisecore
from noisecore.functions import source_sha256
from noisecore.noise import FloatArray, Noise, Stream, apply_noise, check_scales, get_noise
from noisecore.records import GivenTrial, TrialRecord
from noisecore.running.evaluation.answers import Kind, Outputs, as_outputs, check_kind, joined
from noisecore.running.evaluation.given import GivenError, GivenModel, given_model
from noisecore.running.evaluation.images import Pixels, Units
from noisecore.running.evaluation.layout import Channels, Layout, layout_of
from noisecore.running.evaluation.outputs import evaluate_outputs
from noisecore.running.evaluation.reading import read_chunks
from noisecore.running.evaluation.tally import Tally, wanted_scales
from noisecore.running.trials import peak_memory, processor


def evaluate_given(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    name: str,
    scales: Iterable[float],
    noise: str | Noise = "gaussian",
    draws: int = 3,
    units: Units = "range",
    value_range: tuple[float, float] | None = None,
    clip: tuple[float, float] | None = None,
    batch_size: int = 500,
    dataset: str | None = None,
    least_clean: float | None = None,
    outputs: Kind | None = None,
    channels: Channels | None = None,
    run: str = "",
) -> list[TrialRecord]:
    """Test a trained model at scale 0 and at each of `scales`; return a record a draw.

    model: a Keras model, a `.keras` file, or a function from float32 images, `batch_size` at most,
        to class probabilities or scores, (images, classes). Scores are taken for logits.
    x, y: images as the model takes them, (n, height, width) or (n, height, width, channels), and
        labels, (n,) class numbers or (n, classes) one-hot; or a `tf.data.Dataset` of both; or an
        `.npz` file with x_test and y_test.
    units: what scale 1 is. "range": from the least to the greatest value that a pixel can have,
        the `value_range`; left out, 0 to 255 for uint8 and 0 to 1 for floats. "own": the units of
        `x`, whatever its range: for a model that takes standardised images.
    draws: realisations of the noise, each a record; they stand beside each other as seeds do. The
        model is asked once for draws that are equal, as those of a noise that draws nothing.
    clip: bounds of the noisy images, in `units`.
    least_clean: accuracy on clean images under which nothing is measured; left out, answers that
        agree with the labels no better than by chance are refused.
    outputs: what the model gives, "probabilities" or "scores"; left out, what sums to 1, as its
        precision can, is probabilities.
    channels: where `x` has its channels, "last" or "first"; left out, first where the model or `x`
        is PyTorch's, else last. The noise is the same for both. Of a file, whose channels are
        last, it says where the model takes them.

    The model gets float32 images in the range of `x`, uint8 ones too: a copy, which it may change.
    Raises `GivenError`, or `NoiseError`, in one line, on what cannot be evaluated.
    """
    start = time.perf_counter()
    given = given_model(model)
    layout = layout_of(channels, model, x)
    function = get_noise(noise) if isinstance(noise, str) else noise
    wanted = wanted_scales(scales)
    check_scales(function, wanted)
    if type(draws) is not int or draws < 1:
        raise GivenError(f"draws must be a whole number >= 1, got {draws!r}")
    check_kind(outputs, "outputs")
    tally = Tally(wanted, draws, outputs, argument="outputs")
    digests = hashlib.sha256(), hashlib.sha256()
    pixels = Pixels(units, value_range)
    for images, labels in read_chunks(x, y, layout):
        for digest, part in zip(digests, (images, labels), strict=True):
            digest.update(f"{part.dtype} {part.shape[1:]}".encode() + part.tobytes())
        places = np.arange(tally.images, tally.images + len(images))
        plain = images.astype(np.float32, order="C")
        inside = pixels.enter(images, plain)
        tally.clean(inside.tobytes(), labels, _ask(given, plain, layout, batch_size, tally))
        for scale in wanted:
            first: tuple[bytes, Outputs] | None = None
            for draw in range(draws):
                noisy = apply_noise(
                    function, inside, scale, Stream(draw, "test"), indices=places, clip=clip
                )
                changed, seen = not np.array_equal(inside, noisy), noisy.tobytes()
                tally.noisy(draw, scale, seen, changed=changed)
                if first is None or seen != first[0]:  # a noise that draws nothing is asked once
                    answers = _ask(given, pixels.leave(noisy), layout, batch_size, tally)
                    first = first or (seen, answers)
                else:
                    answers = first[1]
                tally.judge(draw, scale, labels, answers)
    pixels.check()
    tally.check(least_clean, units, function.__name__)
    origin = Path(x).name if isinstance(x, str | Path) else "arrays"
    seconds = (time.perf_counter() - start) / draws
    trials = [
        GivenTrial(
            dataset=dataset or origin,
            dataset_sha256=hashlib.sha256(b"".join(d.digest() for d in digests)).hexdigest(),
            model=name,
            model_source=given.source,
            noise=function.__name__,
            noise_source=source_sha256(function),
            test_scales=(0.0, *wanted),
            seed=draw,
            test_draw=draw,
            clip=clip,
            units=units,
        )
        for draw in range(draws)
    ]
    environment = _environment(given) | {
        "outputs": tally.kind, "value_range": pixels.shown, "model_kind": given.kind,
    }  # fmt: skip
    if images.ndim == 4 and layout.model == "first":
        environment["channels"] = "first"
    return [
        TrialRecord(
            key=trial.key(environment),
            run=run,
            trial=trial,
            status="complete",
            environment=environment,
            parameters=given.parameters,
            evaluations=tally.evaluations(trial.test_draw),
            cost={
                "started": datetime.now(UTC).isoformat(timespec="seconds"),
                "seconds": seconds,
                "model_seconds": tally.model_seconds / draws,
                "peak_memory_bytes": peak_memory(),
            },
        )
        for trial in trials
    ]


def _environment(given: GivenModel) -> dict[str, Any]:
    return {
        **given.versions,
        "noisecore": noisecore.__version__,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _ask(given: GivenModel, images: FloatArray, layout: Layout, size: int, tally: Tally) -> Outputs:
    """Return the outputs for all images, asked `size` at a time; the tally counts the seconds.

    Every batch is a copy: what a model does to its input stays its own.
    """
    parts = []
    for first in range(0, len(images), size):
        batch = layout.batch(images[first : first + size])
        start = time.perf_counter()
        answer = given.ask(batch)
        parts.append(as_outputs(answer, len(batch)))  # a lazy answer is computed here
        tally.model_seconds += time.perf_counter() - start
    return joined(parts)


__all__ = ["GivenError", "evaluate_given", "evaluate_outputs"]
