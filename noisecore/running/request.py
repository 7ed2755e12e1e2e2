"""A request: the trials of one curve, and what they are trained with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from noisecore.data import Dataset, choose, unit_images
from noisecore.escaping import shown
from noisecore.models import BUILDERS
from noisecore.noise import FAMILIES, NoiseError, check_scale, get_noise, told_of, try_noise
from noisecore.recipes import Recipe
from noisecore.records import CurveId, Trial, trial_label


@dataclass(frozen=True)
class CurveRequest:
    """The trials of one curve: a model at some train scales, for every seed.

    dataset: the name that it has in records.
    test_scales: every trial is evaluated at all of them; 0 and the train scales are among them.
    images: how many test images it is tested on, None for all of them.
    trained_with: the noise that the model is trained with once, None to be trained with `noise`.
    """

    dataset: str
    model: str
    noise: str
    recipe: Recipe
    train_scales: tuple[float, ...]
    test_scales: tuple[float, ...]
    seeds: tuple[int, ...]
    test_draw: int
    clip: tuple[float, float] | None
    blank: bool
    trained_with: str | None = None
    images: int | None = None

    def trials(self, dataset: Dataset) -> list[Trial]:
        """Return the trials, scale by scale; raise `DatasetError` if `images` are too few."""
        chosen = choose(dataset.y_test, self.images)
        return [
            Trial(
                dataset=dataset.name,
                dataset_sha256=dataset.sha256,
                model=self.model,
                model_source=BUILDERS.source(self.model),
                recipe=self.recipe,
                noise=self.noise,
                noise_source=FAMILIES.source(self.noise),
                monotone=told_of(get_noise(self.noise)),
                train_scale=scale,
                test_scales=self.test_scales,
                seed=seed,
                test_draw=self.test_draw,
                clip=self.clip,
                subset=None if chosen is None else chosen.counts,
                blank=self.blank,
                trained_with=self.trained_with,
                trained_with_source=self.trained_with and FAMILIES.source(self.trained_with),
            )
            for scale in self.train_scales
            for seed in self.seeds
        ]

    @property
    def curve_id(self) -> CurveId:
        """The curve that these trials make, as `Trial.curve_id` gives it."""
        trained = None if self.trained_with is None else (self.trained_with, self.train_scales[0])
        return CurveId(
            model=self.model,
            noise=self.noise,
            recipe=self.recipe.name,
            clip=self.clip,
            blank=self.blank,
            trained=trained,
        )

    @property
    def curve(self) -> str:
        """The name of that curve."""
        return self.curve_id.name

    def labels(self) -> list[str]:
        """Return the trials' labels, in the order of `trials`."""
        return [
            trial_label(self.curve, None if self.trained_with else scale, seed)
            for scale in self.train_scales
            for seed in self.seeds
        ]


def read_training(train: Any) -> tuple[Any, float]:
    """Return the noise, as it was given, and the scale that a model is trained with once.

    Raises `NoiseError` unless they are a pair, or a text such as "gaussian:0.5".
    """
    if isinstance(train, str):
        train = train.split(":")
    if not isinstance(train, tuple | list) or len(train) != 2:
        raise NoiseError(
            f"train must be a noise and its scale, such as ('gaussian', 0.5), got {shown(train)}"
        )
    return train[0], check_scale(train[1])


def try_noises(requests: Iterable[CurveRequest], dataset: Dataset) -> None:
    """Raise `NoiseError` if a noise cannot be applied to images of the data set's shape."""
    images = unit_images(dataset.x_test[:1])
    asked = {(each.noise, scale) for each in requests for scale in each.test_scales}
    asked |= {(r.trained_with, s) for r in requests if r.trained_with for s in r.train_scales}
    for name, scale in sorted(asked):
        try_noise(get_noise(name), images, [scale] if scale else [])
