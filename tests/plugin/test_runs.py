"""A run: what it trains, what it leaves, and what it says when something goes wrong."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from waiting import wait_until, workers_of

from noisecore.judging.schemas import load_schema

BASE = "mlp/gaussian/quick+batch_size=32,epochs=1"


GOOD = [f"{BASE} scale {scale} seed {seed}" for scale in (0, 1, 4) for seed in (0, 1)]


DIVERGED = [f"{BASE},learning_rate=1e+30 scale 1 seed {seed}" for seed in (0, 1)]


class TestTrained:
    """What the one real run did and left behind."""

    def test_every_trial_is_trained_once(self, trained) -> None:
        """Tests that ask for the same trials share them: a record each, none twice, none more."""
        assert sorted(trained.records) == sorted(GOOD + DIVERGED)
        assert sorted(trained.results["planned"]) == sorted(GOOD + DIVERGED)
        assert sorted(trained.begun) == sorted(GOOD + DIVERGED)

    def test_every_trial_is_evaluated_at_all_scales(self, trained) -> None:
        """Each good record has the whole row of the matrix, 0 included."""
        for label in GOOD:
            assert [e.scale for e in trained.records[label].evaluations] == [0, 1, 4]

    def test_it_learned(self, trained) -> None:
        """The training is a real one: clean images are told apart far better than by chance."""
        accuracy = [trained.records[label].at(0.0).accuracy for label in GOOD[:2]]
        assert min(accuracy) > 0.6

    def test_artifacts(self, trained) -> None:
        """A run leaves the design's tree, each plot in two formats, although a gate failed."""
        names = {path.name for path in trained.artifacts.iterdir() if path.name[0] != "."}
        assert names == {
            "trials", "plots", "results.json", "curve.csv", "matrix.csv", "classes.csv",
            "summary.md",
        }  # fmt: skip
        plots = {path.name for path in (trained.artifacts / "plots").iterdir()}
        for kind in ("png", "svg"):
            assert {f"all-learning.{kind}", f"all-noise.{kind}"} <= plots
            assert len([p for p in plots if p.startswith("mlp") and p.endswith(f"-curve.{kind}")])
            assert len([p for p in plots if p.startswith("mlp") and p.endswith(f"-matrix.{kind}")])
            assert len([p for p in plots if p.startswith("mlp") and p.endswith(f"-classes.{kind}")])

    def test_results_follow_the_schema(self, trained) -> None:
        """results.json is what the published JSON Schema says it is."""
        schema = load_schema("results")
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(trained.results)

    def test_tables(self, trained) -> None:
        """curve.csv and matrix.csv hold the records' own figures."""
        with open(trained.artifacts / "matrix.csv", newline="") as file:
            cells = [float(row["accuracy"]) for row in csv.DictReader(file) if row["accuracy"]]
        measured = [e.accuracy for label in GOOD for e in trained.records[label].evaluations]
        assert sorted(cells) == pytest.approx(sorted(measured))
        with open(trained.artifacts / "curve.csv", newline="") as file:
            assert len(list(csv.DictReader(file))) >= len(GOOD)

    def test_failing_gate(self, trained) -> None:
        """A floor that does not hold fails its test and the build, with its verdict on disk."""
        assert trained.code == pytest.ExitCode.TESTS_FAILED
        assert "FAILED test_hard.py::test_floor" in trained.output
        verdicts = {v["gate"]: v["verdict"] for v in trained.results["verdicts"]}
        assert verdicts == {"floor": "fail", "monotonic": "pass", "trials": "fail"}

    def test_failed_trial(self, trained) -> None:
        """A loss that is no number fails the tests that need it, as failures, with the epoch."""
        for label in DIVERGED:
            assert trained.records[label].status == "failed"
            assert "epoch 1" in trained.records[label].reason
            assert f"{label}: {trained.records[label].reason}" in trained.output
        assert "FAILED test_hard.py::test_diverges - Failed: 2 of 2 trials failed" in trained.output
        assert "ERROR" not in trained.output
        assert "2 failed, 5 passed" in trained.output

    def test_summary(self, trained) -> None:
        """The terminal says how many trials there were, what failed, and where all of it lies."""
        assert "8 of 8 trials, " in trained.output
        assert "FAIL floor: " in trained.output
        assert "artifacts: noisecore-results/quick" in trained.output

    def test_progress_in_a_log(self, trained) -> None:
        """In a log each trial has a plain line, numbered, and no line is drawn over."""
        lines = [line for line in trained.output.splitlines() if line.startswith("noisecore ")]
        counts = [line.split()[1] for line in lines]
        assert counts == [f"{i}/8" for i in range(1, len(counts) + 1)]
        assert len(counts) >= 7
        assert "\r" not in trained.output

    def test_benchmark_json(self, trained) -> None:
        """Each scale is a benchmark with a round a seed, and what was measured beside it."""
        content = json.loads((trained.folder / "benchmark.json").read_text())
        assert len(content["benchmarks"]) == 3
        for benchmark, scale in zip(content["benchmarks"], (0, 1, 4), strict=True):
            records = [trained.records[f"{BASE} scale {scale} seed {seed}"] for seed in (0, 1)]
            seconds = [record.cost["train_seconds"] for record in records]
            assert benchmark["stats"]["rounds"] == 2
            assert benchmark["stats"]["data"] == pytest.approx(seconds)
            info = benchmark["extra_info"]
            assert info["seeds"] == [0, 1]
            assert info["scale"] == scale
            assert info["accuracy"] == [record.at(scale).accuracy for record in records]
            assert info["loss"] == [record.at(scale).loss for record in records]


