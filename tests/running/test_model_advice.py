"""What is said of a model and images that do not fit: done as it is written, it suffices."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from bands import CLASSES, X, Y

import noisecore
from noisecore.running.evaluation import GivenError

GREY = X[..., 0]
FLAT = X.reshape(len(X), -1)


def measure(model, x, y=Y, **how):
    """Return the curve of a model at one scale."""
    how = {"name": "digits"} | how
    return noisecore.evaluate(model, x, y, scales=[0.3], draws=1, least_clean=0, **how)


def refused(model, x, y=Y, **how) -> str:
    """Return the one line that refuses a model or its images."""
    with pytest.raises(GivenError) as caught:
        measure(model, x, y, **how)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def said(line: str, before: str, after: str = "") -> str:
    """Return the code that stands in a line between two texts, the second at its end if empty."""
    (code,) = re.findall(f"{re.escape(before)}(.+?){re.escape(after) or '$'}", line)
    return code


class TestScikitLearn:
    """Classifiers without `predict_proba`, and their methods."""

    @pytest.fixture
    def sklearn(self):
        """Skip where scikit-learn is not installed."""
        pytest.importorskip("sklearn")
        from sklearn import calibration, dummy, linear_model, pipeline, preprocessing, svm

        class All:
            Calibrated = calibration.CalibratedClassifierCV
            LinearSVC, SVC = svm.LinearSVC, svm.SVC
            Ridge, Perceptron = linear_model.RidgeClassifier, linear_model.Perceptron
            Logistic, Regression = linear_model.LogisticRegression, linear_model.LinearRegression
            Dummy = dummy.DummyClassifier

            @staticmethod
            def chain():
                return pipeline.make_pipeline(preprocessing.StandardScaler(), svm.LinearSVC())

        return All

    @pytest.mark.parametrize("kind", ["LinearSVC", "Ridge", "SVC", "Perceptron", "chain"])
    def test_scores(self, sklearn, kind) -> None:
        """A classifier with scores alone is told which method gives them, and that one is taken."""
        model = getattr(sklearn, kind)().fit(FLAT, Y)
        line = refused(model, GREY)
        assert f"got an object of {type(model).__name__} without predict_proba: " in line
        assert said(line, "give its scores, ", ",") == "model.decision_function"
        curve = measure(model.decision_function, GREY)
        by_hand = measure(lambda x: model.decision_function(x.reshape(len(x), -1)), GREY)
        assert curve.accuracy.tolist() == by_hand.accuracy.tolist()
        assert curve.accuracy[0, 0] > 0.9

    def test_calibrated(self, sklearn) -> None:
        """The other remedy works too."""
        model = sklearn.LinearSVC().fit(FLAT, Y)
        assert "or fit CalibratedClassifierCV(model) and give that" in refused(model, GREY)
        assert measure(sklearn.Calibrated(model).fit(FLAT, Y), GREY).accuracy[0, 0] > 0.9

    def test_two_classes(self, sklearn) -> None:
        """Of two classes the one score is made two, in a function that can be copied."""
        two = (Y > 0).astype(int)
        model = sklearn.LinearSVC().fit(FLAT, two)
        code = said(refused(model, GREY, two), "give its scores, ", ", and a name=")
        curve = measure(eval(code, {"numpy": np, "model": model}), GREY, two)
        assert curve.accuracy[0, 0] > 0.9
        for method in (model.decision_function, model.predict):
            assert "give numpy." in refused(method, GREY, two)

    def test_predict_alone(self, sklearn) -> None:
        """What only predicts is made a column a class, in a function that can be copied."""

        class Nearest:
            classes_ = np.arange(CLASSES)

            def fit(self, x, y):
                return self

            def predict(self, x):
                return x.argmax(1) % CLASSES

        model = Nearest()
        code = said(refused(model, GREY), "give ", ", and a name=")
        assert measure(eval(code, {"numpy": np, "model": model}), GREY).images == len(X)
        assert "give a fitted classifier" in refused(sklearn.Regression().fit(FLAT, Y), GREY)

    def test_methods(self, sklearn) -> None:
        """A method of what was trained on rows gets rows, as its object does."""
        model = sklearn.Logistic(max_iter=500).fit(FLAT, Y)
        curve = measure(model.predict_proba, GREY)
        assert curve.accuracy.tolist() == measure(model, GREY).accuracy.tolist()
        assert "let the function flatten" in refused(lambda x: model.predict_proba(x), GREY)

    @pytest.mark.parametrize("x", [FLAT, FLAT.tolist()], ids=["array", "list"])
    def test_rows(self, sklearn, x) -> None:
        """Rows of pixels are told how they become images, and the model gets rows of them."""
        model = sklearn.Logistic(max_iter=500).fit(FLAT, Y)
        code = said(refused(model, x), "give ", "; the model gets rows")
        assert measure(model, eval(code, {"numpy": np, "x": x})).accuracy[0, 0] > 0.9


class TestTorch:
    """Where images have their channels."""

    @pytest.fixture
    def torch(self):
        """Skip where PyTorch is not installed."""
        return pytest.importorskip("torch")

    @pytest.fixture
    def nets(self, torch):
        """Convolutional nets, by the number of channels that they take."""

        def net(channels):
            torch.manual_seed(0)
            layers = torch.nn.Conv2d(channels, 2, 3), torch.nn.Flatten(), torch.nn.Linear(72, 3)
            return torch.nn.Sequential(*layers)

        return {channels: net(channels) for channels in (1, 3)}

    @pytest.mark.parametrize("tensor", [False, True])
    @pytest.mark.parametrize("declared", [{}, {"channels": "last"}, {"channels": "first"}])
    @pytest.mark.parametrize(
        ("function", "channels", "shape"),
        [
            (function, channels, shape)
            for function, channels, shape in product((False, True), (1, 3), ("none", "last"))
            # How many channels a function takes is not known.
            if not (function and channels == 3 and shape == "none")
        ],
    )
    def test_first_message(self, torch, nets, function, tensor, declared, channels, shape) -> None:
        """Done as the first message says, images of any layout are taken."""
        net = nets[channels]
        x = np.repeat(X, channels, -1) if shape == "last" else GREY
        if tensor:
            x = torch.from_numpy(np.ascontiguousarray(x))
        model = (lambda images: net(torch.from_numpy(images))) if function else net
        line = refused(model, x, **declared)
        # The first remedy of the line is the one that is followed.
        code, more = re.findall(r"give (.+?)(?:, (and channels=|or declare|give).*)?$", line)[-1]
        how = {"channels": "first"} if more.startswith("and") else declared
        again = eval(code, {"numpy": np, "x": x})
        assert measure(model, again, **how).images == len(X)

    def test_sets(self, torch, nets) -> None:
        """Of a data set the images are moved inside it."""

        def loader(x):
            data = torch.utils.data.TensorDataset(torch.from_numpy(x.copy()), torch.from_numpy(Y))
            return torch.utils.data.DataLoader(data, batch_size=50)

        assert "image.moveaxis(-1, 0)" in refused(nets[1], loader(X), None)
        assert "image[None]" in refused(nets[1], loader(GREY), None)

    def test_other_channels(self, nets) -> None:
        """Grey images for a model of colours, and rows of pixels, are told what they become."""
        x = np.moveaxis(X, -1, 1)
        code = said(refused(nets[3], x), "takes 3 channels: give ")
        assert measure(nets[3], eval(code, {"numpy": np, "x": x})).images == len(X)
        code = said(refused(nets[1], FLAT), "give ")
        assert measure(nets[1], eval(code, {"numpy": np, "x": FLAT})).images == len(X)

    def test_rows(self, torch) -> None:
        """A module that takes rows is given with a layer that flattens images."""
        model = torch.nn.Linear(64, 3)
        line = refused(model, FLAT)
        images, taken = said(line, "give ", ", and"), said(line, "takes rows, ", " in its place")
        names = {"numpy": np, "torch": torch, "model": model, "x": FLAT}
        assert measure(eval(taken, names), eval(images, names)).images == len(X)

    def test_weights(self, nets) -> None:
        """Weights are no model; they are loaded into one."""
        assert "load_state_dict" in refused(nets[1].state_dict(), X)


def test_keras_rows() -> None:
    """A Keras model that takes rows is given with a layer that flattens images."""
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.layers.Input((64,)), keras.layers.Dense(3)])
    line = refused(model, FLAT)
    images, taken = said(line, "give ", ", and"), said(line, "takes rows, ", " in its place")
    names = {"numpy": np, "keras": keras, "model": model, "x": FLAT}
    assert measure(eval(taken, names), eval(images, names)).images == len(X)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((None, Y), "x must be an array, got None"),
        ((Y, X), "are x and y swapped"),
        ((GREY[0], Y[0]), r"x\[None\] and \[y\]"),
        (((255 * X).astype(int), Y), "astype"),
        ((X, np.array(list("abc"))[Y]), r"numpy\.unique"),
    ],
)
def test_data(given, words) -> None:
    """Data that cannot be meant are told what they would be."""
    with pytest.raises(noisecore.NoisecoreError, match=words):
        measure(lambda x: np.eye(3)[Y[: len(x)]], *given)


def test_labels_in_place_of_scores() -> None:
    """Class numbers in place of columns are told how they become columns."""
    line = refused(lambda x: Y[: len(x)], X)
    assert said(line, "of k classes, give ") == "numpy.eye(k)[c]"
    line = refused(X, GREY)
    assert "the model comes first" in line
