"""The reference notebook's own way, for the race: one process, Keras `fit`, float64 noise.

    python benchmarks/studies/speed/own_way.py [--dataset NAME] [--data-dir FOLDER]
        [--scales 0.1,0.5,1,2,4] [--epochs 12]

Every scale in turn, as in a notebook's cells: noise in the shape of each split, a fresh model,
`fit` with the test images as validation data, `evaluate`. Prints a line of JSON: seconds of it all
and of the fits alone, training steps, peak memory in bytes, and the accuracies.
"""

import argparse
import json
import os
import resource
import time

START = time.perf_counter()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402

from noisecore.data import load_dataset  # noqa: E402
from noisecore.models import build_cnn  # noqa: E402

BATCH = 128


def main() -> None:
    """Train and evaluate at every scale."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", default="mnist-5k")
    parser.add_argument("--data-dir")
    parser.add_argument("--scales", default="0.1,0.5,1,2,4")
    parser.add_argument("--epochs", type=int, default=12)
    chosen = parser.parse_args()

    dataset = load_dataset(chosen.dataset, chosen.data_dir)
    x_train = dataset.x_train.astype("float32") / 255
    x_test = dataset.x_test.astype("float32") / 255
    x_train /= x_train.std()
    x_test = (x_test - x_test.mean()) / x_test.std()
    y_train = keras.utils.to_categorical(dataset.y_train, dataset.num_classes)
    y_test = keras.utils.to_categorical(dataset.y_test, dataset.num_classes)

    fits, accuracies = [], []
    for scale in map(float, chosen.scales.split(",")):
        noisy_train = x_train + np.random.normal(0.0, scale, x_train.shape)
        noisy_test = x_test + np.random.normal(0.0, scale, x_test.shape)
        model = build_cnn(x_train.shape[1:], dataset.num_classes)
        model.compile(
            loss="categorical_crossentropy",
            optimizer=keras.optimizers.Adadelta(learning_rate=0.001),
            metrics=["accuracy"],
        )
        start = time.perf_counter()
        model.fit(
            noisy_train,
            y_train,
            batch_size=BATCH,
            epochs=chosen.epochs,
            verbose=0,
            validation_data=(noisy_test, y_test),
        )
        fits.append(time.perf_counter() - start)
        accuracies.append(model.evaluate(noisy_test, y_test, verbose=0)[1])
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - START,
                "fit_seconds": fits,
                "steps": chosen.epochs * -(-len(x_train) // BATCH),
                "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "accuracies": [float(accuracy) for accuracy in accuracies],
            }
        )
    )


if __name__ == "__main__":
    main()
