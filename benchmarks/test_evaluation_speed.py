"""Claim: testing a trained model is mostly the model's own work.

Every figure is a ratio of two measurements of the same run, on the same machine. None is asserted,
because machines are shared and noisy. Run with `--speed`.
"""

import json
import subprocess
import sys
import textwrap
import time
from functools import partial

import numpy as np
import pytest
from scipy import ndimage

from noisecore.data import DatasetNotFoundError, load_dataset
from noisecore.noise import Stream, apply_noise, get_noise

# Scales at which the digits can be seen, and some at which they cannot, in each noise's own unit.
SCALES = {
    "gaussian": [0.05, 0.1, 0.2, 0.4, 0.8],
    "uniform": [0.1, 0.2, 0.4, 0.8, 1.6],
    "salt_and_pepper": [0.05, 0.1, 0.2, 0.4, 0.8],
    "gaussian_blur": [0.5, 1, 2, 3, 4],
}

EVALUATE = """
import json, resource, sys, time
from pathlib import Path
import keras
from noisecore.data import load_dataset
from noisecore.running.evaluation import evaluate_given

folder, batch = sys.argv[1], int(sys.argv[2])
model = keras.saving.load_model(f"{folder}/model.keras")
data = load_dataset("mnist", json.loads(sys.argv[3]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model.predict(data.x_test[:batch] / 255, verbose=0)
loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start, inside = time.perf_counter(), 0.0
for noise, scales in json.loads(sys.argv[4]).items():
    records = evaluate_given(
        model, data.x_test.astype("float32") / 255, data.y_test,
        name=noise, noise=noise, scales=scales, draws=1, batch_size=batch,
    )
    inside += records[0].cost["model_seconds"]
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "model_seconds": inside, "loaded": loaded, "peak": peak}))
"""


@pytest.fixture
def mnist(table, request):
    """The full MNIST and the folder it is in."""
    folder = request.config.getoption("noise_data_dir", None)
    try:
        return load_dataset("mnist", folder), folder
    except DatasetNotFoundError as error:
        pytest.skip(f"needs the full MNIST: {error}")


def test_evaluation(benchmark, row, mnist, tmp_path):
    """10,000 test images, 4 noises of 5 scales each: the share of the seconds inside the model."""
    import keras

    from noisecore.models import build_cnn

    data, folder = mnist
    model = build_cnn(data.image_shape, data.num_classes)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(data.x_train[:10_000] / 255, data.y_train[:10_000], batch_size=64, verbose=0)
    model.save(tmp_path / "model.keras")
    keras.backend.clear_session()
    arguments = [str(tmp_path), "500", json.dumps(folder), json.dumps(SCALES)]
    command = [sys.executable, "-c", textwrap.dedent(EVALUATE), *arguments]

    def evaluate() -> dict:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    found = benchmark.pedantic(evaluate, rounds=1)
    images = len(data.x_test) * (sum(map(len, SCALES.values())) + len(SCALES))
    row(
        f"testing a CNN on {images:,} noisy images: the share inside the model",
        f"{found['model_seconds']:.1f} s in the model",
        f"{found['seconds']:.1f} s in all",
        found["model_seconds"] / found["seconds"],
    )
    row(
        "peak memory of that: in addition to TensorFlow, the model and the data",
        f"{found['peak'] / 2**10:.0f} MiB",
        f"{found['loaded'] / 2**10:.0f} MiB before",
        found["peak"] / found["loaded"],
    )


def one_by_one(how, images, scale) -> None:
    """Add noise to one image after another, as users of image libraries do."""
    for image in images:
        how(image, scale)


def skimage_noise(mode, key, image, scale) -> None:
    """Call scikit-image as its documentation does."""
    from skimage.util import random_noise

    random_noise(image, mode=mode, clip=False, **{key: scale**2 if key == "var" else scale})


OTHERS = {
    "gaussian": partial(skimage_noise, "gaussian", "var"),
    "salt_and_pepper": partial(skimage_noise, "s&p", "amount"),
    "gaussian_blur": lambda image, scale: ndimage.gaussian_filter(image, (scale, scale, 0)),
}


@pytest.mark.parametrize("noise", OTHERS)
def test_noise_beside(noise, benchmark, row):
    """Images per second against scikit-image's random_noise, or SciPy, called image by image."""
    if noise != "gaussian_blur":
        pytest.importorskip("skimage", reason="needs scikit-image")
    images = np.random.default_rng(0).random((5_000, 28, 28, 1), np.float32)
    function, scale = get_noise(noise), SCALES[noise][2]

    def seconds(make) -> float:
        start = time.perf_counter()
        make()
        return time.perf_counter() - start

    def ours() -> None:
        apply_noise(function, images, scale, Stream(0, "test"))

    benchmark.pedantic(ours, rounds=3)
    mine = min(seconds(ours) for _ in range(3))
    other = min(seconds(lambda: one_by_one(OTHERS[noise], images, scale)) for _ in range(3))
    name = "SciPy" if noise == "gaussian_blur" else "scikit-image"
    row(
        f"{noise}, images a second",
        f"{len(images) / mine:,.0f}/s",
        f"{len(images) / other:,.0f}/s, {name} image by image",
        other / mine,
    )
