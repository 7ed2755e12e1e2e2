"""Records: what is kept of a trial, and what must be true of one that is read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal, TypedDict, get_type_hints

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from noisecore.escaping import brief, shown, visible
from noisecore.noise import as_written
from noisecore.records.checking import (
    SCHEMA,
    Amount,
    Count,
    RecordError,
    Share,
    as_type,
    check_checksum,
    check_schema,
    with_checksum,
)
from noisecore.records.trials import GivenTrial, Trial
from noisecore.records.values import Values


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What is known after one epoch.

    loss, accuracy: Keras' running means over the epoch's training steps, with dropout on.
    test_loss, test_accuracy: of the noisy test split at the trial's train scale.
    """

    loss: float
    accuracy: float
    test_loss: float
    test_accuracy: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A model on the test split at one scale.

    loss: mean cross-entropy in nats. accuracy: share of the images that were right. correct:
    which ones were, one bit per image (`numpy.packbits`, base64). images: how many there were.
    images_sha256: of the noisy float32 images themselves, which shows whether runs have seen the
    same ones. predicted: the class of the greatest output of each image. probability: that class's
    probability, 255 for 1; both None if that was not kept. scores: further numbers for each image,
    by name; accuracy is not among them, because `correct` has it. images_sketch: of the images of
    images_sha256 (`noisecore.records.sketch`), which shows whether others are the same but for
    rounding; None in older records, and where noisecore has not seen the images.
    """

    scale: Amount
    loss: float
    accuracy: Share
    images: Count
    correct: str
    images_sha256: str
    predicted: Values | None = None
    probability: Values | None = None
    scores: dict[str, Values] = field(default_factory=dict)
    # Older records have none, and are of the same cells nevertheless.
    images_sketch: tuple[float, ...] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", as_written(self.scale))

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which test images were right, (images,) bool."""
        packed = np.frombuffer(base64.b64decode(self.correct), np.uint8)
        return np.unpackbits(packed, count=self.images).astype(bool)

    @property
    def brief(self) -> Evaluation:
        """Return the evaluation without the parts that only pictures and slices need."""
        return replace(self, predicted=None, probability=None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; a part that is not there has no key."""
        plain = asdict(self)
        return {name: each for name, each in plain.items() if name not in _LATER or each}


_LATER = ("predicted", "probability", "scores", "images_sketch")


class Cost(TypedDict, total=False):
    """What is known of the cost of a trial; nothing is promised about other entries."""

    started: str
    seconds: Amount
    train_seconds: Amount
    evaluate_seconds: Amount
    model_seconds: Amount
    epoch_seconds: list[Amount]
    peak_memory_bytes: Amount
    lost: list[str]
    note: str
    resumed_from: str
    cached_from: str
    cache_note: str
    outside: str
    weights_sha256: str


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """What is kept of a trial.

    key: of its training, or of the model that was given: what one file holds (`Record`).
    status: "complete", or "failed" with a reason. environment: versions, processor, threads,
    flags. cost: seconds and bytes, the only part that differs when a trial is run again. run: the
    id of the run that made it.
    """

    key: str
    run: str
    trial: Trial | GivenTrial
    status: Literal["complete", "failed"]
    reason: str | None = None
    environment: dict[str, str | int | float | bool | None] = field(default_factory=dict)
    parameters: Annotated[int, Meta(ge=0)] | None = None
    history: tuple[Epoch, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    cost: dict[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    def __repr__(self) -> str:
        parts = {"label": self.trial.label, "key": self.key, "status": self.status}
        return brief("TrialRecord", **parts, scales=[each.scale for each in self.evaluations])

    @property
    def is_cached(self) -> bool:
        """Whether it was taken from a cache: then its times are those of an earlier run."""
        return "cached_from" in self.cost

    @property
    def is_earlier(self) -> bool:
        """Whether an earlier run has trained, and its record was taken over."""
        return self.is_cached or "resumed_from" in self.cost

    def at(self, scale: float) -> Evaluation:
        """Return the evaluation at a test scale; raise `KeyError` if there is none."""
        for evaluation in self.evaluations:
            if evaluation.scale == as_written(scale):
                return evaluation
        raise KeyError(f"{self.trial.label} was not evaluated at scale {scale:g}")

    def numbers(self) -> dict[str, Any]:
        """Return the record without what differs when the same trial is run again."""
        record = self.to_dict()
        record["trial"].pop("monotone", None)
        del record["cost"], record["run"], record["checksum"]
        return record

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON values, with a checksum of them."""
        whole = asdict(self) | {"evaluations": [each.to_dict() for each in self.evaluations]}
        for name in ("subset", "monotone"):  # older noisecores neither write nor read these
            if whole["trial"][name] is None:
                del whole["trial"][name]
        plain: dict[str, Any] = json.loads(json.dumps(whole))  # tuples as lists
        return with_checksum(plain)

    @classmethod
    def from_dict(cls, data: Any, *, source: str = "record") -> TrialRecord:
        """Return the record that `to_dict` gave, or that of an older schema.

        Raises `RecordError`, in one line that starts with `source`, on anything else: values of the
        wrong type, out of range, or that contradict each other; a wrong checksum.
        """
        schema = check_schema(data, source=source)
        try:
            record = cls(**_checked(data))
            record.check()
            if schema > 1:
                check_checksum(data)
        except RecordError as error:
            raise RecordError(f"{source}: not a trial record: {error}") from None
        return record

    def check(self) -> None:
        """Raise `RecordError` if parts of the record contradict each other."""
        known = {name: each for name, each in self.cost.items() if name in Cost.__annotations__}
        as_type(known, Cost, part="cost")
        for each in self.evaluations:
            _check_answers(each)
        if self.status == "failed":
            if self.evaluations or not self.reason:
                raise RecordError("a failed trial must have a reason and no evaluations")
            return
        asked = self.trial.test_scales
        if not asked:
            raise RecordError("it must have a test scale, got none")
        scales = [each.scale for each in self.evaluations]
        if sorted(scales) != sorted(asked):
            raise RecordError(
                f"it must have an evaluation at each of the scales {_listed(asked)}, "
                f"got {_listed(scales)}"
            )
        images = {each.images for each in self.evaluations}
        if len(images) > 1:
            raise RecordError("all evaluations must be of the same number of images")
        subset = self.trial.subset
        if subset and (images != {subset[0]} or subset[0] >= subset[1]):
            raise RecordError(
                f"a test on {subset[0]} of {subset[1]} images must be of fewer than all, and have "
                f"{subset[0]} answers, got {images.pop()}"
            )
        if self.history and isinstance(self.trial, Trial):
            epochs = self.trial.recipe.epochs
            if len(self.history) != epochs:
                raise RecordError(
                    f"history must have {epochs} epochs or none, got {len(self.history)}"
                )


def noted(
    records: Iterable[TrialRecord], kind: Literal["note", "cache_note"] = "note"
) -> list[str]:
    """Return a line for each note of the records, which names the curves that it is about."""
    found: dict[str, set[str]] = {}
    for record in records:
        if note := record.cost.get(kind):
            found.setdefault(str(note), set()).add(record.trial.curve)
    lines = []
    for note, curves in found.items():
        first, more = sorted(curves)[:_NAMED], len(curves) - _NAMED
        lines.append(f"{', '.join(first)}{f' and {more} more' if more > 0 else ''}: {note}")
    return lines


def _checked(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a record that was read, each of the right type; raise `RecordError`."""
    values = {name: value for name, value in data.items() if name != "checksum"}
    lacking = [name for name in _PARTS if name not in values and name != "schema"]
    if lacking:
        raise RecordError(f"{lacking[0]} is missing")
    for name, value in values.items():
        if name not in _PARTS:
            raise RecordError(f"unknown name {shown(name)}")
        kind = _PARTS[name]
        if name == "trial":
            kind = Trial if isinstance(value, Mapping) and "recipe" in value else GivenTrial
        values[name] = as_type(value, kind, part=name)
    return values | {"schema": SCHEMA}


def _check_answers(evaluation: Evaluation) -> None:
    """Raise `RecordError` unless the accuracy is the share of the right answers."""
    where = f"at scale {evaluation.scale:g}"
    kept = {
        "correct": Values(dtype="bit", data=evaluation.correct),
        "predicted": evaluation.predicted,
        "probability": evaluation.probability,
        **evaluation.scores,
    }
    for name, values in kept.items():
        if values is None:
            continue
        try:
            held = values.array(evaluation.images)
        except RecordError as error:
            raise RecordError(f"{visible(name)} {where} {error}") from None
        if not np.isfinite(held).all():
            raise RecordError(f"{visible(name)} {where} must be finite numbers")
        if name == "correct" and abs(held.mean() - evaluation.accuracy) > _ROUNDING:
            raise RecordError(
                f"accuracy {where} must be the share of right answers, {held.mean():g}, got "
                f"{evaluation.accuracy:g}"
            )


def _listed(scales: Iterable[float]) -> str:
    return ", ".join(f"{scale:g}" for scale in scales) or "none"


_NAMED = 8  # curves that a note lists
_PARTS = get_type_hints(TrialRecord, include_extras=True)
_ROUNDING = 1e-9  # of a mean of shares; one image more is 1e-9 of a thousand million
