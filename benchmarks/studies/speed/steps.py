"""Processor time of a training step, before a change of noisecore's code and after it.

    python benchmarks/studies/speed/steps.py BEFORE AFTER [--rounds 3] [--sweep]

BEFORE and AFTER are checkouts. Each round takes all cases, and in each both sides in turn, every
one in a process of its own with one thread. Processor time, not the clock's: other work may run.
A training is three epochs of 4,000 random images. Prints a line of JSON for each: milliseconds of
a step in the second and the third epoch (in the first TensorFlow builds its graphs), seconds of
the training, and a hash of the weights and losses, which must be the same on both sides.

With --sweep: the whole of a run with one worker instead, its processes' start and end included,
of the quick profile with one seed at one scale, and on clean images; and a hash of what its records
measured.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
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


def child_seconds() -> float:
    """Return the processor time of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sweep(checkout: Path) -> dict[str, object]:
    """Run the shortened quick profile of a checkout."""
    from noisecore.judging.results import read_records

    before = child_seconds()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "benchmarks",
                "--scales", "--noise-scales=1", "--noise-seeds=1", "--noise-workers=1",
                f"--noise-artifacts={folder}",
            ],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout.absolute())},
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        seconds = child_seconds() - before
        (path,) = Path(folder).glob("**/results.json")
        records = read_records(path)
    measured = sorted(repr((each.trial, each.history, each.evaluations)) for each in records)
    return {
        "trainings": len(records),
        "seconds": round(seconds, 1),
        "sha256": hashlib.sha256("".join(measured).encode()).hexdigest(),
    }


def main() -> None:
    """Measure all cases on both sides, in turn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sweep", action="store_true", help="the whole of a shortened run")
    chosen = parser.parse_args()
    if chosen.sweep:
        for number in range(chosen.rounds):
            for side in ("before", "after")[:: -1 if number % 2 else 1]:
                found = sweep(getattr(chosen, side))
                print(json.dumps({"round": number, "side": side, **found}), flush=True)
        return
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
