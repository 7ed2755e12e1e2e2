"""The marker: what it asks for, and what it refuses."""

from __future__ import annotations

import pytest

# A marker that asks for what cannot be, and what the line says.
MISTAKES = {
    "argument": ("modles=['mlp']", "unknown argument 'modles'", "did you mean 'models'?"),
    "model": ("models=['mpl']", "unknown model 'mpl'", "did you mean 'mlp'?"),
    "models as text": ("models='mpl, cnn'", "unknown model 'mpl'", "did you mean 'mlp'?"),
    "models as a number": ("models=3", "models must be a list of names", "got 3"),
    "models as nothing": ("models=' , '", "models must be a list of names", "got ' , '"),
    "a model of another kind": ("models=[3]", "unknown model '3'"),
    "scale": ("scales=[-1]", "finite number >= 0", "-1"),
    "scale as text": ("scales=['much']", "finite number >= 0", "much"),
    "scales as a number": ("scales=1", "scales must be a list of numbers", "got 1"),
    "scales as text": ("scales='0.1,much'", "finite number >= 0", "much"),
    "no scales": ("scales=[]", "scales must be a list of numbers", "an empty one"),
    "train as text": ("train='gaussian'", "train must be a noise and its scale"),
    "train": ("train=('gauss', 1), scales=[1]", "unknown noise 'gauss'"),
    "noise": ("noise=3, scales=[1]", "unknown noise '3'"),
    "a class for a noise": ("noise=int, scales=[1]", "a function at the top of a file", "got int"),
    "blank": ("blank='no'", "blank must be True or False", "got 'no'"),
    "recipe as text": ("recipe='quick+epoch=3'", "unknown recipe field 'epoch'"),
    "recipe as a number": ("recipe=3", "recipe must be a dict of changes", "got 3"),
    "recipe": ("recipe={'epoch': 3}", "unknown recipe field 'epoch'", "did you mean 'epochs'?"),
    "recipe value": ("recipe={'epochs': 0}", "whole number >= 1", "got 0"),
    "profile": ("profile='quik'", "unknown profile 'quik'", "did you mean 'quick'?"),
    "profile as a list": ("profile=['quick']", "profile must be a name", "got list"),
    "what raises": (
        "models=[type('Odd', (), {'__str__': lambda self: 1 / 0})()]",
        "an argument cannot be read",
        "ZeroDivisionError",
    ),
    "condition": ("{'scale': [1]}", "unknown argument 'scale'", "did you mean 'scales'?"),
}


class TestMarker:
    """What a benchmark asks for."""

    @pytest.mark.parametrize("fixtures", ["robustness", "robustness, noise_model, noise_scale"])
    @pytest.mark.parametrize("name", MISTAKES)
    def test_mistake(self, bench, given, usage_line, name, fixtures) -> None:
        """A mistake in a marker is one line that names the test, whatever fixtures it has."""
        arguments, *parts = MISTAKES[name]
        bench.makepyfile(
            test_bench=(
                "import pytest\n"
                f"@pytest.mark.robustness({arguments})\n"
                f"def test_it({fixtures}): pass\n"
            )
        )
        line = usage_line(bench.runpytest_inprocess(*given))
        assert "test_bench.py::test_it" in line
        assert "marker robustness: " in line
        for part in parts:
            assert part in line

    def test_fixture_without_marker(self, bench) -> None:
        """A test without the marker, that evaluates nothing, has no curve, and is told how."""
        bench.makepyfile(test_bench="def test_it(robustness): robustness.curve")
        result = bench.runpytest_inprocess()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["*this test has no curve: *@pytest.mark.robustness()*robustness.evaluate(*)*"]
        )

    def test_model_that_is_not_run(self, bench, given) -> None:
        """A benchmark of a model that was not chosen is skipped, and says why."""
        bench.makepyfile(
            test_bench=(
                "import pytest\n"
                "@pytest.mark.robustness(models=['cnn'])\n"
                "def test_it(robustness, noise_model): pass\n"
            )
        )
        result = bench.runpytest_inprocess(*given, "-rs")
        result.assert_outcomes(skipped=1)
        result.stdout.fnmatch_lines(["SKIPPED*this test asks for none of the run's models, mlp"])

    def test_other_profile(self, bench, given) -> None:
        """A benchmark of another profile is deselected, and comes back with that profile."""
        bench.makepyfile(
            test_bench=(
                "import pytest\n"
                "@pytest.mark.robustness(profile='notebook')\n"
                "def test_theirs(robustness): pass\n"
                "@pytest.mark.robustness()\n"
                "def test_ours(robustness): pass\n"
            )
        )
        ours = bench.runpytest_inprocess(*given, "--collect-only", "-q")
        assert "test_bench.py::test_theirs" not in ours.outlines
        assert "1/2 tests collected (1 deselected)" in ours.stdout.str()
        theirs = bench.runpytest_inprocess(
            *given, "--collect-only", "-q", "--noise-profile=notebook"
        )
        assert "test_bench.py::test_theirs" in theirs.outlines


class TestModels:
    """Which model a test gets."""

    def test_several_models_and_one_curve(self, bench, given, usage_line) -> None:
        """A test that could mean two models, and takes neither, is refused."""
        bench.makepyfile(
            test_bench="import pytest\n@pytest.mark.robustness()\ndef test_it(robustness): pass"
        )
        options = [option for option in given if not option.startswith("--noise-model")]
        assert "2 models (cnn, mlp) and one curve" in usage_line(
            bench.runpytest_inprocess(*options)
        )

    def test_named_model_that_is_not_run(self, bench, given) -> None:
        """A test of a model that the run leaves out is skipped, parametrized or not."""
        bench.makepyfile(
            test_bench="import pytest\n"
            "@pytest.mark.robustness(models=['cnn'])\ndef test_it(robustness): pass"
        )
        bench.runpytest_inprocess(*given).assert_outcomes(skipped=1)

    def test_blank_images_are_not_standardised(self, bench, given, usage_line) -> None:
        """The control without images needs a recipe that does not standardise, and says so."""
        bench.makepyfile(
            test_bench="import pytest\n"
            "@pytest.mark.robustness(blank=True)\ndef test_it(robustness): pass"
        )
        assert "blank images cannot be standardised" in usage_line(
            bench.runpytest_inprocess(*given)
        )
