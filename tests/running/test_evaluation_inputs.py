"""What cannot be evaluated says why; what can gives no wrong number."""

from __future__ import annotations

import builtins
import re
import sys
import tracemalloc

import numpy as np
import pytest
from bands import CLASSES, X, Y, bands, evaluate
from hypothesis import event, given, settings
from hypothesis import strategies as st

from noisecore.noise import NOISES, Stream, apply_noise
from noisecore.running.evaluation import GivenError


class TestMemory:
    """What an evaluation holds beside model and data."""

    @pytest.mark.parametrize("noise", sorted(NOISES))
    def test_follows_the_batch(self, noise) -> None:
        """A noise of noisecore's holds some batches, however many images there are."""
        x = np.random.default_rng(0).integers(0, 256, (400, 64, 64, 3), np.uint8)
        batch = 4 * 64 * 64 * 3 * 4  # bytes of four float32 images
        how = {"x": x, "y": np.arange(400) % 3, "noise": noise, "least_clean": 0, "draws": 2}
        how["scales"] = [0.5, 1]
        evaluate(bands, **how, batch_size=4)  # what is imported or cached
        tracemalloc.start()
        evaluate(bands, **how, batch_size=4)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 12 * batch + 2**20

    def test_own_noise(self) -> None:
        """A noise of one's own holds a few blocks, and a large one is told of in one line."""

        def own(images, scale, *, rng):
            return images + np.float32(scale) * rng.standard_normal(images.shape, np.float32)

        image = np.random.default_rng(0).random((1, 150, 150, 3), np.float32)
        assert "note" not in evaluate(bands, noise=own, batch_size=1)[0].cost
        how = {"x": np.broadcast_to(image, (256, 150, 150, 3)), "y": np.arange(256) % 3}
        how |= {"least_clean": 0, "scales": [1], "draws": 1}
        (large,) = evaluate(bands, noise=own, **how)
        assert re.search("noise own was made in whole blocks .* 264 MiB", large.cost["note"])
        (shipped,) = evaluate(bands, **how, batch_size=16)
        assert "note" not in shipped.cost


class TestRange:
    """The range that scales count from, where it was not declared."""

    @pytest.mark.parametrize(
        ("x", "message"),
        [
            (
                np.round(X * 16).astype(np.uint8),
                r"0 to 255, .* uint8, .* over 1[45]: .*\(0, 1[45]\)",
            ),
            (X / 16, r"0 to 1, .* floats, .* over 0\.05\d+: .* or \(0, 1\) if that is right"),
        ],
    )
    def test_images_far_below_it(self, x, message) -> None:
        """A test set that ends below half of an assumed range gets a note, until it is declared."""
        (record,) = evaluate(bands, x=x, draws=1)
        assert re.search(message, record.cost["note"])
        (declared,) = evaluate(
            bands, x=x, draws=1, value_range=(0, 255 if x.dtype == "uint8" else 1)
        )
        assert "note" not in declared.cost
        assert declared.evaluations == record.evaluations

    @pytest.mark.parametrize("dtype", ["uint8", "float32"])
    def test_one_bright_pixel(self, dtype) -> None:
        """Dark images are nothing to talk of where one pixel of the set is bright."""
        x = np.round(X * 16).astype(np.uint8)
        x[-1, 0, 0] = 128
        x = x if dtype == "uint8" else (x / 255).astype(dtype)
        assert "note" not in evaluate(bands, x=x, draws=1)[0].cost


