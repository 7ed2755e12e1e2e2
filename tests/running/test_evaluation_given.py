"""What strangers' models and data do: each gets its own images, its layout, its precision."""

from __future__ import annotations

import numpy as np
import pytest
from bands import X, Y, bands, evaluate, sharp
from needs import needs_tensorflow

from noisecore.running.evaluation import GivenError, evaluate_outputs
from noisecore.running.evaluation.tally import blind


def numbers(records):
    """Return what was measured, without what names the model."""
    return [record.evaluations for record in records]


kept: list[np.ndarray] = []
buffer = np.zeros((len(X), 3), np.float32)


def in_place(images):
    """Answer, and spoil the images that were given."""
    answers = sharp(images)
    images /= 255
    return answers


def keeps(images):
    """Answer, and spoil the images of the time before."""
    answers = sharp(images)
    for each in kept:
        each[:] = 0
    kept[:] = [images]
    return answers


def one_buffer(images):
    """Answer in one and the same array, time after time."""
    buffer[: len(images)] = sharp(images)
    return buffer[: len(images)]


def into_the_input(images):
    """Answer in a part of the array that was given."""
    flat = images.reshape(len(images), -1)
    flat[:, :3] = sharp(images)
    return flat[:, :3]


@pytest.mark.parametrize("units", ["own", "range"])
@pytest.mark.parametrize("model", [in_place, keeps, one_buffer, into_the_input])
def test_images_are_the_models_own(model, units) -> None:
    """Nothing that a model does to its input reaches another scale, draw or batch, or the data."""
    x = X.copy()
    found = evaluate(model, x=x, units=units, batch_size=64)
    assert numbers(found) == numbers(evaluate(sharp, units=units, batch_size=64))
    np.testing.assert_array_equal(x, X)


class TestLayout:
    """Channels first or last."""

    COLOURS = np.repeat(X, 3, axis=3)

    @pytest.mark.parametrize("noise", ["gaussian", "salt_and_pepper", "gaussian_blur"])
    @pytest.mark.parametrize("kind", ["float32", "uint8"])
    def test_same_noise(self, noise, kind) -> None:
        """Both layouts of the same images get the same noise, hashes and answers."""
        x = (self.COLOURS * 255).astype(np.uint8) if kind == "uint8" else self.COLOURS
        first = np.moveaxis(x, -1, 1)

        def model(images):
            assert images.shape[1:] == first.shape[1:]
            assert images.flags.c_contiguous
            return usual(np.ascontiguousarray(np.moveaxis(images, 1, -1)))

        def usual(images):
            return sharp(images / 255 if kind == "uint8" else images)

        scales = [0.2, 1]
        one = evaluate(usual, x=x, noise=noise, scales=scales)
        other = evaluate(model, x=first, noise=noise, scales=scales, channels="first")
        assert [r.trial.dataset_sha256 for r in one] == [r.trial.dataset_sha256 for r in other]
        assert numbers(one) == numbers(other)
        assert other[0].environment["channels"] == "first"

    def test_without_channels(self) -> None:
        """Images that have no axis of channels are the same either way."""
        x = X[..., 0]

        def model(images):
            return sharp(images[..., np.newaxis])

        assert numbers(evaluate(model, x=x)) == numbers(evaluate(model, x=x, channels="first"))

    @pytest.mark.parametrize(
        ("shape", "channels"),
        [((9, 3, 8, 8), None), ((9, 1, 8, 8), "last"), ((9, 8, 8, 4), "first")],
    )
    def test_the_other_layout(self, shape, channels) -> None:
        """What looks like the other layout stops in one line, declared or not."""
        other = "last" if channels == "first" else "first"
        with pytest.raises(GivenError, match=f"declare channels='{other}'") as refused:
            evaluate(x=np.zeros(shape, np.float32), y=Y[:9], channels=channels)
        assert "\n" not in str(refused.value)

    def test_unknown(self) -> None:
        """Another word is refused."""
        with pytest.raises(GivenError, match="channels must be 'last' or 'first', got 'both'"):
            evaluate(channels="both")

    def test_a_file(self, tmp_path) -> None:
        """A file's images are channels last by rule: `channels` says what the model takes."""
        path = tmp_path / "mine.npz"
        np.savez(path, x_train=self.COLOURS, y_train=Y, x_test=self.COLOURS, y_test=Y)

        def model(images):
            return sharp(np.ascontiguousarray(np.moveaxis(images, 1, -1)))

        found = evaluate(model, x=str(path), y=None, channels="first")
        assert numbers(found) == numbers(evaluate(x=str(path), y=None))

    def test_torch(self) -> None:
        """A module, or a tensor, of PyTorch has its channels first unless it is said otherwise."""
        torch = pytest.importorskip("torch")
        first = np.moveaxis(self.COLOURS, -1, 1).copy()

        def model(images):
            return sharp(np.ascontiguousarray(np.moveaxis(images, 1, -1)))

        class Module(torch.nn.Module):
            def forward(self, images):
                return model(images)

        last = numbers(evaluate(x=self.COLOURS))
        assert numbers(evaluate(Module(), x=first)) == last
        assert numbers(evaluate(model, x=torch.from_numpy(first), y=torch.from_numpy(Y))) == last


