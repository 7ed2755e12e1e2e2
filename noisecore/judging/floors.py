"""Floors that an unchanged model stays above, from a baseline's own spread and no training."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from noisecore.errors import ArgumentError
from noisecore.judging.baselines import Comparison, compare_records
from noisecore.judging.curves import Replicates, curve_cells
from noisecore.judging.statistics import Floats, image_error, image_interval, residual_variance
from noisecore.records import Trial, TrialRecord


@dataclass(frozen=True, eq=False, kw_only=True)
class Floors:
    """Proposed floors of a curve, arrays (k,) by scale.

    rows: how many seeds, or draws, they are computed from. spread: the standard deviation over
    seeds that they are based on; for a given model, the standard error over images. images: how
    many there were. able: whether a floor is above chance, so that a run can fail it.
    """

    curve: str
    replicates: Replicates
    rows: int
    images: int
    scales: Floats
    mean: Floats
    spread: Floats
    floors: Floats
    able: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Floors by curve, and why a curve has none: a trial failed, or there is too little data.

    idle: a line for each curve with some floors that a run can hardly fail.
    """

    floors: tuple[Floors, ...]
    failed: tuple[str, ...]
    left_out: tuple[str, ...]
    idle: tuple[str, ...] = ()


def propose_floors(
    records: Iterable[TrialRecord],
    *,
    seeds: int = 3,
    rate: float = 0.01,
    classes: Mapping[str, int] | None = None,
) -> Proposal:
    """Return floors such that an unchanged model misses any of them in at most `rate` of runs.

    seeds: how many a run has. The rate is divided by the number of floors, so that it holds however
    they depend on each other. Floors of trained models come from `seed_floor`. A given model gives
    the same answers to the same images; its floors leave room for another sample of as many images
    (`given_floor`). A curve gets no floors if none would be above chance, because it could not fail
    them. classes: how many classes a data set has, by name; chance is 1 / classes, or 0 if unknown.

    Raises `CurveError` if the records do not belong together.
    """
    if not 0 < rate < 1:
        raise ArgumentError(f"rate must lie between 0 and 1, got {rate}")
    records = list(records)
    cells = curve_cells(records)
    failed: list[str] = []
    left_out: list[str] = []
    usable: list[Comparison] = []
    # Compared with themselves, the records show which images were right, by seed and scale.
    for name, found in compare_records(records, records).items():
        trials = [record.trial for record in cells[name].values()]
        if found.failures or found.obstacles:
            failed += found.failures or (f"{name}: {why}" for why in found.obstacles)
        elif any(isinstance(trial, Trial) and trial.blank for trial in trials):
            left_out.append(f"{name} is a control, which ends at chance: it needs no floor")
        elif found.replicates == "seeds" and len(found.new) < 2:
            left_out.append(f"{name} has one seed: its spread cannot be estimated")
        else:
            usable.append(found)
    many = sum(len(found.scales) for found in usable)
    floors: list[Floors] = []
    idle: list[str] = []
    for found in usable:
        (dataset, *_) = {record.trial.dataset for record in cells[found.curve].values()}
        number = (classes or {}).get(dataset)
        chance = 1 / number if number else 0.0
        each = _floors(found, seeds, rate / many, chance)
        if each.able.any():
            floors.append(each)
        if not each.able.all():
            line = _too_little(each, chance, seeds, rate / many, found.whole)
            (idle if each.able.any() else left_out).append(line)
    return Proposal(
        floors=tuple(floors), failed=tuple(failed), left_out=tuple(left_out), idle=tuple(idle)
    )


def seed_floor(
    accuracy: ArrayLike, *, seeds: int, rate: float, least_variance: ArrayLike = 0.0
) -> tuple[Floats, Floats]:
    """Return the floor that a run of this many seeds falls below with chance `rate`, and s.

    accuracy: (S,) or (S, k), of at least two seeds; theirs and the run's are taken to be normal.
    The floor is mean - t(S-1, 1-rate) * s * sqrt(1/seeds + 1/S): a prediction bound for the mean of
    `seeds` more seeds. least_variance: the least value of s^2, because few seeds may agree by luck.
    Source: Hahn and Meeker, Statistical Intervals (1991), section 4.7.
    """
    data = np.asarray(accuracy, np.float64)
    spread = np.sqrt(np.maximum(data.var(axis=0, ddof=1), least_variance))
    floor = data.mean(axis=0) - _reach(len(data), seeds, rate) * spread
    return np.asarray(floor), np.asarray(spread)


