"""What `train_sweep` is told: what is refused, in one line, before anything is read or written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from noisecore.profiles import listed_seeds
from noisecore.recipes import RECIPES

ROOT = Path(__file__).parents[2]


class Fitted:
    """What a model of Keras is known by."""

    def predict_on_batch(self, images):
        """Answer."""

    def __call__(self, *given, **named):
        """Answer."""


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"build": "cnm"}, r"unknown model 'cnm': expected one of .*; did you mean 'cnn'\?"),
        ({"build": None}, "build must be a name such as 'cnn', or a function .*, got None"),
        ({"build": lambda images: images}, r"build must take the shape of an image .*\(images\)$"),
        ({"build": Fitted()}, "build must be a function that makes a new model .*, got a model"),
        ({"given": 3}, "data must be the name of a data set such as .*, got 3"),
        ({"given": "mnist-6k"}, r"unknown dataset 'mnist-6k' \(did you mean mnist-5k"),
        ({"given": "none.npz"}, "dataset 'none.npz' was not found: expected an .npz file at "),
        ({"given": (1, 2)}, r"the data: expected \(\(x_train, y_train\), .*, got tuple; give"),
        ({"scales": []}, r"scales must be a list of numbers such as \[0.1, 1\], got an empty one"),
        ({"scales": 0.5}, r"scales must be a list of numbers such as \[0.1, 1\], got 0.5"),
        ({"scales": [-1]}, "scale must be a finite number >= 0, got -1"),
        ({"scales": [2], "noise": "salt_and_pepper"}, "it must be <= 1, got 2"),
        ({"seeds": 0}, r"seeds must be a whole number >= 1, such as 3, or a list .*, got 0"),
        ({"seeds": [1, 1]}, r"seeds must differ from each other, got \[1, 1\]"),
        ({"noise": "gausian"}, "unknown noise 'gausian': .*; did you mean 'gaussian'"),
        ({"noise": 1}, "noise must be a name such as 'gaussian', or a function .*, got 1"),
        (
            {"train": "fog"},
            r"train must be a noise and its scale, such as \('gaussian', 0.5\), got",
        ),
        ({"train": ("fog", 1)}, "unknown noise 'fog'"),
        ({"recipe": "quik"}, "unknown recipe 'quik': .*; did you mean 'quick'"),
        ({"recipe": {"epochs": 1}}, "recipe must be a Recipe, or a text such as .*, got {'epochs'"),
        (
            {"clip": 1},
            r"clip must be two ascending numbers such as \(0, 1\), or 0:1 as text, got 1",
        ),
        ({"test_draw": -1}, "test_draw must be a whole number >= 0, got -1"),
        ({"test_draw": 0.5}, "test_draw must be a whole number >= 0, got 0.5"),
        ({"images": 0}, r"images must be a whole number >= 1, .*, got 0"),
        ({"images": 2}, "2 of 30 test images would have none of class 2, .*: choose 3 images"),
        ({"workers": "two"}, "workers must be a whole number >= 0, or 'auto', got 'two'"),
        ({"workers": True}, "workers must be a whole number >= 0, or 'auto', got True"),
        ({"artifacts": 3}, "artifacts must be the path of a folder, got 3"),
        ({"artifacts": ""}, "artifacts must be the path of a folder, got ''"),
        ({"resume": "yes"}, "resume must be True or False, got 'yes'"),
        ({"keep_models": 1}, "keep_models must be True or False, got 1"),
        ({"cache": 3}, "cache must be the path of a folder, got 3"),
        ({"progress": None}, "progress must be True or False, got None"),
    ],
)
def test_refused(sweep, tmp_path, choices, message) -> None:
    """Each argument that cannot be used is refused in one line that says what was expected."""
    with pytest.raises(ValueError, match=message) as refused:
        sweep(**choices)
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_forms(workers, sweep, tmp_path) -> None:
    """Numbers of NumPy, texts as the options take them, a recipe and a path are taken."""
    curve = sweep(
        scales=np.array([0.5, 1], np.float32),
        seeds=np.arange(2),
        recipe=RECIPES["quick"],
        clip="0:1",
        artifacts=tmp_path / "out",
        workers=np.int64(2),
    )
    assert curve.name == "mlp/gaussian/quick/clip=0:1"
    assert list(curve.scales) == [0, 0.5, 1]
    again = sweep(scales="0.5,1", seeds="2", recipe="quick", clip=(0, 1), artifacts=str(tmp_path))
    assert str(again) == str(curve)


@pytest.mark.parametrize(
    ("given", "seeds"),
    [
        (3, (0, 1, 2)),
        (np.int64(1), (0,)),
        ([5, 2], (5, 2)),
        (range(2), (0, 1)),
        ("10-11", (10, 11)),
    ],
)
def test_seeds(given, seeds) -> None:
    """A number counts seeds from 0, a list is taken as it is, a text as the option takes it."""
    assert listed_seeds(given) == seeds


@pytest.mark.parametrize(
    "given", [-1, True, 2.0, None, [], [0.5], [-1], [True], [10**9], 10_001, iter(int, 1), "a"]
)
def test_bad_seeds(given) -> None:
    """What is no whole number, too large or too many is refused, an endless list too."""
    with pytest.raises(ValueError, match=r"^seeds must be") as refused:
        listed_seeds(given)
    assert "\n" not in str(refused.value)


def test_import_is_light() -> None:
    """Importing it loads neither TensorFlow nor pandas, Matplotlib, SciPy or tqdm."""
    heavy = ["tensorflow", "keras", "pandas", "matplotlib", "scipy", "tqdm"]
    code = f"import sys, noisecore.sweep; print([m for m in {heavy} if m in sys.modules])"
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
