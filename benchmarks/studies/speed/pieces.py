"""Does it matter how many training steps are handed to TensorFlow in one call?

    python benchmarks/studies/speed/pieces.py

Both models by the recipe `quick`, batch 16, in one process of one thread, all sizes in turn, four
rounds. Prints a line of JSON for each model: milliseconds of processor time a step, in each round,
by the steps of a call.
"""

import json
import time

from noisecore.running import compat


def main() -> None:
    """Take the same steps in calls of several sizes."""
    compat.settle(1)
    import keras
    import numpy as np

    from noisecore.models import get_builder
    from noisecore.recipes import get_recipe
    from noisecore.running.training import compile_model

    images = np.random.default_rng(0).random((150, 16, 28, 28, 1), np.float32)
    labels = np.zeros((150, 16), np.int64)
    for name, count in (("cnn", 150), ("mlp", 600)):
        keras.utils.set_random_seed(0)
        model = get_builder(name)((28, 28, 1), 10)
        compile_model(model, get_recipe("quick"), 10_000)
        loop = compat.training_loop(model, images, labels)
        assert loop is not None
        loop(images[:5], labels[:5])  # the first call optimises the graph
        found: dict[int, list[float]] = {size: [] for size in (1, 2, 5, 10, 25, 50, 150)}
        for _ in range(4):
            for size, each in found.items():
                start = time.process_time()
                for _ in range(count // size):
                    loop(images[:size].copy(), labels[:size].copy())
                each.append(round(1000 * (time.process_time() - start) / count, 3))
        print(json.dumps({"model": name, "milliseconds_a_step": found}), flush=True)


if __name__ == "__main__":
    main()
