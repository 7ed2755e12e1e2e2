"""What an evaluation holds beside the model and the data: its peak by images, size and batch.

    python benchmarks/studies/memory/memory.py

The script starts a new process for each figure. The model looks at one row of pixels only, so it
takes almost no memory itself.
"""

import argparse
import resource
import subprocess
import sys

import numpy as np

from noisecore.running.evaluation import evaluate_given

ROWS = [
    (10_000, 28, 1, 500),
    (10_000, 32, 3, 500),
    (1_000, 224, 3, 16),
    (1_000, 224, 3, 64),
    (40, 1024, 3, 1),
]
NOISES = ("gaussian", "uniform", "salt_and_pepper", "gaussian_blur", "own")


def own(images, scale, *, rng):
    """Add normal noise, as a user would write it."""
    return images + np.float32(scale) * rng.standard_normal(images.shape, dtype=np.float32)


def model(images):
    """Answer by the sums of one row of pixels."""
    row = images[:, 0].reshape(len(images), -1)
    return np.stack([row[:, :10].sum(1), row[:, 10:20].sum(1)], 1)


def peak() -> int:
    """Return the greatest resident memory so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(count: int, side: int, channels: int, batch: int, noise: str) -> None:
    """Evaluate once, and print the mebibytes that were held beside the data."""
    how = {"scales": [0.5, 1], "draws": 2, "least_clean": 0, "name": "memory"}
    small = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1), np.uint8)
    evaluate_given(model, small, np.arange(64) % 2, noise="gaussian_blur", **how)
    images = np.random.default_rng(0).integers(0, 256, (count, side, side, channels), np.uint8)
    labels = np.arange(count) % 2
    before = peak()
    chosen = own if noise == "own" else noise
    evaluate_given(model, images, labels, noise=chosen, batch_size=batch, **how)
    print(round((peak() - before) / 2**20))


def main() -> None:
    """Print a row for each size, and a column for each noise."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("row", nargs="*")
    chosen = parser.parse_args()
    if chosen.row:
        *numbers, noise = chosen.row
        measure(*map(int, numbers), noise)
        return
    print("MiB at the peak, beside the model and the data")
    print(f"{'images':>6}  {'size':>13}  batch  " + "  ".join(f"{each:>15}" for each in NOISES))
    for row in ROWS:
        found = []
        for noise in NOISES:
            command = [sys.executable, __file__, *map(str, row), noise]
            ended = subprocess.run(command, capture_output=True, text=True, check=True)
            found.append(ended.stdout.strip())
        count, side, channels, batch = row
        size = f"{side}x{side}x{channels}"
        print(f"{count:>6}  {size:>13}  {batch:>5}  " + "  ".join(f"{each:>15}" for each in found))


if __name__ == "__main__":
    main()
