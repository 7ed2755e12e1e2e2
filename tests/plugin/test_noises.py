"""Noises in a marker: one of one's own, and one that a model is trained with to meet another."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

NOISES = """
import numpy as np
import pytest
from noisecore.noise import gaussian, salt_and_pepper

def fog(images, scale, *, rng):
    return ((1 - scale) * images + np.float32(scale)).astype(np.float32)
"""


@pytest.mark.parametrize(
    "arguments", [(), ("--noise-workers=0",), ("-n", "1")], ids=["worker", "inline", "xdist"]
)
def test_noise_of_ones_own_is_trained_with(run_in, write_tiny, tmp_path, arguments) -> None:
    """A function beside the test is the noise of its trials, in their names and in their keys."""
    write_tiny(tmp_path)
    (tmp_path / "test_own.py").write_text(
        NOISES
        + """
@pytest.mark.robustness(noise=fog, scales=[0.5, 1])
def test_fog(robustness, noise_model, noise_scale):
    assert robustness.point.scale == noise_scale

@pytest.mark.robustness(noise=fog, scales=[0.5, 1])
def test_curve(robustness, noise_model):
    assert robustness.curve.scales.tolist() == [0.5, 1]
    # White images at scale 1: nothing is left to be told apart.
    assert robustness.curve.at(1).accuracy.max() < 0.5 < robustness.curve.at(0.5).accuracy.min()
"""
    )
    ended = run_in(tmp_path, "--noise-seeds=1", *arguments)
    assert ended.code == 0, ended.output
    assert "2 of 2 trials" in ended.output  # the test of a point asks for the very same
    (curve,) = {label.partition(" ")[0] for label in ended.records}
    assert curve.startswith("mlp/fog/quick")


def test_trained_with_one_noise_and_tested_with_another(run_in, write_tiny, tmp_path) -> None:
    """Such a model is trained once a seed, and its curve is over the other noise's scales."""
    write_tiny(tmp_path)
    (tmp_path / "test_own.py").write_text(
        NOISES
        + """
PEPPER = dict(noise=salt_and_pepper, scales=[0.1, 0.9])

@pytest.mark.robustness(dict(train=("gaussian", 0)), dict(train=(gaussian, 1)), **PEPPER)
def test_across(robustness, noise_model):
    clean, noisy = robustness.curves
    assert clean.name.startswith("mlp/salt_and_pepper/quick")
    assert clean.name.endswith("/trained=clean")
    assert noisy.name.endswith("/trained=gaussian:1")
    for curve in (clean, noisy):
        assert curve.scales.tolist() == [0, 0.1, 0.9]
        assert curve.seeds == (0, 1)
    (record, _), _ = robustness.records
    assert record.trial.train_scale == 0
"""
    )
    ended = run_in(tmp_path, "--noise-seeds=2")
    assert ended.code == 0, ended.output
    assert "4 of 4 trials" in ended.output
    curves = (ended.artifacts / "curve.csv").read_text().splitlines()
    assert len(curves) == 1 + 4 * 3
    assert len((ended.artifacts / "matrix.csv").read_text().splitlines()) == 1
    results = json.loads((ended.artifacts / "results.json").read_text())
    asked = [each for record in results["records"] for each in record["trials"]]
    assert {each["trained_with"] for each in asked} == {
        "gaussian",
        "salt_and_pepper",  # clean is clean, whatever the noise would have been
    }
    again = run_in(
        tmp_path,
        "--noise-seeds=2",
        "--noise-records=noisecore-results/quick",
        "--noise-artifacts=judged",
    )
    assert again.code == 0, again.output


def shown(name: str) -> str:
    """Return the file of that name that the documentation shows."""
    text = (Path(__file__).parents[2] / "docs/guide/own-noise.md").read_text(encoding="utf-8")
    code = re.search(rf"^```python\n(# {re.escape(name)}.*?)^```$", text, re.M | re.S)
    assert code is not None
    return code[1]


def test_as_the_documentation_shows_it(run_in, write_tiny, tmp_path) -> None:
    """The documentation's own noise keeps to its contract, and a clean training is tested in it."""
    write_tiny(tmp_path)
    (tmp_path / "test_fog.py").write_text(shown("test_fog.py"))
    ended = run_in(tmp_path, "--noise-seeds=1")
    assert ended.code == 0, ended.output
    assert "1 of 1 trials" in ended.output
    (label,) = ended.records
    assert label.endswith("/trained=clean seed 0")


def test_data_as_the_documentation_shows_it(run_in, tmp_path) -> None:
    """The documentation's own data, colour photographs, are trained on."""
    pytest.importorskip("sklearn")
    (tmp_path / "photos.py").write_text(shown("photos.py"))
    (tmp_path / "test_photos.py").write_text(
        "import pytest\n"
        "@pytest.mark.robustness(models=['mlp'], scales=[1])\n"
        "def test_photos(robustness):\n"
        "    assert robustness.curve.at(1).accuracy.min() > 0.8\n"
    )
    ended = run_in(tmp_path, "--noise-dataset=photos.py:load", "--noise-seeds=1")
    assert ended.code == 0, ended.output