class TestPrecision:
    """Outputs of low precision."""

    @staticmethod
    def rounded(outputs):
        """Return outputs as a model in bfloat16 gives them, cast back to float32 by hand."""
        bits = np.asarray(outputs, np.float32).view(np.uint32) + 0x8000
        return (bits & 0xFFFF0000).astype(np.uint32).view(np.float32)

    def many(self, images):
        """Answer for a hundred classes, so that the rounding of each adds up."""
        answers = np.full((len(images), 100), 0.001 / 97)
        answers[:, :3] = 0.999 * sharp(images)
        return 0.7 * answers + 0.003

    def loss(self, model, **how) -> float:
        """Return the loss of a model on clean images."""
        return evaluate(model, draws=1, **how)[0].at(0.0).loss

    def test_cast_by_hand(self) -> None:
        """Probabilities that were rounded are probabilities still: the loss is nearly the same."""
        true = self.loss(self.many)
        rounded = self.loss(lambda images: self.rounded(self.many(images)))
        assert rounded == pytest.approx(true, rel=0.01)
        half = self.loss(lambda images: self.many(images).astype(np.float16))
        assert half == pytest.approx(true, rel=0.01)

    def test_declared(self) -> None:
        """What was declared is what they are."""

        def far(images):
            return 1.02 * self.many(images)

        true = self.loss(self.many)
        assert self.loss(far) != pytest.approx(true, rel=0.1)
        assert self.loss(far, outputs="probabilities") == pytest.approx(true, rel=0.1)
        assert self.loss(self.many, outputs="scores") == self.loss(lambda x: self.many(x) + 1)
        with pytest.raises(GivenError, match=r"sum to 1.*declare outputs='scores'"):
            self.loss(lambda images: 20 * bands(images), outputs="probabilities")
        with pytest.raises(GivenError, match="outputs must be 'probabilities' or 'scores'"):
            self.loss(self.many, outputs="logits")
        clean = self.many(X)
        given = evaluate_outputs({0: clean, 1: clean[::-1]}, Y, name="m", kind="scores")
        assert given[0].environment["outputs"] == "scores"

    @needs_tensorflow
    @pytest.mark.parametrize("kind", ["bfloat16", "float16", "float8_e4m3fn"])
    def test_types_that_numpy_lacks(self, kind) -> None:
        """Arrays in bfloat16, as TensorFlow gives them, are taken, as outputs and as images."""
        import ml_dtypes

        dtype = np.dtype(getattr(ml_dtypes, kind, np.float16))

        def model(images):
            return bands(images).astype(dtype)

        (record,) = evaluate(model, draws=1, outputs="scores")
        (true,) = evaluate(lambda x: model(x).astype(np.float64), draws=1, outputs="scores")
        assert record.evaluations == true.evaluations
        if kind == "bfloat16":
            (record,) = evaluate(x=X.astype(dtype), draws=1)
            (true,) = evaluate(x=X.astype(dtype).astype(np.float32), draws=1)
            assert record.evaluations == true.evaluations

    @pytest.mark.parametrize("kind", ["bfloat16", "float16", "float64"])
    def test_torch(self, kind) -> None:
        """Tensors of PyTorch in any floating type are taken, as outputs and as images."""
        torch = pytest.importorskip("torch")
        dtype = getattr(torch, kind)

        def model(images):
            return torch.from_numpy(bands(images)).to(dtype)

        assert evaluate(model, draws=1)[0].at(0.0).accuracy > 0.9
        x = torch.from_numpy(X).to(dtype)
        assert evaluate(x=x, draws=1, channels="last")[0].at(0.0).accuracy > 0.9


