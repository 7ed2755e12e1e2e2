"""Suites for tests: tiny images, a nearest-mean classifier, and suites of given accuracies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from noisecore import Curve, Suite, evaluate
from noisecore.judging.curves import matched_curves
from noisecore.records import pack_right

SIDE = 12


def images(count: int = 60, *, channels: int = 1, seed: int = 0):
    """Return images in [0, 1] of four classes, each a pattern under noise, and the classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    noise = rng.random((count, SIDE, SIDE, channels), np.float32)
    return (0.4 * patterns()[labels] + 0.6 * noise).astype(np.float32), labels


def patterns():
    """Return the pattern of each class, (4, side, side, 1)."""
    return np.random.default_rng(99).random((4, SIDE, SIDE, 1), np.float32)


def nearest(given):
    """Answer with how near an image is to each class's mean: scores, (n, 4)."""
    means = 0.4 * patterns() + 0.3
    return -((given[:, None] - means) ** 2).mean(axis=(2, 3, 4))


def blind_to(rows: int):
    """Return the same model, which does not look at the first rows of an image."""

    def model(given):
        seen = given.copy()
        seen[:, :rows] = 0.5
        return nearest(seen)

    return model


def two_models(draws: int) -> list[Suite]:
    """Return a model's whole suite, and that of one that does not see the top of the images."""
    x, y = images(80)
    return [
        evaluate(model, x, y, suite="mnist-c", name="bars", draws=draws)
        for model in (nearest, blind_to(2))
    ]


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


def changed(measured: Curve, *, wrong: float) -> Curve:
    """Return a measured curve of which a share of the noisy images, the first, are now wrong."""
    records = []
    for record in measured.records:
        evaluations = []
        for each in record.evaluations:
            right = each.right
            if each.scale:
                right[: round(wrong * len(right))] = False
            accuracy, loss = float(right.mean()), each.loss + 0.1 * (each.scale > 0)
            evaluations.append(
                replace(each, correct=pack_right(right), accuracy=accuracy, loss=loss)
            )
        records.append(replace(record, evaluations=tuple(evaluations)))
    (curve,) = matched_curves(records, labels=measured.labels).values()
    return curve
