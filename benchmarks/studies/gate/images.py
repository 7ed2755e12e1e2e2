"""How often the interval of a given model's accuracy covers the truth.

    python benchmarks/studies/gate/images.py

Some images are easier than others. How often an image is answered right is drawn from a Beta
distribution whose mean is the true accuracy. With weight 0.5 most images are always right or always
wrong; with weight 10 it depends on the draw of the noise. New images are drawn for each case.
Beside the interval over images stands what was shown before it: Student's t over the draws.
"""

import argparse
import itertools

import numpy as np
from scipy import stats

from noisecore.judging.statistics import image_interval, mean_interval


def coverage(
    accuracy: float, images: int, draws: int, weight: float, *, cases: int, seed: int = 0
) -> tuple[float, float]:
    """Return how often the interval over images covers, and Student's t over the draws."""
    rng = np.random.default_rng(seed)
    # Which draws of an image are right: only how many images have each pattern matters.
    patterns = np.array(list(itertools.product((0, 1), repeat=draws)))
    right = patterns.sum(axis=1)
    law = stats.betabinom(draws, accuracy * weight, (1 - accuracy) * weight)
    chances = law.pmf(right) / stats.binom(draws, 0.5).pmf(right) / 2**draws
    counts = rng.multinomial(images, chances / chances.sum(), size=cases)
    mean = counts @ right / draws / images
    variance = counts @ (right / draws) ** 2 / images - mean**2
    error = np.sqrt(np.maximum(variance, 0) / images)
    error[np.isin(mean, (0, 1))] = 0
    found = [image_interval(mean, error, images)]
    if draws > 1:
        found.append(mean_interval((counts @ patterns / images).T))
    shares = [float(((i.low <= accuracy) & (accuracy <= i.high)).mean()) for i in found]
    return shares[0], shares[-1] if draws > 1 else np.nan


def main() -> None:
    """Print the coverage for some accuracies, numbers of images, draws and difficulties."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000)
    chosen = parser.parse_args()
    print(f"{chosen.cases} cases each; % of the 95 % intervals that cover the true accuracy")
    print("draws  weight  accuracy  images  over images  t over draws")
    for draws, weights in ((1, (1,)), (3, (0.5, 2, 10))):
        for weight, accuracy, images in itertools.product(
            weights, (0.5, 0.9, 0.99), (200, 1000, 10_000)
        ):
            new, old = coverage(accuracy, images, draws, weight, cases=chosen.cases)
            before = f"{100 * old:.1f}" if draws > 1 else "-"
            print(f"{draws:>5}{weight:>8}{accuracy:>10}{images:>8}{100 * new:>13.1f}{before:>14}")


if __name__ == "__main__":
    main()
