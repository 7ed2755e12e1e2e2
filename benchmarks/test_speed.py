"""Claim: noisecore trains the notebook's sweep faster than the notebook, and wastes little.

Every figure is a ratio of two measurements of the same run, on the same machine. None is asserted,
because machines are shared and noisy. Run with `--speed`.
"""

import json
import math
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from race import run, script, trials

from noisecore.data import load_dataset
from noisecore.noise import Stream, apply_noise, gaussian
from noisecore.recipes import RECIPES
from noisecore.running.machine import available_processors, fast_bfloat16

EPOCHS = 2
BATCH = RECIPES["notebook"].batch_size

# Multiplications and additions of the notebook's network per image: forward, and twice that for the
# gradients of weights and inputs (the first layer needs no gradient of its inputs).
CONV1, CONV2, DENSE1, DENSE2 = 26**2 * 32 * 9, 24**2 * 64 * 288, 9216 * 128, 128 * 10
FLOP = 2 * (2 * CONV1 + 3 * (CONV2 + DENSE1 + DENSE2))


def recipe(precision: str):
    """Return the notebook's recipe, shortened."""
    return RECIPES["notebook"].but(epochs=EPOCHS, precision=precision)


def step_seconds(records) -> float:
    """Return the seconds of a training step: the mean over trials, without their first epochs."""
    images = load_dataset("mnist-5k").x_train.shape[0]
    steps = math.ceil(images / BATCH)
    return float(np.mean([np.mean(r.cost["epoch_seconds"][1:]) for r in records])) / steps


PRECISIONS = ["float32", "mixed_bfloat16"]


def needs_fast_path(precision: str) -> None:
    """Skip bfloat16 where the processor only imitates it."""
    if precision == "mixed_bfloat16" and not fast_bfloat16():
        pytest.skip("this processor has no fast path for bfloat16")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_race(precision, benchmark, row, tmp_path):
    """The shortened sweep, and one training step, against the notebook's own way."""
    needs_fast_path(precision)
    dataset = load_dataset("mnist-5k")
    own = json.loads(script("own_way.py", "--epochs", str(EPOCHS)))
    workers = available_processors()
    seconds, records = benchmark.pedantic(
        lambda: run(trials(dataset, recipe(precision)), tmp_path, workers, ("mnist-5k", None)),
        rounds=1,
    )
    mine, others = step_seconds(records), sum(own["fit_seconds"]) / (5 * own["steps"])
    row(
        f"a sweep of 5 scales, {EPOCHS} epochs of 4,000 images, {precision}",
        f"{seconds:.1f} s, {workers} workers",
        f"{own['seconds']:.1f} s, the notebook's way",
        own["seconds"] / seconds,
    )
    row(
        f"a training step of {BATCH} images, {precision}, {workers} workers at once",
        f"{1000 * mine / workers:.1f} ms",
        f"{1000 * others:.1f} ms, the notebook's way",
        others / (mine / workers),
    )
    memory = max(record.cost["peak_memory_bytes"] for record in records)
    row(
        f"peak memory of a worker, {precision}",
        f"{memory / 2**20:.0f} MiB",
        f"{own['peak_memory_bytes'] / 2**20:.0f} MiB, the notebook's way",
        own["peak_memory_bytes"] / memory,
    )


@pytest.mark.parametrize("precision", PRECISIONS)
def test_roofline(precision, benchmark, row, tmp_path):
    """A training step's rate as a share of a plain matrix product's, on one core."""
    needs_fast_path(precision)
    dataset = load_dataset("mnist-5k")
    peak = float(script("peak.py", precision.removeprefix("mixed_")))
    _, records = benchmark.pedantic(
        lambda: run(trials(dataset, recipe(precision), (1.0,)), tmp_path, 1, ("mnist-5k", None)),
        rounds=1,
    )
    reached = FLOP * BATCH / step_seconds(records)
    row(
        f"roofline, one core, {precision}",
        f"{reached / 1e9:.0f} GFLOP/s in training",
        f"{peak / 1e9:.0f} GFLOP/s in a matrix product",
        reached / peak,
    )


