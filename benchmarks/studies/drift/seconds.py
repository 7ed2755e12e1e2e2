"""How long a training takes in each of tox's environments, in turn.

    python benchmarks/studies/drift/seconds.py .tox/py311-tf* [--rounds 2]

A sweep an hour after another says as much of the machine as of TensorFlow. Here each round takes
all environments, the next one in the other order: both models at scale 1, two seeds, two workers
at once. Prints a line of JSON for each model in an environment of a round: seconds of each
training, and the greatest peak memory of a worker in MiB.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from noisecore.judging.results import read_records
from noisecore.records import TrialRecord

ROOT = Path(__file__).parents[3]
MODELS = ("cnn", "mlp")


def train(environment: Path, folder: Path) -> list[TrialRecord]:
    """Return the records of one environment's trainings, in the order of their seeds."""
    tests = [f"benchmarks/test_gaussian_scales.py::test_floor[{model}-1]" for model in MODELS]
    command = [
        environment.absolute() / "bin/python", "-P", "-m", "pytest", *tests,
        "--import-mode=importlib", "--scales", "--noise-scales=1", "--noise-seeds=2",
        "--noise-workers=2", f"--noise-artifacts={folder}",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    paths = list(folder.glob("*/results.json"))
    if not paths:
        sys.exit(f"{environment} left no records:\n{done.stdout}{done.stderr}")
    return sorted(read_records(paths[0]), key=lambda one: one.trial.seed)


def main() -> None:
    """Train in all environments, forth and back."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("environments", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    for number in range(chosen.rounds):
        for environment in chosen.environments[:: -1 if number % 2 else 1]:
            with tempfile.TemporaryDirectory() as folder:
                records = train(environment, Path(folder))
            for model in MODELS:
                costs = [one.cost for one in records if one.trial.model == model]
                line = {
                    "round": number,
                    "environment": environment.name,
                    "model": model,
                    "seconds": [round(cost["train_seconds"], 2) for cost in costs],
                    "memory": round(max(cost["peak_memory_bytes"] for cost in costs) / 2**20),
                }
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
