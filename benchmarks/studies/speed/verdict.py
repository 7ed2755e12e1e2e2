"""Time whole runs to their verdicts: several sides, in turn, each from the start of pytest.

    python benchmarks/studies/speed/verdict.py OUT.jsonl [--rounds 3] NAME TREE "ARGUMENTS" ...

A side is three words: its name, the source tree that it runs in, and the arguments of pytest. Each
round runs every side once, in a new artifact folder. OUT.jsonl gets one line per run: the seconds,
the processor's seconds of all processes, how pytest ended, how many trainings the run made, their
seconds by model, and a hash of their numbers: equal hashes are records equal to the bit. Prints the
medians.
"""

import argparse
import hashlib
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

TIMES = ("seconds", "processor")


def processor_seconds() -> float:
    """Return the processor's seconds of all processes that have ended below this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measured(folder: Path) -> dict[str, Any]:
    """Return how many trainings the records are of, their seconds, and a hash of their numbers."""
    trained, seconds, numbers = 0, defaultdict(list), []
    for path in sorted(folder.rglob("trials/*.json")):
        record = json.loads(path.read_text())
        numbers.append(json.dumps([record["history"], record["cells"]], sort_keys=True))
        costs = [record["cost"], *(trial["cost"] for trial in record["trials"])]
        if not any("cached_from" in cost or "resumed_from" in cost for cost in costs):
            trained += 1
            seconds[record["training"]["model"]].append(record["cost"]["train_seconds"])
    return {
        "trainings": trained,
        "train_seconds": {model: round(sum(each), 2) for model, each in seconds.items()},
        "numbers": hashlib.sha256("\n".join(sorted(numbers)).encode()).hexdigest()[:16],
    }


def run(tree: Path, arguments: list[str]) -> dict[str, Any]:
    """Run pytest in a tree and return what it took."""
    hidden = ("PYTEST_", "NOISECORE_", "GITHUB_", "CI")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    environment["PYTHONPATH"] = str(tree)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "benchmarks", "-q", "-p", "no:cacheprovider"]
        command += [*arguments, f"--noise-artifacts={folder}"]
        before, start = processor_seconds(), time.perf_counter()
        ended = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False)
        seconds = time.perf_counter() - start
        found = measured(Path(folder))
    return {
        "seconds": round(seconds, 2),
        "processor": round(processor_seconds() - before, 2),
        "ended": ended.returncode,
        **found,
        "last": ended.stdout.decode().strip().splitlines()[-1:],
    }


def main() -> None:
    """Run the sides in turn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("sides", nargs="+", metavar="NAME TREE ARGUMENTS")
    chosen = parser.parse_args()
    if len(chosen.sides) % 3:
        parser.error("a side is three words: a name, a tree, and the arguments of pytest")
    sides = list(zip(*[iter(chosen.sides)] * 3, strict=True))
    found: dict[str, list[dict[str, Any]]] = {name: [] for name, _, _ in sides}
    for _ in range(chosen.rounds):
        for name, tree, arguments in sides:
            line = run(Path(tree).resolve(), shlex.split(arguments))
            found[name].append(line)
            with chosen.out.open("a") as file:
                file.write(json.dumps({"side": name, "arguments": arguments, **line}) + "\n")
            print(name, line, flush=True)
    for name, lines in found.items():
        medians = [statistics.median(each[what] for each in lines) for what in TIMES]
        print(f"{name}: median {medians[0]:.1f} s, {medians[1]:.1f} s of the processors")


if __name__ == "__main__":
    main()