class TestSuspicion:
    """What is taken for guessing, and what is not."""

    @staticmethod
    def model(answers):
        """Return a model that gives these answers, whatever it sees, in the order of the data."""
        return lambda images: np.eye(2)[answers[: len(images)]]

    def evaluate(self, answers, y, **how):
        """Evaluate those answers on as many images."""
        answers, y = np.array(answers), np.array(y)
        return evaluate(self.model(answers), x=X[: len(y)], y=y, draws=1, **how)

    def test_perfect(self) -> None:
        """A perfect score is no error, on however few images."""
        self.evaluate([0, 1], [0, 1])
        self.evaluate([0] * 95 + [1] * 5, [0] * 95 + [1] * 5)

    def test_better_than_the_commonest_class(self) -> None:
        """Of labels 95 to 5, 98 % is no guess, nor is 93 % that find the rare class."""
        y = [0] * 95 + [1] * 5
        self.evaluate([0] * 95 + [1] * 3 + [0] * 2, y)
        self.evaluate([0] * 88 + [1] * 7 + [1] * 5, y)

    @pytest.mark.parametrize(
        ("answers", "words"),
        [
            ([0] * 100, "0.9500 of these labels .95 of 100 are class 0., got 0.9500"),
            ([1] * 5 + [0] * 95, "got 0.9000"),
        ],
    )
    def test_suspicious(self, answers, words) -> None:
        """Answers that could ignore the images are refused, and the argument is named."""
        y = [0] * 95 + [1] * 5
        with pytest.raises(GivenError, match=f"{words}.*say so: least_clean=0.9") as refused:
            self.evaluate(answers, y)
        assert "\n" not in str(refused.value)
        self.evaluate(answers, y, least_clean=0.9)

    def test_variance(self) -> None:
        """Of labels that are dealt out anew, about one in twenty looks better than blind."""
        rng = np.random.default_rng(0)
        answers, y = (
            rng.choice(4, 300, p=[0.5, 0.3, 0.1, 0.1]),
            rng.choice(4, 300, p=[0.4, 0.2, 0.2, 0.2]),
        )
        counts = np.bincount(answers, minlength=4), np.bincount(y, minlength=4)
        matches = [int((answers == rng.permutation(y)).sum()) for _ in range(4000)]
        seen = np.mean([not blind(each, *counts) for each in matches])
        assert 0.035 < seen < 0.065
        bound = min(n for n in range(300) if not blind(n, *counts))
        assert abs(bound - (np.mean(matches) + 1.645 * np.std(matches))) < 1.5


@pytest.mark.parametrize(("noise", "asked"), [("gaussian_blur", 1 + 2), ("gaussian", 1 + 3 * 2)])
def test_asked_once(noise, asked) -> None:
    """A noise that draws nothing is one measurement: the model is asked once, for all draws."""
    calls = []

    def model(images):
        calls.append(len(images))
        return sharp(images)

    records = evaluate(model, noise=noise, scales=[0.5, 1], draws=3)
    assert len(calls) == asked
    if noise == "gaussian_blur":
        assert len({str(record.evaluations) for record in records}) == 1


def test_a_scale_once() -> None:
    """Of outputs, two keys that are one scale are refused."""
    clean = sharp(X)
    with pytest.raises(GivenError, match="each scale once"):
        evaluate_outputs({0: clean, 1: clean[::-1], "1": clean}, Y, name="m")
