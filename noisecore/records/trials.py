"""Trials: what is trained and tested, as plain values."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from noisecore.errors import ArgumentTypeError
from noisecore.escaping import shown
from noisecore.noise import as_written
from noisecore.recipes import Recipe
from noisecore.records.checking import SCHEMA, Amount, Count, Key, as_type


def trial_label(curve: str, scale: float | None, seed: int) -> str:
    """Return the words for one trial of a curve; scale None: it is tested at every scale."""
    return f"{curve} seed {seed}" if scale is None else f"{curve} scale {scale:g} seed {seed}"


@dataclass(frozen=True, kw_only=True)
class AnyTrial(ABC):
    """What is tested, on what, under which noise: the common part of trained and given models.

    dataset, dataset_sha256: its name, and the SHA-256 of its content.
    model, model_source: its name, and the hash of what it was made from.
    noise, noise_source: the name, and the hash of its code; `clip` bounds the noisy images, None
    leaves them unbounded. monotone: whether accuracy is claimed to fall with the noise's scale,
    None where its name says so. No number depends on it.
    test_scales: in the noise's unit; test_draw: which realisation of the noise the images get.
    seed: counts the trials of one scale.
    subset: how many of how many test images it is tested on (`noisecore.data.choose`), None for all
    of them. The data set of a trained model is always the whole one, because that is what it was
    trained on; of a given model it is the images that were tested.
    """

    dataset: str
    dataset_sha256: str
    model: str
    model_source: str
    noise: str
    noise_source: str
    test_scales: tuple[Amount, ...]
    seed: Key
    test_draw: Key = 0
    clip: tuple[float, float] | None = None
    monotone: bool | None = field(default=None, compare=False)
    subset: tuple[Count, Count] | None = None

    def __post_init__(self) -> None:
        for name in ("dataset", "model", "noise"):  # curve names are made of these
            if not isinstance(getattr(self, name), str):
                raise ArgumentTypeError(f"{name} must be a text, got {shown(getattr(self, name))}")
        # 1 and 1.0 are one scale, and must give one key.
        object.__setattr__(self, "test_scales", tuple(map(as_written, self.test_scales)))

    @property
    @abstractmethod
    def curve_id(self) -> CurveId:
        """The curve that this trial is a part of."""

    @property
    def curve(self) -> str:
        """The name of the curve that this trial is a part of."""
        return self.curve_id.name

    def cell(self, scale: float) -> Cell:
        """Return the test at one of the test scales."""
        if not scale:
            return replace(CLEAN, subset=self.subset)
        return Cell(
            noise=self.noise,
            noise_source=self.noise_source,
            scale=scale,
            clip=self.clip,
            draw=self.test_draw,
            subset=self.subset,
        )


@dataclass(frozen=True, kw_only=True)
class Training:
    """One fit: all that the trained model depends on, and what it was tested on during training.

    noise, noise_source: what it is trained with; None at scale 0, where there is no noise.
    test_draw: of the noisy test images that it is tested on after each epoch.
    """

    dataset: str
    dataset_sha256: str
    model: str
    model_source: str
    recipe: Recipe
    noise: str | None
    noise_source: str | None
    scale: Amount
    clip: tuple[float, float] | None
    blank: bool
    seed: Key
    test_draw: Key

    def key(self, conditions: Mapping[str, Any]) -> str:
        """Return the name of its record on disk: a hash of everything that its numbers depend on.

        `conditions` are those outside the training: versions, threads, processor, source.
        """
        return _hashed({"training": asdict(self), "conditions": dict(conditions)})


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One test of a model: a noise at a scale, its bounds, which realisation of it, on what images.

    At scale 0 there is no noise, so all noises share one cell for each subset. Its other fields are
    None.
    """

    noise: str | None
    noise_source: str | None
    scale: Amount
    clip: tuple[float, float] | None
    draw: Key | None
    subset: tuple[Count, Count] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", as_written(self.scale))


CLEAN = Cell(noise=None, noise_source=None, scale=0.0, clip=None, draw=None)