def test_baseline_of_a_model_trained_with_another_noise(run_in, write_tiny, tmp_path) -> None:
    """Its curve is compared like any other, and another training noise is not comparable."""
    write_tiny(tmp_path)
    test = (
        NOISES
        + """
from noisecore.judging.gates import assert_no_regression

@pytest.mark.robustness(noise="salt_and_pepper", scales=[0.1, 0.9], train=(fog, 0.5))
def test_across(robustness, noise_baseline, noise_model):
    assert_no_regression(robustness.curve, noise_baseline)
"""
    )
    (tmp_path / "test_own.py").write_text(test)
    made = run_in(tmp_path, "--noise-update-baseline")
    assert made.code == 0, made.output
    same = run_in(tmp_path, "--noise-baseline=auto")
    assert same.code == 0, same.output
    (tmp_path / "test_own.py").write_text(test.replace("(1 - scale) *", "(1 - scale / 2) *"))
    other = run_in(tmp_path, "--noise-baseline=auto")
    assert other.code == 1, other.output
    assert "trained with is " in other.output


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("noise=lambda x, s, *, rng: x, scales=[1]", "a noise of your own must be a function at"),
        ("noise='fogg', scales=[1]", "unknown noise 'fogg': expected one of"),
        ("noise=3, scales=[1]", "unknown noise '3'"),
        ("noise=other.gaussian, scales=[1]", "two functions for a noise are called gaussian"),
        ("noise=fog", "scales must be given with noise=: the run's are in the unit of gaussian"),
        ("noise='salt_and_pepper', scales=[2]", "it must be <= 1, got 2"),
        ("train='gaussian'", "train must be a noise and its scale, such as ('gaussian', 0.5)"),
        ("train=('gaussian', -1)", "scale must be a finite number >= 0, got -1"),
        ("train=('salt_and_pepper', 2)", "it must be <= 1, got 2"),
        ("train=('snow', 1)", "unknown noise 'snow'"),
    ],
)
def test_noise_that_cannot_be_had(pytester, monkeypatch, marker, message) -> None:
    """A noise that is none is refused in one line, before anything is trained."""
    monkeypatch.delenv("CI", raising=False)
    (pytester.path / "other.py").write_text("def gaussian(images, scale, *, rng): return images\n")
    (pytester.path / "test_own.py").write_text(
        NOISES
        + f"""
import other

@pytest.mark.robustness({marker})
def test_own(robustness, noise_model): pass
"""
    )
    result = pytester.runpytest_subprocess("--noise-scales=1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR")]
    assert message in line
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_model_trained_once_has_no_scale_to_run_for(pytester, monkeypatch) -> None:
    """A test that asks for noise_scale beside train= is told to judge the whole curve."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makepyfile(
        test_own="""
import pytest

@pytest.mark.robustness(train=("gaussian", 0))
def test_own(robustness, noise_model, noise_scale): pass
"""
    )
    result = pytester.runpytest_subprocess("--noise-scales=1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "train= gives one model, tested at all scales" in result.stderr.str()


BOUND = """
import functools
from dataclasses import dataclass
import numpy as np
import pytest
from noisecore.callables import named

def fog(images, scale, *, rng, density=1.0):
    return ((1 - scale) * images + np.float32(scale * density)).astype(np.float32)

@dataclass
class Haze:
    weights: object

    def __call__(self, images, scale, *, rng):
        return images + np.float32(scale) * self.weights

    def thin(self, images, scale, *, rng):
        return self(images, scale / 2, rng=rng)

HAZE = Haze(np.ones((1, 8, 8, 1), np.float32))
THICK = named(functools.partial(fog, density=0.5), name="thick_fog")

@pytest.mark.parametrize("noise", ["fog", "thick_fog", "Haze", "thin"])
@pytest.mark.robustness(
    dict(noise=functools.partial(fog, density=2.0)), dict(noise=THICK), dict(noise=HAZE),
    dict(noise=HAZE.thin), scales="0.5", models="mlp", recipe="quick+epochs=1,batch_size=32",
)
def test_bound(robustness, noise):
    names = [curve.name.split("/")[1] for curve in robustness.curves]
    assert names == ["fog", "thick_fog", "Haze", "thin"]
"""


@pytest.mark.parametrize("arguments", [(), ("--noise-workers=0",)], ids=["worker", "inline"])
def test_noises_with_something_bound(run_in, write_tiny, tmp_path, arguments) -> None:
    """A partial, an object, a bound method and one by another name are noises of a training."""
    write_tiny(tmp_path)
    (tmp_path / "test_own.py").write_text(BOUND)
    ended = run_in(tmp_path, "--noise-seeds=1", *arguments)
    assert ended.code == 0, ended.output
    assert "4 of 4 trials" in ended.output
    sources = {record.trial.noise_source for record in ended.records.values()}
    assert len(sources) == 4


RGB = """
import numpy as np
import pytest

def tint(images, scale, *, rng):
    return (images + scale * np.array([1, 0, -1])).astype(np.float32)

@pytest.mark.robustness(noise=tint, scales=[0.5], models=["mlp"])
def test_tint(robustness):
    pass
"""


def test_noise_for_other_images(bench, given, write_tiny, tmp_path) -> None:
    """A noise for colours is refused on grey images, in one line, before anything is trained."""
    options = [each for each in given if not each.startswith("--noise-records")]
    bench.makepyfile(test_bench=RGB)
    result = bench.runpytest_subprocess(*options)  # in this process the noise would stay known
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR: ")]
    assert "a noise must return float32 (1, 8, 8, 1) as it was given" in line
    assert "(1, 8, 8, 3) from tint" in line


def test_noise_for_colours(run_in, tmp_path) -> None:
    """The same noise works on images in colours."""
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    images = rng.integers(0, 100, (90, 8, 8, 3), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 2 * label : 2 * label + 2] += 120
    np.savez(tmp_path / "tiny.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    (tmp_path / "test_own.py").write_text(RGB)
    ended = run_in(tmp_path, "--noise-seeds=1")
    assert ended.code == 0, ended.output
