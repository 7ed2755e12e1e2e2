"""What a model gives: of whatever precision, probabilities or scores."""

from __future__ import annotations

import numpy as np
import pytest
from bands import CLASSES, X, Y, bands, evaluate, sharp

from noisecore.noise import Stream, apply_noise, gaussian
from noisecore.running.evaluation import GivenError, evaluate_outputs
from noisecore.running.evaluation.answers import as_outputs

NOISY = apply_noise(gaussian, X, 0.5, Stream(0, "test"))


def many(images):
    """Give 60 classes, all but three of them small: rounded, their sum is off by more than 1e-3."""
    answers = np.full((len(images), 60), 0.0061, np.float32)
    answers[:, :3] += sharp(images) * np.float32(1 - answers[0].sum())
    return answers


def _bands(tf, images):
    means = [tf.reduce_mean(images[:, 2 * k : 2 * k + 2], axis=(1, 2, 3)) for k in range(CLASSES)]
    return tf.stack(means, axis=1)


def rounded(kind):
    """Return `many`, rounded to a dtype of ml_dtypes or NumPy by its name."""
    dtypes = pytest.importorskip("ml_dtypes")
    dtype = np.dtype(getattr(dtypes, kind, kind))
    return lambda images: many(images).astype(dtype)


class TestPrecision:
    """Outputs that are coarse."""

    @pytest.mark.parametrize("cast_back", [False, True])
    @pytest.mark.parametrize("kind", ["bfloat16", "float16"])
    def test_low_precision_is_still_probabilities(self, kind, cast_back) -> None:
        """Rounded to 16 bits, also if cast back by hand, the loss is that of the probabilities."""
        low = rounded(kind)

        def model(images):
            return low(images).astype(np.float32) if cast_back else low(images)

        (record,), (exact,) = evaluate(model, draws=1), evaluate(many, draws=1)
        assert record.environment["outputs"] == "probabilities"
        for one, other in zip(record.evaluations, exact.evaluations, strict=True):
            assert one.loss == pytest.approx(other.loss, rel=0.02)
            assert one.accuracy == pytest.approx(other.accuracy, abs=0.02)

    @pytest.mark.parametrize("kind", ["float8_e4m3fn", "float8_e5m2"])
    def test_eight_bits(self, kind) -> None:
        """Floats of 8 bits are numbers as all others, and their sums as coarse as they are."""
        dtype = getattr(pytest.importorskip("ml_dtypes"), kind)
        (record,) = evaluate(lambda images: sharp(images).astype(dtype), draws=1)
        assert record.environment["outputs"] == "probabilities"
        assert record.evaluations[0].accuracy > 0.9

    @pytest.mark.parametrize("kind", ["bfloat16", "float16", "float32", "float8_e4m3fn"])
    def test_torch(self, kind) -> None:
        """PyTorch's tensors of any precision are taken, those that need gradients too."""
        torch = pytest.importorskip("torch")
        dtype = getattr(torch, kind)
        model = lambda images: torch.from_numpy(sharp(images)).requires_grad_().to(dtype)  # noqa: E731
        (record,) = evaluate(model, draws=1)
        assert record.environment["outputs"] == "probabilities"
        assert record.evaluations[0].accuracy > 0.9
        outputs = {0: model(X), 0.5: model(NOISY)}
        (elsewhere,) = evaluate_outputs(outputs, Y, name="mine")
        (stacked,) = evaluate_outputs(outputs | {0.5: [outputs[0.5]]}, Y, name="mine")
        for other in (elsewhere, stacked):
            assert other.at(0.5).loss == record.at(0.5).loss
            assert other.at(0.5).correct == record.at(0.5).correct

    def test_keras(self) -> None:
        """A Keras model in bfloat16 gives probabilities, by itself and as a tensor."""
        tf = pytest.importorskip("tensorflow")
        keras = pytest.importorskip("keras")
        layer = keras.layers.Lambda(lambda images: 20 * _bands(tf, images), dtype="bfloat16")
        model = keras.Sequential([keras.Input(X.shape[1:]), layer, keras.layers.Softmax()])
        for each in (model, lambda images: tf.cast(model(images), tf.bfloat16)):
            (record,), (exact,) = evaluate(each, draws=1), evaluate(draws=1)
            assert record.environment["outputs"] == "probabilities"
            assert record.evaluations[0].accuracy > 0.9
            assert record.at(0.5).loss == pytest.approx(exact.at(0.5).loss, rel=0.1)

    def test_values_are_kept(self) -> None:
        """Every value that a coarse dtype has arrives as it is, up to the greatest."""
        dtypes = pytest.importorskip("ml_dtypes")
        for kind in ("bfloat16", "float8_e4m3fn"):
            info = dtypes.finfo(getattr(dtypes, kind))
            values = np.array([[info.max, info.smallest_normal], [1, 1 + info.eps]], info.dtype)
            found = as_outputs(values, 2)
            assert found.values.tolist() == values.astype(float).tolist()
            assert found.step == info.eps

    @pytest.mark.parametrize("kind", ["bfloat16", "float16", "float8_e4m3fn"])
    def test_coarse_images(self, kind) -> None:
        """Images of low precision measure as the same values in float32."""
        dtype = np.dtype(getattr(pytest.importorskip("ml_dtypes"), kind, kind))
        x = X.astype(dtype)
        (record,), (wide,) = (evaluate(x=each, draws=1) for each in (x, x.astype(np.float32)))
        assert record.evaluations == wide.evaluations

    @pytest.mark.parametrize("answer", [{"logits": 1}, [[1, 2], [3]], "cat", None, object()])
    def test_no_numbers(self, answer) -> None:
        """What is no array of numbers is refused in one line."""
        with pytest.raises(GivenError, match=r"the model must give|must be an array") as caught:
            evaluate(lambda images: answer)
        assert "\n" not in str(caught.value)


