"""What a noise declares of its order travels with what was measured, whatever its name is."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
from records_factory import make_sweep

import noisecore
from noisecore.callables import named
from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import judge_monotonic, judge_noise_bites
from noisecore.noise import declares_fall, get_noise, told_of
from noisecore.noise.corruptions import Corruption
from noisecore.records import join_trials
from noisecore.testing import check_noise

ELASTIC = Corruption("cifar-10-c", "elastic_transform")


def brighter(images, scale, *, rng):
    """Declare nothing."""
    return (images + np.float32(scale)).astype(np.float32)


def whirl(images, scale, *, rng):
    """Change 2 by less than 1."""
    return (images + np.float32(scale and 1 / scale)).astype(np.float32)


whirl.monotone = False


@functools.wraps(ELASTIC)
def wrapped(*given, **more):
    """Call another one."""
    return ELASTIC(*given, **more)


class Weather:
    """Noises without an order."""

    monotone = np.False_

    def sleet(self, images, scale, *, rng):
        """Brighten."""
        return brighter(images, scale, rng=rng)


class Ordered(Corruption):
    """A corruption that a user has put in order."""

    @property
    def monotone(self) -> bool:
        """Claim it."""
        return True


def invert(images, scale, *, rng):
    """Have the name of a corruption that is not claimed to fall."""
    return brighter(images, scale, rng=rng)


@pytest.mark.parametrize(
    ("noise", "falls", "told"),
    [
        (brighter, True, None),
        (whirl, False, False),
        (functools.partial(whirl), False, False),
        (named(functools.partial(ELASTIC), name="wobble"), False, False),
        (named(named(ELASTIC, name="a"), name="b"), False, False),
        (wrapped, False, None),
        (Weather().sleet, False, False),
        (ELASTIC, False, None),
        (Ordered("cifar-10-c", "elastic_transform"), True, True),
        (invert, True, True),
        (get_noise("invert"), False, None),
        (get_noise("gaussian"), True, None),
        (named(brighter, name="gaussian"), True, None),
    ],
)
def test_declared(noise, falls, told) -> None:
    """A noise says it itself, or what it wraps does; it is told where its name does not say it."""
    assert declares_fall(noise) is falls
    assert told_of(noise) is told


def model(images):
    """Guess by the brightness."""
    bright = images.mean(axis=(1, 2, 3))
    return np.stack([0 * bright, 20 * bright - 10], axis=1)


def measured(noise, scales):
    """Return the curve of a model under a noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    images = (rng.random((60, 8, 8, 1)) / 4 + 0.6 * labels[:, None, None, None]).astype(np.float32)
    return noisecore.evaluate(model, images, labels, noise=noise, scales=scales, name="bright")


def is_claimed(curve):
    """Return whether both gates judge the curve."""
    found = {
        "no claim is made that accuracy falls with the scale of" not in str(verdict)
        for verdict in (judge_monotonic(curve), judge_noise_bites(curve, least_drop=0))
    }
    (claimed,) = found
    return claimed


@pytest.mark.parametrize(
    ("noise", "claimed"),
    [(named(ELASTIC, name="wobble"), False), (whirl, False), (invert, True), (brighter, True)],
)
def test_travels(noise, claimed, tmp_path) -> None:
    """The gates go by it on a curve, and on the same curve when it was saved and read."""
    curve = measured(noise, [1, 2])
    curve.save(tmp_path / "curve.json")
    (read,) = noisecore.read_curves(tmp_path / "curve.json").values()
    assert is_claimed(curve) is is_claimed(read) is claimed


def test_older_records() -> None:
    """A record that tells nothing goes by the noise's name, and belongs with one that tells."""
    records = make_sweep({1.0: 0.9, 2.0: 0.8}, noise="cifar-10-c/frost", seeds=[0, 1])
    told = [replace(each, trial=replace(each.trial, monotone=True)) for each in records]
    for held, claimed in ((records, False), (told, True), ([*told[:1], *records], True)):
        (curve,) = matched_curves(held).values()
        assert is_claimed(curve) is claimed
    assert [each.key for each in told] == [each.trial.key({}) for each in records]
    assert [each.numbers() for each in told] == [each.numbers() for each in records]
    for held in (records, told):
        (plain,) = {tuple(each) for r in join_trials(held) for each in r.to_dict()["trials"]}
        assert ("monotone" in plain) is (held is told)


def test_check_noise_takes_it() -> None:
    """`check_noise` asks no order of a noise that declares none."""
    check_noise(whirl, [1, 2])
    with pytest.raises(AssertionError, match="must grow with the scale"):
        check_noise(whirl, [1, 2], monotone=True)
    check_noise(named(ELASTIC, name="wobble"), [1, 2, 3, 4, 5], shape=(32, 32, 3))
