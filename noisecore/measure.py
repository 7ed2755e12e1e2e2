"""From a model to its curve, with pytest and without: what a user calls first."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal

from noisecore.callables import name_of
from noisecore.escaping import one_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from noisecore.judging.curves import Curve
    from noisecore.noise import Noise, Samples
    from noisecore.records import TrialRecord


def evaluate(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    scales: Iterable[float],
    noise: str | Noise = "gaussian",
    name: str | None = None,
    draws: int = 3,
    units: Literal["range", "own"] = "range",
    value_range: tuple[float, float] | None = None,
    clip: tuple[float, float] | str | None = None,
    batch_size: int = 500,
    dataset: str | None = None,
    least_clean: float | None = None,
    outputs: Literal["probabilities", "scores"] | None = None,
    channels: Literal["last", "first"] | None = None,
) -> Curve:
    """Test a trained model at scale 0 and at each of `scales`; return its curve.

    The model gets float32 images in the range of `x`, uint8 ones too: a copy, which it may change.
    It is refused if no noise changes any of its outputs; if these are class labels, a note says so.
    A note is a `UserWarning`.

    Args:
        model: A model of Keras, PyTorch, scikit-learn or ONNX Runtime, a `.keras` file, or a
            function from float32 images, `batch_size` at most, to class probabilities or scores,
            (images, classes). Scores are taken for logits. A PyTorch module is asked in eval mode,
            where its weights are, and gets its own modes back; one that was exported or traced in
            training mode would stay in it, and is refused. What a function or a session answers is
            its own affair.
        x: Images as the model takes them, (n, height, width) or (n, height, width, channels); or
            one thing that brings images and labels: a `tf.data.Dataset`, PyTorch's `DataLoader` or
            `Dataset`, or an `.npz` file with x_test and y_test.
        y: Labels, (n,) class numbers or (n, classes) one-hot; left out where `x` brings them.
        scales: Strengths of the noise, greater than 0, in `units`. Scale 0 is always tested.
        noise: A name, or what can be called as a noise is, `f(images, scale, *, rng) -> images`: a
            function, a `functools.partial`, a bound method, an object.
        name: What the curve is called, such as "digits"; a baseline knows it by this name. Left
            out, it is the name of the model's function or class.
        draws: Realisations of the noise, which are kept side by side as seeds are. The model is
            asked once for draws that are equal, as those of a noise that draws nothing.
        units: What scale 1 is. "range": from the least to the greatest value that a pixel can
            have, the `value_range`. "own": the units of `x`, whatever its range, for a model that
            takes standardised images.
        value_range: Left out, 0 to 255 for uint8 and 0 to 1 for floats, with a note if no pixel
            reaches half of that.
        clip: Bounds of the noisy images, in `units`, such as (0, 1) or "0:1".
        batch_size: The greatest number of images that the model gets at once. Memory, apart from
            the model and the data, follows it: about ten batches. A noise of your own is drawn in
            blocks, and takes about five blocks of 256 images at least.
        dataset: What the data are called in records.
        least_clean: Accuracy on clean images under which nothing is measured. Left out, answers
            that agree with the labels no better than by chance are refused.
        outputs: What the model gives. Left out, what sums to 1, as its precision can, is
            probabilities.
        channels: Where `x` has its channels. Left out, first where the model or `x` is PyTorch's,
            else last. The noise is the same for both. Of a file, whose channels are last, it says
            where the model takes them.

    Returns:
        The curve: accuracy and loss at each scale, (draws, scales), with its records.

    Raises:
        GivenError: The model, the data or an argument cannot be evaluated; one line says why.
        NoiseError: The noise or a scale cannot be.

    Example:
        >>> curve = evaluate(predict, x, y, scales=[0.1, 0.3], name="digits")
        >>> print(curve.name, *curve.scales)
        digits/gaussian 0.0 0.1 0.3
    """
    from noisecore.records import noted
    from noisecore.running.evaluation import evaluate_given

    curve = measured(
        evaluate_given,
        model,
        x,
        y,
        name=model_name(model) if name is None else name,
        scales=scales,
        noise=noise,
        draws=draws,
        units=units,
        value_range=value_range,
        clip=clip,
        batch_size=batch_size,
        dataset=dataset,
        least_clean=least_clean,
        outputs=outputs,
        channels=channels,
        pictured=True,
    )
    for note in noted(curve.records):
        warnings.warn(one_line(note), UserWarning, stacklevel=2)
    return curve


def evaluate_outputs(
    outputs: Mapping[float, ArrayLike],
    y: ArrayLike,
    *,
    noise: str = "gaussian",
    name: str = "outputs",
    units: Literal["range", "own"] = "range",
    clip: tuple[float, float] | str | None = None,
    dataset: str = "arrays",
    least_clean: float | None = None,
    kind: Literal["probabilities", "scores"] | None = None,
) -> Curve:
    """Take outputs that were made before, for images that were noisy already; return its curve.

    noisecore has not seen the images: that equal names stand for equal images is your word.

    Args:
        outputs: By scale, 0 among them, class probabilities or scores, (n, classes), or of several
            draws of the noise (draws, n, classes), equally many at each scale but 0.
        y: Labels, (n,) class numbers or (n, classes) one-hot.
        noise: What the noise is called.
        name: What the curve is called; a baseline knows it by this name.
        units: What scale 1 is, as in `evaluate`.
        clip: Bounds that the noisy images had, in `units`.
        dataset: What the data are called in records.
        least_clean: Accuracy at scale 0 under which nothing is measured.
        kind: What the outputs are. Left out, what sums to 1, as its precision can, is
            probabilities.

    Returns:
        The curve: accuracy and loss at each scale, (draws, scales), with its records.

    Raises:
        GivenError: The outputs or an argument cannot be meant; one line says why.
        NoiseError: A scale cannot be.
        DatasetError: The labels cannot be used.

    Example:
        >>> curve = evaluate_outputs({0: predict(x), 1: predict(noisy)}, y, name="digits")
        >>> curve.name
        'digits/gaussian'
    """
    from noisecore.running.evaluation import evaluate_outputs as take_outputs

    return measured(
        take_outputs,
        outputs,
        y,
        name=name,
        noise=noise,
        units=units,
        clip=clip,
        dataset=dataset,
        least_clean=least_clean,
        kind=kind,
    )


def model_name(model: Any) -> str:
    """Return what a model is called that got no name: its function, its class, or its file.

    Raises `GivenError` for a lambda, which has no name of its own.
    """
    from noisecore.running.evaluation import GivenError

    if isinstance(model, str | Path):
        return Path(model).stem
    if isinstance(model, MethodType):  # clf.predict_proba is a way to ask clf
        return type(model.__self__).__name__
    name = name_of(model)
    if name == "<lambda>":
        raise GivenError("name must be given for a lambda, such as name='digits', got none")
    return name


def measured(
    take: Callable[..., list[TrialRecord]], *given: Any, pictured: bool = False, **how: Any
) -> Curve:
    """Return the curve of the records that a function makes of what it is given.

    pictured: whether the function has a few of the images to show, too.
    """
    from noisecore.judging.curves import matched_curves

    labels: list[NDArray[np.int64]] = []
    samples: list[Samples] = []
    if pictured:
        how["on_samples"] = samples.append
    records = take(*given, **how, on_labels=labels.append)
    (curve,) = matched_curves(records, labels=labels[0]).values()
    return replace(curve, samples=samples[0]) if samples else curve
