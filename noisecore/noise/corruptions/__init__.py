"""Corruptions: the families of MNIST-C, CIFAR-10-C and ImageNet-C, and some more, each keyed.

A family is a plain function of images, of what was drawn for them, and of its parameters. What it
draws depends on the shape of an image alone, so one draw serves all severities.
"""

from noisecore.noise.corruptions.applied import LEAST_SIDE, Corruption, corrupt
from noisecore.noise.corruptions.chosen import CorruptionSuite, as_suite, which_noise
from noisecore.noise.corruptions.suites import EXTRAS, SUITES, extras_of
from noisecore.noise.corruptions.table import CORRUPTIONS, Family

__all__ = [
    "CORRUPTIONS",
    "EXTRAS",
    "LEAST_SIDE",
    "SUITES",
    "Corruption",
    "CorruptionSuite",
    "Family",
    "as_suite",
    "corrupt",
    "extras_of",
    "which_noise",
]
