"""A model builder of one's own: defined beside the tests, trained in workers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BUILDER = """
def build_small(input_shape, num_classes):
    import keras
    return keras.Sequential([
        keras.Input(input_shape), keras.layers.Flatten(),
        keras.layers.Dense(num_classes, activation="softmax"),
    ])
"""
TEST = """
@pytest.mark.robustness(models=[build_small], scales=[1.0])
def test_small(robustness, noise_model):
    assert noise_model == "build_small"
    (record, *_) = robustness.records[0]
    assert record.status == "complete", record.reason
    assert record.parameters == (64 + 1) * 3
    assert robustness.curve.name.startswith("build_small/gaussian/quick")
"""
HERE = f"import pytest\n{BUILDER}\n{TEST}"


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        ("test file", ("--import-mode=prepend",)),
        ("test file", ("--import-mode=importlib",)),
        ("conftest", ("--import-mode=importlib",)),
        ("module", ("-n", "1")),
        ("test file", ("--noise-workers=0",)),
    ],
    ids=["prepend", "importlib", "conftest", "module-xdist", "inline"],
)
def test_trained_wherever_it_is_defined(run_in, write_tiny, tmp_path, where, arguments) -> None:
    """A builder reaches its workers from a test file, a conftest or a module."""
    write_tiny(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = lib\n")
    folder = tmp_path / "checks"
    folder.mkdir()
    (tmp_path / "lib").mkdir()
    if where == "test file":
        (folder / "test_own.py").write_text(HERE)
    elif where == "conftest":
        (folder / "conftest.py").write_text(
            f"{BUILDER}\nimport pytest\npytest.build = build_small\n"
        )
        (folder / "test_own.py").write_text(f"import pytest\nbuild_small = pytest.build\n{TEST}")
    else:
        (tmp_path / "lib/my_models.py").write_text(BUILDER)
        (folder / "test_own.py").write_text(
            f"import pytest\nfrom my_models import build_small\n{TEST}"
        )
    ended = run_in(tmp_path, "--noise-seeds=1", *arguments)
    assert ended.code == 0, ended.output


LEAN = """
import sys

def build_small(input_shape, num_classes):
    import keras
    early = {"matplotlib", "pandas", "sklearn"} & sys.modules.keys()
    if early:
        raise RuntimeError(f"imported for nothing: {early}")
    import pandas
    return keras.Sequential([
        keras.Input(input_shape), keras.layers.Flatten(),
        keras.layers.Dense(len(pandas.Series([1, 2, 3])), activation="softmax"),
    ])
"""


def test_worker_is_lean(run_in, write_tiny, tmp_path) -> None:
    """Keras' import loads no pandas in a worker, and a builder can still import it."""
    write_tiny(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_own.py").write_text(f"import pytest\n{LEAN}\n{TEST}")
    ended = run_in(tmp_path, "--noise-seeds=1")
    assert ended.code == 0, ended.output


def test_as_the_readme_shows_it(run_in, write_tiny, tmp_path) -> None:
    """The README's own example is trained at each of its scales."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n# test_noise.py\n(.*?)^```$", readme, re.M | re.S)
    assert code is not None
    write_tiny(tmp_path)
    (tmp_path / "test_noise.py").write_text(code[1])
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    ended = run_in(tmp_path, "--noise-seeds=1")
    assert "3 of 3 trials" in ended.output
    assert sorted({label.partition("/")[0] for label in ended.records}) == ["build_small"]


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (
            "lambda shape, classes: None",
            "a model of your own must be a function at the top of a file, got <lambda>",
        ),
        (
            "Nested.build",
            "a model of your own must be a function at the top of a file, got Nested.build",
        ),
        ("print", "a model of your own must be a function at the top of a file, got print"),
        ("'snail'", "unknown model 'snail'"),
        ("build_cnn", "two functions for a model are called build_cnn"),
    ],
)
def test_builder_that_cannot_travel(pytester, monkeypatch, builder, message) -> None:
    """What a worker could not find again is refused in one line, before anything is trained."""
    monkeypatch.delenv("CI", raising=False)
    (pytester.path / "other.py").write_text("def build_cnn(shape, classes):\n    return 1\n")
    (pytester.path / "test_own.py").write_text(
        f"""
import pytest
import other

class Nested:
    def build(shape, classes): pass

def build_cnn(shape, classes):
    return 2

first = pytest.mark.robustness(models=[other.build_cnn])

@first
def test_one(robustness): pass

@pytest.mark.robustness(models=[{builder}])
def test_two(robustness): pass
"""
    )
    result = pytester.runpytest_subprocess("--noise-scales=1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR")]
    assert message in line
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