class TestRefusals:
    """What cannot be meant."""

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"model": 3}, "model must be .* or a function .* got an object of int"),
            ({"model": "no.keras"}, "a .keras file that exists, got no.keras"),
            ({"model": "w.pt"}, r"got w.pt: a file of PyTorch \(.pt\) is not read.*torch.load"),
            ({"model": "W.PTH"}, r"\(.pth\) is not read.*load_state_dict"),
            ({"model": "m.onnx"}, r"give it: onnxruntime.InferenceSession\(path\)"),
            ({"model": "m.pkl"}, "give it: pickle.load"),
            ({"model": "m.joblib"}, "give it: joblib.load"),
            ({"model": "m.h5"}, "give it: keras.models.load_model"),
            ({"model": "m.odd"}, "a .odd file is not read: load the model with the library"),
            ({"model": lambda images: bands(images)[:, 0]}, r"got float32 \(300,\)"),
            ({"model": lambda images: bands(images)[:, :1]}, r"per class, got \(\d+, 1\)"),
            ({"model": lambda images: bands(images)[1:]}, r"\(300, classes\).*got .*\(299, 3\)"),
            ({"model": lambda images: bands(images) * np.nan}, "must be finite numbers, got NaN"),
            ({"model": lambda images: bands(images)[:, :2]}, "below the 2 classes .* got 2"),
            ({"model": lambda images: -bands(images)}, "is 0.*, no better than answers"),
            ({"least_clean": 1.01}, "least_clean must be a number from 0 to 1, got 1.01"),
            ({"x": X * 3 - 1}, r"in the value range 0 to 1, got -0.99.* to .*units='own'"),
            ({"x": X / 255}, "were the images scaled twice"),
            ({"x": X + np.float32("nan")}, "finite pixels"),
            ({"x": X[..., 0, 0]}, r"shape \(n, height, width\)"),
            ({"x": X.astype(int)}, "uint8 or floating, got int64"),
            ({"x": X[:10]}, "as many labels as images"),
            ({"y": None}, "y must be the labels of x, got none"),
            ({"y": Y - 1}, "class numbers from 0"),
            ({"y": Y + 0.5}, "integer labels"),
            ({"units": "pixels"}, "units must be 'range' or 'own'"),
            ({"units": "own", "value_range": (0, 1)}, "no meaning with units='own'"),
            ({"value_range": (1, 0)}, "two ascending numbers"),
            ({"scales": []}, "scales must have a number > 0"),
            ({"scales": [0]}, "scales must have a number > 0"),
            ({"scales": 1.0}, r"a list of numbers such as \[0.1, 1\], got 1.0"),
            ({"scales": [-1]}, "finite number >= 0, got -1"),
            ({"noise": "snow"}, "unknown noise 'snow'"),
            ({"noise": "salt_and_pepper", "scales": [2]}, "must be <= 1, got 2"),
            ({"noise": "gaussian_blur", "scales": [0.05, 1]}, "the same ones at scale 0.05"),
            ({"draws": 0}, "draws must be a whole number >= 1, got 0"),
            ({"draws": True}, "draws must be a whole number >= 1, got True"),
            ({"draws": "3"}, "draws must be a whole number >= 1, got '3'"),
            ({"batch_size": 0}, "batch_size must be a whole number >= 1, got 0"),
            ({"batch_size": -1}, "batch_size must be a whole number >= 1, got -1"),
            ({"batch_size": 1.5}, "batch_size must be a whole number >= 1, got 1.5"),
            ({"batch_size": None}, "batch_size must be a whole number >= 1, got None"),
            ({"clip": (1, 0)}, r"clip must be two ascending numbers .* got \(1, 0\)"),
            ({"clip": "1:0"}, "clip must be two ascending numbers .* got '1:0'"),
            ({"clip": 1}, "clip must be two ascending numbers .* got 1"),
            ({"clip": (0, 1, 2)}, "clip must be two ascending numbers"),
            ({"clip": (0, float("nan"))}, "clip must be two ascending numbers"),
            ({"clip": (0, 255)}, r"clip must lie in 0 to 1.*got \(0, 255\): give clip=\(0, 1\)"),
            ({"clip": "0:255"}, "clip must lie in 0 to 1"),
            ({"value_range": 255}, "value_range must be two ascending numbers .* got 255"),
            ({"value_range": "0"}, "value_range must be two ascending numbers .* got '0'"),
            ({"value_range": (0, 1, 2)}, "value_range must be two ascending numbers"),
            ({"units": ["own"]}, "units must be 'range' or 'own'"),
            ({"outputs": np.zeros(3)}, "outputs must be 'probabilities' or 'scores'"),
            ({"channels": np.zeros(3)}, "channels must be 'last' or 'first'"),
            ({"least_clean": "half"}, "least_clean must be a number from 0 to 1, got 'half'"),
            ({"scales": "0.1;1"}, "finite number >= 0, got '0.1;1'"),
            ({"scales": ""}, "finite number >= 0, got ''"),
            ({"scales": np.float32(0.5)}, "a list of numbers such as .* got .*0.5"),
            ({"scales": None}, "a list of numbers such as .* got None"),
            ({"scales": [None]}, "finite number >= 0, got None"),
            ({"scales": [[0.1]]}, "finite number >= 0"),
            ({"noise": 3}, "noise must be a name, or a function .* got 3"),
            ({"noise": None}, "noise must be a name, or a function .* got None"),
            ({"noise": dict}, "noise must be an object, got its class dict: make one"),
            ({"name": ""}, "name must be a text that is not empty"),
            ({"dataset": 3}, "dataset must be a text that is not empty, got 3"),
        ],
    )  # fmt: skip
    def test_one_line(self, changes, message) -> None:
        """Each is refused in one line that says what came and what to do."""
        with pytest.raises(ValueError, match=message) as refused:
            evaluate(**changes)
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize(
        "changes",
        [
            {"clip": "0:1"},
            {"clip": [0, 1]},
            {"scales": "2, 0.5"},
            {"clip": np.array([0, 1])},
            {"scales": np.array([0.5, 2], np.float32)},
            {"scales": (scale for scale in ("0.5", 2))},
            {"batch_size": np.int64(500), "draws": np.uint8(3)},
            {"value_range": "0:1"},
            {"least_clean": np.float32(0.5)},
            {"y": Y.astype(np.float32)[:, np.newaxis]},
        ],
    )
    def test_taken_as_meant(self, changes) -> None:
        """Another way to write an argument gives the same numbers."""
        clip = {"clip": (0, 1)} if "clip" in changes else {}
        for one, other in zip(evaluate(**changes), evaluate(**clip), strict=True):
            assert one.evaluations == other.evaluations
            assert one.trial.clip == other.trial.clip

    def test_a_lucky_guesser(self) -> None:
        """A model that always names one class is no model, though it beats one in three."""
        with pytest.raises(GivenError, match="no better than answers that ignore the images"):
            evaluate(lambda images: np.tile([0.9, 0.05, 0.05], (len(images), 1)))


