"""A stranger's mistakes with noises, recipes, profiles and data: one line each."""

from __future__ import annotations

import numpy as np
import pytest
from bands import X, Y, sharp
from misuse import refused

import noisecore


class TestNoise:
    """What is given to `apply_noise` and `check_noise`."""

    IMAGES = X[:4]

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (X[0, ..., 0], "one image is images[None]"),
            (X.reshape(len(X), -1), "images.reshape(-1, height, width)"),
            (X.astype(np.uint8), "images.astype('float32')"),
            (X.tolist(), "give numpy.asarray(images, 'float32')"),
            (None, "got None: give"),
        ],
        ids=["image", "rows", "bytes", "list", "None"],
    )
    def test_images(self, given, words) -> None:
        """Images of another shape, type or kind are told what they would be."""
        assert words in refused(noisecore.apply_noise, "gaussian", given, 0.3)

    @pytest.mark.parametrize(
        ("choices", "words"),
        [
            ({"stream": np.random.default_rng(0)}, "stream must be a whole number >= 0"),
            ({"stream": -1}, "stream must be a whole number >= 0"),
            ({"stream": True}, "stream must be a whole number >= 0"),
            ({"clip": 1}, "clip must be two ascending numbers"),
            ({"clip": (1, 0)}, "clip must be two ascending numbers"),
            ({"out": X}, "out must be a float32 array (4, 8, 8, 1)"),
            ({"out": "a.npy"}, "out must be a float32 array (4, 8, 8, 1)"),
        ],
    )
    def test_choices(self, choices, words) -> None:
        """So is each of the other arguments."""
        assert words in refused(noisecore.apply_noise, "gaussian", self.IMAGES, 0.3, **choices)

    def test_draws(self) -> None:
        """NumPy's whole numbers are numbers of draws."""
        one, two = (noisecore.apply_noise("gaussian", self.IMAGES, 1, n) for n in (2, np.int64(2)))
        assert np.array_equal(one, two)

    @pytest.mark.parametrize("given", [None, 5, X, dict])
    def test_no_noise(self, given) -> None:
        """What is no noise is refused before anything else, also where arguments are swapped."""
        assert "noise must be" in refused(noisecore.apply_noise, given, "gaussian", 0.3)
        assert "noise must be" in refused(noisecore.check_noise, given, [0.1])


class TestMadeByHand:
    """Recipes, profiles, data sets and baselines that somebody puts together."""

    @pytest.mark.parametrize("given", [{"name": 5}, {"name": ""}, {"learning_rate": True}])
    def test_recipe(self, given) -> None:
        """A recipe has a name and numbers."""
        assert "must be a" in refused(noisecore.Recipe, **{"name": "mine"} | given)

    def test_numbers_of_numpy(self) -> None:
        """NumPy's numbers are Python's in a recipe, so that one key is made of both."""
        made = noisecore.Recipe(name="mine", epochs=np.int64(3), learning_rate=np.float64(0.5))
        assert made == noisecore.Recipe(name="mine", epochs=3, learning_rate=0.5)
        assert type(made.epochs) is int

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("models", "mlp", "models must be a tuple of names"),
            ("recipe", "quick", "recipe must be a Recipe"),
            ("scales", [1, 0.1], "scales must ascend"),
            ("scales", [0, 1], "scales must ascend and be > 0"),
            ("scales", [-1], "scale must be a finite number >= 0"),
            ("seeds", [1, 1], "seeds must differ"),
            ("clip", 1, "clip must be two ascending numbers"),
            ("dataset", 5, "dataset must be a name"),
        ],
    )
    def test_profile(self, field, value, words) -> None:
        """A profile is refused where it is made; lists become tuples."""
        recipe = noisecore.Recipe(name="short", epochs=1)
        given = {"name": "mine", "dataset": "digits", "models": ("mlp",), "recipe": recipe}
        assert words in refused(noisecore.Profile, **given | {field: value})
        assert noisecore.Profile(**given, scales=[0.1, 1], seeds=2).scales == (0.1, 1.0)

    @pytest.mark.parametrize("given", [X[..., 0], X.tolist(), None], ids=["grey", "list", "None"])
    def test_dataset(self, given) -> None:
        """A data set's images are arrays with channels; else it is said what takes them."""
        line = refused(noisecore.Dataset, "mine", given, Y, X, Y, 3, "", "", "")
        assert "x_train: expected images (n, height, width, channels), got " in line
        assert "train_sweep takes ((x_train, y_train), (x_test, y_test))" in line

    @pytest.mark.parametrize("given", [None, 5, ["digits"], b"digits", X], ids=range(5))
    def test_load_dataset(self, given) -> None:
        """What is no name of a data set is named."""
        assert "name must be a text or a path, got " in refused(noisecore.load_dataset, given)
        assert "data_dir must be" in refused(noisecore.load_dataset, "digits", 5)

    def test_baseline(self) -> None:
        """A baseline holds records; curves are written into one."""
        for records in (None, ["a curve"]):
            line = refused(noisecore.Baseline, profile="quick", origins={}, records=records)
            assert "as read_baseline and write_baseline return it" in line


def test_outputs_as_a_list() -> None:
    """Outputs without scales are shown a dict of them."""
    line = refused(noisecore.evaluate_outputs, [sharp(X), sharp(X)], Y)
    assert "such as {0: clean, 1: noisy}, got list" in line


def test_mistyped_name() -> None:
    """Python is told what it needs to name the nearest of the public names."""
    with pytest.raises(AttributeError) as caught:
        noisecore.read_baselin  # noqa: B018
    assert (caught.value.name, caught.value.obj) == ("read_baselin", noisecore)


def test_help_names_the_fixtures() -> None:
    """`help(noisecore)` says what pytest has."""
    for name in ("robustness.evaluate", "noise_baseline"):
        assert name in (noisecore.__doc__ or "")
