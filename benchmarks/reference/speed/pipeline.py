"""How long TensorFlow's data pipeline holds up the end of an epoch: `fit` beside its own steps.

    python benchmarks/reference/speed/pipeline.py [--images 4000] [--batch 16] [--rounds 3]

The same model takes the same number of steps by Keras' `fit` and by `train_on_batch`, in turns, on
one thread. `fit` feeds arrays through tf.data, whose tuning thread is not woken when an epoch ends
and is waited for: it sleeps until 10 ms x (2^k - 1) from the epoch's start.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")

import numpy as np

from noisecore.models import build_cnn
from noisecore.recipes import RECIPES
from noisecore.running.training import compile_model


def main() -> None:
    """Print the seconds of each epoch, and when the sleeping thread would have woken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(chosen.images, 28, 28, 1)).astype(np.float32)
    y = rng.integers(0, 10, chosen.images)
    model = build_cnn((28, 28, 1), 10)
    compile_model(model, RECIPES["quick"], 10_000)

    def fit() -> None:
        model.fit(x, y, batch_size=chosen.batch, shuffle=False, verbose=0)

    def steps() -> None:
        for start in range(0, len(x), chosen.batch):
            batch = slice(start, start + chosen.batch)
            model.train_on_batch(x[batch], y[batch], return_dict=True)

    def seconds(epoch) -> float:
        start = time.perf_counter()
        epoch()
        return time.perf_counter() - start

    fit(), steps()  # the first of each builds its graph
    for _ in range(chosen.rounds):
        by_steps, by_fit = seconds(steps), seconds(fit)
        woken = next(w for k in range(99) if (w := 0.01 * (2**k - 1)) >= by_steps)
        print(f"steps {by_steps:.2f} s, fit {by_fit:.2f} s, the thread wakes at {woken:.2f} s")


if __name__ == "__main__":
    main()
