"""A small repository of benchmarks, and one real run of it that many tests look at."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate_bench import GATE
from own_bench import Own
from records_factory import make_sweep

from noisecore.data import load_dataset
from noisecore.records import TrialRecord, read_record

BENCHMARKS = """
import pytest

pytestmark = pytest.mark.robustness()

def test_point(robustness, benchmark, noise_model, noise_scale):
    robustness.record(benchmark)
    assert robustness.point.mean >= 0

def test_curve(robustness, noise_model):
    assert robustness.curve.complete
"""

# Beside those: the same trials again, a gate that fails, and a trial that does.
HARD_BENCHMARKS = """
import pytest
from noisecore.judging.gates import assert_floor, assert_monotonic

@pytest.mark.robustness()
def test_falls(robustness, noise_model):
    assert_monotonic(robustness.curve, slack=1.0, chance=0.0)

@pytest.mark.robustness(scales=[4.0])
def test_floor(robustness):
    assert_floor(robustness.point, {4.0: 1.0})

@pytest.mark.robustness(scales=[1.0], recipe={"learning_rate": 1e30})
def test_diverges(robustness):
    assert robustness.point.mean >= 0
"""

# Notes each trial that is begun, in whichever process.
NOTES = """
from noisecore.running.engine import Engine

tell = Engine._tell

def noted(engine, event):
    if event.kind == "started":
        with open("begun.txt", "a") as file:
            file.write(event.trial.label + "\\n")
    tell(engine, event)

Engine._tell = noted
"""

# One epoch of a small network on 90 images: as little as can be trained.
TINY = [
    "--noise-dataset=tiny.npz",
    "--noise-model=mlp",
    "--noise-recipe=quick+epochs=1,batch_size=32",
    "--noise-scales=1,4",
]

# The same choices for records that were never trained.
GIVEN = [
    "--noise-dataset=tiny.npz",
    "--noise-model=mlp",
    "--noise-scales=1,4",
    "--noise-seeds=2",
    "--noise-records=records",
]


def write_dataset(folder: Path) -> None:
    """Write tiny.npz: 90 and 45 images of 8 x 8, of three classes that are easy to tell."""
    rng = np.random.default_rng(0)
    labels = np.arange(135) % 3
    images = rng.integers(0, 100, (135, 8, 8), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 2 * label : 2 * label + 2] += 120
    np.savez(
        folder / "tiny.npz",
        x_train=images[:90],
        y_train=labels[:90],
        x_test=images[90:],
        y_test=labels[90:],
    )


def write_records(folder: Path, **overrides: Any) -> None:
    """Write the records of a sweep on tiny.npz that was never trained, a file each."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        write_dataset(Path(temporary))
        dataset = load_dataset(Path(temporary, "tiny.npz").as_posix())
    choices: dict[str, Any] = {
        "model": "mlp",
        "seeds": (0, 1),
        "dataset": "tiny.npz",
        "dataset_sha256": dataset.sha256,
    }
    accuracies = overrides.pop("accuracies", {0.0: 0.9, 1.0: 0.8, 4.0: 0.6})
    for record in make_sweep(accuracies, **choices | overrides):
        (folder / f"{record.key}.json").write_text(json.dumps(record.to_dict()))


def is_one_line(result: pytest.RunResult) -> str:
    """Return a usage error's line, after checking that there is one and nothing beside it."""
    assert result.ret == pytest.ExitCode.USAGE_ERROR, result.stdout.str() + result.stderr.str()
    shown = result.outlines + result.errlines
    assert not any("Traceback" in line or "INTERNALERROR" in line for line in shown)
    # pytest-benchmark before 5.3 warns of every run under xdist, whatever its tests.
    ours = [line for line in result.errlines if "PytestBenchmarkWarning" not in line]
    lines = [line for line in ours if line.strip()]
    assert len(lines) == 1, lines
    assert lines[0].startswith("ERROR: noisecore: ")
    return lines[0]


def is_outer(name: str) -> bool:
    """Return whether a variable tells a pytest of the one around it, or of the CI."""
    return name == "CI" or name.startswith(("GITHUB_", "PYTEST_", "NOISECORE_"))


