"""What the fixture is asked for by mistake fails the test in one line, and costs no other test."""

from __future__ import annotations

import inspect
import re

from own_bench import MODEL

from noisecore.plugin.fixture import Robustness
from noisecore.running.evaluation import evaluate_given

MISTAKES = {
    "batchsize=16": "unknown argument 'batchsize'*did you mean 'batch_size'?",
    "run='mine'": "unknown argument 'run'",
    "on_labels=print": "unknown argument 'on_labels'",
    "batch_size=0": "batch_size must be a whole number >= 1, got 0",
    "clip='0:255'": "clip must lie in 0 to 1*got '0:255': give clip=(0, 1)",
    "clip=(1, 0)": "clip must be two ascending numbers*got (1, 0)",
    "name=3": "name must be a text, got 3",
    "noise=3": "noise must be a name, or a function*got 3",
    "noise=lambda images, scale, *, rng: images.mean()": "a noise must return an array, got float",
    "noise=lambda images, scale, *, rng: 1 / 0": "noise <lambda> failed*ZeroDivision*test_it.py",
    "units=None": "units must be 'range' or 'own', got None",
}


def test_one_line(pytester, monkeypatch) -> None:
    """Each mistake is one line, without a traceback, and a test beside them passes."""
    monkeypatch.delenv("CI", raising=False)
    (pytester.path / "mine.py").write_text(MODEL)
    pytester.makeini("[pytest]\npythonpath = .\n")
    tests = [
        f"def test_{i}(robustness):\n"
        f"    robustness.evaluate(model, *images(), scales=[0.2, 1], {mistake})\n"
        for i, mistake in enumerate(MISTAKES)
    ]
    tests.append(
        "def test_well(robustness):\n    robustness.evaluate(model, *images(), scales='1')\n"
    )
    pytester.makepyfile(test_it="from mine import images, model\n\n" + "\n".join(tests))
    result = pytester.runpytest("-rf")
    result.assert_outcomes(failed=len(MISTAKES), passed=1)
    for i, message in enumerate(MISTAKES.values()):
        pattern = message.replace("[", "[[]")
        result.stdout.fnmatch_lines([f"*noisecore: *{pattern}*"])
        result.stdout.fnmatch_lines([f"FAILED test_it.py::test_{i} - *noisecore: *"])
    assert "Traceback" not in result.stdout.str()
    assert "fixture.py" not in result.stdout.str()


def test_scales(pytester) -> None:
    """Scales under a wrong name are told the right one, and none at all that they are needed."""
    (pytester.path / "mine.py").write_text(MODEL)
    pytester.makeini("[pytest]\npythonpath = .\n")
    pytester.makepyfile(
        test_it="from mine import images, model\n"
        "def test_name(robustness): robustness.evaluate(model, *images(), scale=[1])\n"
        "def test_none(robustness): robustness.evaluate(model, *images())\n"
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "noisecore: unknown argument 'scale': *; did you mean 'scales'?",
            "noisecore: scales must be given, such as scales=[[]0.1, 1]",
        ]
    )


def test_outputs(pytester) -> None:
    """The same holds for outputs that were made elsewhere."""
    pytester.makepyfile(
        test_it="import numpy as np\n"
        "def test_name(robustness):\n"
        "    robustness.evaluate_outputs({0: np.eye(3), 1: np.eye(3)}, range(3), kinds='scores')\n"
        "def test_noise(robustness):\n"
        "    robustness.evaluate_outputs({0: np.eye(3), 1: np.eye(3)}, range(3), noise=3)\n"
        "def test_width(robustness):\n"
        "    robustness.evaluate_outputs({0: np.eye(3), 1: np.eye(3)[:, :2]}, [0, 1, 2])\n"
        "def test_draws(robustness):\n"
        "    outputs = {0: np.eye(3), 1: [np.eye(3), np.eye(3)[:, :2]]}\n"
        "    robustness.evaluate_outputs(outputs, [0, 1, 2])\n"
    )
    result = pytester.runpytest("-rf")
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(
        [
            "noisecore: unknown argument 'kinds'*",
            "noisecore: *noise must be a text*got*3*",
            "noisecore: outputs must be (3, 3) as at scale 0*",
            "noisecore: outputs must be (3, 3) as at scale 0*",
        ]
    )


def test_all_are_told_of() -> None:
    """The fixture's help names every argument that an evaluation has."""
    told = set(re.findall(r"\w+", inspect.getdoc(Robustness.evaluate) or ""))
    named = set(inspect.signature(Robustness.evaluate).parameters)
    passed = set(inspect.signature(evaluate_given).parameters) - {"run", "on_labels", "on_samples"}
    assert passed - named <= told
