"""Builders and noises of one's own in a sweep: in a file, a script, a notebook's cell, anywhere."""

from __future__ import annotations

import functools
import importlib
import json
import linecache
import re
import zipfile

import pytest
from needs import needs_tensorflow

from noisecore.callables import named
from noisecore.functions import Functions
from noisecore.models import BUILDERS, ModelError
from noisecore.noise import NoiseError
from noisecore.records import read_record
from noisecore.sweep import SweepError

CELL = """
WIDTH = {width}

def build_cell(input_shape, num_classes):
    return WIDTH
"""


def run_cell(text, number):
    """Return the namespace that a cell of a notebook leaves: its source is in no file."""
    name = f"/tmp/ipykernel_1/{number}.py"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    space = {"__name__": "__main__"}
    exec(compile(text, name, "exec"), space)
    return space


def build_here(input_shape, num_classes):
    """Stand for a builder at the top of a file."""


def speckle(images, scale, *, rng):
    """Stand for a noise at the top of a file."""
    return images * (1 + scale * rng.standard_normal(images.shape, dtype="float32"))


def test_in_a_file(workers, sweep) -> None:
    """A function at the top of a file is taken, for a model and for a noise."""
    curve = sweep(build_here, noise=speckle)
    assert (curve.model, curve.noise) == ("build_here", "speckle")
    assert curve.complete


def test_bound(workers, sweep) -> None:
    """So is what is bound to one, under the name that it is given."""
    assert sweep(named(functools.partial(build_here, width=3), name="wide")).model == "wide"


@pytest.mark.parametrize(
    ("choices", "error"),
    [
        ({"build": lambda shape, classes: None}, ModelError),
        ({"build": functools.partial(lambda shape, classes: None)}, ModelError),
        ({"build": run_cell(CELL.format(width=1), 0)["build_cell"]}, ModelError),
        ({"noise": lambda images, scale, *, rng: images + scale}, NoiseError),
        ({"train": (lambda images, scale, *, rng: images + scale, 1)}, NoiseError),
    ],
)
def test_in_no_file(sweep, tmp_path, choices, error) -> None:
    """What no worker can find is refused in one line, which says both ways out."""
    with pytest.raises(error, match=r"must be a function at the top of a file") as refused:
        sweep(**choices)
    assert re.search(r"so that a worker can find it, or train .* workers=0$", str(refused.value))
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_in_an_archive(workers, sweep, tmp_path_factory, monkeypatch) -> None:
    """A module of an archive on the path is in a file: a worker imports it by its name."""
    archive = tmp_path_factory.mktemp("archive") / "models.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped_models.py", "def build_zipped(shape, classes): pass\n")
    monkeypatch.syspath_prepend(archive)
    assert sweep(importlib.import_module("zipped_models").build_zipped).model == "build_zipped"


@pytest.mark.parametrize("choices", [{"build": lambda shape, n: None}, {"noise": lambda x: x}])
def test_in_no_file_is_not_resumed(sweep, choices) -> None:
    """What is not known by all its code is not taken for the same as before."""
    with pytest.raises(SweepError, match=r"resume=True needs all the code of a (model|noise), but"):
        sweep(**choices, workers=0, resume=True)


def test_defined_anew(workers, sweep) -> None:
    """A name is free after the sweep, as for a cell that was changed and is run again."""
    for width in (1, 2):
        sweep(named(functools.partial(build_here, width=width), name="anew"))
    assert len({trial.model_source for trial in workers.asked}) == 2
    with pytest.raises(ModelError, match="unknown model 'anew'"):
        BUILDERS.get("anew")


def test_lent_side_by_side() -> None:
    """A function is known until the last block ends; another of its name has to wait."""
    functions = Functions("noise", {}, NoiseError)
    other = named(functools.partial(speckle, more=1), name="speckle")
    with functions.lend(speckle) as name:
        with functions.lend(speckle):
            pass
        assert functions.get(name) is speckle
        with pytest.raises(NoiseError, match="two functions for a noise are called speckle"):
            functions.add(other)
    with functions.lend(other, here=True):
        assert functions.get("speckle") is other
    functions.add(speckle)
    with functions.lend(speckle):
        pass
    assert functions.get("speckle") is speckle  # it was made known for good


def test_call_that_a_worker_would_repeat(script, tmp_path) -> None:
    """A script that sweeps whenever it is imported is refused in one line, and nothing is left."""
    text = """
import sys
from noisecore import train_sweep

def build(shape, classes): pass

train_sweep(build, sys.argv[1], scales=[1])
"""
    ended = script(text)
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert "SweepError" in last
    assert "script.py calls train_sweep" in last
    assert last.endswith("under if __name__ == '__main__':, or let no worker train (workers=0)")
    assert not (tmp_path / "noisecore-results").exists()


