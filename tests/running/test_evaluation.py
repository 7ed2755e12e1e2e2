"""A model that was given is tested as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bands import CLASSES, X, Y, bands, evaluate, make_images, sharp
from needs import needs_tensorflow

from noisecore.judging.baselines import compare_records
from noisecore.judging.curves import curve_matrix, matched_curves
from noisecore.judging.gates import Margins, judge
from noisecore.noise import Stream, apply_noise, gaussian
from noisecore.records import TrialRecord
from noisecore.running.evaluation import GivenError, evaluate_outputs
from noisecore.running.evaluation.images import CHUNK


class TestNumbers:
    """What is measured."""

    def test_accuracy_and_loss(self) -> None:
        """Each figure is that of the model's own answers to the very same noisy images."""
        records = evaluate(draws=2)
        for draw, record in enumerate(records):
            assert [each.scale for each in record.evaluations] == [0.0, 0.5, 2.0]
            for each in record.evaluations:
                noisy = apply_noise(gaussian, X, each.scale, Stream(draw, "test"))
                answers = sharp(noisy)
                np.testing.assert_array_equal(each.right, answers.argmax(axis=1) == Y)
                loss = -np.log(np.clip(answers[np.arange(len(Y)), Y], 1e-7, 1)).mean()
                assert each.loss == pytest.approx(loss)
                assert each.accuracy == each.right.mean()

    def test_scores_are_logits(self) -> None:
        """The loss of scores is that of their softmax."""
        scores = evaluate(lambda images: 20 * bands(images))
        assert scores[0].environment["outputs"] == "scores"
        for scale in (0.0, 0.5):  # at 2 some probabilities are below Keras' bound, 1e-7
            one, other = scores[1].at(scale), evaluate()[1].at(scale)
            assert one.loss == pytest.approx(other.loss, rel=1e-4)
            assert one.correct == other.correct

    @pytest.mark.parametrize("size", [1, 7, 10_000])
    def test_batch_size_changes_nothing(self, size) -> None:
        """The model is asked for as many images at a time as it can take."""
        asked = []

        def model(images):
            asked.append(len(images))
            return sharp(images)

        (record,) = evaluate(model, x=X[:40], y=Y[:40], batch_size=size, draws=1)
        (usual,) = evaluate(x=X[:40], y=Y[:40], draws=1)
        assert record.evaluations == usual.evaluations
        assert max(asked) <= size

    def test_many_chunks(self) -> None:
        """Data that are read piece by piece give what all of it at once would."""
        x, y = make_images(CHUNK + 300, side=6)
        (record,) = evaluate(x=x, y=y, draws=1)
        noisy = apply_noise(gaussian, x, 2.0, Stream(0, "test"))
        np.testing.assert_array_equal(record.at(2.0).right, sharp(noisy).argmax(axis=1) == y)

    def test_range_is_the_unit(self) -> None:
        """Bytes get the noise of [0, 1] times 255, and reach the model as bytes would."""
        x = np.round(X * 255).astype(np.uint8)
        (record,) = evaluate(lambda images: sharp(images / 255), x=x, draws=1)
        noisy = apply_noise(gaussian, x.astype(np.float32) / 255, 0.5, Stream(0, "test"))
        np.testing.assert_array_equal(record.at(0.5).right, sharp(noisy).argmax(axis=1) == Y)
        assert record.environment["value_range"] == "0 to 255"

    def test_own_units(self) -> None:
        """Standardised images get noise in their own units."""
        x = (X - X.mean()) / X.std()
        (record,) = evaluate(x=x, units="own", draws=1)
        noisy = apply_noise(gaussian, x, 0.5, Stream(0, "test"))
        np.testing.assert_array_equal(record.at(0.5).right, sharp(noisy).argmax(axis=1) == Y)
        assert record.trial.units == "own"

    def test_records_are_plain_json(self) -> None:
        """A record comes back from disk as it was."""
        for record in evaluate(clip=(0.0, 1.0)):
            assert TrialRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record

    def test_same_again(self) -> None:
        """The same model and images give the same numbers and keys."""
        assert [r.numbers() for r in evaluate()] == [r.numbers() for r in evaluate()]

    def test_forms_of_data(self, tmp_path) -> None:
        """One-hot labels, flat images, a tf.data.Dataset and an .npz mean the same."""

        class Dataset:
            def as_numpy_iterator(self):
                for first in range(0, len(X), 37):
                    yield X[first : first + 37], Y[first : first + 37]

        class Unbatched:
            def as_numpy_iterator(self):
                yield from zip(X, Y, strict=True)

        np.savez(tmp_path / "d.npz", x_train=X, y_train=Y, x_test=X, y_test=Y)
        (usual,) = evaluate(draws=1)
        for x, y in ((X, np.eye(CLASSES)[Y]), (Dataset(), None), (Unbatched(), None),
                     (tmp_path / "d.npz", None)):  # fmt: skip
            (record,) = evaluate(x=x, y=y, draws=1)
            assert record.evaluations == usual.evaluations

    def test_tensors(self) -> None:
        """What has to be detached first, as PyTorch's tensors, is."""

        class Tensor:
            def __init__(self, values) -> None:
                self.values = values

            def detach(self):
                return self

            def cpu(self):
                return self.values

        assert evaluate(lambda images: Tensor(sharp(images)))[0].at(0.5) == evaluate()[0].at(0.5)