@dataclass(frozen=True, kw_only=True)
class CurveId:
    """Which curve a trial is a part of: all that its trials have in common, except their data.

    recipe: its name, None for a given model. trained: the noise and the scale that the
    model was trained with once; None if it was trained at each scale of the curve, or given.
    """

    model: str
    noise: str
    recipe: str | None = None
    clip: tuple[float, float] | None = None
    blank: bool = False
    trained: tuple[str, float] | None = None

    @property
    def name(self) -> str:
        """The curve's name, for people: no code ever parses it."""
        parts = [self.model, self.noise]
        if self.recipe is not None:
            parts.append(self.recipe)
        if self.clip is not None:
            parts.append(f"clip={self.clip[0]:g}:{self.clip[1]:g}")
        if self.blank:
            parts.append("blank")
        if self.trained is not None:
            noise, scale = self.trained
            # No noise at all is one training, whatever the noise is otherwise.
            parts.append(f"trained={noise}:{scale:g}" if scale else "trained=clean")
        return "/".join(parts)


def _hashed(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True, kw_only=True)
class Trial(AnyTrial):
    """One training: what goes into it, and the scales that it is evaluated at.

    model, model_source: the builder's name, and the hash of its code (`noisecore.code`).
    blank: the images are replaced by zeros before the noise: a control, which ends at chance.
    train_scale: in the noise's unit; seed: of weights, order, dropout and training noise.
    trained_with, trained_with_source: the noise that it is trained with once, to be tested at every
    scale of `noise`; `train_scale` is in that noise's unit then. None: it is trained with `noise`
    itself, one of the trainings at each scale.
    """

    recipe: Recipe
    train_scale: Amount
    blank: bool = False
    trained_with: str | None = None
    trained_with_source: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "train_scale", as_written(self.train_scale))

    @property
    def training(self) -> Training:
        """What is trained: done once for all trials with the same training."""
        noise = self.trained_with or self.noise, self.trained_with_source or self.noise_source
        named = noise if self.train_scale else (None, None)
        return Training(
            dataset=self.dataset,
            dataset_sha256=self.dataset_sha256,
            model=self.model,
            model_source=self.model_source,
            recipe=self.recipe,
            noise=named[0],
            noise_source=named[1],
            scale=self.train_scale,
            clip=self.clip,
            blank=self.blank,
            seed=self.seed,
            test_draw=self.test_draw,
        )

    def key(self, conditions: Mapping[str, Any]) -> str:
        """Return the name on disk of the record of its training."""
        return self.training.key(conditions)

    @property
    def curve_id(self) -> CurveId:
        """The curve that this trial is a part of: everything except its scale and its seed."""
        trained = None if self.trained_with is None else (self.trained_with, self.train_scale)
        return CurveId(
            model=self.model,
            noise=self.noise,
            recipe=self.recipe.name,
            clip=self.clip,
            blank=self.blank,
            trained=trained,
        )

    @property
    def curve_scales(self) -> tuple[float, ...]:
        """The scales of its curve that this trial gives numbers for.

        The one that it was trained at; or all test scales, if it was trained with a noise once.
        """
        return (self.train_scale,) if self.trained_with is None else self.test_scales

    @property
    def label(self) -> str:
        """The trial in a few words, for people."""
        scale = self.train_scale if self.trained_with is None else None
        return trial_label(self.curve, scale, self.seed)


@dataclass(frozen=True, kw_only=True)
class GivenTrial(AnyTrial):
    """One test of a model that was given as it is: nothing is trained.

    units: what scale 1 is a share of: "own", the units of the images that the model takes, or
    "range", from the least to the greatest value that they can have. Its seed is its test_draw.
    """

    units: Literal["own", "range"]

    def key(self, conditions: Mapping[str, Any]) -> str:
        """Return the name on disk of the record of the model's trials: the same for each draw.

        It is a hash of all that their numbers depend on; `conditions` are those outside them.
        """
        left_out = _UNKEYED if self.subset else (*_UNKEYED, "subset")  # older records have none
        own = {name: each for name, each in asdict(self).items() if name not in left_out}
        return _hashed({"given": own, "conditions": dict(conditions), "schema": SCHEMA})

    @property
    def curve_id(self) -> CurveId:
        """The curve that this trial is a part of: everything except its draw."""
        return CurveId(model=self.model, noise=self.noise, clip=self.clip)

    @property
    def curve_scales(self) -> tuple[float, ...]:
        """The scales of its curve that this trial gives numbers for: all that it was tested at."""
        return self.test_scales

    @property
    def label(self) -> str:
        """The trial in a few words, for people."""
        return f"{self.curve} draw {self.seed}"


_UNKEYED = ("seed", "test_draw", "monotone")


def trial_from_dict(data: Any) -> Trial:
    """Return the trial of JSON values; raise `RecordError` if they are not a trial."""
    trial: Trial = as_type(data, Trial, part="trial")
    return trial
