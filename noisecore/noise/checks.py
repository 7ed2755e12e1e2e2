"""Checks of what a noise is given and what it returns: scales, bounds, images."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from noisecore.callables import name_of, told
from noisecore.escaping import described, shown
from noisecore.noise.families import (
    FloatArray,
    Noise,
    NoiseError,
    get_noise,
    is_shipped,
    keyed,
)


def as_noise(given: Any) -> Noise:
    """Return a noise, given by its name or as itself; raise `NoiseError` if it is not a noise."""
    if isinstance(given, str):
        return get_noise(given)
    if isinstance(given, type):
        raise NoiseError(f"noise must be an object, got its class {given.__name__}: make one")
    if not callable(given):
        raise NoiseError(
            "noise must be a name, or a function f(images, scale, *, rng) -> images, got "
            f"{shown(given)}"
        )
    noise: Noise = given
    return noise


def check_scale(scale: float | str) -> float:
    """Return `scale` as a float; raise `NoiseError` unless it is a finite number >= 0."""
    try:
        value = float(scale)
    except Exception:  # whatever an odd object raises
        value = math.nan
    if not 0 <= value <= float(np.finfo(np.float32).max):
        raise NoiseError(f"scale must be a finite number >= 0, got {shown(scale)}")
    # -0.0 becomes 0.0: one name for the identity.
    return as_written(scale if isinstance(scale, np.floating) else value) + 0.0


def as_written(scale: float) -> float:
    """Return a scale as a person would write it: 0.1 + 0.2 is 0.3, and float32's 0.1 is 0.1.

    It has 12 digits, or as many as distinguish it from its neighbours in a shorter type that holds
    it. A number that is not finite stays as it is.
    """
    value = float(scale)
    if isinstance(scale, np.float16):
        return float(str(scale))
    with np.errstate(over="ignore"):
        single = np.float32(value)
    if float(single) == value:
        return float(str(single))
    rounded = float(f"{value:.12g}")
    # The shorter type may hold the rounded number: writing that once more would change it.
    return rounded if rounded == value or not np.isfinite(value) else as_written(rounded)


def listed_scales(given: Iterable[float] | str) -> tuple[float, ...]:
    """Return the scales of a list, or of a text such as "0.1,1", each once, in their order.

    Raises `NoiseError` on anything else, and if one of them is not a scale.
    """
    try:
        scales = given.split(",") if isinstance(given, str) else at_most(given)
    except Exception:  # whatever an odd object raises
        raise NoiseError(
            f"scales must be a list of numbers such as [0.1, 1], got {shown(given)}"
        ) from None
    return tuple(dict.fromkeys(check_scale(scale) for scale in scales))


def at_most(given: Iterable[Any], most: int = 1000) -> list[Any]:
    """Return the items of an iterable as a list; raise `ValueError` if it has more than `most`."""
    found = list(islice(given, most + 1))
    if len(found) > most:
        raise ValueError(f"expected {most} at most")
    return found


def check_scales(noise: Noise, scales: Iterable[float]) -> None:
    """Raise `NoiseError` if a scale is not valid, or a noise of noisecore's own cannot use it.

    A user's own noise may need images of a shape that is not known here: see `try_noise`.
    """
    by_key = keyed(noise)
    for scale in map(check_scale, scales):
        if by_key is not None:
            by_key.check_scale(scale)
        elif is_shipped(noise):
            noise(np.zeros((1, 2, 2, 1), np.float32), scale, rng=np.random.default_rng(0))


def try_noise(noise: Noise, images: FloatArray, scales: Iterable[float]) -> None:
    """Raise `NoiseError` if a noise cannot be applied to such images at one of these scales.

    images: float32, (n, height, width, ...), of the very shape that it will be called with; they
    are not changed. A user's own noise is called twice: it must return the same both times, and
    must not mistake the columns of images without channels for channels.
    """
    for scale in map(check_scale, scales):
        noisy = call_noise(noise, images.copy(), scale, np.random.default_rng(0))
        if is_shipped(noise):
            continue
        check_finite(noise, noisy, scale)
        again = call_noise(noise, images.copy(), scale, np.random.default_rng(0))
        if not np.array_equal(noisy, again):
            raise NoiseError(
                f"noise {name_of(noise)} gave two results for the same images, scale and rng: it "
                "must draw from rng alone, and keep nothing from one call to the next"
            )
        if images.ndim == 3:
            _refuse_columns(noise, images, scale, noisy)


def _refuse_columns(noise: Noise, images: FloatArray, scale: float, noisy: FloatArray) -> None:
    """Raise `NoiseError` if a noise takes columns for channels, on images without channels."""
    try:
        other = noise(images[..., np.newaxis].copy(), scale, rng=np.random.default_rng(0))
    except IndexError:
        raise NoiseError(
            f"noise {name_of(noise)} asks for channels that grey images do not have: it would take "
            "their columns for channels"
        ) from None
    except Exception:  # whatever it raises: it is made for images without channels
        return
    if np.shape(other) == (*images.shape, 1) and not np.array_equal(other[..., 0], noisy):
        raise NoiseError(
            f"noise {name_of(noise)} must give the same result for images with a channel axis, got "
            "another one: if its last axis is the channels, give the images one, x[..., None]; "
            "if it is the columns, let the noise raise ValueError for images of four dimensions"
        )


def check_finite(noise: Noise, noisy: FloatArray, scale: float) -> None:
    """Raise `NoiseError` if a noise returned pixels that are NaN or infinite."""
    # No mask of the images' size: if any pixel is NaN, so are the least and the greatest.
    if not (np.isfinite(noisy.min()) and np.isfinite(noisy.max())):
        raise NoiseError(f"noise {name_of(noise)} gave NaN or infinite pixels at scale {scale:g}")


def call_noise(
    noise: Noise, images: FloatArray, scale: float, rng: np.random.Generator
) -> FloatArray:
    """Return the images that a noise returns; raise `NoiseError` if it fails or they do not fit."""
    try:
        noisy: Any = noise(images, scale, rng=rng)
    except NoiseError:
        raise
    except Exception as error:  # whatever a user's noise raises
        raise NoiseError(
            f"noise {name_of(noise)} failed on images of the shape {images.shape[1:]} at scale "
            f"{scale:g}: {told(error)}"
        ) from error
    if not isinstance(noisy, np.ndarray):
        raise NoiseError(
            f"a noise must return an array, got {type(noisy).__name__} from {name_of(noise)}"
        )
    if noisy.shape != images.shape or noisy.dtype != np.float32:
        raise NoiseError(
            f"a noise must return float32 {images.shape} as it was given, "
            f"got {noisy.dtype} {noisy.shape} from {name_of(noise)}"
        )
    return noisy


def check_bounds(given: object, what: str) -> tuple[float, float]:
    """Return two ascending numbers, given as a pair or as the text `0:1`.

    Raises `NoiseError`, which names `what` was given.
    """
    pair: Any = given.split(":") if isinstance(given, str) else given
    try:
        low, high = (float(bound) for bound in pair)
    except Exception:  # whatever an odd object raises
        low = high = math.nan
    if not -math.inf < low < high < math.inf:  # JSON has no infinity
        raise NoiseError(
            f"{what} must be two ascending numbers such as (0, 1), or 0:1 as text, got "
            f"{shown(given)}"
        )
    return low, high


def check_images(images: FloatArray) -> None:
    """Raise `NoiseError` unless `images` is a float32 array of (samples, height, width, ...)."""
    if not isinstance(images, np.ndarray):
        got, remedy = described(images), "give numpy.asarray(images, 'float32')"
    else:
        got = f"{images.dtype} {images.shape}"
        remedy = (
            "noise on integers would be cut off and biased, so convert them first, "
            "images.astype('float32')"
        )
        if images.ndim < 3:
            remedy = "one image is images[None], pixels in a row images.reshape(-1, height, width)"
        elif images.dtype == np.float32:
            return
    raise NoiseError(
        f"images must be a float32 array (samples, height, width, ...), got {got}: {remedy}"
    )
