"""Model builders build what they say, for either layout of images, and load Keras only then."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest
from needs import needs_tensorflow

from noisecore.models import MODELS, ModelError, build_cnn, build_mlp, get_builder

# Run in a child process: TensorFlow would stay in this one, and its settings with it.
BUILD = """
import json, sys
from noisecore.models import ModelError, get_builder

def build(name, shape, classes):
    try:
        model = get_builder(name)(tuple(shape), classes)
    except ModelError as error:
        return {"error": str(error)}
    return {
        "parameters": model.count_params(),
        "output": list(model.output_shape),
        "layers": [[type(layer).__name__, layer.get_config()] for layer in model.layers],
        "compiled": getattr(model, "optimizer", None) is not None,
    }

print(json.dumps([build(*arguments) for arguments in json.load(sys.stdin)], default=str))
"""


def in_child(program: str, *, stdin: str = "", **environment: str) -> str:
    """Return what a program prints, run by this Python with this path."""
    child = subprocess.run(
        [sys.executable, "-c", program],
        input=stdin,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            **environment,
        },
    )
    assert child.returncode == 0, child.stderr
    return child.stdout


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Return a function that builds models in a child process whose Keras lays images out so."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")

    def build(layout, *arguments):
        home = tmp_path_factory.mktemp("keras")
        settings = {"image_data_format": layout, "backend": "tensorflow", "floatx": "float32"}
        (home / "keras.json").write_text(json.dumps(settings))
        output = in_child(
            BUILD, stdin=json.dumps(arguments), KERAS_HOME=str(home), KERAS_BACKEND="tensorflow"
        )
        return json.loads(output.splitlines()[-1])

    return build


@pytest.fixture(scope="module")
def channels_last(build):
    """Return models of many shapes by name, for images of (height, width, channels)."""
    shapes = {
        "cnn": ["cnn", (28, 28, 1), 10],
        "cnn colour": ["cnn", (32, 20, 3), 7],
        "cnn least": ["cnn", (6, 6, 1), 2],
        "cnn too low": ["cnn", (5, 28, 1), 10],
        "cnn too narrow": ["cnn", (28, 5, 8), 10],
        "mlp": ["mlp", (28, 28, 1), 10],
        "mlp tiny": ["mlp", (1, 2, 3), 3],
        "mlp video": ["mlp", (2, 3, 4, 5), 4],
    }
    return dict(zip(shapes, build("channels_last", *shapes.values()), strict=True))


@pytest.fixture(scope="module")
def channels_first(build):
    """Return models by name, for images of (channels, height, width)."""
    shapes = {
        "cnn": ["cnn", (1, 28, 28), 10],
        "cnn colour": ["cnn", (3, 32, 20), 7],
        "cnn too low": ["cnn", (8, 5, 28), 10],
        "mlp": ["mlp", (1, 28, 28), 10],
    }
    return dict(zip(shapes, build("channels_first", *shapes.values()), strict=True))


def layers_of(model, *names):
    """Return a model's layers as their class and some of their settings, input layers left out."""
    return [
        (kind, *(json.loads(json.dumps(config[name])) for name in names if name in config))
        for kind, config in model["layers"]
        if kind != "InputLayer"
    ]


def test_cnn_is_the_notebooks(channels_last):
    """Layer by layer the reference notebook's network, not compiled, with 1,199,882 parameters."""
    cnn = channels_last["cnn"]
    assert cnn["parameters"] == 1_199_882
    assert cnn["output"] == [None, 10]
    assert not cnn["compiled"]
    names = ("filters", "kernel_size", "padding", "pool_size", "rate", "units", "activation")
    assert layers_of(cnn, *names) == [
        ("Conv2D", 32, [3, 3], "valid", "relu"),
        ("Conv2D", 64, [3, 3], "valid", "relu"),
        ("MaxPooling2D", "valid", [2, 2]),
        ("Dropout", 0.25),
        ("Flatten",),
        ("Dense", 128, "relu"),
        ("Dropout", 0.5),
        ("Dense", 10, "softmax"),
    ]


