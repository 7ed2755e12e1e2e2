"""Images are standardised as the recipe says, and a model's figures are those of its output."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from needs import needs_tensorflow

from noisecore.recipes import get_recipe
from noisecore.running import compat, training
from noisecore.running.training import TrialError, score, shuffled, standardise, train

# Means 1 and 3, standard deviations 1 and 2.
TRAIN = np.array([0, 2, 0, 2], np.float32).reshape(2, 1, 2, 1)
TEST = np.array([1, 5], np.float32).reshape(1, 1, 2, 1)


@pytest.mark.parametrize(
    ("standardisation", "train_pixels", "test_pixels"),
    [
        ("none", [0, 2, 0, 2], [1, 5]),
        ("train", [-1, 1, -1, 1], [0, 4]),
        # The reference notebook's defect: train is not centred, test goes by its own moments.
        ("notebook", [0, 2, 0, 2], [-1, 1]),
    ],
)
def test_splits_are_standardised_as_the_recipe_says(standardisation, train_pixels, test_pixels):
    """Each kind does to either split what `Recipe` says of it, in float32."""
    splits = standardise(TRAIN, TEST, standardisation)
    for images, pixels in zip(splits, (train_pixels, test_pixels), strict=True):
        np.testing.assert_array_equal(images.ravel(), pixels)
        assert images.dtype == np.float32


@pytest.mark.parametrize("standardisation", ["train", "notebook"])
def test_standardised_images_have_their_moments(standardisation):
    """On images like MNIST's the moments come out to float32's precision, in the notebook's too."""
    rng = np.random.default_rng(3)
    clean = (rng.random((2000, 14, 14, 1)) ** 4).astype(np.float32)
    other = (rng.random((500, 14, 14, 1)) ** 3).astype(np.float32)
    ours, theirs = standardise(clean, other, standardisation)
    mean, std = clean.mean(dtype=np.float64), clean.std(dtype=np.float64)
    if standardisation == "train":
        expected = (0, 1, (other.mean(dtype=np.float64) - mean) / std, other.std() / std)
    else:
        expected = (mean / std, 1, 0, 1)
    found = [f(split, dtype=np.float64) for split in (ours, theirs) for f in (np.mean, np.std)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("standardisation", ["none", "train", "notebook"])
def test_standardise_leaves_its_input_alone(standardisation):
    """The images that came in serve other trials too."""
    before = TRAIN.copy(), TEST.copy()
    standardise(TRAIN, TEST, standardisation)
    np.testing.assert_array_equal(TRAIN, before[0])
    np.testing.assert_array_equal(TEST, before[1])


@pytest.mark.parametrize("standardisation", ["none", "train", "notebook"])
def test_standardise_in_place_gives_the_same(standardisation):
    """In place, the arrays that came in become what new ones would be."""
    splits = TRAIN.copy(), TEST.copy()
    found = standardise(*splits, standardisation, in_place=True)
    for mine, given, new in zip(
        found, splits, standardise(TRAIN, TEST, standardisation), strict=True
    ):
        assert mine is given
        np.testing.assert_array_equal(mine, new)


def test_images_of_one_value_are_refused():
    """Where there is nothing to divide by, the trial fails with the reason, and not with NaN."""
    with pytest.raises(TrialError, match="all pixels have the same value"):
        standardise(np.zeros_like(TRAIN), TEST, "train")


class FakeModel:
    """A model that gives known probabilities, and losses as told, an epoch each."""

    def __init__(self, probabilities, losses=()):
        self.probabilities = np.array(probabilities, np.float32)
        self.losses = iter(losses)
        self.batches = []

    def predict_on_batch(self, images):
        """Return the known probabilities, whatever the images."""
        return self.probabilities

    def reset_metrics(self):
        """Forget the last batch's figures."""
        self.figures = {}

    def train(self, images, labels):
        """Note the images and labels, and return the next loss and an accuracy of 0.5."""
        assert not self.figures
        self.batches.append((images.ravel().tolist(), labels.tolist()))
        self.figures = {"loss": next(self.losses), "accuracy": 0.5}
        return self.figures


PROBABILITIES = [[0.7, 0.2, 0.1], [0.25, 0.5, 0.25], [0.3, 0.3, 0.4], [0.0, 1.0, 0.0]]


def test_loss_is_that_of_the_probabilities():
    """The loss is the mean cross-entropy in nats of the probabilities that stand beside it.

    A class that was given no chance at all costs -ln 1e-7, as Keras has it.
    """
    loss, found = score(FakeModel(PROBABILITIES), np.zeros((4, 1)), np.array([0, 0, 2, 2]))
    assert found.tolist() == np.float32(PROBABILITIES).tolist()
    expected = -(math.log(0.7) + math.log(0.25) + math.log(0.4) + math.log(1e-7)) / 4
    assert loss == pytest.approx(expected, rel=1e-6)
    assert isinstance(loss, float)


def test_a_certain_and_right_model_has_no_loss():
    """Probability 1 for every right class is a loss of exactly 0."""
    loss, found = score(FakeModel(np.eye(3)), np.zeros((3, 1)), np.arange(3))
    assert (loss, found.tolist()) == (0, np.eye(3).tolist())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_probabilities_that_are_not_finite_fail_the_trial(value):
    """One NaN in an image that is otherwise right is no result."""
    with pytest.raises(TrialError, match="probabilities are not finite"):
        score(FakeModel([[0.1, 0.9], [value, 0.5]]), np.zeros((2, 1)), np.array([1, 1]))


@pytest.fixture
def compiled(monkeypatch):
    """Replace Keras' part by a list of what it was asked for, and its steps by `FakeModel`'s."""
    calls = []
    monkeypatch.setattr(training, "compile_model", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(compat, "training_step", lambda model: model.train)
    monkeypatch.setattr(compat, "training_loop", lambda *arguments: None)
    return calls


def losses_of_steps():
    """Return the losses of three steps by Keras' `train_on_batch`, and by our own step."""
    import keras

    from noisecore.models import build_mlp
    from noisecore.running.compat import training_step

    rng = np.random.default_rng(0)
    images, labels = rng.random((12, 5, 5, 1), np.float32), np.arange(12) % 3

    def losses(step_of):
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        model = build_mlp((5, 5, 1), 3)
        training.compile_model(model, get_recipe("quick"), 3)
        step = step_of(model)
        found = []
        for batch in np.split(np.arange(12), [5, 10]):  # the last batch is smaller
            model.reset_metrics()
            found.append(float(step(images[batch], labels[batch])["loss"]))
        return found

    expected = losses(lambda model: lambda x, y: model.train_on_batch(x, y, return_dict=True))
    return expected, losses(training_step)


def test_a_step_is_keras_own():
    """A training step gives the numbers of Keras' `train_on_batch`, dropout's included."""
    pytest.importorskip("keras")
    # In a process of its own: Keras draws seeds from Python's `random`, and so do threads that
    # other tests have left here.
    script = "import json, test_training; print(json.dumps(test_training.losses_of_steps()))"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    expected, found = json.loads(ended.stdout.splitlines()[-1])
    assert found == expected
    assert len(set(expected)) == 3


def test_training_goes_epoch_by_epoch(compiled):
    """Each epoch has its own images and order, and is evaluated and told; steps count them all."""
    recipe = get_recipe("quick+epochs=3,batch_size=3")
    model = FakeModel(PROBABILITIES, losses=[4.0, 0.0, 3.0, 1.0, 1.5, 1.5])
    told = []
    history, seconds = train(
        model,
        recipe,
        lambda epoch: 10 * epoch + np.arange(4).reshape(4, 1),
        np.arange(4),
        lambda epoch: np.roll([3, 2, 1, 0], epoch),
        (np.zeros((4, 1)), np.array([0, 0, 2, 2])),
        lambda epoch, figures: told.append((epoch, figures)),
    )
    assert compiled == [(model, recipe, 6)]  # 4 images are 2 steps of 3, 3 times
    assert model.batches == [
        *[([3, 2, 1], [3, 2, 1]), ([0], [0])],
        *[([10, 13, 12], [0, 3, 2]), ([11], [1])],
        *[([21, 20, 23], [1, 0, 3]), ([22], [2])],
    ]
    assert told == list(enumerate(history))
    assert [epoch.loss for epoch in history] == [3, 2.5, 1.5]  # 3 images weigh 3 times 1
    assert {epoch.test_accuracy for epoch in history} == {0.5}
    assert len(seconds) == 3


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_loss_that_is_not_finite_ends_the_training(compiled, loss):
    """The epoch in which the loss stopped being a number is the last, and is named from 1 on."""
    model = FakeModel(PROBABILITIES, losses=[3.0, loss, 1.0])
    told = []
    with pytest.raises(TrialError, match=f"the training loss became {loss} in epoch 2"):
        train(
            model,
            get_recipe("quick+epochs=3"),
            lambda epoch: np.zeros((4, 1)),
            np.zeros(4, np.int64),
            lambda epoch: np.arange(4),
            (np.zeros((4, 1)), np.zeros(4, np.int64)),
            lambda epoch, figures: told.append(epoch),
        )
    assert told == [0]
    assert len(model.batches) == 2


EPOCH = """
import numpy as np
from noisecore.running import compat

compat.settle(1)
import keras
from noisecore.recipes import get_recipe
from noisecore.running.training import score, shuffled, train

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
images = np.random.default_rng(0).random((11, 4), np.float32)
labels = np.arange(11) % 3
# So slow that nothing is learnt: an epoch's means are those of a model that stands still.
recipe = get_recipe("quick+learning_rate=1e-30,schedule=constant,epochs=2,batch_size=4")
history, _ = train(
    model, recipe, lambda epoch: images, labels, lambda epoch: shuffled(0, epoch, 11),
    (images, labels), lambda epoch, figures: None,
)
loss, probabilities = score(model, images, labels)
right = probabilities.argmax(axis=1) == labels
for epoch in history:
    np.testing.assert_allclose(epoch.loss, loss, rtol=1e-5)
    np.testing.assert_allclose(epoch.accuracy, right.mean(), rtol=1e-5)
"""


@needs_tensorflow
def test_figures_of_an_epoch_are_means_over_its_images():
    """Loss and accuracy count every image of the epoch once, in a short last batch too."""
    done = subprocess.run([sys.executable, "-c", EPOCH], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_order_is_the_seeds_and_the_epochs_own():
    """Every image comes once; seeds and epochs differ, and the same ones agree."""
    orders = [
        shuffled(seed, epoch, 50).tolist() for seed, epoch in [(0, 0), (0, 1), (1, 0), (0, 0)]
    ]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert orders[0] == orders[3]
    assert orders[0] != orders[1] != orders[2] != orders[0]
