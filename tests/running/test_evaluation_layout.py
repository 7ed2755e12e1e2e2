"""Where the channels are is declared, and the noise is the same wherever they are."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from bands import X, Y, evaluate, sharp

from noisecore.noise import NOISES
from noisecore.running.evaluation import GivenError

COLOUR = np.concatenate([X, 0.9 * X, 0.8 * X], axis=-1)
FIRST = np.ascontiguousarray(np.moveaxis(COLOUR, -1, 1))


def first(images):
    """Answer for images with their channels first, as PyTorch's models do."""
    assert images.shape[1:] == (3, 8, 8)
    assert images.flags.c_contiguous
    assert images.flags.writeable
    return sharp(np.ascontiguousarray(np.moveaxis(images, 1, -1)))


def same(found, wanted) -> None:
    """Assert that two evaluations saw the same images and gave the same numbers."""
    for one, other in zip(found, wanted, strict=True):
        assert one.evaluations == other.evaluations  # hashes of the images among them
        assert one.trial.dataset_sha256 == other.trial.dataset_sha256


class TestSameNoise:
    """Both layouts are one measurement."""

    @pytest.mark.parametrize("noise", sorted(NOISES))
    def test_bits(self, noise) -> None:
        """Every noise is the same for both layouts, bit for bit, and so is every hash."""
        how = {"noise": noise, "scales": [0.3, 0.6], "draws": 2}
        found = evaluate(first, x=FIRST, channels="first", **how)
        wanted = evaluate(x=COLOUR, **how)
        same(found, wanted)
        assert found[0].environment["channels"] == "first"
        assert "channels" not in wanted[0].environment

    @pytest.mark.parametrize("dtype", ["uint8", "float64", "float16"])
    def test_dtypes(self, dtype) -> None:
        """So it is for images of any dtype, and in their own units."""
        factor = 255 if dtype == "uint8" else 1
        x = np.round(FIRST * factor).astype(dtype) if factor > 1 else FIRST.astype(dtype)
        for units in ("range", "own"):
            found = evaluate(lambda i: first(i / factor), x=x, channels="first", units=units)
            wanted = evaluate(lambda i: sharp(i / factor), x=np.moveaxis(x, 1, -1), units=units)
            same(found, wanted)

    def test_tensors_and_modules(self) -> None:
        """A tensor or a module of PyTorch says "first" by itself, and can be overruled."""
        torch = pytest.importorskip("torch")
        wanted = evaluate(x=COLOUR)

        class Module(torch.nn.Module):
            def forward(self, images):
                return torch.from_numpy(first(images.numpy()))

        same(evaluate(first, x=torch.from_numpy(FIRST)), wanted)
        same(evaluate(first, x=torch.from_numpy(FIRST), y=torch.from_numpy(Y)), wanted)
        same(evaluate(Module(), x=FIRST), wanted)
        same(evaluate(x=torch.from_numpy(COLOUR), channels="last"), wanted)
        same(evaluate(first, x=torch.from_numpy(FIRST).requires_grad_()), wanted)
        coarse = torch.from_numpy(FIRST).bfloat16()
        same(evaluate(first, x=coarse), evaluate(first, x=coarse.float()))
        with pytest.raises(GivenError, match="declare channels='last'"):
            evaluate(x=torch.from_numpy(COLOUR))
        with pytest.raises(GivenError, match="declare channels='last'"):
            evaluate(Module(), x=COLOUR)

    def test_tensorflow(self) -> None:
        """Tensors and sets of TensorFlow are taken in both layouts, batched or not."""
        tf = pytest.importorskip("tensorflow")
        wanted = evaluate(x=COLOUR)
        same(evaluate(first, x=tf.constant(FIRST), channels="first"), wanted)
        data = tf.data.Dataset.from_tensor_slices((FIRST, Y))
        for each in (data, data.batch(37), data.batch(30, drop_remainder=True)):
            same(evaluate(first, x=each, y=None, channels="first"), wanted)
        with pytest.raises(GivenError, match="declare channels='first'"):
            evaluate(first, x=data.batch(50), y=None)

    def test_files(self, tmp_path) -> None:
        """A file has its channels last, whatever the model takes."""
        path = tmp_path / "d.npz"
        np.savez(path, x_train=COLOUR, y_train=Y, x_test=COLOUR, y_test=Y)
        found = evaluate(first, x=path, y=None, channels="first")
        same(found, evaluate(x=path, y=None))
        assert found[0].environment["channels"] == "first"

    def test_no_channels(self) -> None:
        """Images without an axis of channels are the same in both layouts."""
        flat = X[..., 0]
        model = lambda images: sharp(images[..., np.newaxis])  # noqa: E731
        found = evaluate(model, x=flat, channels="first")
        same(found, evaluate(model, x=flat))
        assert "channels" not in found[0].environment


class TestRefusals:
    """What looks like the other layout."""

    @pytest.mark.parametrize("declared", [{}, {"channels": "last"}])
    @pytest.mark.parametrize("shape", [(300, 1, 8, 8), (300, 3, 8, 8), (300, 4, 8, 2)])
    def test_looks_first(self, shape, declared) -> None:
        """Channels before the pixels stop with one line that says what to declare."""
        with pytest.raises(GivenError, match="declare channels='first'") as caught:
            evaluate(x=np.ones(shape, np.float32), **declared)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("shape", [(300, 8, 8, 1), (300, 8, 8, 3), (300, 8, 2, 4)])
    def test_looks_last(self, shape) -> None:
        """So do channels after them, where they are declared to be first."""
        with pytest.raises(GivenError, match="declare channels='last'"):
            evaluate(x=np.ones(shape, np.float32), channels="first")

    @pytest.mark.parametrize("shape", [(300, 8, 8, 2), (300, 3, 8, 3), (300, 1, 9, 3)])
    def test_no_doubt(self, shape) -> None:
        """What may well be as declared is measured."""
        x = np.random.default_rng(0).random(shape, np.float32)
        answers = np.eye(3)[Y]
        evaluate(lambda images: answers, x=x, draws=1, least_clean=0)

    @pytest.mark.parametrize("channels", ["second", "", 1, ["first"], np.array(["first", "last"])])
    def test_unknown(self, channels) -> None:
        """Another word is refused in one line."""
        with pytest.raises(GivenError, match="channels must be 'last' or 'first', got") as caught:
            evaluate(channels=channels)
        assert "\n" not in str(caught.value)


def test_torch_is_never_imported() -> None:
    """Whether something is PyTorch's is seen without PyTorch."""
    code = (
        "import sys, bands; bands.evaluate(draws=1)\n"
        "assert not {'torch', 'tensorflow'} & set(sys.modules)"
    )
    path = [each for each in sys.path if each]
    found = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {path}\n{code}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