@pytest.fixture(scope="module")
def inline(train):
    """Return a run of one selected test in the process itself, with one seed."""
    return train(
        "inline",
        "--noise-seeds=1",
        "--noise-workers=0",
        "--benchmark-json=benchmark.json",
        "-k",
        "test_point and mlp-1",
    )


class TestInline:
    """A run without workers, of one test."""

    def test_selection(self, inline) -> None:
        """`-k` trains what the selected test needs, and nothing else."""
        assert inline.code == 0, inline.output
        assert list(inline.records) == [f"{BASE} scale 1 seed 0"]
        assert inline.results["planned"] == [f"{BASE} scale 1 seed 0"]

    def test_same_numbers(self, inline, trained) -> None:
        """Inline and alone, or in a worker among others: the numbers are the same to the bit."""
        label = f"{BASE} scale 1 seed 0"
        assert inline.records[label].numbers() == trained.records[label].numbers()

    def test_benchmark_compare(self, inline, trained, environment) -> None:
        """pytest-benchmark's own compare reads the files of two runs."""
        files = [str(run.folder / "benchmark.json") for run in (trained, inline)]
        ended = subprocess.run(
            [sys.executable, "-m", "pytest_benchmark", "compare", *files],
            env=environment,
            cwd=inline.folder,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.count("test_point[mlp-1]") == 2
        assert "Traceback" not in ended.stderr


@pytest.fixture
def start(bench, tiny, tensorflow):
    """Return a function that starts a long training in a session of its own, and ends it."""
    started = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *tiny, "--noise-seeds=200", *arguments],
            cwd=bench.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        for pid in workers_of(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.communicate()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
class TestEndedEarly:
    """A run that somebody ends."""

    def test_interrupt(self, bench, start, given, usage_line) -> None:
        """Ctrl-C leaves whole records, a report of them, no process, and exit code 2."""
        process = start("--noise-workers=1")
        artifacts = bench.path / "noisecore-results/quick"
        wait_until(lambda: list((artifacts / "trials").glob("*.json")))
        # While it runs, nobody else can write to its folder.
        other = usage_line(bench.runpytest_inprocess(*given))
        assert "would replace that of the run in" in other
        assert len(workers_of(process.pid)) == 1
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == pytest.ExitCode.INTERRUPTED, output
        assert workers_of(process.pid) == []
        records = [json.loads(p.read_text()) for p in (artifacts / "trials").glob("*.json")]
        results = json.loads((artifacts / "results.json").read_text())
        assert 1 <= len(records) < 600
        assert len(results["records"]) == len(records)
        assert len(results["planned"]) == 600
        assert f"{len(records)} of 600 trials" in output
        assert "Traceback" not in output
        assert list((artifacts / "trials").glob(".*.json.*")) == []
        assert (artifacts / "summary.md").is_file()
        last = output.strip().splitlines()[-1]
        left = 600 - len(records)
        assert last.startswith(f"noisecore: {left} trials have no record yet. To go on: pytest ")
        assert last.endswith(" --noise-seeds=200 --noise-workers=1 --noise-resume")

    def test_killed(self, start) -> None:
        """Workers end within seconds of their pytest, however that ends."""
        process = start("--noise-workers=2")
        wait_until(lambda: len(workers_of(process.pid)) == 2)
        process.kill()
        wait_until(lambda: workers_of(process.pid) == [], seconds=20)


@pytest.fixture(scope="module")
def resumed(trained, run_in, tmp_path_factory):
    """Return the one run of everything, resumed in a copy of it that lost two records."""
    folder = tmp_path_factory.mktemp("resumed") / "copy"
    shutil.copytree(trained.folder, folder)
    (folder / "begun.txt").unlink()
    artifacts = folder / "noisecore-results/quick"
    paths = {label: artifacts / f"trials/{r.key}.json" for label, r in trained.records.items()}
    paths[GOOD[0]].unlink()
    paths[GOOD[1]].write_text("{")
    return run_in(folder, "--noise-seeds=2", "--noise-resume")


class TestResumed:
    """A run that goes on where another one ended."""

    def test_only_the_rest_is_trained(self, resumed) -> None:
        """What is complete is taken over; what is missing, damaged or failed is run again."""
        assert sorted(resumed.begun) == sorted([*GOOD[:2], *DIVERGED])
        assert "4 of them are from an earlier run" in resumed.output

    def test_same_numbers(self, resumed, trained) -> None:
        """In the end every record is the same as of the run that went through."""
        assert sorted(resumed.records) == sorted(trained.records)
        for label, record in resumed.records.items():
            assert record.numbers() == trained.records[label].numbers()

    def test_damage_is_kept(self, resumed) -> None:
        """The damaged file is named, and kept under another name."""
        (aside,) = (resumed.artifacts / "trials").glob("*.damaged")
        assert aside.read_text() == "{"
        assert "not a valid record, renamed to " in resumed.output
        assert aside.name in resumed.output
