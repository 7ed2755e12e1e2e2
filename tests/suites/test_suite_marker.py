"""A marker that says `suite=`: models that are trained once, and tested with all families."""

from __future__ import annotations

import json

import fake_trainings
import numpy as np
import pytest
from fake_trainings import begun

from noisecore.data import check_arrays
from noisecore.recipes import get_recipe
from noisecore.running.request import CurveRequest

RUN = (
    "--noise-scales=2", "--noise-dataset=tiny.npz", "--noise-model=mlp", "--noise-seeds=2",
    "--noise-workers=0",
)  # fmt: skip
MARKED = """
import pytest
from noisecore import assert_floor, assert_no_regression

CLEAN, NOISY = ("gaussian", 0), ("gaussian", 0.5)
"""
BOTH = MARKED + (
    """
@pytest.mark.robustness(dict(train=CLEAN), dict(train=NOISY), suite="mnist-c", models=["mlp"])
def test_both(robustness):
    clean, noisy = robustness.suites
    assert clean.name == "mlp/mnist-c/quick/trained=clean"
    assert noisy.name == "mlp/mnist-c/quick/trained=gaussian:0.5"
    assert len(clean) == len(noisy) == 15
    assert [curve.name for curve in robustness.curves] == [
        curve.name for suite in robustness.suites for curve in suite.values()
    ]
    assert_floor(clean, {"fog": 0.5})

@pytest.mark.robustness(noise="gaussian", scales=[2], train=CLEAN)
def test_other_noise(robustness):
    assert robustness.curve.scales[0] == 0
"""
)
JUDGED = MARKED + (
    """
@pytest.mark.robustness(suite="mnist-c", train=CLEAN)
def test_clean(robustness, noise_baseline):
    assert_no_regression(robustness.suite, noise_baseline)
"""
)


@pytest.fixture
def bench(pytester, monkeypatch):
    """Return a function that runs a file of tests, whose trainings are made up."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("noisecore.showing.report._pictures", lambda *given: iter(()))
    fake_trainings.install(monkeypatch.setattr)
    labels = np.arange(1060) % 4
    images = np.random.default_rng(0).integers(0, 256, (1060, 12, 12), np.uint8)
    np.savez(
        pytester.path / "tiny.npz",
        x_train=images[:60], y_train=labels[:60], x_test=images[60:], y_test=labels[60:],
    )  # fmt: skip

    def run(text, *options):
        pytester.makepyfile(test_mine=text)
        return pytester.runpytest_inprocess(*RUN, *options)

    run.path = pytester.path
    return run


def said(result) -> str:
    """Return what a run printed, with single spaces."""
    return " ".join((result.stdout.str() + result.stderr.str()).split())


def test_each_training_is_done_once(bench) -> None:
    """Two trainings serve two suites and another noise; a line for a suite says its severities."""
    ended = bench(BOTH)
    ended.assert_outcomes(passed=2)
    # Clean images are one training, whatever the model is tested with.
    assert len(begun(bench.path)) == 2 * 2
    assert "noisecore: mlp/mnist-c/quick/trained=clean has its own scales: 0,1" in said(ended)
    assert "fog/quick/trained=clean has its own scales" not in said(ended)


def test_judged_against_a_baseline(bench) -> None:
    """A suite of models trained on clean images is made, passes, and is missed when it is gone."""
    assert bench(JUDGED, "--noise-update-baseline").ret == 0
    same = bench(JUDGED, "--noise-baseline=auto")
    assert same.ret == 0, said(same)
    assert "mlp/mnist-c/quick/trained=clean is identical to its baseline" in said(same)
    fewer = JUDGED.replace('suite="mnist-c"', 'noise="mnist-c/fog", scales=[1]')
    lost = bench(fewer.replace("robustness.suite", "robustness.curve"), "--noise-baseline=auto")
    assert lost.ret == 1
    assert "14 of the curves in" in said(lost)


def test_xdist_judges_the_same(bench) -> None:
    """Two processes judge the records of suites as one does, and the run reports them once."""
    text = (
        MARKED
        + """
@pytest.mark.robustness(dict(train=CLEAN), dict(train=NOISY), suite="mnist-c")
@pytest.mark.parametrize("number", [0, 1])
def test_floor(robustness, number):
    assert_floor(robustness.suites[number], {"fog": 0.5, "zigzag": 0.5})