def given_floor(mean: ArrayLike, error: ArrayLike, images: int, rate: float) -> Floats:
    """Return the floor that a given model falls below on other images with chance `rate`.

    mean, error: its accuracy, and the standard error over the images that it was measured on. It is
    Wilson's lower bound with twice the variance: the other images, as many, add their own error.
    """
    both = math.sqrt(2) * np.asarray(error, np.float64)
    return image_interval(mean, both, images / 2, 1 - 2 * rate).low


def _too_little(found: Floors, chance: float, seeds: int, rate: float, whole: int | None) -> str:
    """Return a line: which floors cannot fail, and how many seeds or images would be enough.

    whole: how many images the set has, if more than were tested.
    """
    given = found.replicates == "draws"
    have, what = (found.images, "images") if given else (found.rows, "seeds")
    where = "any scale"
    if found.able.any():
        shown = ", ".join(f"{scale:g}" for scale in found.scales[~found.able])
        where = f"scale {shown}"
    limit = f"chance ({chance:.3g})" if chance else "0"
    enough = _enough(found, chance, seeds, rate)
    remedy = f"give {enough} {what} or more" if enough else f"more {what} would not help"
    if enough and not given:
        remedy += f" (--noise-seeds={enough})"
    elif enough and whole and enough <= whole:
        remedy += f" (--noise-images={enough})"
    return (
        f"{found.curve}: with {have} {what}, a floor at {where} would not be above {limit}, so it "
        f"could never fail: {remedy}"
    )


def _enough(found: Floors, chance: float, seeds: int, rate: float) -> int | None:
    """Return how many seeds or images bring every floor above chance that can be; None if none."""
    tried: list[tuple[int, NDArray[np.bool_]]] = []
    mean, spread = found.mean[~found.able], found.spread[~found.able]
    if found.replicates == "draws":
        for number in _round_numbers(found.images):
            error = spread * math.sqrt(found.images / number)
            tried.append((number, given_floor(mean, error, number, rate) > chance))
    else:
        for number in range(found.rows + 1, _MOST_SEEDS + 1):
            tried.append((number, mean - _reach(number, seeds, rate) * spread > chance))
    ever = np.any([one for _, one in tried], axis=0)
    if not ever.any():
        return None
    return next(number for number, one in tried if one[ever].all())


_MOST_SEEDS = 100


def _round_numbers(images: int) -> list[int]:
    """Return larger numbers of images, rounded up to two digits, up to a thousand times as many."""
    rough = [images * 1.1**k for k in range(1, 73)]
    steps = [10 ** max(0, int(math.log10(each)) - 1) for each in rough]
    return [math.ceil(each / step) * step for each, step in zip(rough, steps, strict=True)]


def _reach(rows: int, seeds: int, rate: float) -> float:
    """Return how many standard deviations a floor of `seed_floor` lies below the mean."""
    return -float(special.stdtrit(rows - 1, rate)) * math.sqrt(1 / seeds + 1 / rows)


def _floors(found: Comparison, seeds: int, rate: float, chance: float) -> Floors:
    """Return a curve's floors, rounded down to a thousandth: each fails in `rate` of runs."""
    right, images = found.new.astype(np.float64), found.images
    mean = right.mean(axis=(0, 2))
    if found.replicates == "draws":
        spread = np.array([image_error(right[:, i]) for i in range(len(mean))])
        floors = given_floor(mean, spread, images, rate)
    else:
        # The variance that a seed's mean over images would have if its answers were independent.
        rest = [residual_variance(right[:, i]) if images > 1 else 0.0 for i in range(len(mean))]
        floors, spread = seed_floor(
            right.mean(axis=2),
            seeds=seeds,
            rate=rate,
            least_variance=np.array(rest) / images,
        )
    floors = np.maximum(np.floor(1000 * floors + 1e-9) / 1000, 0.0)
    return Floors(
        curve=found.curve,
        replicates=found.replicates,
        rows=len(right),
        images=images,
        scales=found.scales,
        mean=mean,
        spread=spread,
        floors=floors,
        able=floors > chance,
    )
