"""The models that are simulated: how the accuracy of a trained model's seeds varies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from noisecore.judging.baselines import Answers, compare_records
from noisecore.judging.curves import matched_curves
from noisecore.judging.power import Spread, fit_spread
from noisecore.judging.results import read_any
from noisecore.judging.statistics import Floats
from noisecore.records import TrialRecord

# One seed in sixty learns late: of the sixty of seeds.npz the CNN's spread at scale 4 is
# 1.77 points, of the ten of the baseline 1.22. One such seed in sixty that is 10 points lower would
# make up the whole of that difference, one that is 8 lower two thirds of it. We take 8; and 3 at
# the scale before, where the sixty spread hardly more than the ten.
LATE, LATE_DROPS = 1 / 60, (0.03, 0.08)
WORLDS = ("normal", "late", "correlated")


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model's accuracies over seeds.

    scales: (k,). covariance: (k, k), of a seed's accuracies. luck: (k,), the part of each variance
    that independent answers would have. late: whether one seed in sixty learns late.
    """

    scales: Floats
    covariance: Floats
    luck: Floats
    late: bool = False

    @property
    def noisy(self) -> Floats:
        """Which of the scales the mean is over, (k,)."""
        return np.asarray(self.scales > 0)

    @property
    def row_luck(self) -> Floats:
        """The luck of the mean over the noisy scales, then that of each scale, (1 + k,)."""
        mean = self.luck[self.noisy].sum() / self.noisy.sum() ** 2
        return np.concatenate([[mean], self.luck])

    def draw(self, pairs: int, seeds: int, rng: np.random.Generator) -> Floats:
        """Return how far off their mean the accuracies of fresh seeds are, (pairs, seeds, k)."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        found = rng.standard_normal((pairs, seeds, len(self.scales))) @ root.T
        if self.late:
            found[..., -2:] -= (rng.random((pairs, seeds, 1)) < LATE) * np.array(LATE_DROPS)
        return np.asarray(found)


def read_answers(source: Path) -> dict[str, tuple[Floats, Answers]]:
    """Return the scales and the right answers, (seeds, k, images), of each curve, by model.

    source: whatever `noisecore` reads (a baseline, a run's folder); or what `add_answers` wrote.
    """
    if source.suffix == ".npz":
        held = np.load(source)
        names = [name.removesuffix("_seeds") for name in held.files if name.endswith("_seeds")]
        return {
            name: (
                held[f"{name}_scales"],
                np.unpackbits(held[name], axis=-1, count=int(held[f"{name}_images"])).astype(bool),
            )
            for name in names
        }
    return _answers(read_any(source))


def _answers(records: list[TrialRecord]) -> dict[str, tuple[Floats, Answers]]:
    models = _models(records)
    return {
        models[name]: (each.scales, each.new)
        for name, each in compare_records(records, records).items()
    }


def _models(records: list[TrialRecord]) -> dict[str, str]:
    """Return the model of each curve, by the curve's name."""
    return {record.trial.curve: record.trial.model for record in records}


def add_answers(file: Path, records: list[TrialRecord]) -> dict[str, list[int]]:
    """Add the answers of records to a file, a bit each; return the seeds of each model in it.

    A model NAME has the arrays NAME, uint8 (seeds, k, images / 8) as `numpy.packbits` gives them,
    NAME_scales (k,), NAME_seeds (seeds,) and NAME_images, their number. Raises `ValueError` if a
    seed is there already, or if scales or images are others.
    """
    models = _models(records)
    arrays: dict[str, Any] = dict(np.load(file)) if file.exists() else {}
    curves = {models[name]: curve for name, curve in matched_curves(records).items()}
    for name, (scales, answers) in _answers(records).items():
        packed, seeds = np.packbits(answers, axis=-1), np.array(curves[name].seeds)
        about = {f"{name}_scales": scales, f"{name}_images": np.array(answers.shape[-1])}
        if name in arrays:
            if any(not np.array_equal(arrays[key], value) for key, value in about.items()):
                raise ValueError(f"{file}: {name} has other scales or images there")
            if np.isin(seeds, arrays[f"{name}_seeds"]).any():
                raise ValueError(f"{file}: some seeds of {name} are there already")
            packed = np.concatenate([arrays[name], packed])
            seeds = np.concatenate([arrays[f"{name}_seeds"], seeds])
        arrays |= {name: packed, f"{name}_seeds": seeds, **about}
    np.savez_compressed(file, **arrays)
    return {name: arrays[f"{name}_seeds"].tolist() for name in curves}


def fit_spreads(source: Path) -> dict[str, Spread]:
    """Return what `noisecore power` would simulate from, by model."""
    return {name: fit_spread(*each) for name, each in read_answers(source).items()}


def measured(scales: Floats, answers: Answers, world: str = "normal") -> Model:
    """Return a model with the very covariance of these seeds, in one of the worlds.

    "correlated" keeps the variances, and lets what is beyond the luck correlate by 0.6.
    """
    share = answers.mean(axis=0)
    luck = (share * (1 - share)).mean(axis=1) / share.shape[1]
    covariance = np.cov(answers.mean(axis=2), rowvar=False)
    if world == "correlated":
        skill = np.sqrt(np.maximum(np.diag(covariance) - luck, 0.0))
        covariance = np.outer(skill, skill) * np.where(np.eye(len(luck)), 1.0, 0.6) + np.diag(luck)
    return Model(scales, covariance, luck, late=world == "late")


def fitted(spread: Spread) -> Model:
    """Return the model that `draw_answers` draws from."""
    luck = (spread.share * (1 - spread.share)).mean(axis=1) / spread.share.shape[1]
    return Model(spread.scales, spread.skill + np.diag(luck), luck)
