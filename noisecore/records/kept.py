"""What one file holds: a training, or a given model, and all its cells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from noisecore.escaping import shown
from noisecore.records.checking import (
    SCHEMA,
    Amount,
    Count,
    Key,
    RecordError,
    Share,
    as_type,
    check_checksum,
    check_schema,
    with_checksum,
)
from noisecore.records.record import Epoch, Evaluation, TrialRecord
from noisecore.records.trials import Cell, GivenTrial, Training, Trial
from noisecore.records.values import Values


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is kept of one training, or of one given model, and all its cells.

    key: its name on disk. trials: the trials that need it, each with the evaluations of its cells;
    a file holds each cell once. The complete ones have the same environment, history and
    parameters.
    """

    key: str
    trials: tuple[TrialRecord, ...]

    @classmethod
    def of(cls, trials: Iterable[TrialRecord]) -> Record:
        """Return the record of trials that have one key.

        Raises `RecordError` if they are not of one training, or one model: their contents, the
        histories or parameters of the complete ones, or a cell that they share, differ.
        """
        record = cls(key=(held := tuple(trials))[0].key, trials=held)
        complete = [each for each in held if each.status == "complete"]
        found: dict[str, list[Any]] = {
            "key": [each.key for each in held],
            "subject": [_subject(each.trial) for each in held],
            "environment": [each.environment for each in complete],
            "parameters": [each.parameters for each in complete],
            "history": [each.history for each in complete],
        }
        for name, values in found.items():
            if any(each != values[0] for each in values):
                raise RecordError(f"the trials of record {record.key} must have the same {name}")
        record.cells  # noqa: B018  # raises
        return record

    @property
    def cells(self) -> dict[Cell, Evaluation]:
        """Every cell of the trials, and its evaluation."""
        cells: dict[Cell, Evaluation] = {}
        for record in self.trials:
            for each in record.evaluations:
                cell = record.trial.cell(each.scale)
                if cells.setdefault(cell, each) != each:
                    raise RecordError(f"record {self.key} has two evaluations of {shown(cell)}")
        return cells

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON values, with a checksum of them."""
        first = next((each for each in self.trials if each.status == "complete"), self.trials[0])
        common = _common([each.cost for each in self.trials])
        whole = {
            "schema": SCHEMA,
            "key": self.key,
            **_subject(first.trial),
            "environment": first.environment,
            "parameters": first.parameters,
            "history": [asdict(each) for each in first.history],
            "cells": [_cell(cell, each) for cell, each in self.cells.items()],
            "trials": [_asked(each, common) for each in self.trials],
            "cost": common,
        }
        plain: dict[str, Any] = json.loads(json.dumps(whole))  # tuples as lists
        return with_checksum(plain)

    @classmethod
    def from_dict(cls, data: Any, *, source: str = "record") -> Record:
        """Return the record that `to_dict` gave; for a single trial's own dict, a record of that.

        noisecore 0.1 wrote the latter. Raises `RecordError`, in one line that starts with `source`,
        on anything else.
        """
        check_schema(data, source=source)
        if "trial" in data:
            trial = TrialRecord.from_dict(data, source=source)
            return cls(key=trial.key, trials=(trial,))
        try:
            record = _read(data)
            check_checksum(data)
        except RecordError as error:
            raise RecordError(f"{source}: not a record: {error}") from None
        return record


def join_trials(trials: Iterable[TrialRecord]) -> list[Record]:
    """Return the records that these trials belong to, in their order; each trial is there once.

    Trials that have one key but are not of one training, as after runs were merged, stay apart.
    """
    groups: dict[str, list[TrialRecord]] = {}
    for trial in trials:
        groups.setdefault(trial.key, []).append(trial)
    records = []
    for key, held in groups.items():
        try:
            records.append(Record.of(held))
        except RecordError:
            records += [Record(key=key, trials=(each,)) for each in held]
    return records


@dataclass(frozen=True, kw_only=True)
class _Given:
    """What a given model is, and what it was tested on."""

    dataset: str
    dataset_sha256: str
    model: str
    model_source: str
    units: Literal["own", "range"]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A trial as a file holds it: the parts that are neither the training's nor a cell's."""

    run: str
    noise: str
    noise_source: str
    scales: tuple[Amount, ...]
    clip: tuple[float, float] | None
    draw: Key
    status: Literal["complete", "failed"]
    reason: str | None
    trained_with: str | None = None
    trained_with_source: str | None = None
    monotone: bool | None = None
    subset: tuple[Count, Count] | None = None
    cost: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """A cell as a file holds it, and its evaluation."""

    noise: str | None
    noise_source: str | None
    scale: Amount
    clip: tuple[float, float] | None
    draw: Key | None
    loss: float
    accuracy: Share
    images: Count
    images_sha256: str
    scores: dict[str, Values]
    predicted: Values | None = None
    probability: Values | None = None
    images_sketch: tuple[float, ...] | None = None
    subset: tuple[Count, Count] | None = None


class _File(TypedDict):
    """The parts of a file, except for what was trained or given."""

    schema: int
    key: str
    environment: dict[str, str | int | float | bool | None]
    parameters: Annotated[int, Meta(ge=0)] | None
    history: tuple[Epoch, ...]
    cells: tuple[_Cell, ...]
    trials: Annotated[tuple[_Asked, ...], Meta(min_length=1)]
    cost: dict[str, Any]


