"""The race: the notebook's sweep, whole, by noisecore and the notebook's own way, in turn.

    python benchmarks/studies/speed/race.py FOLDER [--dataset mnist] [--data-dir FOLDER]
        [--recipe notebook] [--scales 0.1,0.5,1,2,4] [--seeds 0] [--workers 5]
        [--sides mixed_bfloat16,own,float32]

In bfloat16, then the notebook's own way, then in float32, and a matrix product before and after
each, for a machine's speed may drift. A worker a scale, even where there are fewer processors: all
end at about the same time, and none stands idle beside the last one. Leaves the records in FOLDER,
and prints a line of JSON a side: seconds of it all, from the start of its first process to the end
of its last, peak memory of a process in bytes, accuracies by scale, and the matrix products' rate.

Without the own way, other seeds, recipes and scales are trained for the comparison of the
precisions; records of FOLDER are then taken over, and not made again.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from noisecore.callables import source_sha256
from noisecore.data import Dataset, load_dataset
from noisecore.models import get_builder
from noisecore.noise import get_noise
from noisecore.recipes import Recipe, get_recipe
from noisecore.records import Trial, TrialRecord
from noisecore.running.engine import Engine
from noisecore.running.machine import fast_bfloat16
from noisecore.running.store import Store

SCALES = (0.1, 0.5, 1.0, 2.0, 4.0)


def trials(
    dataset: Dataset,
    recipe: Recipe,
    scales: Sequence[float] = SCALES,
    seeds: Sequence[int] = (0,),
) -> list[Trial]:
    """Return trials of the notebook's network."""
    return [
        Trial(
            dataset=dataset.name,
            dataset_sha256=dataset.sha256,
            model="cnn",
            model_source=source_sha256(get_builder("cnn")),
            recipe=recipe,
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
    asked: list[Trial],
    folder: Path,
    workers: int,
    location: tuple[str, str | None],
    *,
    resume: bool = False,
) -> tuple[float, list[TrialRecord]]:
    """Return the seconds of a whole run, workers' start included, and its records."""
    start = time.perf_counter()
    store = Store(folder, "speed", resume=resume)
    engine = Engine(asked, store=store, location=location, workers=workers)
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
    parser.add_argument("--recipe", default="notebook")
    parser.add_argument("--scales", default=",".join(f"{scale:g}" for scale in SCALES))
    parser.add_argument("--seeds", default="0", help="with commas between them")
    parser.add_argument("--workers", type=int, default=len(SCALES))
    sides = ["mixed_bfloat16", "own", "float32"] if fast_bfloat16() else ["own", "float32"]
    parser.add_argument("--sides", default=",".join(sides))
    chosen = parser.parse_args()
    sides = chosen.sides.split(",")
    recipe = get_recipe(chosen.recipe)
    dataset = load_dataset(chosen.dataset, chosen.data_dir)
    scales = [float(scale) for scale in chosen.scales.split(",")]
    seeds = [int(seed) for seed in chosen.seeds.split(",")]

    def show(side: str, found: dict[str, object]) -> None:
        print(json.dumps({"side": side, **found}), flush=True)

    def products() -> None:
        kinds = ("float32", "bfloat16") if fast_bfloat16() else ("float32",)
        rates = {f"gflops_{kind}": round(float(script("peak.py", kind)) / 1e9) for kind in kinds}
        show("machine", rates)

    def own_way() -> None:
        place = ["--data-dir", chosen.data_dir] if chosen.data_dir else []
        epochs = str(recipe.epochs)
        asked = ["--dataset", chosen.dataset, "--scales", chosen.scales, "--epochs", epochs]
        found = script("own_way.py", *asked, *place)
        show("own", json.loads(found))

    def ours(precision: str) -> None:
        seconds, records = run(
            trials(dataset, recipe.but(precision=precision), scales, seeds),
            chosen.folder / precision,
            chosen.workers,
            (chosen.dataset, chosen.data_dir),
            resume="own" not in sides,
        )
        memory = max(each.cost["peak_memory_bytes"] for each in records)
        right = [each.at(each.trial.train_scale).accuracy for each in records]
        show(precision, {"seconds": seconds, "peak_memory_bytes": memory, "accuracies": right})

    products()
    for side in sides:
        own_way() if side == "own" else ours(side)
        products()


if __name__ == "__main__":
    main()