class TestCurves:
    """What becomes of the records."""

    def test_curve(self) -> None:
        """The curve runs over the test scales, one row per draw; there is no training matrix."""
        records = evaluate(draws=3)
        (curve,) = matched_curves(records).values()
        assert (curve.name, curve.seeds, curve.replicates) == ("mine/gaussian", (0, 1, 2), "draws")
        assert curve.scales.tolist() == [0.0, 0.5, 2.0]
        assert curve.complete
        assert "draws 0 1 2" in str(curve)
        assert curve_matrix(records) == {}

    def test_worse_model_fails(self) -> None:
        """The gate takes a given model as any other: no worse passes, worse does not."""
        before = evaluate(scales=[0.5, 1.0])

        def worse(images):
            answers = sharp(images)
            answers[::6] = np.roll(answers[::6], 1, axis=1)  # one in six is wrong now
            return answers

        verdicts = []
        for new in (evaluate(scales=[0.5, 1.0]), evaluate(worse, scales=[0.5, 1.0])):
            verdicts.append(judge(new, before)["mine/gaussian"].verdict)
        assert verdicts == ["pass", "fail"]

    @pytest.mark.parametrize("mode", ["simple", "rigorous"])
    @pytest.mark.parametrize("draws", [1, 3])
    def test_small_differences_are_seen(self, mode, draws) -> None:
        """Both models saw the same noisy images: one more wrong answer in 20 is no accident."""
        before = evaluate(draws=draws, scales=[0.5])

        def worse(images):
            answers = sharp(images)
            answers[::20] = np.roll(answers[::20], 1, axis=1)
            return answers

        verdicts = []
        for new in (
            evaluate(draws=draws, scales=[0.5]),
            evaluate(worse, draws=draws, scales=[0.5]),
        ):
            margins = Margins(mean=0.5, scale=1.0)
            verdicts.append(judge(new, before, mode=mode, margins=margins)["mine/gaussian"])
        same, fell = verdicts
        assert same.verdict == "pass"
        assert same.figures[0].low == same.figures[0].high == 0.0
        assert fell.figures[0].difference < 0
        assert fell.figures[0].high - fell.figures[0].low < 0.05
        assert fell.verdict == "fail"

    def test_other_draws_are_not_comparable(self) -> None:
        """Three draws are not the one of before, unless the model gave the same answers there."""
        (found,) = compare_records(evaluate(bands, draws=3), evaluate(draws=1)).values()
        assert found.obstacles == ("draws is 0 and 1 and 2, was 0",)
        (found,) = compare_records(evaluate(draws=3), evaluate(draws=1)).values()
        assert (found.obstacles, found.identical) == ((), True)

    def test_other_units_are_not_comparable(self) -> None:
        """Noise of another unit is other noise."""
        (found,) = compare_records(evaluate(units="own"), evaluate()).values()
        assert any("units is own, was range" in line for line in found.obstacles)


