"""The examples of docs/guide/logging.md log what they say, exactly as they stand there."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from gate_bench import AUTO, CURVE, WORSE, worsen

PAGE = (Path(__file__).parents[2] / "docs/guide/logging.md").read_text(encoding="utf-8")

FLOOR = """
import pytest
from noisecore.judging.gates import assert_floor

@pytest.mark.robustness(scales=[4.0])
def test_floor(robustness):
    assert_floor(robustness.point, {4.0: 0.3})
"""

# In a process of its own: what a pytester's test imports is forgotten after it, and not all of this
# can be imported twice.
READ_MLFLOW = """
import json
from mlflow import MlflowClient
client = MlflowClient()
runs = client.search_runs([client.get_experiment_by_name("Default").experiment_id])
print(json.dumps([
    {
        "name": run.info.run_name, "status": run.info.status, "params": run.data.params,
        "metrics": run.data.metrics, "tags": run.data.tags,
    }
    for run in runs
]))
"""

READ_EVENTS = """
import json, struct, sys
from pathlib import Path
from tensorboardX.proto.event_pb2 import Event

points = []
for path in sorted(Path("noisecore-logs").rglob("*tfevents*")):
    data = path.read_bytes()
    while data:  # the length, its checksum, the event, its checksum
        (length,) = struct.unpack("<Q", data[:8])
        event = Event.FromString(data[12 : 12 + length])
        data = data[16 + length :]
        points += [
            [path.parent.name, each.tag, each.simple_value, event.step, event.wall_time]
            for each in event.summary.value
        ]
print(json.dumps(points))
"""


def shown(name: str) -> str:
    """Return the conftest.py of that name as the page shows it."""
    code = re.search(rf"^<!-- test: {name} -->\n```python\n(.*?)^```$", PAGE, re.M | re.S)
    assert code is not None
    return code[1]


def needs(module: str) -> None:
    """Skip the test where a module is not installed, without importing it."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


def read(code: str, folder: Path):
    """Return what a script prints as JSON."""
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def commit(folder: Path, day: int) -> int:
    """Make a commit on a day of January 2026; return its time."""
    who = ["-c", "user.name=N", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    when = {"GIT_COMMITTER_DATE": f"2026-01-{day:02}T00:00:00Z"}
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "commit"]):
        command = ["git", *who, *arguments]
        subprocess.run(command, cwd=folder, env=os.environ | when, check=True, timeout=60)
    return 1767225600 + (day - 1) * 24 * 60 * 60


@pytest.fixture
def logged(made):
    """Return a pytester with a baseline, a test that compares with it, and one with a floor."""
    made.makepyfile(test_floor=FLOOR)
    return made


def test_mlflow(logged, given, save_records, monkeypatch) -> None:
    """MLflow has a run for each curve: parameters, metrics by scale, and each gate as a tag."""
    needs("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (logged.path / "mlruns").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    logged.makeconftest(shown("mlflow"))
    worsen(logged, save_records, accuracies=WORSE)
    result = logged.runpytest_subprocess(*given, AUTO)
    result.assert_outcomes(passed=2, failed=1)  # the item that closes the run is one of them
    (run,) = read(READ_MLFLOW, logged.path)
    assert run["name"] == CURVE
    assert run["status"] == "FINISHED"
    assert run["params"] == {
        "model": "mlp",
        "noise": "gaussian",
        "dataset": "tiny.npz",
        "recipe": "quick",
        "seeds": "2",
    }
    figures = run["metrics"]
    for scale, accuracy in WORSE.items():
        at = f"scale {scale:g}"
        assert figures[f"accuracy/{at}"] == pytest.approx(accuracy)
        assert figures[f"accuracy from/{at}"] < accuracy < figures[f"accuracy to/{at}"]
    assert figures["accuracy/area under the curve"] == pytest.approx((0.85 + 3 * 0.6) / 4)
    assert figures["change/scale 4"] == pytest.approx(-0.2)
    assert figures["margin/scale 4"] == 0.03
    assert figures["change/mean"] == pytest.approx(-0.1)
    assert run["tags"]["floor"] == "pass"
    assert run["tags"]["no regression"] == "fail"
    assert "(test_gate.py::test_no_regression[mlp])" in run["tags"]["no regression: why"]


def test_tensorboard(logged, given, save_records) -> None:
    """TensorBoard has a chart for each scale, with a point for each commit at its time."""
    needs("tensorboardX")
    logged.makeconftest(shown("tensorboard"))
    times = [commit(logged.path, 1)]
    logged.runpytest_subprocess(*given, AUTO).assert_outcomes(passed=3)
    worsen(logged, save_records, accuracies=WORSE)
    times += [commit(logged.path, 2)]
    logged.runpytest_subprocess(*given, AUTO).assert_outcomes(passed=2, failed=1)
    charts: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for line, chart, value, step, wall_time in read(READ_EVENTS, logged.path):
        assert step == wall_time
        charts.setdefault((chart, line), []).append((value, step))

    def points(scale: int, line: str) -> list[float]:
        found = sorted(charts[f"mlp_gaussian_quick/scale_{scale}", line], key=lambda each: each[1])
        assert [step for _, step in found] == times
        return [value for value, _ in found]

    assert {chart for chart, _ in charts} == {f"mlp_gaussian_quick/scale_{s}" for s in (0, 1, 4)}
    assert points(1, "accuracy") == pytest.approx([0.8, 0.8])
    assert points(4, "accuracy") == pytest.approx([0.6, 0.4])
    assert points(4, "accuracy from") < points(4, "accuracy") < points(4, "accuracy to")
    assert points(4, "allowed") == pytest.approx([0.57, 0.57])
    assert points(4, "floor") == pytest.approx([0.3, 0.3])
    assert (f"mlp_gaussian_quick/scale_{1}", "floor") not in charts