HIDDEN = """
import functools, sys
from noisecore import train_sweep

if __name__ == "__main__":
    def build(shape, classes): pass

    class Net:
        def __call__(self, shape, classes): pass

    def speckle(images, scale, *, rng): return images + scale

    {call}
"""


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("train_sweep(build, sys.argv[1], scales=[1])", "build"),
        ("train_sweep(functools.partial(build), sys.argv[1], scales=[1])", "build"),
        ("train_sweep(Net(), sys.argv[1], scales=[1])", "Net"),
        ("train_sweep('mlp', sys.argv[1], scales=[1], noise=speckle)", "speckle"),
    ],
)
def test_under_the_guard(script, tmp_path, call, name) -> None:
    """What a worker does not see when it imports the script is refused before anything trains."""
    last = script(HIDDEN.format(call=call)).stderr.splitlines()[-1]
    assert f"SweepError: {name} is defined under if __name__ == '__main__':, where a" in last
    assert last.endswith("at the top of the file, or train in this process, with workers=0")
    assert not (tmp_path / "noisecore-results").exists()


def test_data_function_in_an_unguarded_script(script) -> None:
    """Nor is it called again for a data function in it, here or in a worker."""
    text = """
from noisecore import train_sweep

def load(): raise SystemExit

train_sweep("mlp", "script.py:load", scales=[1], workers=0)
"""
    ended = script(text)
    last = ended.stderr.splitlines()[-1]
    assert "SweepError: train_sweep is called by a file that noisecore imports" in last


# In one process: one sweep in a worker; then Keras is imported, and others train here.
SCRIPT = """
import json, sys
import numpy as np
from noisecore import train_sweep

print("the script is read", __name__, file=sys.stderr)  # which its code is not known by

WIDTH = 4

def build(shape, classes):
    import keras
    return keras.Sequential([
        keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(WIDTH),
        keras.layers.Dense(classes, activation="softmax"),
    ])

def sweep(build, data, folder, workers):
    return train_sweep(
        build, data, scales=[1], seeds=1, recipe="quick+epochs=1,batch_size=32",
        artifacts=folder, workers=workers, progress=False,
    )

def wider(factor):
    import keras
    return lambda shape, classes: keras.Sequential([
        keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(factor * WIDTH),
        keras.layers.Dense(classes, activation="softmax"),
    ])

if __name__ == "__main__":
    there = sweep(build, sys.argv[1], "there", 1)
    import keras
    here = sweep(build, sys.argv[1], "here", 0)
    with np.load(sys.argv[1]) as npz:
        arrays = (npz["x_train"], npz["y_train"]), (npz["x_test"], npz["y_test"])
    inner = [sweep(wider(factor), arrays, "inner", 0) for factor in (1, 3)]
    curves = [there, here, *inner]
    print(json.dumps([[curve.complete, curve.loss.tolist()] for curve in curves]))
"""


def numbers(folder):
    """Return the numbers of the records in a folder of artifacts, by key and scale."""
    files = folder.glob("trials/*.json")
    trials = [trial for file in files for trial in read_record(file).trials]
    return {(trial.key, trial.trial.train_scale): trial.numbers() for trial in trials}


@needs_tensorflow
def test_in_a_script(script, tmp_path) -> None:
    """A script's own builder gives the same numbers in a worker and here, after Keras' import."""
    ended = script(SCRIPT)
    assert ended.returncode == 0, ended.stderr
    curves = json.loads(ended.stdout)
    assert [complete for complete, _ in curves] == [True] * 4
    there, here = numbers(tmp_path / "there"), numbers(tmp_path / "here")
    assert len(there) == 2
    assert here == there
    narrow, wide = (loss for _, loss in curves[2:])
    assert narrow != wide  # each inner function was trained itself


LATE = """
import sys
import tensorflow as tf
from noisecore import train_sweep
tf.zeros(1) + 1
train_sweep("mlp", sys.argv[1], scales=[1], workers=0, progress=False)
"""


@needs_tensorflow
def test_too_late_to_train_here(script) -> None:
    """After TensorFlow was used with more threads, a line says what to do."""
    last = script(LATE).stderr.splitlines()[-1]
    assert "TensorFlowError: TensorFlow was used in this process before, with other" in last
    assert "let a worker train (workers=1)" in last


ENDED = """
import os, signal, subprocess, sys, threading
from pathlib import Path
from noisecore import train_sweep

processes, start = [], subprocess.Popen.__init__

def started(self, command, *rest, **choices):
    start(self, command, *rest, **choices)
    processes.append(self)

def end():
    while not list(Path("out/trials").glob("*.json")):
        over.wait(0.01)
    os.kill(os.getpid(), signal.SIGINT)

subprocess.Popen.__init__ = started
over = threading.Event()
threading.Thread(target=end, daemon=True).start()
try:
    train_sweep("mlp", sys.argv[1], scales=range(1, 50), seeds=2, recipe="quick+batch_size=1",
                workers=2, artifacts="out", progress=False)
except KeyboardInterrupt as ended:
    print(ended)
workers = [each for each in processes if "noisecore.running.worker" in each.args]
print(len(workers), sum(each.poll() is not None for each in workers))
"""


@needs_tensorflow
def test_ended_by_hand(script, tmp_path) -> None:
    """Ctrl-C ends real workers, and says how many records there are."""
    ended = script(ENDED)
    assert ended.returncode == 0, ended.stderr
    said, workers = ended.stdout.splitlines()
    done = len(list((tmp_path / "out" / "trials").glob("*.json")))
    assert 1 <= done < 100
    assert said.startswith(f"{done} of 100 trials have a record in")
    assert workers == "2 2"
