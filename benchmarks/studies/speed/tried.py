"""What else could make a quick training cheaper: each way against the code as it is.

    python benchmarks/studies/speed/tried.py [--rounds 3]

Each round takes all ways for both models, every one in a process of its own with one thread, on
the embedded digits by the recipe `quick`. Prints a line of JSON for each: milliseconds of
processor time a step in the second and the third epoch, seconds of an evaluation of 1,000 images
and of the training with its three evaluations and six more, peak memory in MiB, and hashes of the
weights and of the probabilities.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time

MODELS = ("mlp", "cnn")
WAYS = ("as it is", "update by XLA", "500 images", "1000 images", "one transfer")


def change(way: str) -> None:
    """Change the code that this process has imported."""
    import keras
    import tensorflow as tf

    from noisecore.running import steps, training

    if way.endswith(" images"):
        training.EVALUATION_BATCH = int(way.split()[0])
    elif way == "one transfer":
        steps.BYTES, steps.SECONDS = 2**40, 1e9
    elif way == "update by XLA":
        plain = keras.optimizers.Optimizer.apply

        def apply(self, grads, trainable_variables=None):
            if not self.built:
                self.build(trainable_variables)
            update = tf.function(
                lambda grads: plain(self, grads, trainable_variables), jit_compile=True
            )
            return update(list(grads))

        keras.optimizers.Adam.apply = apply


def measure(model: str, way: str) -> None:
    """Train and evaluate in this process."""
    from noisecore.running import compat

    compat.settle(1)
    import keras
    import numpy as np

    from noisecore.data import load_dataset
    from noisecore.models import get_builder
    from noisecore.recipes import get_recipe
    from noisecore.running.training import score, shuffled, standardise, train

    change(way)
    data = load_dataset("mnist-5k")
    splits = (np.float32(each)[..., None] / 255 for each in (data.x_train, data.x_test))
    images, others = standardise(*(each.reshape(-1, 28, 28, 1) for each in splits), "train")
    test = others, data.y_test
    keras.utils.set_random_seed(0)
    network = get_builder(model)((28, 28, 1), 10)
    begins: list[float] = []
    ends: list[float] = []
    scored: list[float] = []

    def begin(epoch: int) -> np.ndarray:
        begins.append(time.process_time())
        return images

    def evaluate() -> np.ndarray:
        start = time.process_time()
        probabilities = score(network, *test)[1]
        scored.append(time.process_time() - start)
        return probabilities

    train(
        network,
        get_recipe("quick"),
        begin,
        data.y_train,
        lambda epoch: shuffled(0, epoch, len(data.y_train)),
        test,
        lambda epoch, figures: ends.append(time.process_time()),
    )
    probabilities = [evaluate() for _ in range(6)]
    total = time.process_time() - begins[0]
    evaluation = float(np.median(scored))
    steps = ends[1] - begins[1] + ends[2] - begins[2] - 2 * evaluation
    weights = b"".join(each.tobytes() for each in network.get_weights())
    found = {
        "milliseconds_a_step": round(1000 * steps / 500, 3),
        "evaluation_seconds": round(evaluation, 3),
        "seconds": round(total, 2),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "weights": hashlib.sha256(weights).hexdigest()[:16],
        "probabilities": hashlib.sha256(probabilities[-1].tobytes()).hexdigest()[:16],
    }
    print(json.dumps(found))


def main() -> None:
    """Measure all ways, in turn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    for number in range(chosen.rounds):
        for model in MODELS:
            for way in WAYS[:: -1 if number % 2 else 1]:
                done = subprocess.run(
                    [sys.executable, "-P", __file__, "--measure", model, way],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                found = json.loads(done.stdout.splitlines()[-1])
                print(
                    json.dumps({"round": number, "model": model, "way": way, **found}), flush=True
                )


if __name__ == "__main__":
    measure(*sys.argv[2:]) if sys.argv[1:2] == ["--measure"] else main()
