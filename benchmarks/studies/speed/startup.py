"""What a quick run costs outside training, in CPU seconds, part by part, of two or more checkouts.

    python benchmarks/studies/speed/startup.py before=CHECKOUT after=CHECKOUT [--rounds 3]

Each round takes the checkouts in turn, each in fresh processes: a run that judges the saved records
of the quick profile against the baseline, and a worker, from its start to its fifth training of one
epoch. Prints a line of JSON a process, and last the medians: of each part, and of a whole quick run
with two workers and 45 trainings. A part is what its functions take without the other parts that
they call; the import of a package counts without the imports that it needs.
"""

import _frozen_importlib
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

WORKERS, TRAININGS = 2, 45

# The functions of each part, as module:name.
PARTS = {
    "reading the baseline": ["noisecore.judging.baselines.file:read_baseline"],
    "comparing with the baseline": ["noisecore.judging.baselines.comparison:compare_records"],
    "candidate of the baseline": ["noisecore.judging.baselines.file:write_baseline"],
    "reading the data set": ["noisecore.data.loading:load"],
    "reading saved records": ["noisecore.judging.results:read_records"],
    "pictures of the noise": ["noisecore.plugin.session:Run._of_profile"],
    "figures": [
        "noisecore.showing.plots.classes:plot_classes",
        "noisecore.showing.plots.curve:plot_curve",
        "noisecore.showing.plots.learning:plot_learning",
        "noisecore.showing.plots.matrix:plot_matrix",
        "noisecore.showing.plots.noise:plot_noise",
    ],
    "PNG and SVG": ["noisecore.showing.plots.style:render"],
    "results.json": [
        "noisecore.judging.results:Results.to_dict",
        "noisecore.records.files:in_lines",
    ],
    "tables and summary": [
        "noisecore.showing.report:_table",
        "noisecore.judging.curves.frames:curve_frame",
        "noisecore.judging.curves.frames:class_frame",
        "noisecore.judging.curves.frames:matrix_frame",
        "noisecore.showing.summary:make_summary",
    ],
    "conditions of a training": ["noisecore.running.trials:conditions"],
    "collecting the tests": ["_pytest.main:Session.perform_collect"],
}


class Clock:
    """CPU seconds by part; what a part calls of another part counts there alone."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._open = ["the rest"]
        self._last = 0.0  # the start of the interpreter counts with the rest

    def turn(self) -> None:
        """Add the time since the last turn to the part that is open."""
        now = time.process_time()
        part = self._open[-1]
        self.parts[part] = self.parts.get(part, 0.0) + now - self._last
        self._last = now

    def inside(self, part, function):
        """Return a function whose time counts to a part."""

        def timed(*args, **kwargs):
            self.turn()
            self._open.append(part)
            try:
                return function(*args, **kwargs)
            finally:
                self.turn()
                self._open.pop()

        return timed


def time_imports(clock: Clock) -> None:
    """Time each import, whoever finds the module, and then the functions of the parts."""
    load = _frozen_importlib._load_unlocked

    def timed(spec):
        module = clock.inside(f"import {spec.name.partition('.')[0]}", load)(spec)
        for part, functions in PARTS.items():
            for place, _, name in (each.partition(":") for each in functions):
                if place == spec.name:
                    *owners, last = name.split(".")
                    home = getattr(module, owners[0], None) if owners else module
                    if hasattr(home, last):
                        setattr(home, last, clock.inside(part, getattr(home, last)))
        return module

    _frozen_importlib._load_unlocked = timed


def judge(folder: str) -> None:
    """Judge the saved records of the quick profile, and print the seconds of each part."""
    clock = Clock()
    time_imports(clock)
    import pytest

    absent = [f"-pno:{name}" for name in ("hypothesispytest", "anyio", "xdist", "cacheprovider")]
    run = [*absent, "-q", "benchmarks", "--scales", "--noise-records=benchmarks/records/quick"]
    code = pytest.main([*run, "--noise-baseline=auto", f"--noise-artifacts={folder}"])
    clock.turn()
    print("\n" + json.dumps({"exit": int(code), **clock.parts}))


def work() -> None:
    """Do what a worker does for five trainings of one epoch, and print its seconds."""
    from noisecore.running import compat

    os.environ |= compat.settings(1)
    from noisecore.running.worker import _import_keras

    _import_keras()
    start = time.process_time()

    from race import trials

    from noisecore.callables import source_sha256
    from noisecore.data import load_dataset
    from noisecore.models import get_builder
    from noisecore.recipes import get_recipe
    from noisecore.running import trials as running

    clock = Clock()
    for name in ("train", "_tested"):
        setattr(running, name, clock.inside("training", getattr(running, name)))
    data, seeds = load_dataset("mnist-5k"), range(5)
    asked = trials(data, get_recipe("quick+epochs=1"), [1.0], seeds)
    conditions = running.conditions(1)
    outside = []
    for trial in asked:
        mlp = {"model": "mlp", "model_source": source_sha256(get_builder("mlp"))}
        trial = trial.__class__(**{**vars(trial), **mlp})
        clock.turn()
        before = clock.parts.copy()
        running.run_trials([trial], data, run="speed", conditions=conditions)
        clock.turn()
        outside.append(clock.parts["the rest"] - before["the rest"])
    print(json.dumps({"start of a worker": start, "a training, outside it": outside}))


def measure(what: str, checkout: Path, folder: str) -> dict:
    """Return what a fresh process prints about a checkout."""
    ours = [str(checkout), str(Path(__file__).parent)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(ours), "TF_CPP_MIN_LOG_LEVEL": "2"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's Python compiles each file once
    done = subprocess.run(
        [sys.executable, __file__, what, folder],
        cwd=checkout, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure the checkouts in turn, and print each figure and the medians."""
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sides", nargs="+", metavar="NAME=CHECKOUT")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    sides = dict(each.split("=", 1) for each in chosen.sides)
    found: dict[str, dict[str, list[float]]] = {side: {} for side in sides}
    for number in range(chosen.rounds + 1):
        for side, checkout in sides.items():
            with tempfile.TemporaryDirectory() as folder:
                judged = measure("judge", Path(checkout).resolve(), folder)
            worked = measure("work", Path(checkout).resolve(), "")
            if number == 0:
                continue  # Python compiled the files
            print(json.dumps({"side": side, "round": number, **judged, **worked}), flush=True)
            parts = {name: value for name, value in judged.items() if name != "exit"}
            start, outside = worked["start of a worker"], worked["a training, outside it"]
            parts |= {"judging and showing": sum(parts.values()), "start of a worker": start}
            parts["a training, outside it"] = statistics.median(outside[1:])
            parts["a quick run outside training"] = (
                parts["judging and showing"]
                + WORKERS * start
                + TRAININGS * parts["a training, outside it"]
            )
            for name, value in parts.items():
                found[side].setdefault(name, []).append(value)
    for side, parts in found.items():
        medians = {name: round(statistics.median(each), 3) for name, each in parts.items()}
        print(json.dumps({"side": side, "medians": medians}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "judge":
        judge(sys.argv[2])
    elif sys.argv[1] == "work":
        work()
    else:
        main()
