"""Whether right answers could be had without a look at the images."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

# One-sided 95 %, so that a guesser that was lucky is known for one.
LUCK = 1.645


def matches(answers: Counts, labels: Counts) -> tuple[float, float]:
    """Return mean and variance of the right answers if they were dealt out at random.

    answers, labels: how often each class was given, and how often it is right, two images at
    least. All orders of the answers are equally likely, and so nothing is known of an image.
    """
    given, true = answers.astype(np.float64), labels.astype(np.float64)
    images = true.sum()
    both = given * true
    mean = both.sum() / images
    pairs = both.sum() ** 2 - (both**2).sum() + (both * (given - 1) * (true - 1)).sum()
    return float(mean), max(0.0, float(pairs / (images * (images - 1)) + mean - mean**2))


def guessed(right: int, answers: Counts, labels: Counts) -> bool:
    """Return whether so many right answers are no more than chance gives to such answers.

    All right is never chance. Labels of one class alone tell nothing of it.
    """
    images = int(labels.sum())
    if right == images or labels.max() == images:
        return False
    mean, variance = matches(answers, labels)
    # Rounding leaves a little of a variance that is none: that of answers of one class alone.
    return answers.max() == images or right <= mean + LUCK * math.sqrt(variance)