class TestKinds:
    """Probabilities or scores: declared, or told by their sums."""

    def test_declared_scores(self) -> None:
        """Scores that happen to sum to 1 are taken for logits where that is declared."""
        (record,) = evaluate(outputs="scores", draws=1)
        assert record.environment["outputs"] == "scores"
        values = sharp(X).astype(float)
        loss = np.log(np.exp(values).sum(axis=1)) - values[np.arange(len(Y)), Y]
        assert record.evaluations[0].loss == pytest.approx(loss.mean())

    def test_declared_probabilities(self) -> None:
        """Sums that are off by a little more than rounding are no obstacle to what is declared."""
        (told,) = evaluate(lambda images: sharp(images) * 0.98, draws=1)
        (declared,) = evaluate(
            lambda images: sharp(images) * 0.98, draws=1, outputs="probabilities"
        )
        assert told.environment["outputs"] == "scores"
        assert declared.environment["outputs"] == "probabilities"

    def test_elsewhere(self) -> None:
        """What a model gave elsewhere is declared by `kind`."""
        given = {0: sharp(X), 0.5: sharp(NOISY)}
        for kind in ("probabilities", "scores"):
            (record,) = evaluate_outputs(given, Y, name="mine", kind=kind)
            (same,) = evaluate(draws=1, outputs=kind)
            assert record.environment["outputs"] == kind
            assert record.at(0.5).loss == pytest.approx(same.at(0.5).loss)

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            (lambda images: bands(images) - 0.4, "sum to 1 for each image.*got values from -0"),
            (lambda images: 20 * bands(images), "got values from .* declare {}='scores'"),
            (lambda images: sharp(images) / 2, "got sums from 0.5 to 0.5"),
        ],
    )
    def test_declared_probabilities_that_are_none(self, model, message) -> None:
        """What cannot be probabilities is refused in one line, here as elsewhere."""
        with pytest.raises(GivenError, match=message.format("outputs")) as caught:
            evaluate(model, outputs="probabilities")
        assert "\n" not in str(caught.value)
        given = {0: model(X), 0.5: model(NOISY)}
        with pytest.raises(GivenError, match=message.format("kind")):
            evaluate_outputs(given, Y, name="mine", kind="probabilities")

    def test_noisy_images_tell_too(self) -> None:
        """Outputs that were probabilities for clean images alone give no wrong loss."""
        given = {0: sharp(X), 0.5: 20 * bands(NOISY)}
        with pytest.raises(GivenError, match="clean or noisy, got values"):
            evaluate_outputs(given, Y, name="mine")

    def test_unknown_kind(self) -> None:
        """Another word is refused, and so is a list of words."""
        for kind in ("logits", ["scores"], ""):
            with pytest.raises(GivenError, match="outputs must be 'probabilities' or 'scores'"):
                evaluate(outputs=kind)
            with pytest.raises(GivenError, match="kind must be 'probabilities' or 'scores'"):
                evaluate_outputs({0: sharp(X), 0.5: sharp(NOISY)}, Y, name="mine", kind=kind)


class TestScales:
    """One scale is one column."""

    def test_equal_scales_come_once(self) -> None:
        """0.5 as a number, as NumPy's or as text is one scale, and -0 is 0."""
        (record,) = evaluate(scales=[0.5, np.float32(0.5), "0.5", 0, -0.0, 2], draws=1)
        assert [each.scale for each in record.evaluations] == [0.0, 0.5, 2.0]

    @pytest.mark.parametrize("key", ["0.5", "0", "5e-1"])
    def test_two_keys_of_one_scale(self, key) -> None:
        """Two outputs for one scale are refused in one line: neither is lost silently."""
        given = {0: sharp(X), 0.5: sharp(NOISY), key: sharp(X[::-1])}
        with pytest.raises(GivenError, match=r"each scale once, got 0(\.5)? twice") as caught:
            evaluate_outputs(given, Y, name="mine")
        assert "\n" not in str(caught.value)