_SUBJECTS: dict[str, type[Training | _Given]] = {"training": Training, "given": _Given}
_OF_CELL = ("noise", "noise_source", "scale", "clip", "draw", "subset")


def _subject(trial: Trial | GivenTrial) -> dict[str, Any]:
    """Return what was trained, or given, by its name in a file."""
    if isinstance(trial, Trial):
        return {"training": asdict(trial.training)}
    values = asdict(trial)
    return {"given": {name: values[name] for name in _Given.__annotations__}}


def _cell(cell: Cell, evaluation: Evaluation) -> dict[str, Any]:
    plain = evaluation.to_dict()
    del plain["scale"]
    right = {"dtype": "bit", "data": plain.pop("correct")}
    plain["scores"] = {"accuracy": right, **plain.get("scores", {})}
    named = asdict(cell)
    if cell.subset is None:
        del named["subset"]
    return named | plain


def _asked(record: TrialRecord, common: Mapping[str, Any]) -> dict[str, Any]:
    trial = record.trial
    own: dict[str, Any] = {"monotone": trial.monotone, "subset": trial.subset}
    if isinstance(trial, Trial):
        own |= {n: getattr(trial, n) for n in ("trained_with", "trained_with_source")}
    return {
        "run": record.run,
        "noise": trial.noise,
        "noise_source": trial.noise_source,
        "scales": trial.test_scales,
        "clip": trial.clip,
        "draw": trial.test_draw,
        "status": record.status,
        "reason": record.reason,
        **{name: each for name, each in own.items() if each is not None},
        "cost": {name: each for name, each in record.cost.items() if name not in common},
    }


def _common(costs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is the same in all costs."""
    first, *others = costs
    return {
        name: each
        for name, each in first.items()
        if all(name in other and other[name] == each for other in others)
    }


def _read(data: Mapping[str, Any]) -> Record:
    """Return the record of a file's content; raise `RecordError` if it holds none."""
    named = [name for name in _SUBJECTS if name in data]
    if len(named) != 1:
        raise RecordError("it must be of either a training, or a given model")
    subject: Training | _Given = as_type(data[named[0]], _SUBJECTS[named[0]], part=named[0])
    rest = {name: each for name, each in data.items() if name not in (named[0], "checksum")}
    parts: _File = as_type(rest, _File)
    cells: dict[Cell, Evaluation] = {}
    for each in parts["cells"]:
        cell = Cell(**{name: getattr(each, name) for name in _OF_CELL})
        if cell in cells:
            raise RecordError(f"it must have each cell once, got {shown(cell)} twice")
        cells[cell] = _evaluation(each)
    trials = tuple(_trial_record(each, subject, parts, cells) for each in parts["trials"])
    for record in trials:
        record.check()
    return Record(key=parts["key"], trials=trials)


def _evaluation(cell: _Cell) -> Evaluation:
    scores = dict(cell.scores)
    right = scores.pop("accuracy", None)
    if right is None or right.dtype != "bit":
        raise RecordError(f"a cell at scale {cell.scale:g} must have one bit per image as accuracy")
    return Evaluation(
        scale=cell.scale,
        loss=cell.loss,
        accuracy=cell.accuracy,
        images=cell.images,
        correct=right.data,
        images_sha256=cell.images_sha256,
        images_sketch=cell.images_sketch,
        predicted=cell.predicted,
        probability=cell.probability,
        scores=scores,
    )


def _trial_record(
    asked: _Asked, subject: Training | _Given, parts: _File, cells: Mapping[Cell, Evaluation]
) -> TrialRecord:
    """Return a trial's record: its own part of a file's content."""
    trial = _trial(asked, subject)
    evaluations = []
    for scale in trial.test_scales if asked.status == "complete" else ():
        found = cells.get(trial.cell(scale))
        if found is None:
            raise RecordError(f"it must have a cell of {shown(trial.noise)} at scale {scale:g}")
        evaluations.append(found)
    return TrialRecord(
        key=parts["key"],
        run=asked.run,
        trial=trial,
        status=asked.status,
        reason=asked.reason,
        environment=parts["environment"],
        parameters=parts["parameters"],
        history=parts["history"],
        evaluations=tuple(evaluations),
        cost={**parts["cost"], **asked.cost},
    )


def _trial(asked: _Asked, subject: Training | _Given) -> Trial | GivenTrial:
    common: dict[str, Any] = {
        name: getattr(subject, name)
        for name in ("dataset", "dataset_sha256", "model", "model_source")
    }
    common |= {
        "noise": asked.noise,
        "noise_source": asked.noise_source,
        "test_scales": asked.scales,
        "test_draw": asked.draw,
        "clip": asked.clip,
        "monotone": asked.monotone,
        "subset": asked.subset,
    }
    if isinstance(subject, _Given):
        return GivenTrial(**common, seed=asked.draw, units=subject.units)
    trial = Trial(
        **common,
        seed=subject.seed,
        recipe=subject.recipe,
        train_scale=subject.scale,
        blank=subject.blank,
        trained_with=asked.trained_with,
        trained_with_source=asked.trained_with_source,
    )
    if trial.training != subject:
        raise RecordError("a trial must be of the training that the record is of")
    return trial