"""
    )
    judged = []
    for number, options in enumerate([(), ("--noise-records=run-0/quick", "-n2")]):
        ended = bench(text, f"--noise-artifacts=run-{number}", *options)
        ended.assert_outcomes(passed=2)
        assert said(ended).count("mean of 15") == 2
        results = json.loads((bench.path / f"run-{number}/quick/results.json").read_text())
        judged.append(sorted(results["verdicts"], key=lambda verdict: verdict["curve"]))
    assert judged[0] == judged[1]
    assert len(judged[0]) == 2


def test_listed_without_training(bench) -> None:
    """A listing names the test, and trains nothing."""
    listed = bench(BOTH, "--collect-only", "-q")
    assert listed.ret == 0
    assert "test_mine.py::test_both" in said(listed)
    assert begun(bench.path) == []


@pytest.mark.parametrize(
    ("marker", "line"),
    [
        ('suite="mnist-c"', "suite= needs train=, the noise and scale that the model is trained"),
        ('suite="mnist-c", noise="gaussian", train=CLEAN', "leave noise out"),
        ('suite="mnist", train=CLEAN', "unknown suite 'mnist'"),
        ('suite=3, train=CLEAN', "suite must be a name, such as 'mnist-c'"),
        ('suite="mnist-c", scales=[2], train=CLEAN', "severity of mnist-c/"),
        ('suite="cifar-10-c", train=CLEAN', "colour"),
        ('dict(train=CLEAN), dict(train=CLEAN), suite="mnist-c"', "for the same curve"),
        ('dict(suite="mnist-c"), dict(noise="mnist-c/fog", scales=[1]), train=CLEAN', "same curve"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for(bench, marker, line) -> None:
    """What makes no suite is refused in one line, before anything is trained."""
    text = f"{MARKED}\n@pytest.mark.robustness({marker})\ndef test_a(robustness):\n    pass\n"
    ended = bench(text)
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    assert line in said(ended)
    assert "Traceback" not in said(ended)
    assert begun(bench.path) == []


def test_a_scale_a_test(bench) -> None:
    """A test of a suite cannot run once for each scale."""
    text = BOTH.replace("test_both(robustness)", "test_both(robustness, noise_scale)")
    assert "leave noise_scale out, and judge robustness.suite" in said(bench(text))


def test_families_have_the_severities_that_were_asked_for(bench) -> None:
    """A family that is also the profile's noise gets none of the profile's scales."""
    text = MARKED + (
        "from noisecore.noise.corruptions import CorruptionSuite\n"
        'C = CorruptionSuite("cifar-10-c", extras=False)\n'
        '@pytest.mark.robustness(suite=C, scales=[5], train=CLEAN, models=["mlp"])\n'
        "def test_a(robustness):\n"
        "    scales = {tuple(curve.scales.tolist()) for curve in robustness.suite.values()}\n"
        "    assert scales == {(0.0, 5.0)}\n"
    )
    profile = "noise_profiles=foggy: base=quick noise=cifar-10-c/fog"
    bench(text, "-o", profile, "--noise-profile=foggy").assert_outcomes(passed=1)


def test_parameters_of_a_test_are_its_own(bench) -> None:
    """A test with a suite may have a parameter that is called noise."""
    text = JUDGED.replace(
        "@pytest.mark.robustness", '@pytest.mark.parametrize("noise", [1])\n@pytest.mark.robustness'
    )
    ended = bench(text.replace("robustness, noise_baseline", "robustness, noise, noise_baseline"))
    assert ended.ret == 0, said(ended)


def test_curve_says_what_to_use(bench) -> None:
    """Where there is a suite, `curve` names it; where there is none, or two, `suite` says so."""
    text = BOTH.replace("clean, noisy = robustness.suites", "robustness.curve")
    assert "use robustness.suite" in said(bench(text, "-k", "both"))
    text = BOTH.replace("clean, noisy = robustness.suites", "robustness.suite")
    assert "this test has 2 suites: use robustness.suites" in said(bench(text, "-k", "both"))
    text = BOTH.replace("robustness.curve.scales[0]", "robustness.suite")
    assert "this test has no suite: mark it with" in said(bench(text, "-k", "other"))


def test_families_that_are_left_out_are_said(bench) -> None:
    """Without photographs a suite has no frost, and the run says so once."""
    text = MARKED + (
        "from noisecore.noise.corruptions import CorruptionSuite\n"
        'C = CorruptionSuite("cifar-10-c", extras=False)\n'
        '@pytest.mark.robustness(suite=C, train=CLEAN, models=["mlp"])\n'
        "def test_a(robustness):\n"
        '    assert robustness.suite.note == "without frost"\n'
    )
    ended = bench(text)
    ended.assert_outcomes(passed=1)
    assert said(ended).count("cifar-10-c is without frost: noisecore ships no photographs") == 1


def test_clean_training_is_that_of_scale_0() -> None:
    """The key of a training on clean images is the same, whatever its model is tested with."""
    common = {
        "dataset": "tiny",
        "model": "mlp",
        "recipe": get_recipe("quick"),
        "train_scales": (0.0,),
        "seeds": (0,),
        "test_draw": 0,
        "clip": None,
        "blank": False,
    }
    images = np.random.default_rng(0).integers(0, 256, (8, 12, 12), np.uint8)
    labels = np.arange(8) % 2
    data = check_arrays("tiny", ((images, labels), (images, labels)))
    keys = {
        CurveRequest(noise=noise, test_scales=scales, trained_with=trained, **common)
        .trials(data)[0]
        .key({})
        for noise, scales, trained in (
            ("gaussian", (0.0, 1.0, 4.0), None),
            ("uniform", (0.0, 0.5), "uniform"),
            ("mnist-c/fog", (0.0, 1.0), "mnist-c/fog"),
            ("mnist-c/stripe", (0.0, 1.0), "mnist-c/stripe"),
        )
    }
    assert len(keys) == 1


def test_seeds_one_after_another(bench) -> None:
    """A suite keeps the fixed number of seeds: its one verdict needs the same in each family."""
    assert bench(JUDGED, "--noise-update-baseline", "--noise-seeds=3").ret == 0
    same = bench(JUDGED, "--noise-baseline=auto", "--noise-seeds=auto")
    assert same.ret == 0, said(same)
    assert "is identical to its baseline" in said(same)
    assert "seeds of mlp/mnist-c" not in said(same)
    assert len(begun(bench.path)) == 2 * 3
