"""Records: what is kept of a trial, and what has to hold of one that is read."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal, TypedDict, get_type_hints

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from noisecore.escaping import shown
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

    scale: Amount
    loss: float
    accuracy: Share
    images: Count
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


class Cost(TypedDict, total=False):
    """What is known of the cost of a trial; of what else stands there, nothing is promised."""

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
    trained_by: str


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
    environment: dict[str, str | int | float | bool | None] = field(default_factory=dict)
    parameters: Annotated[int, Meta(ge=0)] | None = None
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
        del record["cost"], record["run"], record["checksum"]
        return record

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON values, with a checksum of them."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # tuples as lists
        return with_checksum(plain)

    @classmethod
    def from_dict(cls, data: Any, *, source: str = "record") -> TrialRecord:
        """Return the record that `to_dict` gave, or that of an older schema.

        Raises `RecordError`, in one line that starts with `source`, on anything else: values of
        another type, out of their range, or that contradict each other; another checksum.
        """
        schema = check_schema(data, source=source)
        try:
            return cls(**_checked(data, schema))
        except RecordError as error:
            raise RecordError(f"{source}: not a trial record: {error}") from None


def _checked(data: Mapping[str, Any], schema: int) -> dict[str, Any]:
    """Return the parts of a record that was read, each of its type; raise `RecordError`."""
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
    known = {name: each for name, each in values["cost"].items() if name in Cost.__annotations__}
    as_type(known, Cost, part="cost")
    _check_figures(values)
    if schema > 1:
        check_checksum(data)
    return values | {"schema": SCHEMA}


def _check_figures(values: Mapping[str, Any]) -> None:
    """Raise `RecordError` if parts of a record contradict each other."""
    trial, evaluations = values["trial"], values["evaluations"]
    for each in evaluations:
        _check_answers(each)
    if values["status"] == "failed":
        if evaluations or not values["reason"]:
            raise RecordError("a failed trial must have a reason and no evaluations")
        return
    scales = [each.scale for each in evaluations]
    if sorted(scales) != sorted(trial.test_scales):
        raise RecordError(
            f"it must have an evaluation at each of the scales {_listed(trial.test_scales)}, "
            f"got {_listed(scales)}"
        )
    if len({each.images for each in evaluations}) > 1:
        raise RecordError("all evaluations must be of the same number of images")
    epochs = len(values["history"])
    if epochs and isinstance(trial, Trial) and epochs != trial.recipe.epochs:
        raise RecordError(f"history must have {trial.recipe.epochs} epochs or none, got {epochs}")


def _check_answers(evaluation: Evaluation) -> None:
    """Raise `RecordError` unless the right answers are those that the accuracy is the share of."""
    where, images = f"at scale {evaluation.scale:g}", evaluation.images
    try:
        packed = base64.b64decode(evaluation.correct, validate=True)
    except (binascii.Error, ValueError):
        raise RecordError(f"correct {where} must be base64") from None
    if len(packed) != -(-images // 8):
        raise RecordError(
            f"correct {where} must hold {images} images, got {len(packed)} bytes, of 8 images each"
        )
    right = int(np.unpackbits(np.frombuffer(packed, np.uint8)).sum())
    if (
        right != int(evaluation.right.sum())
        or abs(right / images - evaluation.accuracy) > _ROUNDING
    ):
        raise RecordError(
            f"accuracy {where} must be the share of right answers, {right / images:g}, got "
            f"{evaluation.accuracy:g}"
        )


def _listed(scales: Iterable[float]) -> str:
    return ", ".join(f"{scale:g}" for scale in scales) or "none"


_PARTS = get_type_hints(TrialRecord, include_extras=True)
_ROUNDING = 1e-9  # of a mean of shares; one image more is 1e-9 of a thousand million
