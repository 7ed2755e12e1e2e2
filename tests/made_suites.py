"""Suites for tests: tiny images, a nearest-mean classifier, and suites of given accuracies."""

from __future__ import annotations

import numpy as np

from noisecore import Curve, Suite


def curve(family: str, accuracy, *, suite: str = "cifar-10-c", model: str = "digits") -> Curve:
    """Return a curve without records; accuracy: at 0 and at each severity."""
    figures = np.atleast_2d(np.asarray(accuracy, float))
    return Curve(
        name=f"{model}/{suite}/{family}",
        scales=np.arange(figures.shape[1], dtype=float),
        seeds=tuple(range(len(figures))),
        accuracy=figures,
        loss=1 - figures,
        images=100,
    )


def suite_of(accuracies, *, suite: str = "cifar-10-c") -> Suite:
    """Return a suite of accuracies by family: at 0 and at each severity."""
    curves = {family: curve(family, each, suite=suite) for family, each in accuracies.items()}
    return Suite(name=f"digits/{suite}", suite=suite, curves=curves)
