"""A repository of somebody else's gates its own model: Keras, PyTorch or ONNX Runtime.

Nothing of noisecore is imported there but the asserts; the fixture comes with the plugin.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

PROJECT = """
[project]
name = "shop"
version = "1"

[tool.pytest.ini_options]
pythonpath = ["."]
noise_baseline_dir = "checks"
"""

# Ten patterns of 8 x 8 pixels, and the weights that tell them apart: of all pixels, or of the first
# USED ones, which is as good on clean images and more fragile.
DATA = """
import numpy as np

USED = 64

def patterns():
    return np.random.default_rng(0).integers(0, 2, (10, 64)).astype(np.float32)

def images():
    labels = np.arange(500) % 10
    blur = np.random.default_rng(1).normal(0, 0.05, (500, 64))
    return np.clip(patterns()[labels] + blur, 0, 1).astype(np.float32).reshape(-1, 8, 8, 1), labels

def weights():
    used = patterns() * (np.arange(64) < USED)
    return used.T, -used.sum(1) / 2
"""

MODELS = {
    "tensorflow": """
import keras
from shop.data import weights

model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
model.set_weights(weights())
""",
    "torch": """
import torch
from shop.data import weights

net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(64, 10))
kernel, bias = map(torch.from_numpy, weights())
net.load_state_dict({"2.weight": kernel.T, "2.bias": bias})


model = net
""",
    "onnxruntime": """
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from shop.data import weights

graph = helper.make_graph(
    [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("Gemm", ["flat", "kernel", "bias"], ["scores"]),
    ],
    "shop",
    [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 8, 8, 1])],
    [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 10])],
    [numpy_helper.from_array(w, name) for w, name in zip(weights(), ("kernel", "bias"))],
)
made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
model = onnxruntime.InferenceSession(made.SerializeToString())
""",
}

CHECK = """
from noisecore.judging.gates import assert_monotonic, assert_no_regression
from shop.data import images
from shop.model import model

def test_shop(robustness, noise_baseline):
    curve = robustness.evaluate(model, *images(), scales=[0.25, 0.5, 1], channels="last")
    assert_monotonic(curve, slack=0.01)
    assert_no_regression(robustness.curve, noise_baseline)
"""


@pytest.fixture(params=MODELS)
def shop(request, tmp_path, monkeypatch):
    """A repository of a model, and the function that runs its checks as a person would."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: pip install 'noisecore[frameworks]'")
    (tmp_path / "shop").mkdir()
    (tmp_path / "checks").mkdir()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "shop/__init__.py").write_text("")
    (tmp_path / "shop/data.py").write_text(DATA)
    (tmp_path / "shop/model.py").write_text(MODELS[request.param])
    (tmp_path / "checks/test_shop.py").write_text(CHECK)
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "GITHUB_ACTIONS")}

    def run(*arguments: str) -> tuple[int, str]:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "checks", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    return tmp_path, run


def test_gated_from_the_first_run_to_the_renewed_baseline(shop) -> None:
    """A worse model fails at the scale that shows it, until somebody renews the baseline."""
    folder, run = shop
    code, output = run("--noise-baseline=auto")
    assert code == 1
    assert "there is no baseline at checks/quick.json: make it with --noise-update" in output

    code, output = run("--noise-update-baseline")
    assert code == 0, output
    baseline = folder / "checks/quick.json"
    before = baseline.read_bytes()
    code, output = run("--noise-baseline=auto")
    assert code == 0, output

    data = folder / "shop/data.py"
    data.write_text(data.read_text().replace("USED = 64", "USED = 24"))
    code, output = run("--noise-baseline=auto")
    assert code == 1
    (line,) = [line for line in output.splitlines() if line.startswith("E   ") and "fail:" in line]
    assert "checks/test_shop.py::test_shop/gaussian is more fragile than its baseline" in line
    assert "--noise-seeds" not in output  # nothing is trained
    results = json.loads((folder / "noisecore-results/quick/results.json").read_text())
    (verdict,) = [each for each in results["verdicts"] if each["gate"] == "no regression"]
    rows = [row for row in verdict["figures"] if "difference" in row]
    words = {row["scale"]: row["verdict"] for row in rows}
    assert words == {None: "fail", 0: "pass", 0.25: "pass", 0.5: "pass", 1: "fail"}
    assert baseline.read_bytes() == before

    code, output = run("--noise-update-baseline", "--noise-new-ancestor")
    assert code == 0, output
    assert baseline.read_bytes() != before
    code, output = run("--noise-baseline=auto")
    assert code == 0, output
