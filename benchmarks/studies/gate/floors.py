"""How often an unchanged model falls below one of the floors that `floors` proposes, at 1 %.

    python benchmarks/studies/gate/floors.py

Trained models: 12 floors, normal seeds, of the baseline and of a run; the scales of a seed have all
in common, or nothing. Given models: one floor; baseline and run have images of their own, whose
chances to be answered right are Beta distributed, and three draws of the noise.
"""

import argparse

import numpy as np
from scipy import stats

from noisecore.judging.floors import given_floor, seed_floor

FLOORS = 12


def trained(held: int, seeds: int, *, rate: float, cases: int, shared: bool) -> float:
    """Return the share of runs below a floor: `held` seeds in the baseline, `seeds` in a run."""
    rng = np.random.default_rng(held)
    shape = (cases, 1 if shared else FLOORS)
    baseline = rng.standard_normal((held, *shape)).reshape(held, -1)
    run = rng.standard_normal((seeds, *shape)).mean(axis=0)
    floors, _ = seed_floor(baseline, seeds=seeds, rate=rate / FLOORS)
    return float((run < floors.reshape(shape)).any(axis=1).mean())


def fixed(deviations: float, seeds: int) -> float:
    """Return the share of runs below floors that lie so many deviations below the truth."""
    return float(1 - stats.norm.cdf(deviations * np.sqrt(seeds)) ** FLOORS)


def given(accuracy: float, images: int, weight: float, *, rate: float, cases: int) -> float:
    """Return the share of other samples of images on which a given model is below its floor."""
    rng = np.random.default_rng(images)
    right = np.arange(4) / 3
    law = stats.betabinom(3, accuracy * weight, (1 - accuracy) * weight).pmf(np.arange(4))
    counts = rng.multinomial(images, law / law.sum(), size=(2, cases))
    mean = counts @ right / images
    error = np.sqrt(np.maximum(counts[0] @ right**2 / images - mean[0] ** 2, 0) / images)
    error[mean[0] == 1] = 0
    return float((mean[1] < given_floor(mean[0], error, images, rate)).mean())


def main() -> None:
    """Print the share of runs of an unchanged model that miss a floor."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000)
    chosen = parser.parse_args()
    known = {"rate": 0.01, "cases": chosen.cases}
    print(f"{chosen.cases} cases each; % of runs of an unchanged model that miss a floor")
    print(f"\n{FLOORS} floors so many standard deviations over seeds below the truth, 3 seeds")
    print(", ".join(f"{d:g}: {100 * fixed(d, 3):.1f}" for d in (1, 2)))
    print(f"\n{FLOORS} proposed floors; scales of a seed independent, or with all in common")
    print("baseline, seeds  of a run  independent  in common")
    for held in (2, 3, 5, 10, 30):
        for seeds in (3, 10):
            shares = [trained(held, seeds, shared=shared, **known) for shared in (False, True)]
            shown = "".join(f"{100 * share:>13.2f}" for share in shares)
            print(f"{held:>15}{seeds:>10}{shown}")
    print("\na given model's floor, on another sample of as many images")
    print("weight  accuracy  200 images  1,000  10,000")
    for weight in (0.5, 2, 10):
        for accuracy in (0.5, 0.9, 0.99):
            shares = [given(accuracy, n, weight, **known) for n in (200, 1000, 10_000)]
            shown = "".join(f"{100 * share:>10.2f}" for share in shares)
            print(f"{weight:>6}{accuracy:>10}{shown}")


if __name__ == "__main__":
    main()