def test_workers(benchmark, row, tmp_path):
    """Training steps per second of 1, 2 … workers, as a share of N times one worker's."""
    dataset = load_dataset("mnist-5k")

    def measure() -> dict[int, float]:
        found = {}
        for count in range(1, available_processors() + 1):
            asked = trials(dataset, recipe("float32"), (1.0,), range(count))
            _, records = run(asked, tmp_path / str(count), count, ("mnist-5k", None))
            found[count] = count / step_seconds(records)
        return found

    rates = benchmark.pedantic(measure, rounds=1)
    for count, rate in rates.items():
        row(
            f"{count} workers" if count > 1 else "1 worker",
            f"{rate:.1f} steps/s",
            f"{count * rates[1]:.1f} steps/s, {count} times one worker's",
            rate / (count * rates[1]),
        )


def test_noise(benchmark, row):
    """Noise for 20,000 images against the notebook's float64 arrays: samples/s, peak memory."""
    images = np.zeros((20_000, 28, 28, 1), np.float32)

    def ours():
        return apply_noise(gaussian, images, 1.0, Stream(0, "train"))

    def own():
        return images + np.random.normal(0.0, 1.0, images.shape)

    def seconds(make) -> float:
        start = time.perf_counter()
        make()
        return time.perf_counter() - start

    def peak(make) -> float:
        tracemalloc.start()
        try:
            make()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    benchmark.pedantic(ours, rounds=3)
    fast, slow = min(seconds(ours) for _ in range(3)), min(seconds(own) for _ in range(3))
    row(
        "noise, samples a second",
        f"{len(images) / fast:,.0f}/s",
        f"{len(images) / slow:,.0f}/s, float64",
        slow / fast,
    )
    small, large = peak(ours), peak(own)
    row(
        "noise, peak memory for 20,000 images",
        f"{small / 2**20:.0f} MiB",
        f"{large / 2**20:.0f} MiB, float64",
        large / small,
    )


def test_overhead(benchmark, row, tmp_path):
    """What a trial costs outside training and evaluation: the share of a quick trial's seconds."""
    dataset = load_dataset("mnist-5k")
    asked = trials(dataset, recipe("float32").but(epochs=1))
    seconds, records = benchmark.pedantic(
        lambda: run(asked, tmp_path, 1, ("mnist-5k", None)), rounds=1
    )
    busy = sum(r.cost["train_seconds"] + r.cost["evaluate_seconds"] for r in records)
    trial = sum(r.cost["seconds"] for r in records)
    row(
        "a trial outside training and evaluation",
        f"{(trial - busy) / len(records):.2f} s",
        f"{trial / len(records):.1f} s, the trial (32 steps)",
        (trial - busy) / trial,
    )
    row(
        "a run outside its trials (one worker's start and end)",
        f"{seconds - trial:.1f} s",
        f"{seconds:.1f} s, the run ({len(records)} trials)",
        (seconds - trial) / seconds,
    )


def test_collection(benchmark, row, tmp_path):
    """`pytest --collect-only benchmarks` against as many plain tests without the plugin."""
    (tmp_path / "test_plain.py").write_text(
        "import pytest\n@pytest.mark.parametrize('i', range(50))\ndef test_it(i): pass\n"
    )

    def seconds(*arguments: str, cwd: Path) -> float:
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
        start = time.perf_counter()
        subprocess.run(command, cwd=cwd, capture_output=True, check=True)
        return time.perf_counter() - start

    root = Path(__file__).parents[1]

    def ours() -> float:
        return seconds("benchmarks", cwd=root)

    benchmark.pedantic(ours, rounds=3)
    mine = min(ours() for _ in range(3))
    without = ("-p", "no:noisecore.plugin", "-p", "no:cacheprovider")
    plain = min(seconds(*without, cwd=tmp_path) for _ in range(3))
    row("pytest --collect-only", f"{mine:.2f} s", f"{plain:.2f} s, plain pytest", mine / plain)
