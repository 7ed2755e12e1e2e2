"""What a function may depend on beside its code: found without running it, and rather too often."""

from __future__ import annotations

import importlib
import sys
import uuid

import pytest

from noisecore.callables import named, outside_of
from noisecore.code import outside

HEAD = """
from __future__ import annotations
import math
import os
import random
import time
import json
import numpy as np
import keras
from pathlib import Path
from numpy.random import default_rng as drawn
from keras import layers as L
from functools import partial

SIZE = 3
HERE = Path(__file__).parent
COUNT = 0
TABLE = np.load("table.npy") if os.path.exists("table.npy") else None
"""

# The line of a builder, and what is said of it.
READS = {
    "open(shape)": "uses open",
    "np.load(shape)": "uses numpy.load",
    "np.loadtxt(shape)": "uses numpy.loadtxt",
    "np.memmap(shape)": "uses numpy.memmap",
    "TABLE": "uses numpy.load",
    "HERE / shape": "uses __file__",
    "os.environ['A']": "uses os.environ",
    "os.getenv('A')": "uses os.getenv",
    "shape.read_text()": "uses .read_text",
    "input()": "uses input",
    "eval(shape)": "uses eval",
    "hash(shape)": "uses hash",
    "time.time()": "imports time",
    "random.random()": "draws random numbers with random.random",
    "json.load(shape)": "uses json.load",
    "np.random.normal()": "draws random numbers with numpy.random.normal",
    "np.random.default_rng()": "may draw random numbers without a seed",
    "np.random.default_rng(None)": "may draw random numbers without a seed",
    "drawn()": "gives default_rng another name",
    "keras.random.normal(shape)": "draws random numbers with keras.random.normal",
    "keras.applications.ResNet50()": "uses keras.applications.ResNet50",
    "keras.models.load_model(shape)": "uses keras.models.load_model",
    "keras.Sequential([]).load_weights(shape)": "uses .load_weights",
    "keras.utils.get_file(shape)": "uses keras.utils.get_file",
    "L.TextVectorization(vocabulary=shape)": "uses keras.layers.TextVectorization",
    "getattr(np.linalg, shape)": "uses getattr",
    "getattr(shape, 'load_weights')": "uses getattr",
    "helper(np)": "passes numpy on as a whole",
    "requests": "imports requests",
    "subprocess": "imports subprocess",
    "tensorflow.io": "uses tensorflow.io",
    "nowhere": "imports nowhere",
    "counting": "changes a global variable",
    "stars": "uses load",
}
LINES = {
    "requests": "    import requests\n    return requests.get(shape)",
    "subprocess": "    from subprocess import run\n    return run(shape)",
    "tensorflow.io": "    import tensorflow as tf\n    return tf.io.read_file(shape)",
    "nowhere": "    from nowhere_at_all import thing\n    return thing",
    "counting": "    global COUNT\n    COUNT += 1\n    return COUNT",
    "stars": "    return load(shape)\nfrom numpy import *",
}
HARMLESS = [
    "keras.Sequential([keras.Input(shape), L.Dense(classes * SIZE), keras.layers.Dropout(0.5)])",
    "np.random.default_rng(0).normal(size=math.prod(shape))",
    "getattr(keras.layers, 'Dense')(classes)",
    "partial(helper, shape)",
    "Block(classes)(keras.Input(shape))",
    "helper(np.float32(1))",
]


REST = """
def helper(value):
    return value

class Block(keras.layers.Layer):
    def call(self, x: np.random.Generator):
        return x * SIZE
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Return a function that writes a module with a builder, and returns the builder.

    The module is not run: what it imports may be slow, or not be there.
    """
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def build(body):
        name = f"outside_of_{uuid.uuid4().hex}"
        (tmp_path / f"{name}.py").write_text("def build_own(shape, classes):\n    pass\n")
        importlib.invalidate_caches()
        function = importlib.import_module(name).build_own
        text = f"{HEAD}{REST}\ndef build_own(shape, classes):\n{body}\n"
        (tmp_path / f"{name}.py").write_text(text)
        return function

    return build


@pytest.mark.parametrize("line", READS)
def test_what_reads(build, tmp_path, line) -> None:
    """Files, the environment, the network, chance, time and what cannot be told are named."""
    why = outside(build(LINES.get(line, f"    return {line}")), str(tmp_path))
    assert why.startswith(f"it {READS[line]}"), why
    assert ".py:" in why


@pytest.mark.parametrize("line", HARMLESS)
def test_what_does_not(build, tmp_path, line) -> None:
    """What a model is usually made of is nothing to wonder at, whatever else is in its file."""
    assert outside(build(f"    return {line}"), str(tmp_path)) == ""


def test_in_a_helper(build, tmp_path) -> None:
    """So it is in the modules that it uses, but not in those that it could use."""
    (tmp_path / "outside_helper.py").write_text(
        "import os\n\ndef deep(x):\n    return os.sep + x\n\ndef fine(x):\n    return x\n"
    )
    for name, told in (("deep", "it imports os (outside_helper.py:1)"), ("fine", "")):
        body = f"    from outside_helper import {name}\n    return {name}(shape)"
        assert outside(build(body), str(tmp_path)) == told


def test_star(build, tmp_path) -> None:
    """A name that comes from a star import of the user's own is known, and of nobody else's."""
    (tmp_path / "outside_stars.py").write_text(
        "from numpy import *\n\ndef fine(x):\n    return x\n"
    )
    star = "\nfrom outside_stars import *"
    assert outside(build(f"    return fine(shape){star}"), str(tmp_path)) == ""
    assert "uses fromfile" in outside(build(f"    return fromfile(shape){star}"), str(tmp_path))


def test_places(build, tmp_path) -> None:
    """Code outside the repository is not trusted, nor what is no Python; data may read files."""
    reading = build("    return open(shape)")
    assert "outside the repository" in outside(reading, str(tmp_path / "sub"))
    assert outside(reading, str(tmp_path), reads=True) == ""
    assert "outside the repository" in outside(reading, str(tmp_path / "sub"), reads=True)
    (tmp_path / "outside_broken.py").write_text("def (")
    broken = build("    import outside_broken\n    return outside_broken.x")
    assert outside(broken, str(tmp_path)) == "a part of its source cannot be read as Python"
    assert "is installed" in outside(pytest.importorskip, str(tmp_path))


def test_bound(build, tmp_path) -> None:
    """Of a partial, a name or an object, the code counts that it is made of."""
    from functools import partial

    why = outside_of(named(partial(build("    return open(shape)"), 1), name="x"), str(tmp_path))
    assert why.startswith("it uses open")