@dataclass(frozen=True)
class Ended:
    """A pytest that really ran and trained, in its own process.

    folder: where it ran. code: its exit code. output: what it printed. artifacts: what it left.
    """

    folder: Path
    code: int
    output: str
    artifacts: Path

    @property
    def results(self) -> dict[str, Any]:
        """The content of results.json."""
        content: dict[str, Any] = json.loads((self.artifacts / "results.json").read_text())
        return content

    @property
    def begun(self) -> list[str]:
        """The labels of the trials that were begun, once for each time."""
        return (self.folder / "begun.txt").read_text().splitlines()

    @property
    def records(self) -> dict[str, TrialRecord]:
        """The records on disk, by the labels of their trials."""
        files = sorted((self.artifacts / "trials").glob("*.json"))
        records = [trial for file in files for trial in read_record(file).trials]
        return {record.trial.label: record for record in records}


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """Return the environment of a pytest of its own, with nothing of the pytest around it."""
    kept = {name: value for name, value in os.environ.items() if not is_outer(name)}
    return {**kept, "HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture(scope="session")
def write_tiny():
    """Return the function that writes tiny.npz into a folder."""
    return write_dataset


@pytest.fixture(scope="session")
def tensorflow():
    """Skip the tests that train where TensorFlow is not installed."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")


@pytest.fixture(scope="session")
def run_in(environment, tensorflow):
    """Return a function that runs pytest in a folder of benchmarks, with real training."""

    def run_in(folder, *arguments):
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *TINY, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        return Ended(folder, ended.returncode, ended.stdout, folder / "noisecore-results/quick")

    return run_in


@pytest.fixture(scope="session")
def train(tmp_path_factory, run_in):
    """Return a function that runs pytest on the benchmarks above, with real training."""

    def train(name, *arguments):
        folder = tmp_path_factory.mktemp(name)
        write_dataset(folder)
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
        (folder / "conftest.py").write_text(NOTES)
        (folder / "test_bench.py").write_text(BENCHMARKS)
        (folder / "test_hard.py").write_text(HARD_BENCHMARKS)
        return run_in(folder, *arguments)

    return train


@pytest.fixture(scope="session")
def trained(train):
    """Return the one run of everything: two workers, two seeds, 6 good trials and 2 that fail."""
    return train(
        "trained", "--noise-seeds=2", "--noise-workers=2", "--benchmark-json=benchmark.json"
    )


@pytest.fixture(scope="session")
def shared(train):
    """Return the run of everything under xdist, with two xdist workers."""
    return train("shared", "--noise-seeds=2", "-n2", "--junitxml=junit.xml")


@pytest.fixture
def bench(pytester, monkeypatch):
    """Return a pytester in a folder of benchmarks, their data set and records."""
    for name in filter(is_outer, list(os.environ)):
        monkeypatch.delenv(name)
    # Hypothesis' plugin would be loaded anew for each pytest in this process: a second each time.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:cacheprovider")
    pytester.makeini("[pytest]\naddopts = --strict-markers\n")
    pytester.makepyfile(test_bench=BENCHMARKS)
    write_dataset(pytester.path)
    write_records(pytester.path / "records")
    return pytester


@pytest.fixture
def given():
    """Return the options that judge the records in the folder `records`."""
    return list(GIVEN)


@pytest.fixture
def gate(bench, monkeypatch):
    """Return a pytester whose one test compares the given records with a baseline."""
    # The pictures are looked at elsewhere, and cost a second a run.
    monkeypatch.setattr("noisecore.showing.report._pictures", lambda *given: ())
    (bench.path / "test_bench.py").unlink()
    bench.makepyfile(test_gate=GATE.format(margins=""))
    return bench


@pytest.fixture
def made(gate, given):
    """Return the same pytester, with a baseline that equals the given records."""
    result = gate.runpytest_inprocess(*given, "--noise-update-baseline", "--noise-artifacts=first")
    assert result.ret == 0, result.stdout.str()
    return gate


@pytest.fixture
def tiny():
    """Return the options of a real training that is as small as can be."""
    return list(TINY)


@pytest.fixture
def usage_line():
    """Return the function that checks a usage error and returns its line."""
    return is_one_line


@pytest.fixture
def save_records():
    """Return the function that writes records of trials that never ran."""
    return write_records


@pytest.fixture
def own(pytester, monkeypatch):
    """Return a repository of somebody else, with two test files and a curve each."""
    for name in filter(is_outer, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    # The pictures are looked at elsewhere, and cost a second a run.
    monkeypatch.setattr("noisecore.showing.report._pictures", lambda *given: ())
    return Own(pytester)
