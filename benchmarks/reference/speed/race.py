"""The race: the notebook's sweep, whole, by noisecore and the notebook's own way, in turn.

    python benchmarks/reference/speed/race.py FOLDER [--dataset mnist] [--data-dir FOLDER]
        [--epochs 12] [--workers 5]

In bfloat16, then the notebook's own way, then in float32, and a matrix product before and after
each, for a machine's speed may drift. A worker a scale, even where there are fewer processors: all
end at about the same time, and none stands idle beside the last one. Leaves the records in FOLDER,
and prints a line of JSON a side: seconds of it all, from the start of its first process to the end
of its last, peak memory of a process in bytes, accuracies by scale, and the matrix products' rate.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from noisecore.data import Dataset, load_dataset
from noisecore.functions import source_sha256
from noisecore.models import get_builder
from noisecore.noise import get_noise
from noisecore.recipes import RECIPES
from noisecore.records import Trial, TrialRecord
from noisecore.running.engine import Engine
from noisecore.running.machine import fast_bfloat16
from noisecore.running.store import Store

SCALES = (0.1, 0.5, 1.0, 2.0, 4.0)


def trials(
    dataset: Dataset,
    precision: str,
    scales: Sequence[float] = SCALES,
    seeds: Sequence[int] = (0,),
    *,
    epochs: int,
) -> list[Trial]:
    """Return trials of the notebook's recipe."""
    return [
        Trial(
            dataset=dataset.name,
            dataset_sha256=dataset.sha256,
            model="cnn",
            model_source=source_sha256(get_builder("cnn")),
            recipe=RECIPES["notebook"].but(epochs=epochs, precision=precision),
            noise="gaussian",
            noise_source=source_sha256(get_noise("gaussian")),
            train_scale=scale,
            test_scales=(0.0, *SCALES),
            seed=seed,
        )
        for scale in scales
        for seed in seeds
    ]


def run(
    asked: list[Trial], folder: Path, workers: int, location: tuple[str, str | None]
) -> tuple[float, list[TrialRecord]]:
    """Return the seconds of a whole run, workers' start included, and its records."""
    start = time.perf_counter()
    engine = Engine(asked, store=Store(folder, "speed"), location=location, workers=workers)
    engine.start()
    try:
        records = engine.wait(asked)
    finally:
        engine.close()
    assert [record.status for record in records] == ["complete"] * len(asked)
    return time.perf_counter() - start, records


def script(name: str, *arguments: str) -> str:
    """Return what a script beside this one prints last."""
    command = [sys.executable, str(Path(__file__).with_name(name)), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]


def main() -> None:
    """Run each side in turn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--data-dir")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--workers", type=int, default=len(SCALES))
    chosen = parser.parse_args()

    def product() -> dict[str, float]:
        sizes = ("float32", "bfloat16") if fast_bfloat16() else ("float32",)
        return {f"gflops_{size}": round(float(script("peak.py", size)) / 1e9) for size in sizes}

    def show(side: str, found: dict[str, object]) -> None:
        print(json.dumps({"side": side, **found}), flush=True)

    def ours(precision: str) -> None:
        dataset = load_dataset(chosen.dataset, chosen.data_dir)
        asked = trials(dataset, precision, epochs=chosen.epochs)
        place = (chosen.dataset, chosen.data_dir)
        seconds, records = run(asked, chosen.folder / precision, chosen.workers, place)
        show(
            precision,
            {
                "seconds": seconds,
                "peak_memory_bytes": max(each.cost["peak_memory_bytes"] for each in records),
                "accuracies": [each.at(each.trial.train_scale).accuracy for each in records],
            },
        )

    show("machine", product())
    if fast_bfloat16():
        ours("mixed_bfloat16")
        show("machine", product())
    place = ["--data-dir", chosen.data_dir] if chosen.data_dir else []
    own = script("own_way.py", "--dataset", chosen.dataset, "--epochs", str(chosen.epochs), *place)
    show("own way", json.loads(own))
    show("machine", product())
    ours("float32")
    show("machine", product())


if __name__ == "__main__":
    main()