# What a kind of images is drawn in, and what is said of it.
RANGES = [
    ("uint8", 0, 255, {}),
    ("float32", 0, 1, {}),
    ("float64", 0, 1, {}),
    ("float32", -1, 1, {"value_range": (-1, 1)}),
    ("float64", 0, 255, {"value_range": (0, 255)}),
    ("float32", -3, 3, {"units": "own"}),
    ("float32", -3, 3, {}),  # refused: the range is not the one that floats are taken to have
]


@settings(max_examples=500, deadline=None)
@given(
    count=st.integers(1, 40), height=st.integers(6, 9), width=st.integers(1, 9),
    channels=st.sampled_from([0, 1, 3]), kind=st.sampled_from(RANGES), one_hot=st.booleans(),
    noise=st.sampled_from(sorted(NOISES)), seed=st.integers(0, 9),
    scale=st.one_of(st.floats(0, 1), st.floats(0, 1e6), st.floats()),
)  # fmt: skip
def test_any_input(count, height, width, channels, kind, one_hot, noise, scale, seed) -> None:
    """Whatever the shape, dtype, range and scale: right numbers, or one line of refusal."""
    dtype, low, high, declared = kind
    if noise == "gaussian_blur" and scale > 100:
        scale = 100.0  # a wider kernel than any image only takes long
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, count)
    x = rng.random((count, height, width, *[channels] * (channels > 0))) / 2
    for label in range(CLASSES):
        x[labels == label, 2 * label : 2 * label + 2] += 0.4
    x = (low + (high - low) * x).astype(dtype)

    def model(images):
        axes = tuple(range(1, images.ndim))
        return np.stack([images[:, 2 * k : 2 * k + 2].mean(axis=axes) for k in range(CLASSES)], 1)

    y = np.eye(CLASSES)[labels] if one_hot else labels
    try:
        (record,) = evaluate(model, x=x, y=y, scales=[scale], draws=1, noise=noise, **declared)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = None
    if refusal is not None:
        event(f"refused: {refusal[:40]}")
        assert refusal.count("\n") == 0
        return
    event("measured")
    assert declared or low == 0
    if declared == {"units": "own"}:
        low, high = 0, 1
    low, span = np.float32(low), np.float32(high - low)
    inside = (x.astype(np.float32) - low) / span
    noisy = apply_noise(NOISES[noise], inside, scale, Stream(0, "test")) * span + low
    np.testing.assert_array_equal(record.at(scale).right, model(noisy).argmax(axis=1) == labels)


@pytest.mark.parametrize("name", ["weights.pt", "model.pkl"])
def test_file_of_another_library(tmp_path, name) -> None:
    """A file that is there, a zip archive or not, is not given to Keras for its name alone."""
    with (tmp_path / name).open("wb") as file:
        np.savez(file, a=np.zeros(3))
    with pytest.raises(GivenError, match="is not read: load the model, and give it") as refused:
        evaluate(str(tmp_path / name))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("missing", ["keras", "tensorflow"])
def test_keras_file_without_keras(tmp_path, monkeypatch, missing) -> None:
    """A `.keras` file where Keras, or what it computes with, is not installed: what to install."""
    with (tmp_path / "net.keras").open("wb") as file:
        np.savez(file, a=np.zeros(3))
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    real = builtins.__import__

    def absent(name, *given, **named):
        if name == "keras":
            raise ModuleNotFoundError(f"No module named {missing!r}")
        return real(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(GivenError, match=r"pip install 'noisecore\[cpu\]'") as refused:
        evaluate(str(tmp_path / "net.keras"))
    assert f"No module named {missing!r}" in str(refused.value)
