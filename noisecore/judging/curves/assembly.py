"""Assemble trial records into curves and matrices, and refuse those that do not belong together."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.code import comparable
from noisecore.escaping import shown
from noisecore.judging.curves.checks import evaluation_at
from noisecore.judging.curves.curve import Curve, Replicates
from noisecore.judging.curves.fields import CurveError
from noisecore.judging.curves.matrix import Matrix
from noisecore.judging.curves.uneven import UnevenCurve
from noisecore.judging.statistics import Floats, image_error
from noisecore.records import Evaluation, GivenTrial, Trial, TrialRecord, trial_label

_APART = "give the records of only one run, or give each model its own name"

Cells = dict[tuple[float, int], TrialRecord]


def matched_curves(
    records: Iterable[TrialRecord],
    *,
    labels: NDArray[np.int64] | None = None,
    planned: Collection[str] = (),
) -> dict[str, Curve]:
    """Return the matched curve of each name: scale by seed, trained and tested at the scale.

    For a given model, it is the curve over its test scales, by draw; for a model that was trained
    once with a noise, the curve over its test scales, by seed. labels: (images,), the class number
    of each test image, if known. planned: the labels of all trials that the run wanted, if known: a
    trial that it did without is none that is missing.

    Raises `CurveError`, naming both keys, if two records of a curve do not belong together: their
    data, source, recipe or test images differ, or their numbers for the same scale and seed.
    """
    curves = {}
    for name, cells in curve_cells(records).items():
        scales, seeds = _axes(cells)
        replicates: Replicates = "draws" if _given(cells) else "seeds"
        accuracy = np.full((len(seeds), len(scales)), np.nan)
        loss = accuracy.copy()
        failures = []
        unwanted = _unwanted(cells, scales, seeds, planned)
        for i, scale in enumerate(scales):
            for j, seed in enumerate(seeds):
                record = cells.get((scale, seed))
                found = evaluation_at(record, scale)
                if isinstance(found, Evaluation):
                    accuracy[j, i], loss[j, i] = found.accuracy, found.loss
                elif not unwanted[j, i]:
                    failures.append(f"{name} scale {scale:g} {replicates[:-1]} {seed}: {found}")
        trial = next(iter(cells.values())).trial  # the same for all trials of a curve
        kind = partial(UnevenCurve, unwanted=unwanted) if unwanted.any() else Curve
        curves[name] = kind(
            name=name,
            model=trial.model,
            noise=trial.noise,
            scales=np.array(scales, np.float64),
            seeds=seeds,
            accuracy=accuracy,
            loss=loss,
            images=max((e.images for r in cells.values() for e in r.evaluations), default=0),
            whole=trial.subset and trial.subset[1],
            replicates=replicates,
            once=_once(cells, scales) if _given(cells) else (),
            image_error=_image_error(cells, scales) if _given(cells) else None,
            failures=tuple(failures),
            id=trial.curve_id,
            records=tuple({id(record): record for record in cells.values()}.values()),
            labels=labels,
        )
    return curves


def curve_matrix(records: Iterable[TrialRecord]) -> dict[str, Matrix]:
    """Return the train-by-test matrix of each curve's name; raises as `matched_curves` does.

    A given model has no matrix, and neither has one that was trained once with another noise.
    """
    matrices = {}
    for name, cells in curve_cells(records).items():
        if not _matched(cells):
            continue
        scales, seeds = _axes(cells)
        tests = sorted({scale for record in cells.values() for scale in record.trial.test_scales})
        accuracy = np.full((len(seeds), len(scales), len(tests)), np.nan)
        loss = accuracy.copy()
        for (scale, seed), record in cells.items():
            for j, test in enumerate(tests):
                found = evaluation_at(record, test)
                if isinstance(found, Evaluation):
                    at = seeds.index(seed), scales.index(scale), j
                    accuracy[at], loss[at] = found.accuracy, found.loss
        matrices[name] = Matrix(
            name=name,
            train_scales=np.array(scales, np.float64),
            test_scales=np.array(tests, np.float64),
            seeds=seeds,
            accuracy=accuracy,
            loss=loss,
        )
    return matrices


def curve_cells(records: Iterable[TrialRecord]) -> dict[str, Cells]:
    """Return each curve's records by (scale, seed), names in alphabetical order.

    Raises `CurveError`, naming both keys, if two records of a curve do not belong together.
    """
    groups: dict[str, Cells] = {}
    for record in records:
        cells = groups.setdefault(record.trial.curve, {})
        if cells:
            _check_same_curve(next(iter(cells.values())), record)
        for scale in record.trial.curve_scales:
            cell = scale, record.trial.seed
            cells[cell] = _one_of(cells[cell], record) if cell in cells else record
    return dict(sorted(groups.items()))


def _unwanted(
    cells: Cells, scales: Sequence[float], seeds: Sequence[int], planned: Collection[str]
) -> NDArray[np.bool_]:
    """Return which trials, (seeds, scales), have no record because the run did without them."""
    found = np.zeros((len(seeds), len(scales)), np.bool_)
    if not planned or not _matched(cells):
        return found
    name, known = next(iter(cells.values())).trial.curve, set(planned)
    for (j, seed), (i, scale) in product(enumerate(seeds), enumerate(scales)):
        found[j, i] = (scale, seed) not in cells and trial_label(name, scale, seed) not in known
    return found


def _once(cells: Cells, scales: Iterable[float]) -> tuple[float, ...]:
    """Return the scales at which all draws saw the same images, and gave the same answers."""
    found = []
    for scale in scales:
        seen = {
            (each.images_sha256, each.correct, each.loss)
            for (at, _), record in cells.items()
            if at == scale and isinstance(each := evaluation_at(record, scale), Evaluation)
        }
        found += [scale] if len(seen) == 1 else []
    return tuple(found)


def _image_error(cells: Cells, scales: Iterable[float]) -> Floats:
    """Return the standard error over images at each scale, of the draws that have figures.

    NaN where there are none, or where the list of right answers is damaged.
    """
    errors = []
    for scale in scales:
        found = (evaluation_at(record, at) for (at, _), record in cells.items() if at == scale)
        there = [each for each in found if isinstance(each, Evaluation)]
        try:
            right = [each.right for each in there]
            off = [abs(r.mean() - e.accuracy) for r, e in zip(right, there, strict=True)]
            errors.append(image_error(right) if max(off, default=0) < 1e-6 else math.nan)
        except (TypeError, ValueError):
            errors.append(math.nan)
    return np.array(errors)


def _given(cells: Cells) -> bool:
    """Return whether these are of a model that was given, and not trained."""
    return any(isinstance(record.trial, GivenTrial) for record in cells.values())


def _matched(cells: Cells) -> bool:
    """Return whether these are of models that were trained at each scale of the curve."""
    trials = (record.trial for record in cells.values())
    return all(isinstance(each, Trial) and each.trained_with is None for each in trials)


def _axes(cells: Cells) -> tuple[list[float], tuple[int, ...]]:
    return sorted({scale for scale, _ in cells}), tuple(sorted({seed for _, seed in cells}))


def _check_same_curve(first: TrialRecord, record: TrialRecord) -> None:
    """Raise `CurveError` unless two records differ in nothing but scale and seed."""
    ours, theirs = (_common(r.trial) for r in (first, record))
    for name in ours | theirs:
        if (a := ours.get(name)) != (b := theirs.get(name)):
            if name.endswith("_source") and not comparable([a, b]):
                raise CurveError(
                    f"{record.trial.curve}: records of one curve must have a {name} of one kind, "
                    f"got {shown(a)} in {first.key} and {shown(b)} in {record.key}, which cannot "
                    "be compared: if an older noisecore made one of them, make it again"
                )
            raise CurveError(
                f"{record.trial.curve}: records of one curve must have the same {name}, "
                f"got {shown(a)} in {first.key} and {shown(b)} in {record.key}: {_APART}"
            )
    images = {e.images for r in (first, record) for e in r.evaluations}
    if len(images) > 1:
        raise CurveError(
            f"{record.trial.curve}: records of one curve must have the same number of test "
            f"images, got {sorted(images)} in {first.key} and {record.key}: {_APART}"
        )


def _common(trial: Trial | GivenTrial) -> dict[str, Any]:
    """Return what all trials of a curve have in common: all but scale, seed and what is claimed."""
    own = {"train_scale", "test_scales", "seed", "monotone"}
    if isinstance(trial, GivenTrial):
        own.add("test_draw")
    return {f.name: getattr(trial, f.name) for f in fields(trial) if f.name not in own}


def _one_of(first: TrialRecord, record: TrialRecord) -> TrialRecord:
    """Return which of two records of the same trial counts: a failed one always does."""
    for candidate in (first, record):
        if candidate.status != "complete":
            return candidate
    if first.numbers() != record.numbers():
        raise CurveError(
            f"{record.trial.label}: expected one record, got two that differ: "
            + (f"{first.key} twice" if first.key == record.key else f"{first.key} and {record.key}")
            + f"; {_APART}"
        )
    return first
