"""A sweep under fire ends with the records of an undisturbed one. Slow: `pytest tests -m slow`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from waiting import wait_until, workers_of

from noisecore.records import read_record

pytestmark = pytest.mark.slow

KILLS = 20
BENCHMARK = """
import pytest

@pytest.mark.robustness()
def test_curve(robustness, noise_model):
    assert robustness.curve.complete
"""
# Notes each trial that is begun.
NOTES = """
from noisecore.running.engine import Engine

tell = Engine._tell

def noted(engine, event):
    if event.kind in ("started", "retried"):
        with open("begun.txt", "a") as file:
            file.write(event.kind + " " + event.trial.label + "\\n")
    tell(engine, event)

Engine._tell = noted
"""
COMMAND = [
    sys.executable, "-m", "pytest", "--noise-dataset=tiny.npz", "--noise-model=mlp",
    "--noise-recipe=quick+epochs=2,batch_size=8", "--noise-scales=1,4", "--noise-seeds=12",
    "--noise-workers=2", "--noise-retries=50",
]  # fmt: skip
TRIALS = 36


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Return a function that starts the sweep of 36 small trials in a folder of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "CI"}

    def start(name: str, *arguments: str, folder: Path | None = None):
        if folder is None:
            folder = tmp_path_factory.mktemp(name)
            rng = np.random.default_rng(0)
            labels = np.arange(300) % 3
            images = rng.integers(0, 100, (300, 8, 8), np.uint8)
            images[np.arange(300), 2 * labels] += 120
            np.savez(folder / "tiny.npz", x_train=images[:200], y_train=labels[:200],
                     x_test=images[200:], y_test=labels[200:])  # fmt: skip
            (folder / "test_bench.py").write_text(BENCHMARK)
            (folder / "conftest.py").write_text(NOTES)
            (folder / "pytest.ini").write_text("[pytest]\n")
        log = open(folder / "log.txt", "a")  # noqa: SIM115 (the process writes to it)
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        return folder, process

    return start


@pytest.fixture(scope="module")
def calm(start):
    """Return the folder of a sweep that nobody disturbs, and how many seconds it took."""
    begun_at = time.monotonic()
    folder, process = start("undisturbed")
    assert process.wait(timeout=900) == 0
    return folder, time.monotonic() - begun_at


@pytest.fixture(scope="module")
def undisturbed(calm):
    """Return the numbers of every trial of that sweep, by label."""
    return numbers(calm[0])


def numbers(folder: Path, artifacts: str = "noisecore-results") -> dict:
    """Return the numbers of every record of a run, by label."""
    files = (folder / artifacts / "quick/trials").glob("*.json")
    records = [trial for file in files for trial in read_record(file).trials]
    return {record.trial.label: record.numbers() for record in records}


def begun(folder: Path, kind: str) -> list[str]:
    """Return the labels of the trials that were started, or tried again."""
    lines = (folder / "begun.txt").read_text().splitlines()
    return [line.removeprefix(f"{kind} ") for line in lines if line.startswith(kind)]


def test_killed_workers(start, calm, undisturbed) -> None:
    """Twenty workers are killed at random moments: no trial is lost, and none differs."""
    folder, process = start("killed")
    dice = random.Random(0)
    killed: set[int] = set()
    while len(killed) < KILLS and process.poll() is None:
        # As often as this machine needs it, so that all are killed before the sweep could end.
        time.sleep(dice.uniform(0.2, 1.2) * calm[1] / KILLS)
        alive = sorted(set(workers_of(process.pid)) - killed)
        if alive:
            victim = dice.choice(alive)
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
    assert len(killed) == KILLS, "the sweep ended too soon: it needs more trials"
    assert process.wait(timeout=900) == 0
    assert numbers(folder) == undisturbed
    assert sorted(begun(folder, "started")) == sorted(undisturbed)
    assert workers_of(process.pid) == []


def test_killed_run_goes_on(start, undisturbed) -> None:
    """A run that is killed and resumed trains nothing twice but what was in the making."""
    folder, process = start("run")
    while not (folder / "begun.txt").exists() or len(begun(folder, "started")) < TRIALS // 2:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: workers_of(process.pid) == [], seconds=20)
    kept = numbers(folder)
    first = begun(folder, "started")
    _, resumed = start("run", "--noise-resume", folder=folder)
    assert resumed.wait(timeout=900) == 0
    assert numbers(folder) == undisturbed
    again = begun(folder, "started")[len(first) :]
    assert sorted(again) == sorted(set(undisturbed) - set(kept))


def test_killed_runs_share_a_cache(start, undisturbed) -> None:
    """However often a run is killed, its cache is whole, and the next run trains only the rest.

    Each run has an artifact folder of its own: all that it knows of the others is in the cache.
    """
    folder, process = start("shared", "--collect-only")
    assert process.wait(timeout=100) == 0
    cache, dice, known = folder / "kept", random.Random(1), set()
    for number in range(6):
        share = "--noise-cache=kept", f"--noise-artifacts=run-{number}"
        (folder / "begun.txt").write_text("")
        _, process = start("shared", *share, folder=folder)
        if number < 5:
            wait_until(lambda: begun(folder, "started") != [], seconds=120)
            time.sleep(dice.uniform(0, 3))
            os.kill(process.pid, signal.SIGKILL)
        ended = process.wait(timeout=900)
        wait_until(lambda pid=process.pid: workers_of(pid) == [], seconds=20)
        again = begun(folder, "started")
        assert known.isdisjoint(again)
        assert len(again) == len(set(again))
        entries = [read_record(path) for path in cache.glob("*/*.json")]  # all of them are whole
        known = {trial.trial.label for entry in entries for trial in entry.trials}
    assert ended == 0
    assert known == set(undisturbed)
    assert numbers(folder, f"run-{number}") == undisturbed


GATED = """
import pytest

