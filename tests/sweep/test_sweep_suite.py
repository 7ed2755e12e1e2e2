"""A sweep over a suite: a model that is trained once per seed, and tested with all families."""

from __future__ import annotations

import pytest

from noisecore import NoisecoreError, Suite
from noisecore.noise.corruptions import CorruptionSuite


@pytest.mark.parametrize("train", [("gaussian", 0), ("gaussian", 0.5), "gaussian:0.5"])
def test_suite(workers, sweep, train) -> None:
    """There is one training per seed, whatever the families; all are in the suite."""
    suite = sweep(suite="mnist-c", scales=None, train=train, seeds=2)
    assert isinstance(suite, Suite)
    assert len(suite) == 15
    assert suite.complete
    assert [trial.seed for trial in workers.asked] == [0, 1]
    assert all(list(curve.scales) == [0, 1] for curve in suite.values())


def test_its_name_and_what_is_left_out(workers, sweep) -> None:
    """A suite is named as in a pytest run; without photographs frost is left out, and it says so.

    The severities may be chosen.
    """
    chosen = CorruptionSuite("cifar-10-c", extras=False)
    with pytest.warns(UserWarning, match="cifar-10-c is without frost"):
        suite = sweep(suite=chosen, scales=[1, 5], train=("gaussian", 0))
    assert suite.name.startswith("mlp/cifar-10-c/quick")
    assert suite.name.endswith("/trained=clean")
    assert suite.note == "without frost"
    assert list(suite["fog"].scales) == [0, 1, 5]
    assert len(workers.asked) == 1


@pytest.mark.parametrize(
    ("choices", "line"),
    [
        ({"suite": "mnist-c"}, "suite needs train"),
        ({"suite": "mnist-c", "noise": "gaussian"}, "noise must be left out where suite is given"),
        ({"suite": "mnist"}, "unknown suite 'mnist'"),
        ({"suite": "mnist-c", "scales": [2], "train": "gaussian:0"}, "severity of mnist-c/"),
        ({"suite": "cifar-10-c", "train": "gaussian:0"}, "colour"),
        ({}, "scales must be given"),
    ],
)
def test_refused(workers, sweep, choices, line) -> None:
    """What makes no suite is refused in one line, before anything is trained."""
    with pytest.raises(NoisecoreError, match=line):
        sweep(**{"scales": None, **choices})
    assert workers.asked == []
