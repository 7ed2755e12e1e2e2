"""Processor time of a training step, before a change of noisecore's code and after it.

    python benchmarks/studies/speed/steps.py BEFORE AFTER [--rounds 3]

BEFORE and AFTER are checkouts. Each round takes all cases, and in each both sides in turn, every
one in a process of its own with one thread. Processor time, not the clock's: other work may run.
A training is three epochs of 4,000 random images. Prints a line of JSON for each: milliseconds of
a step in the second and the third epoch (in the first TensorFlow builds its graphs), seconds of
the training, and a hash of the weights and losses, which must be the same on both sides.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

CASES = [
    (model, batch, precision)
    for precision in ("float32", "mixed_bfloat16")
    for model in ("mlp", "cnn")
    for batch in (16, 128)
]


def measure(model: str, batch: str, precision: str) -> None:
    """Train in this process, by the noisecore that is imported here."""
    from noisecore.running import compat

    compat.settle(1)
    import keras
    import numpy as np

    from noisecore.models import get_builder
    from noisecore.recipes import get_recipe
    from noisecore.running.training import shuffled, train

    rng = np.random.default_rng(0)
    images, labels = rng.random((4000, 28, 28, 1), np.float32), rng.integers(0, 10, 4000)
    recipe = get_recipe(f"quick+batch_size={batch},precision={precision}")
    keras.utils.set_random_seed(0)
    with compat.precision(precision):
        network = get_builder(model)((28, 28, 1), 10)
    if precision != "float32":
        compat.end_in_float32(network)
    marks: list[float] = []

    def begin(epoch: int) -> np.ndarray:
        marks.append(time.process_time())
        return images

    history, _ = train(
        network,
        recipe,
        begin,
        labels,
        lambda epoch: shuffled(0, epoch, len(labels)),
        (images[:1], labels[:1]),
        lambda epoch, figures: None,
    )
    marks.append(time.process_time())
    steps = -(-len(labels) // recipe.batch_size)
    weights = b"".join(each.tobytes() for each in network.get_weights())
    found = {
        "milliseconds_a_step": round(1000 * (marks[-1] - marks[1]) / (2 * steps), 3),
        "training_seconds": round(marks[-1] - marks[0], 2),
        "sha256": hashlib.sha256(weights + repr(history).encode()).hexdigest(),
    }
    print(json.dumps(found))


def main() -> None:
    """Measure all cases on both sides, in turn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    for number in range(chosen.rounds):
        for case in CASES:
            for side in ("before", "after")[:: -1 if number % 2 else 1]:
                done = subprocess.run(
                    [sys.executable, "-P", __file__, "--measure", *map(str, case)],
                    env={**os.environ, "PYTHONPATH": str(getattr(chosen, side).absolute())},
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                named = dict(zip(("model", "batch", "precision"), case, strict=True))
                found = json.loads(done.stdout.splitlines()[-1])
                print(json.dumps({"round": number, "side": side, **named, **found}), flush=True)


if __name__ == "__main__":
    measure(*sys.argv[2:]) if sys.argv[1:2] == ["--measure"] else main()
