"""The contract of a noise, as a test that its author can run."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import numpy as np

from noisecore.callables import BoundError, name_of, source_sha256, told
from noisecore.escaping import shown
from noisecore.noise import (
    BLOCK,
    FloatArray,
    Noise,
    NoiseError,
    Stream,
    apply_noise,
    declares_fall,
    listed_scales,
)


def check_noise(
    noise: Noise,
    scales: Iterable[float],
    *,
    shape: tuple[int, ...] = (28, 28, 1),
    monotone: bool | None = None,
) -> None:
    """Raise `AssertionError`, naming what is broken, unless a noise keeps to its contract.

    A noise keeps shape and dtype, and leaves the given images unchanged. Its result is finite, is
    the identity at scale 0, and depends on `rng` alone, so that a sample's noise is the same
    whatever its neighbours are. It changes the images at each of the `scales`, and more than at the
    one before. Its source can be read, because it is part of a trial's key.

    Args:
        noise: The function, `f(images, scale, *, rng) -> images`.
        scales: Strengths, ascending and greater than 0, in the noise's own unit.
        shape: The shape of an image, (height, width) or (height, width, channels). The images that
            the noise is tried on are float32, smooth, in [0, 1].
        monotone: Whether more scale must change more. False for a noise that is not ordered so,
            such as an elastic transform. Left out, the noise says it by an attribute `monotone`, as
            corruptions do; one without it must.

    Raises:
        AssertionError: The noise breaks its contract; the message says where.
        NoiseError: The scales or the shape cannot be used.

    Example:
        >>> def brighter(images, scale, *, rng):
        ...     return (images + scale).astype(np.float32)
        >>> check_noise(brighter, [0.1, 0.2])
    """
    __tracebackhide__ = True
    scales = _checked(noise, scales)
    name = name_of(noise)
    if monotone is None:
        monotone = declares_fall(noise)
    images = _images(shape)
    try:
        source_sha256(noise)
    except BoundError as error:
        raise AssertionError(f"{name}: it cannot be kept: {error}") from None
    except (OSError, TypeError):
        raise AssertionError(f"{name}: its source cannot be read: define it in a file") from None

    before = images.copy()
    changes = []
    for scale in scales:
        noisy = _call(noise, images, scale)
        what = f"{name} at scale {scale:g}"
        kind = isinstance(noisy, np.ndarray)
        _require(kind, f"{what}: expected an array, got {type(noisy)}")
        _require(
            noisy.shape == images.shape,
            f"{what}: expected the shape {images.shape} as it was given, got {noisy.shape}",
        )
        _require(noisy.dtype == np.float32, f"{what}: expected float32, got {noisy.dtype}")
        _require(np.isfinite(noisy).all(), f"{what}: expected finite pixels, got NaN or inf")
        unchanged = np.array_equal(images, before)
        _require(unchanged, f"{what}: the images that came in were changed")
        changes.append(float(np.mean((noisy - images) ** 2, dtype=np.float64)))
    clean = np.array_equal(_call(noise, images, 0.0), images)
    _require(clean, f"{name}: scale 0 must be the identity, got other images")
    for i, scale in enumerate(scales):
        least = changes[i - 1] if i and monotone else 0.0
        _require(
            changes[i] > least,
            f"{name}: the mean squared change must grow with the scale, got {changes[i]:.3g} at "
            f"{scale:g} after {least:.3g}",
        )
    _check_key(noise, name, images, scales[-1])


def _check_key(noise: Noise, name: str, images: FloatArray, scale: float) -> None:
    """Assert that a noise depends on its stream and the sample's place, and on nothing else."""
    __tracebackhide__ = True
    stream = Stream(0, "test")
    whole = apply_noise(noise, images, scale, stream)
    np.random.seed(1)
    random.seed(1)
    again = apply_noise(noise, images, scale, stream)
    _require(
        np.array_equal(whole, again),
        f"{name}: one stream must give one noise: draw from rng alone, never from global state",
    )
    some = np.array([len(images) - 1, 3, BLOCK])
    part = apply_noise(noise, images[some], scale, stream, indices=some)
    _require(
        np.array_equal(part, whole[some]),
        f"{name}: a sample's noise must not depend on the other samples",
    )


def _require(kept: bool | np.bool_, message: str) -> None:
    """Raise `AssertionError` unless a promise is kept.

    pytest would rewrite an assert statement here, and bury the message in pixel values.
    """
    __tracebackhide__ = True
    if not kept:
        raise AssertionError(message)


def _checked(noise: Any, scales: Iterable[float]) -> tuple[float, ...]:
    """Return the scales; raise `NoiseError` unless they are > 0, ascending, and noise is one."""
    __tracebackhide__ = True
    if isinstance(noise, type):
        raise NoiseError(f"noise must be an object, got its class {noise.__name__}: make one")
    if not callable(noise):
        raise NoiseError(
            f"noise must be a function f(images, scale, *, rng) -> images, got {shown(noise)}"
        )
    checked = listed_scales(scales)
    if not checked or checked[0] == 0 or list(checked) != sorted(checked):
        raise NoiseError(
            "scales must be ascending numbers > 0 such as [0.1, 1], one at least, got "
            f"{list(checked)}"
        )
    return checked


def _call(noise: Noise, images: FloatArray, scale: float) -> FloatArray:
    __tracebackhide__ = True
    try:
        return noise(images, scale, rng=np.random.Generator(np.random.PCG64(0)))
    except NoiseError:
        raise
    except Exception as error:  # whatever a user's noise raises
        raise AssertionError(
            f"{name_of(noise)} at scale {scale:g}: it must be called as noise(images, scale, "
            f"rng=rng) and return images, it raised {told(error)}"
        ) from error


def _images(shape: Any) -> FloatArray:
    """Return smooth float32 images in [0, 1], (BLOCK + 8, *shape), no two alike."""
    __tracebackhide__ = True
    sizes = shape if isinstance(shape, tuple | list) else ()
    if len(sizes) not in (2, 3) or not all(
        isinstance(s, int | np.integer) and s >= 1 for s in sizes
    ):
        raise NoiseError(
            "shape must be (height, width) or (height, width, channels), whole numbers >= 1, got "
            f"{shown(shape)}"
        )
    steps = [np.linspace(0, 1, size) for size in shape]
    waves = sum(np.ix_(*steps))
    phases = np.arange(BLOCK + 8).reshape(-1, *[1] * len(shape)) / 7
    return np.asarray((1 + np.sin(5 * waves + phases)) / 2, np.float32)