def test_mlp_is_one_dense_layer(channels_last):
    """One layer of 512 with dropout 0.2, not compiled, with 407,050 parameters on MNIST."""
    mlp = channels_last["mlp"]
    assert mlp["parameters"] == 407_050
    assert not mlp["compiled"]
    assert layers_of(mlp, "rate", "units", "activation") == [
        ("Flatten",),
        ("Dense", 512, "relu"),
        ("Dropout", 0.2),
        ("Dense", 10, "softmax"),
    ]


@pytest.mark.parametrize("name", ["cnn", "cnn colour", "mlp"])
def test_layout_of_images_changes_no_parameter(channels_last, channels_first, name):
    """Channels first or last, the network is the same, with as many parameters."""
    last, first = channels_last[name], channels_first[name]
    names = ("filters", "units", "rate", "activation")
    assert first["parameters"] == last["parameters"]
    assert first["output"] == last["output"]
    assert layers_of(first, *names) == layers_of(last, *names)
    layouts = {config["data_format"] for _, config in first["layers"] if "data_format" in config}
    assert layouts == {"channels_first"}


@pytest.mark.parametrize(
    ("name", "inputs", "classes"), [("mlp tiny", 6, 3), ("mlp video", 120, 4), ("mlp", 784, 10)]
)
def test_mlp_takes_any_shape(channels_last, name, inputs, classes):
    """Images of any size and number of axes, and any number of classes, make an mlp."""
    mlp = channels_last[name]
    assert mlp["parameters"] == (inputs + 1) * 512 + 513 * classes
    assert mlp["output"] == [None, classes]


def test_cnn_takes_images_from_6_pixels_on(channels_last):
    """Six by six pixels leave one for the dense layers: the least that the cnn takes."""
    assert channels_last["cnn least"]["output"] == [None, 2]


@pytest.mark.parametrize(
    ("layout", "name", "size"),
    [
        ("channels_last", "cnn too low", "5 x 28"),
        ("channels_last", "cnn too narrow", "28 x 5"),
        ("channels_first", "cnn too low", "5 x 28"),
    ],
)
def test_images_too_small_for_the_cnn_are_refused(request, layout, name, size):
    """Fewer pixels than 6 either way are refused with a way out; channels are no pixels."""
    assert request.getfixturevalue(layout)[name] == {
        "error": f"cnn needs images of at least 6 x 6 pixels, got {size}: use mlp for these"
    }


def test_builder_is_found_by_name():
    """The name in a profile leads to the builder."""
    assert {"cnn": build_cnn, "mlp": build_mlp} == MODELS
    assert get_builder("mlp") is build_mlp


@pytest.mark.parametrize(("name", "hint"), [("cnnn", "; did you mean 'cnn'?"), ("resnet", "")])
def test_unknown_model_lists_the_known_ones(name, hint):
    """An unknown name is answered with all known ones and, if there is one, the near miss."""
    with pytest.raises(ModelError) as refusal:
        get_builder(name)
    assert str(refusal.value) == f"unknown model {name!r}: expected one of cnn, mlp{hint}"


def test_names_are_listed_without_keras():
    """Names and builders are there without the seconds, or the installation, of TensorFlow."""
    program = (
        "import sys, noisecore.models as m; m.get_builder('cnn'); "
        "print({name.split('.')[0] for name in sys.modules} & {'keras', 'tensorflow', 'tf_keras'})"
    )
    assert in_child(program).strip() == "set()"


FORGETFUL = """
from types import SimpleNamespace
from noisecore.models import ModelError
from noisecore.recipes import RECIPES
from noisecore.running import trials

trials.get_builder = lambda name: lambda shape, classes: None
trial = SimpleNamespace(model="forgetful", recipe=RECIPES["quick"])
try:
    trials._build(trial, (8, 8, 1), 3, [])
except ModelError as error:
    print(error)
"""


@needs_tensorflow
def test_builder_that_returns_nothing():
    """A builder without a return is told so, before anything is trained."""
    assert in_child(FORGETFUL).strip() == (
        "the builder forgetful must return a Keras model, got None: does it end in return model?"
    )