KERAS = """
import json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from test_evaluation import X, Y, evaluate
assert "tensorflow" not in sys.modules
import keras

keras.utils.set_random_seed(0)
model = keras.Sequential([
    keras.Input(X.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")
])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(X, Y, epochs=30, batch_size=16, verbose=0)
model.save(sys.argv[2])
import tensorflow as tf
data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(64)
found = [
    evaluate(model)[0], evaluate(sys.argv[2])[0], evaluate(lambda x: model(x))[0],
    evaluate(model, x=data, y=None)[0],
]
print(json.dumps([
    [r.parameters, r.trial.model_source, r.environment["model_kind"], r.environment.get("keras"),
     [e.accuracy for e in r.evaluations]] for r in found
]))
"""


@needs_tensorflow
def test_keras_models(tmp_path) -> None:
    """A Keras model, its file, a function around it and a tf.data.Dataset give one curve."""
    child = subprocess.run(
        [sys.executable, "-c", KERAS, str(Path(__file__).parent), str(tmp_path / "mine.keras")],
        capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    model, file, function, data = json.loads(child.stdout.splitlines()[-1])
    assert model == file == data
    assert (model[0], model[2]) == (64 * 3 + 3, "Keras Sequential")
    assert model[3]
    assert function[0] is None
    np.testing.assert_allclose(function[4], model[4], atol=0.01)
    assert model[4][0] > 0.9


def outputs_of(model=sharp, draws=2, scales=(0.5, 2.0)):
    """Return what a model gives for noisy images, as somebody else would have kept it."""
    found = {0: model(X)}
    for scale in scales:
        streams = [Stream(draw, "test") for draw in range(draws)]
        noisy = [apply_noise(gaussian, X, scale, stream) for stream in streams]
        found[scale] = np.stack([model(images) for images in noisy])
    return found


class TestOutputs:
    """What a model gave elsewhere."""

    def test_figures_are_those_of_the_model(self) -> None:
        """Right answers and losses are those that evaluating the model itself gives."""
        for mine, theirs in zip(
            evaluate_outputs(outputs_of(), Y, name="mine"), evaluate(draws=2), strict=True
        ):
            assert mine.trial.curve == theirs.trial.curve
            for one, other in zip(mine.evaluations, theirs.evaluations, strict=True):
                assert (one.scale, one.correct, one.images) == (
                    other.scale, other.correct, other.images,
                )  # fmt: skip
                assert one.loss == pytest.approx(other.loss)

    def test_one_draw_needs_no_axis(self) -> None:
        """(n, classes) is one draw, and labels may be one-hot."""
        given = {scale: each if scale == 0 else each[0] for scale, each in outputs_of().items()}
        (record,) = evaluate_outputs(given, np.eye(CLASSES)[Y], name="mine")
        assert record.evaluations == evaluate_outputs(outputs_of(), Y, name="mine")[0].evaluations

    def test_two_models_can_be_compared(self) -> None:
        """Outputs for the same labels, scales and noise are taken for those of the same images."""
        one = evaluate_outputs(outputs_of(), Y, name="mine")
        other = evaluate_outputs(outputs_of(bands), Y, name="mine")
        (comparison,) = compare_records(one, other).values()
        assert not comparison.obstacles
        assert one[0].trial.model_source != other[0].trial.model_source

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda given: given.pop(0), "must have scale 0, the images without noise, got none"),
            (lambda given: given.update({0.5: given[0.5][:1]}), "equally many draws, got 1 at 0.5"),
            (lambda given: given.update({2.0: given[2.0][:, :9]}), "for 300 images, got float"),
            (lambda given: given.update({0: np.eye(4)[Y]}), r"must be \(300, 4\) as at scale 0"),
            (lambda given: given.update({0.5: np.stack([given[0]] * 2)}), "the same ones at"),
            (lambda given: given.update({0: given[0].argmax(axis=1)}), "class probabilities or"),
            (lambda given: given.update({0: np.eye(3)[(Y + 1) % 3]}), "accuracy on clean images"),
            (lambda given: [given.pop(scale) for scale in (0.5, 2.0)], "must have a number > 0"),
        ],
    )
    def test_refusals(self, change, message) -> None:
        """What cannot be meant is said in one line."""
        given = outputs_of()
        change(given)
        with pytest.raises(GivenError, match=message) as caught:
            evaluate_outputs(given, Y, name="mine")
        assert "\n" not in str(caught.value)

    def test_a_list_is_no_outputs(self) -> None:
        """Without the scales nothing can be judged."""
        with pytest.raises(GivenError, match=r"must be a dict from each scale to .*, got list"):
            evaluate_outputs([sharp(X)], Y, name="mine")
