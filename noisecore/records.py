"""Trials, and the records that are kept of them: the versioned schema of everything on disk."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from noisecore.escaping import shown
from noisecore.noise import as_written
from noisecore.paths import RECORD_BYTES, open_new, read_text
from noisecore.recipes import Recipe

SCHEMA = 1


class RecordError(ValueError):
    """A record cannot be read; the message says which part, what was expected and what came."""


def curve_name(
    model: str,
    noise: str,
    recipe: Recipe,
    clip: tuple[float, float] | None,
    blank: bool,
    trained: tuple[str, float] | None = None,
) -> str:
    """Return the name of the curve that trials of these make, over their scales and seeds."""
    parts = [model, noise, recipe.name, *_clip_name(clip)]
    if blank:
        parts.append("blank")
    if trained is not None:
        # No noise at all is one training, whatever the noise would have been.
        parts.append(f"trained={trained[0]}:{trained[1]:g}" if trained[1] else "trained=clean")
    return "/".join(parts)


def given_curve_name(model: str, noise: str, clip: tuple[float, float] | None) -> str:
    """Return the name of the curve of a model that was given."""
    return "/".join([model, noise, *_clip_name(clip)])


def _clip_name(clip: tuple[float, float] | None) -> list[str]:
    return [] if clip is None else [f"clip={clip[0]:g}:{clip[1]:g}"]


def trial_label(curve: str, scale: float | None, seed: int) -> str:
    """Return the words for one trial of a curve; None: it is tested at every scale of it."""
    return f"{curve} seed {seed}" if scale is None else f"{curve} scale {scale:g} seed {seed}"


@dataclass(frozen=True, kw_only=True)
class AnyTrial:
    """What is tested, on what, under which noise: what a trained and a given model have in common.

    dataset, dataset_sha256: its name, and the SHA-256 of its content.
    model, model_source: its name, and the hash of what it was made from.
    noise, noise_source: the name, and the hash of its code; `clip` bounds the noisy images, None
    leaves them unbounded.
    test_scales: in the noise's unit; test_draw: which realisation of the noise the images get.
    seed: counts the trials of one scale.
    """

    dataset: str
    dataset_sha256: str
    model: str
    model_source: str
    noise: str
    noise_source: str
    test_scales: tuple[float, ...]
    seed: int
    test_draw: int = 0
    clip: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name in ("dataset", "model", "noise"):  # which names of curves are made of
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} must be a text, got {shown(getattr(self, name))}")
        # 1 and 1.0 are one scale, and must give one key.
        object.__setattr__(self, "test_scales", tuple(map(as_written, self.test_scales)))

    def key(self, conditions: Mapping[str, Any]) -> str:
        """Return the trial's name on disk: a hash of all that its numbers depend on.

        `conditions` are those outside the trial: versions, threads, processor, source.
        """
        content = {"trial": _plain(self), "conditions": dict(conditions), "schema": SCHEMA}
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
    train_scale: float
    blank: bool = False
    trained_with: str | None = None
    trained_with_source: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "train_scale", as_written(self.train_scale))

    @property
    def curve(self) -> str:
        """The name of the curve that this trial is a part of: all but its scale and its seed."""
        trained = None if self.trained_with is None else (self.trained_with, self.train_scale)
        return curve_name(self.model, self.noise, self.recipe, self.clip, self.blank, trained)

    @property
    def curve_scales(self) -> tuple[float, ...]:
        """The scales of its curve that this trial gives figures for.

        That it was trained at; all that it was tested at if it was trained with a noise once.
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

    @property
    def curve(self) -> str:
        """The name of the curve that this trial is a part of: all but its draw."""
        return given_curve_name(self.model, self.noise, self.clip)

    @property
    def curve_scales(self) -> tuple[float, ...]:
        """The scales of its curve that this trial gives figures for: all that it was tested at."""
        return self.test_scales

    @property
    def label(self) -> str:
        """The trial in a few words, for people."""
        return f"{self.curve} draw {self.seed}"


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What is known after one epoch.

    loss, accuracy: Keras' running means over the epoch's training steps, dropout at work.
    test_loss, test_accuracy: of the noisy test split at the trial's train scale.
    """

    loss: float
    accuracy: float
    test_loss: float
    test_accuracy: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A trained model on the test split at one scale.

    loss: mean cross-entropy in nats. accuracy: share of the images that were right. correct:
    which ones were, a bit an image (`numpy.packbits`, base64). images: how many there were.
    images_sha256: of the noisy float32 images themselves, so that runs can be known to have seen
    the same ones.
    """

    scale: float
    loss: float
    accuracy: float
    images: int
    correct: str
    images_sha256: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", as_written(self.scale))

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which test images were right, (images,) bool."""
        packed = np.frombuffer(base64.b64decode(self.correct), np.uint8)
        return np.unpackbits(packed, count=self.images).astype(bool)


def pack_right(right: NDArray[np.bool_]) -> str:
    """Return (images,) bool as the text that `Evaluation.correct` holds."""
    return base64.b64encode(np.packbits(right).tobytes()).decode()


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """What is kept of a trial.

    status: "complete", or "failed" with a reason. environment: versions, processor, threads,
    flags. cost: seconds and bytes, the only part that differs when a trial is run again. run: the
    id of the run that made it.
    """

    key: str
    run: str
    trial: Trial | GivenTrial
    status: Literal["complete", "failed"]
    reason: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    parameters: int | None = None
    history: tuple[Epoch, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    cost: dict[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    def at(self, scale: float) -> Evaluation:
        """Return the evaluation at a test scale; raise `KeyError` if there is none."""
        for evaluation in self.evaluations:
            if evaluation.scale == as_written(scale):
                return evaluation
        raise KeyError(f"{self.trial.label} was not evaluated at scale {scale:g}")

    def numbers(self) -> dict[str, Any]:
        """Return the record without what differs when the same trial is run again."""
        record = self.to_dict()
        del record["cost"], record["run"]
        return record

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        return _plain(self)

    @classmethod
    def from_dict(cls, data: Any, *, source: str = "record") -> TrialRecord:
        """Return the record that `to_dict` gave; raise `RecordError` on anything else."""
        check_schema(data, source=source)
        try:
            values = dict(data)
            trial = values["trial"]
            trained = "recipe" in trial
            values["trial"] = trial_from_dict(trial) if trained else GivenTrial(**_shared(trial))
            values["history"] = tuple(Epoch(**epoch) for epoch in values["history"])
            values["evaluations"] = tuple(Evaluation(**e) for e in values["evaluations"])
            record = cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"{source}: not a trial record of schema {SCHEMA}: {error}") from None
        if record.status not in ("complete", "failed"):
            raise RecordError(
                f"{source}: status must be complete or failed, got {shown(record.status)}"
            )
        return record


def read_record(path: Path) -> TrialRecord:
    """Return the record in a file; raise `RecordError`, one line, if it holds none.

    Raises `OSError` if it cannot be read, as what is no regular file cannot.
    """
    try:
        data = read_json(path, RECORD_BYTES)
    except ValueError as error:
        raise RecordError(f"{path}: not JSON: {error}") from None
    return TrialRecord.from_dict(data, source=str(path))


def read_json(path: Path, most: int) -> Any:
    """Return what a JSON file of `most` bytes at most holds.

    Raises `OSError` if it cannot be read, `ValueError` with the reason alone if it is not JSON.
    """
    try:
        return json.loads(read_text(path, most))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def trial_from_dict(data: Mapping[str, Any]) -> Trial:
    """Return the trial of a dict of plain JSON values; raise `TypeError` if fields do not fit."""
    return Trial(**_shared(data) | {"recipe": Recipe(**data["recipe"])})


def _shared(data: Mapping[str, Any]) -> dict[str, Any]:
    clip = data["clip"]
    return {
        **data,
        "test_scales": tuple(data["test_scales"]),
        "clip": None if clip is None else tuple(clip),
    }


def check_schema(data: Any, *, source: str) -> None:
    """Raise `RecordError` unless `data` is a mapping of this version's schema."""
    version = data.get("schema") if isinstance(data, Mapping) else None
    if version == SCHEMA and type(version) is int:
        return
    if type(version) is not int:
        raise RecordError(f"{source}: expected a noisecore file of schema {SCHEMA}, got no schema")
    remedy = (
        "update noisecore to read it" if version > SCHEMA else "make it again with this noisecore"
    )
    raise RecordError(f"{source}: expected schema {SCHEMA}, got {version}: {remedy}")


def write_atomically(path: Path, content: str | bytes) -> None:
    r"""Write a file by way of a temporary one beside it, so that it is whole or not there.

    A byte of a path that is not UTF-8 becomes an escape such as `\udce9`, which is JSON's own too.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    if len(os.fsencode(temporary.name)) > 255:  # a name that fits need not fit with more around it
        temporary = path.with_name(f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()}")
    # A path may hold bytes that are no text; so written, JSON's readers find them again.
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        with open_new(temporary) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _plain(value: Any) -> dict[str, Any]:
    """Return a dataclass as JSON values: tuples as lists."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(value)))
    return plain
