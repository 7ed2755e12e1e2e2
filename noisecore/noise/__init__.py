"""Noise: one plain function per family, and the keyed random streams that feed them.

A noise is `f(images, scale, *, rng) -> images`: float32 in, float32 out, the same shape. It draws
from `rng` alone, and what it draws depends on the shape of its input, never on the pixels or the
scale: so the same draw is used at every scale (common random numbers), and the steps of a curve
are compared like for like.
"""

from noisecore.noise.checks import (
    as_noise,
    as_written,
    at_most,
    call_noise,
    check_bounds,
    check_images,
    check_scale,
    check_scales,
    listed_scales,
    try_noise,
)
from noisecore.noise.claims import claims_fall, declares_fall, told_of
from noisecore.noise.families import (
    FAMILIES,
    NOISES,
    FloatArray,
    Keyed,
    Noise,
    NoiseError,
    gaussian,
    gaussian_blur,
    get_noise,
    is_shipped,
    keyed,
    salt_and_pepper,
    uniform,
)
from noisecore.noise.samples import Sampler, Samples, most_contrast, reduced, some_scales
from noisecore.noise.streams import (
    BLOCK,
    Draw,
    Stream,
    apply_noise,
)

__all__ = [
    "BLOCK",
    "FAMILIES",
    "NOISES",
    "Draw",
    "FloatArray",
    "Keyed",
    "Noise",
    "NoiseError",
    "Sampler",
    "Samples",
    "Stream",
    "apply_noise",
    "as_noise",
    "as_written",
    "at_most",
    "call_noise",
    "check_bounds",
    "check_images",
    "check_scale",
    "check_scales",
    "claims_fall",
    "declares_fall",
    "gaussian",
    "gaussian_blur",
    "get_noise",
    "is_shipped",
    "keyed",
    "listed_scales",
    "most_contrast",
    "reduced",
    "salt_and_pepper",
    "some_scales",
    "told_of",
    "try_noise",
    "uniform",
]
