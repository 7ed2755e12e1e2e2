"""How often the rigorous check of a falling curve fails one that is flat: its level is 5 %.

    python benchmarks/studies/gate/monotonic.py [--cases 3000]

A flat curve is the falling curve that is hardest to know as one. Five scales, a slack of 0, normal
seeds; the true variances over the seeds are equal, or up to 16 times apart. The binomial variance,
below which no estimate goes, is so many times the least of them: much less, or of its size.
"""

import argparse
import itertools

import numpy as np

from noisecore.judging.statistics import isotonic_test

VARIANCES = {
    "equal": (1, 1, 1, 1, 1),
    "growing to 16": (1, 2, 4, 8, 16),
    "16 at the ends": (16, 1, 1, 1, 16),
}
LEVEL = 0.7  # mean accuracy at every scale
LEAST = 1e-4  # the least true standard deviation: small, so that no accuracy leaves 0 to 1


def level(seeds: int, variances: tuple[float, ...], binomial: float, *, cases: int) -> float:
    """Return the share of flat curves that the test at 5 % takes for rising ones."""
    rng = np.random.default_rng(seeds)
    images = round(LEVEL * (1 - LEVEL) / (binomial * LEAST**2))
    spread = LEAST * np.sqrt(variances)
    curves = LEVEL + spread * rng.standard_normal((cases, seeds, len(variances)))
    return float(np.mean([isotonic_test(curve, images).p < 0.05 for curve in curves]))


def main() -> None:
    """Print the level by seeds, variances and binomial variance."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=3000)
    chosen = parser.parse_args()
    print(f"{chosen.cases} flat curves each; % that fail at 5 %")
    binomials = (0.001, 0.3, 1)
    print(f"{'seeds':>5}  {'variances':<16}binomial: " + "".join(f"{b:>8g}" for b in binomials))
    for seeds, (name, variances) in itertools.product((2, 3, 5, 10), VARIANCES.items()):
        found = [level(seeds, variances, b, cases=chosen.cases) for b in binomials]
        shown = "".join(f"{100 * each:>8.1f}" for each in found)
        print(f"{seeds:>5}  {name:<26}{shown}", flush=True)


if __name__ == "__main__":
    main()
