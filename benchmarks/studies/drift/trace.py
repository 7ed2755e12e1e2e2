"""What of a training is the same to the bit in each of tox's environments: a hash for each piece.

    for it in .tox/py311-tf*; do $it/bin/python -P benchmarks/studies/drift/trace.py; done

Pieces: the operations of both networks on fixed numbers, forward and backward; first weights after
a seed; dropout's mask; and the weights after 64 steps of Adam, without and with dropout.
"""

import hashlib
import json
import os
from collections.abc import Callable

os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}

import keras
import numpy as np
import tensorflow as tf
from keras import layers

tf.get_logger().setLevel("ERROR")  # it warns of functions that are made for each piece
RNG = np.random.RandomState(0)


def draw(*shape: int) -> tf.Tensor:
    """Return fixed numbers between -0.5 and 0.5."""
    return tf.constant(RNG.random_sample(shape).astype("float32") - 0.5)


def digest(value: object) -> str:
    """Return a short hash of an array's bytes."""
    return hashlib.sha256(np.asarray(value).tobytes()).hexdigest()[:8]


def both_ways(operation: Callable, *inputs: tf.Tensor) -> str:
    """Return the hashes of an operation's result and, for a fixed error, of its gradients."""
    error = draw(*operation(*inputs).shape)

    @tf.function
    def run(*inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            result = operation(*inputs)
        return result, tape.gradient(result, inputs, error)

    result, gradients = run(*inputs)
    return " ".join(map(digest, (result, *gradients)))


def convolve(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return a convolution as the network's layers make it."""
    return tf.nn.conv2d(images, kernel, 1, "VALID")


def trained(dropout: float) -> str:
    """Return the hashes of a network's weights before and after 64 steps of Adam."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            layers.Input((784,)),
            layers.Dense(128, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    before = digest(model.get_weights()[2])
    rng = np.random.RandomState(0)
    for _ in range(64):
        images = rng.random_sample((16, 784)).astype("float32")
        model.train_on_batch(images, rng.randint(0, 10, 16))
    return " ".join((before, digest(model.get_weights()[0]), digest(model.get_weights()[2])))


def first_weights(make: Callable[[], layers.Layer], *shape: int) -> str:
    """Return the hash of the first weights of a layer that is made after a seed was set."""
    keras.utils.set_random_seed(0)
    layer = make()
    layer.build((None, *shape))
    return digest(layer.get_weights()[0])


pieces = {
    "first convolution": both_ways(convolve, draw(16, 28, 28, 1), draw(3, 3, 1, 32)),
    "second convolution": both_ways(convolve, draw(16, 26, 26, 32), draw(3, 3, 32, 64)),
    "pooling": both_ways(lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), draw(16, 24, 24, 64)),
    "dense layer": both_ways(tf.matmul, draw(16, 9216), draw(9216, 128)),
    "softmax of 10": both_ways(tf.nn.softmax, draw(16, 10)),
    "weights of a convolution": first_weights(lambda: layers.Conv2D(32, 3), 28, 28, 1),
    "weights of a dense layer": first_weights(lambda: layers.Dense(128), 784),
    "dropout": digest(layers.Dropout(0.5, seed=1)(tf.ones((16, 128)), training=True)),
    "trained without dropout": trained(0.0),
    "trained with dropout": trained(0.5),
}
versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
print(json.dumps(versions | pieces))
