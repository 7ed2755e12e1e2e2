"""Whether the right answers could come from guessing, without a look at the images."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

# One-sided 95 %, so that a lucky guesser is still recognised.
LUCK = 1.645


def matches(answers: Counts, labels: Counts) -> tuple[float, float]:
    """Return mean and variance of the right answers if they were assigned at random.

    answers, labels: how often each class was given, and how often it is right, for at least two
    images. All orders of the answers are equally likely, so they know nothing of an image.
    """
    given, true = answers.astype(np.float64), labels.astype(np.float64)
    images = true.sum()
    both = given * true
    mean = both.sum() / images
    pairs = both.sum() ** 2 - (both**2).sum() + (both * (given - 1) * (true - 1)).sum()
    return float(mean), max(0.0, float(pairs / (images * (images - 1)) + mean - mean**2))


def guessed(right: int, answers: Counts, labels: Counts) -> bool:
    """Return whether so many right answers are no more than chance gives for these answers.

    All right is never chance. Labels of a single class cannot show it.
    """
    images = int(labels.sum())
    if right == images or labels.max() == images:
        return False
    mean, variance = matches(answers, labels)
    # Rounding leaves a little of a variance that should be 0: if all answers are one class.
    return answers.max() == images or right <= mean + LUCK * math.sqrt(variance)