from noisecore import assert_no_regression
from own import build

@pytest.mark.robustness(models=[build])
def test_curve(robustness, noise_baseline):
    assert_no_regression(robustness.curve, noise_baseline)
"""
BUILDER = """
import keras

def build(shape, classes):
    layers = keras.layers
    return keras.Sequential(
        [keras.Input(shape), layers.Flatten(),
         layers.Dense(UNITS), layers.Dense(classes, "softmax")]
    )
"""


def test_killed_seeds_one_after_another(start) -> None:
    """A run that chooses its seeds, killed and resumed, trains and decides as one left alone."""
    folder, process = start("auto", "--collect-only")
    assert process.wait(timeout=100) == 0
    (folder / "test_bench.py").write_text(GATED)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    (folder / "own.py").write_text(BUILDER.replace("UNITS", "16"))
    _, process = start("auto", "--noise-seeds=10", "--noise-update-baseline", folder=folder)
    assert process.wait(timeout=900) == 0
    (folder / "own.py").write_text(BUILDER.replace("UNITS", "15"))
    auto = "--noise-seeds=auto", "--noise-baseline=auto"
    (folder / "begun.txt").write_text("")
    _, process = start("auto", *auto, "--noise-artifacts=calm", folder=folder)
    ended = process.wait(timeout=900)
    alone, calm = begun(folder, "started"), numbers(folder, "calm")
    assert 9 <= len(alone) == len(set(alone)) == len(calm) <= 30
    known: set[str] = set()
    for kills in range(KILLS):
        (folder / "begun.txt").write_text("")
        resumed = *auto, "--noise-artifacts=killed", "--noise-resume"
        _, process = start("auto", *resumed, folder=folder)
        wait_until(
            lambda pid=process: begun(folder, "started")[1:] != [] or pid.poll() is not None,
            seconds=120,
        )
        if kills < 5:
            os.kill(process.pid, signal.SIGKILL)
        again_ended = process.wait(timeout=900)
        wait_until(lambda pid=process.pid: workers_of(pid) == [], seconds=20)
        assert known.isdisjoint(begun(folder, "started"))
        known = set(numbers(folder, "killed"))
        if again_ended >= 0:
            break
    assert again_ended == ended
    assert numbers(folder, "killed") == calm


def test_full_disk(start, undisturbed) -> None:
    """A disk that is full ends the run with whole records alone; with room, it is resumed."""
    folder, process = start("disk", "--collect-only")
    assert process.wait(timeout=100) == 0
    artifacts = folder / "noisecore-results"
    artifacts.mkdir()
    if mount(artifacts, "size=64k").returncode != 0:
        pytest.skip("mounting a small file system is not permitted here")
    try:
        _, process = start("disk", folder=folder)
        assert process.wait(timeout=900) == pytest.ExitCode.TESTS_FAILED
        assert "No space left on device: make room" in (folder / "log.txt").read_text()
        kept = numbers(folder)
        assert 0 < len(kept) < TRIALS
        mount(artifacts, "remount,size=16m").check_returncode()
        _, process = start("disk", "--noise-resume", folder=folder)
        assert process.wait(timeout=900) == 0
        assert numbers(folder) == undisturbed
        assert begun(folder, "started")[-1] not in kept
    finally:
        subprocess.run(["umount", "--lazy", artifacts], check=True)


def mount(folder: Path, options: str) -> subprocess.CompletedProcess[bytes]:
    """Mount a file system in memory on a folder."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    return subprocess.run(command, capture_output=True, check=False)
