"""From a model to its curve, with pytest and without: what a user calls first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

from noisecore.callables import name_of
from noisecore.errors import warn
from noisecore.escaping import one_line
from noisecore.functions import knows_arguments

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from noisecore.judging.curves import Curve
    from noisecore.judging.suites import Suite
    from noisecore.noise import Noise, Samples
    from noisecore.noise.corruptions import CorruptionSuite
    from noisecore.records import TrialRecord


class _How(TypedDict, total=False):
    """The arguments of `evaluate` that a curve and a suite have in common."""

    name: str | None
    draws: int
    units: Literal["range", "own"]
    value_range: tuple[float, float] | None
    clip: tuple[float, float] | str | None
    batch_size: int
    dataset: str | None
    least_clean: float | None
    outputs: Literal["probabilities", "scores"] | None
    channels: Literal["last", "first"] | None


@overload
def evaluate(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    scales: Iterable[float],
    noise: str | Noise | None = None,
    suite: None = None,
    **how: Unpack[_How],
) -> Curve: ...


@overload
def evaluate(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    suite: str | CorruptionSuite,
    scales: Iterable[float] | None = None,
    **how: Unpack[_How],
) -> Suite: ...


@knows_arguments
def evaluate(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    scales: Iterable[float] | None = None,
    noise: str | Noise | None = None,
    suite: str | CorruptionSuite | None = None,
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
    images: int | None = None,
) -> Curve | Suite:
    """Test a trained model at scale 0 and at each of `scales`; return its curve.

    With `suite` it is tested with each family of corruptions of a suite, and a curve for each is
    returned, as one `Suite`. The model gets float32 images in the range of `x`, even if `x` is
    uint8: a copy, which it may change. It is refused if no noise changes any of its outputs; if
    these are class labels, a note says so instead. A note is a `UserWarning`.

    Args:
        model: A model of Keras, PyTorch, scikit-learn or ONNX Runtime, a `.keras` file, or a
            function that takes at most `batch_size` float32 images and returns class probabilities
            or scores, (images, classes). Scores are treated as logits. A PyTorch module is called
            in eval mode, on the device of its weights, and its own modes are restored; one that was
            exported or traced in training mode would stay in it, and is refused. A function or a
            session is called as it is: its mode is up to you.
        x: Images as the model takes them, (n, height, width) or (n, height, width, channels); or
            one object that holds images and labels: a `tf.data.Dataset`, PyTorch's `DataLoader` or
            `Dataset`, or an `.npz` file with x_test and y_test.
        y: Labels, (n,) class numbers or (n, classes) one-hot; leave it out if `x` holds them.
        scales: Strengths of the noise, greater than 0, in `units`. Scale 0 is always tested. With
            `suite` they are severities, and may be left out: all of them.
        noise: A name, such as "cifar-10-c/fog", or a callable `f(images, scale, *, rng) -> images`:
            a function, a `functools.partial`, a bound method, an object. A corruption's scales are
            severities, whole numbers to 5. Left out, it is "gaussian".
        suite: Instead of a noise, all families of "mnist-c", "cifar-10-c", "tiny-imagenet-c" or
            "imagenet-c"; or a `noisecore.noise.corruptions.CorruptionSuite`, which may say where
            photographs for frost are.
        name: What the curve is called, such as "digits"; a baseline knows it by this name. Left
            out, it is the name of the model's function or class.
        draws: How many realisations of the noise are measured; they are kept side by side, as seeds
            are. If draws are equal, as those of a noise without randomness, the model is called
            once for all of them.
        units: What scale 1 is. "range": from the least to the greatest value that a pixel can
            have, the `value_range`. "own": the units of `x`, whatever its range, for a model that
            takes standardised images.
        value_range: The least and the greatest value that a pixel can have. Left out, 0 to 255 for
            uint8 and 0 to 1 for floats, with a note if no pixel reaches half of that.
        clip: Bounds of the noisy images, in `units`, such as (0, 1) or "0:1".
        batch_size: The greatest number of images that the model gets at once. It also decides how
            much memory is needed apart from the model and the data: about ten batches. A noise of
            your own is drawn in blocks, and needs at least about five blocks of 256 images.
        dataset: What the data are called in records.
        least_clean: The least accuracy on clean images; below it, nothing is measured. Left out, a
            model that agrees with the labels no better than by chance is refused.
        outputs: What the model returns. Left out, outputs that sum to 1, within their precision,
            are taken as probabilities.
        channels: Which axis of `x` has the channels. Left out, it is the first if the model or `x`
            is PyTorch's, otherwise the last. The noise is the same for both. In a file the channels
            are always last; there, this says where the model takes them.
        images: How many of the images are tested: the same ones each time, each class with its
            share, and each image with the noise that it has in the whole set. Left out, or with as
            many as there are, all of them. A data set that brings its labels is read twice.

    Returns:
        The curve: accuracy and loss at each scale, (draws, scales), with its records. With `suite`,
        a `Suite` of such curves.

    Raises:
        GivenError: The model, the data or an argument cannot be used; one line says why.
        NoiseError: The noise, the suite or a scale cannot be used.
        DatasetError: The labels cannot be used, or some class has no image among so few.

    Example:
        >>> curve = evaluate(predict, x, y, scales=[0.1, 0.3], name="digits")
        >>> print(curve.name, *curve.scales)
        digits/gaussian 0.0 0.1 0.3
    """
    from noisecore.noise.corruptions import which_noise
    from noisecore.records import noted
    from noisecore.running.evaluation import evaluate_given

    name = model_name(model) if name is None else name
    chosen = which_noise(noise, suite, scales)
    curves = measured_curves(
        evaluate_given,
        model,
        x,
        y,
        name=name,
        **chosen,
        draws=draws,
        units=units,
        value_range=value_range,
        clip=clip,
        batch_size=batch_size,
        dataset=dataset,
        least_clean=least_clean,
        outputs=outputs,
        channels=channels,
        images=images,
        pictured=True,
    )
    for note in noted([record for curve in curves for record in curve.records]):
        warn(one_line(note))
    if suite is None:
        return curves[0]
    from noisecore.judging.suites import suite_of

    return suite_of(chosen["noise"], curves)


@knows_arguments
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
    """Return the curve of outputs that were made before, for images that were noisy already.

    noisecore has not seen the images: you must make sure that equal names mean equal images.

    Args:
        outputs: For each scale, 0 among them: class probabilities or scores, (n, classes); or, for
            several draws of the noise, (draws, n, classes), with as many draws at each scale but 0.
        y: Labels, (n,) class numbers or (n, classes) one-hot.
        noise: What the noise is called.
        name: What the curve is called; a baseline knows it by this name.
        units: What scale 1 is, as in `evaluate`.
        clip: Bounds that the noisy images had, in `units`.
        dataset: What the data are called in records.
        least_clean: The least accuracy at scale 0; below it, nothing is measured.
        kind: What the outputs are. Left out, outputs that sum to 1, within their precision, are
            taken as probabilities.

    Returns:
        The curve: accuracy and loss at each scale, (draws, scales), with its records.

    Raises:
        GivenError: The outputs or an argument cannot be used; one line says why.
        NoiseError: A scale cannot be used.
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
    """Return the name of a model that was given none: that of its function, class or file.

    Raises `GivenError` for a lambda, which has no name of its own.
    """
    from noisecore.running.evaluation import GivenError

    if isinstance(model, str | Path):
        return Path(model).stem
    if isinstance(model, MethodType):  # clf.predict_proba is a way to call clf
        return type(model.__self__).__name__
    name = name_of(model)
    if name == "<lambda>":
        raise GivenError("name must be given for a lambda, such as name='digits', got none")
    return name


def measured(take: Callable[..., list[TrialRecord]], *given: Any, **how: Any) -> Curve:
    """Return the one curve of the records that a function makes; see `measured_curves`."""
    (curve,) = measured_curves(take, *given, **how)
    return curve


def measured_curves(
    take: Callable[..., list[TrialRecord]], *given: Any, pictured: bool = False, **how: Any
) -> list[Curve]:
    """Return the curves of the records that a function makes of its arguments, by name.

    pictured: whether the function also passes on a few images to show, by the noise.
    """
    from noisecore.judging.curves import matched_curves

    labels: list[NDArray[np.int64]] = []
    samples: dict[str, Samples] = {}
    if pictured:
        how["on_samples"] = samples.__setitem__
    records = take(*given, **how, on_labels=labels.append)
    curves = matched_curves(records, labels=labels[0]).values()
    return [replace(curve, samples=samples.get(curve.noise)) for curve in curves]
