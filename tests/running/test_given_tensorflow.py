"""TensorFlow's functions, layers, models and SavedModels are models, as any function is."""

from __future__ import annotations

import numpy as np
import pytest
from bands import CLASSES, WEIGHTS, evaluate, first, linear, same

from noisecore.running.evaluation import GivenError


@pytest.fixture(scope="module")
def tf():
    """Skip where TensorFlow is not installed."""
    return pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def keras(tf):
    """Return Keras itself."""
    import keras

    return keras


@pytest.fixture(scope="module")
def keras_net(keras):
    """A Keras model that answers as `linear` does."""
    layers = keras.layers
    net = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(CLASSES, use_bias=False)]
    )
    net.set_weights([WEIGHTS])
    return net


class TestTensorFlow:
    """Each kind measures as the same function in NumPy."""

    def test_functions(self, tf, keras_net) -> None:
        """A `tf.function`, one of its concrete ones, a layer and a model's call are models."""
        wanted, net = evaluate(linear), keras_net
        function = tf.function(lambda images: tf.nn.softmax(20 * net(images)))
        same(evaluate(tf.function(lambda images: net(images))), wanted)
        spec = tf.TensorSpec((None, 8, 8, 1), tf.float32)
        concrete = tf.function(lambda images: net(images)).get_concrete_function(spec)
        same(evaluate(concrete), wanted)
        same(evaluate(lambda images: net(images, training=False)), wanted)
        assert first(evaluate(function))["outputs"] == "probabilities"
        assert "tensorflow" in first(evaluate(function))

    def test_saved_model(self, tf, keras, keras_net, tmp_path) -> None:
        """A SavedModel, its signature, and Keras' layer of it are models."""
        if not hasattr(keras_net, "export"):
            pytest.skip("this Keras cannot export")
        keras_net.export(str(tmp_path / "net"))
        wanted = evaluate(linear)
        loaded = tf.saved_model.load(str(tmp_path / "net"))
        same(evaluate(loaded), wanted)
        same(evaluate(loaded.signatures["serving_default"]), wanted)
        same(evaluate(loaded.serve), wanted)
        if not hasattr(keras.layers, "TFSMLayer"):
            return  # Keras 2 has no such layer
        layer = keras.layers.TFSMLayer(str(tmp_path / "net"), call_endpoint="serve")
        same(evaluate(layer), wanted)
        with pytest.raises(GivenError, match=r"got the folder .*: load a SavedModel yourself"):
            evaluate(str(tmp_path / "net"))

    def test_unbuilt(self, keras) -> None:
        """A Keras model that was never built is refused: it cannot be trained."""
        with pytest.raises(GivenError, match="never built"):
            evaluate(keras.Sequential([keras.layers.Dense(3)]))

    @pytest.mark.parametrize("kind", ["no zip", "empty zip", "other zip"])
    def test_a_file_that_is_no_model(self, tf, tmp_path, kind) -> None:
        """A file that is no model, zip archive or not, is refused in one line."""
        path = tmp_path / "net.keras"
        if kind == "no zip":
            path.write_bytes(b"no zip")
        elif kind == "empty zip":
            path.write_bytes(b"PK\x05\x06" + bytes(18))
        else:
            with path.open("wb") as file:
                np.savez(file, a=np.zeros(3))
        with pytest.raises(GivenError, match="could not be read as a Keras model") as refused:
            evaluate(str(path))
        assert "\n" not in str(refused.value)
