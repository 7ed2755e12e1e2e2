"""A repository of somebody else: two test files, a model and a curve each."""

from __future__ import annotations

import json
from typing import Any

MODEL = """
import numpy as np

def images(count=400):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, count)
    x = rng.random((count, 8, 8, 1)).astype(np.float32) / 2
    for k in range(3):
        x[labels == k, 2 * k : 2 * k + 2] += 0.4
    return x, labels

def model(x):
    return np.stack([x[:, 2 * k : 2 * k + 2].mean(axis=(1, 2, 3)) for k in range(3)], 1)

def worse(x):
    # Looks at one row of each band alone: nearly as good without noise, and more fragile.
    return np.stack([x[:, 2 * k].mean(axis=(1, 2)) for k in range(3)], 1)
"""

HEAD = """
import pytest
from mine import images, model, worse
from noisecore.judging.gates import assert_floor, assert_monotonic, assert_no_regression
"""

TEST = """
def test_NAME(robustness, noise_baseline):
    robustness.evaluate(model, *images(), scales=[0.2, 1])
    assert_no_regression(robustness.curve, noise_baseline)
"""

AUTO = "--noise-baseline=auto"
UPDATE = "--noise-update-baseline"
ONE, TWO = "test_a.py::test_one/gaussian", "test_b.py::test_two/gaussian"


class Own:
    """The repository, in a pytester."""

    def __init__(self, pytester: Any) -> None:
        self.pytester = pytester
        self.path = pytester.path
        (self.path / "mine.py").write_text(MODEL)
        pytester.makeini("[pytest]\npythonpath = .\n")
        self.write("test_a.py", TEST.replace("NAME", "one"))
        self.write("test_b.py", TEST.replace("NAME", "two"))

    def write(self, file: str, text: str) -> None:
        """Write a test file, with the imports before it."""
        path = self.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + text)

    def change(self, file: str, old: str, new: str) -> None:
        """Change a test file."""
        text = (self.path / file).read_text()
        assert old in text
        (self.path / file).write_text(text.replace(old, new))

    def run(self, *arguments: str) -> Any:
        """Run pytest here, in a process of its own under xdist, and in this one else."""
        if any(each.startswith(("-n", "--tx")) for each in arguments):
            return self.pytester.runpytest_subprocess(*arguments)
        return self.pytester.runpytest_inprocess(*arguments)

    def make(self) -> None:
        """Make the baseline of both curves."""
        result = self.run(UPDATE)
        assert result.ret == 0, result.stdout.str()
        assert self.curves == [ONE, TWO]

    @property
    def baseline(self) -> Any:
        """The path of the baseline."""
        return self.path / "benchmarks/baselines/quick.json"

    @property
    def curves(self) -> list[str]:
        """The curves that the baseline holds."""
        return sorted(json.loads(self.baseline.read_text())["curves"])

    @property
    def folder(self) -> Any:
        """The artifact folder."""
        return self.path / "noisecore-results/quick"

    @property
    def results(self) -> dict[str, Any]:
        """What the run left."""
        content: dict[str, Any] = json.loads((self.folder / "results.json").read_text())
        return content
