"""A run compared with a baseline: which trials match, and what forbids a comparison."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.judging.baselines.ancestor import SinceFirst
from noisecore.judging.baselines.obstacles import (
    evaluations,
    given_models,
    notes_of,
    obstacles_of,
    other_code,
    other_images,
    whole_of,
)
from noisecore.judging.curves import Cells, Curve, Replicates, curve_cells, evaluation_at
from noisecore.judging.statistics import Floats
from noisecore.records import Evaluation, Trial, TrialRecord

Answers = NDArray[np.bool_]

# As many seeds as `--noise-seeds=auto` trains at most, if the baseline has as many.
MOST_SEEDS = 10

# The relative difference up to which losses count as the same, if the answers are the same.
_SAME_LOSS = 1e-12


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """A curve of a run and the baseline's curve of the same name, at the scales that both have.

    scales: (k,) ascending, with 0 if both sides have it. new, baseline: which test images were
    right, bool (seeds, k, images), each trained and tested at the scale. seeds: those of the rows
    of both sides, or the draws. obstacles: differences that forbid a comparison; the arrays may be
    empty then. notes: differences that do not. failures: a line for each trial of the run without
    figures. left_out, added: scales that only the baseline has, and that only the run has. seconds,
    memory: median training time and peak memory, of the run and of the baseline, NaN if unknown.
    replicates: whether a row of the arrays is a seed (a training of its own) or a draw of the noise
    (both sides share them). identical: whether the seeds or draws that both sides have gave the
    same answers and losses; if so, the arrays hold only these. cached: how many trainings of the
    run an earlier one has done, in words; empty if none. since_first: the run compared with the
    baseline's first ancestor. by_scale: for a run whose seeds came one after another
    (`--noise-seeds=auto`), and that has fewer than `final` at some scale: the answers at each
    scale, bool (its seeds, images); `new` holds the seeds that all scales have. Empty for any other
    run. whole: as in `Curve`.
    """

    curve: str
    scales: Floats
    new: Answers
    baseline: Answers
    seeds: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    obstacles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    left_out: tuple[float, ...] = ()
    added: tuple[float, ...] = ()
    seconds: tuple[float, float] = (math.nan, math.nan)
    memory: tuple[float, float] = (math.nan, math.nan)
    replicates: Replicates = "seeds"
    identical: bool = False
    cached: str = ""
    since_first: SinceFirst | None = None
    by_scale: tuple[Answers, ...] = ()
    whole: int | None = None

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many seeds or draws the run has at each scale, (k,)."""
        each = [len(one) for one in self.by_scale] or [len(self.new)] * len(self.scales)
        return np.array(each, np.int64)

    @property
    def final(self) -> int:
        """With how many seeds a scale has all that `--noise-seeds=auto` would ever train."""
        return min(MOST_SEEDS, len(self.baseline))

    def new_at(self, at: NDArray[np.bool_] | slice) -> Answers:
        """Return the run's answers at some scales, of the seeds that all of these have."""
        if not self.by_scale:
            return self.new[:, at]
        chosen = [self.by_scale[place] for place in np.arange(len(self.scales))[at]]
        least = min(map(len, chosen))
        return np.stack([each[:least] for each in chosen], axis=1)

    def means_at(self, at: NDArray[np.bool_] | slice) -> Floats:
        """Return the run's mean accuracy at some scales, over all seeds that each has."""
        if not self.by_scale:
            return np.asarray(self.new_accuracy[:, at].mean(axis=0))
        return np.array([each.mean() for each in self.by_scale])[at]

    @property
    def noisy(self) -> NDArray[np.bool_]:
        """Which of the scales are above 0, (k,): the mean is taken over these."""
        return np.asarray(self.scales > 0)

    @property
    def images(self) -> int:
        """How many test images each accuracy is a share of."""
        return int(self.new.shape[2])

    @property
    def new_accuracy(self) -> Floats:
        """Accuracy of the run, (seeds, k)."""
        return np.asarray(self.new.mean(axis=2))

    @property
    def baseline_accuracy(self) -> Floats:
        """Accuracy of the baseline, (seeds, k)."""
        return np.asarray(self.baseline.mean(axis=2))


def compare_records(
    new: Iterable[TrialRecord], baseline: Iterable[TrialRecord], *, sequential: bool = False
) -> dict[str, Comparison]:
    """Return a comparison for each curve that is on both sides, by name.

    sequential: whether the run's seeds came one after another, so that a scale may have fewer of
    them than another although none is missing. Raises `CurveError` if the records of one side do
    not belong together.
    """
    ours, theirs = curve_cells(new), curve_cells(baseline)
    shared = [name for name in ours if name in theirs]
    return {name: _compare(name, ours[name], theirs[name], sequential) for name in shared}


def compare_curves(new: Curve, baseline: Curve, *, sequential: bool = False) -> Comparison:
    """Return the comparison of two curves by their records; their names may differ.

    sequential: as in `compare_records`. Raises `ValueError` if the records of one side do not
    belong together.
    """
    ours, theirs = (curve_cells(each.records)[each.name] for each in (new, baseline))
    return _compare(new.name, ours, theirs, sequential)


def _compare(name: str, ours: Cells, theirs: Cells, sequential: bool) -> Comparison:
    given = given_models(ours) and given_models(theirs)
    new_scales, old_scales = ({scale for scale, _ in cells} for cells in (ours, theirs))
    scales = sorted(new_scales & old_scales)
    identical = _identical(ours, theirs, scales)
    obstacles = obstacles_of(ours, theirs, draws=given and not identical)
    if not scales and not obstacles:
        have = (", ".join(f"{scale:g}" for scale in sorted(s)) for s in (new_scales, old_scales))
        obstacles = ["they have no scale in common: {} in the run, {} before".format(*have)]

    def differ(at: Sequence[float]) -> bool:
        if not identical:
            return any(_images(ours, scale) != _images(theirs, scale) for scale in at)
        # Look only at the seeds or draws that both sides have: only these were compared.
        a, b = _shared(ours, theirs), _shared(theirs, ours)
        return any(_images(a, scale) != _images(b, scale) for scale in at)

    # What was measured decides, not the source code: the same images come from the same noise, and
    # the same answers of a trained model come from the same training.
    source = other_code("noise source", "noise_source", ours, theirs)
    if source and differ([scale for scale in scales if scale]):
        obstacles.append(source)
    trained = other_code("trained with", "trained_with_source", ours, theirs)
    if _are_clean(ours, theirs):
        trained = None
    if trained and not identical:
        obstacles.append(trained)
    if obstacles:
        return _apart(name, obstacles)
    seeds, before = _seeds(ours, scales), _seeds(theirs, scales)
    by_scale: tuple[Answers, ...] = ()
    if sequential:
        new, by_scale, failures = _nested(name, ours, scales)
        seeds = seeds[: len(new)]
    else:
        new, failures = _answers(name, ours, scales, seeds)
    old, holes = _answers(name, theirs, scales, before)
    if identical and not failures and not holes:
        new, old = new[np.isin(seeds, before)], old[np.isin(before, seeds)]
        seeds = before = sorted({*seeds} & {*before})
    elif not any(len(each) < min(MOST_SEEDS, len(old)) for each in by_scale):
        by_scale = ()
    obstacles = [f"the baseline does not have {line}" for line in holes]
    notes = notes_of(ours, theirs)
    if source:
        notes.append(f"{source}, and made the same images")
    if trained:
        notes.append(f"{trained}, and the answers are the same")
    if differ(scales):
        may_round, line = other_images(ours, theirs)
        (notes if may_round else obstacles).append(line)
    if new_scales - old_scales >= {0.0}:
        notes.append("scale 0 is not in the baseline: accuracy on clean images is not compared")
    noisy = [scale for scale in scales if scale > 0]
    return Comparison(
        curve=name,
        scales=np.array(scales, np.float64),
        new=new,
        baseline=old,
        seeds=(tuple(seeds), tuple(before)),
        obstacles=tuple(obstacles),
        notes=tuple(notes),
        failures=failures,
        left_out=tuple(sorted(old_scales - new_scales)),
        added=tuple(sorted(new_scales - old_scales - {0.0})),
        seconds=_medians(ours, theirs, noisy, "train_seconds"),
        memory=_medians(ours, theirs, noisy, "peak_memory_bytes"),
        replicates="draws" if given else "seeds",
        identical=identical,
        cached=_cached(ours),
        by_scale=() if identical else by_scale,
        whole=whole_of(ours),
    )


def _apart(name: str, obstacles: Iterable[str]) -> Comparison:
    """Return an empty comparison that says why the two sides cannot be compared."""
    none = np.zeros((0, 0, 0), np.bool_)
    return Comparison(
        curve=name, scales=np.zeros(0), new=none, baseline=none, obstacles=tuple(obstacles)
    )


def _identical(ours: Cells, theirs: Cells, scales: Sequence[float]) -> bool:
    """Return whether the seeds that both sides have gave the same answers and losses.

    This must hold at each of these scales, and the sides must share at least one seed. Trainings
    with the same seed and the same losses are the same, whatever other seeds either side has.
    """
    shared = set(_seeds(ours, scales)) & set(_seeds(theirs, scales))
    for scale in scales:
        for seed in shared:
            if (scale, seed) not in ours or (scale, seed) not in theirs:
                return False
            a, b = (evaluation_at(cells[scale, seed], scale) for cells in (ours, theirs))
            if not (isinstance(a, Evaluation) and isinstance(b, Evaluation)):
                return False
            if a.correct != b.correct or abs(a.loss - b.loss) > _SAME_LOSS * max(1.0, abs(b.loss)):
                return False
    return bool(shared)


def _are_clean(*sides: Cells) -> bool:
    """Return whether all trainings are on clean images, so that no noise's code was used."""
    trials = [record.trial for side in sides for record in side.values()]
    return all(isinstance(trial, Trial) and trial.train_scale == 0 for trial in trials)


def _shared(cells: Cells, others: Cells) -> Cells:
    """Return the cells of the seeds that the other side has, too."""
    seeds = {seed for _, seed in others}
    return {at: record for at, record in cells.items() if at[1] in seeds}


def _seeds(cells: Cells, scales: Sequence[float]) -> list[int]:
    return sorted({seed for scale, seed in cells if scale in scales})


def _images(cells: Cells, scale: float) -> set[Any]:
    """Return the hashes of the noisy images at a scale; for a given model, those of each draw."""
    given = given_models(cells)
    return {
        (seed if given else None, each.images_sha256)
        for (_, seed), each in evaluations(cells, scale).items()
    }


def _nested(
    name: str, cells: Cells, scales: Sequence[float]
) -> tuple[Answers, tuple[Answers, ...], tuple[str, ...]]:
    """Return the answers of the seeds that all scales have, then those of each scale, and failures.

    A scale may end before the others, but what lies before its last seed may not be missing.
    """
    seeds = _seeds(cells, scales)
    ends = [1 + seeds.index(max(seed for at, seed in cells if at == scale)) for scale in scales]
    each = [
        _answers(name, cells, [scale], seeds[:end]) for scale, end in zip(scales, ends, strict=True)
    ]
    least = min(ends, default=0)
    shared, _ = _answers(name, cells, scales, seeds[:least])
    return shared, tuple(answers[:, 0] for answers, _ in each), sum((f for _, f in each), ())


def _answers(
    name: str, cells: Cells, scales: Sequence[float], seeds: Sequence[int]
) -> tuple[Answers, tuple[str, ...]]:
    """Return (seeds, scales, images) right answers, and a line for each trial without any."""
    found = {
        (seed, scale): evaluation_at(cells.get((scale, seed)), scale)
        for seed in seeds
        for scale in scales
    }
    failures = tuple(
        f"{name} scale {scale:g} {'draw' if given_models(cells) else 'seed'} {seed}: {why}"
        for (seed, scale), why in found.items()
        if not isinstance(why, Evaluation)
    )
    images = max((e.images for e in found.values() if isinstance(e, Evaluation)), default=0)
    right = np.zeros((len(seeds), len(scales), images), np.bool_)
    for i, seed in enumerate(seeds):
        for j, scale in enumerate(scales):
            each = found[seed, scale]
            if isinstance(each, Evaluation):
                right[i, j] = each.right
    return right, failures


def _medians(ours: Cells, theirs: Cells, scales: Sequence[float], cost: str) -> tuple[float, float]:
    def median(cells: Cells) -> float:
        values = [
            record.cost[cost]
            for (scale, _), record in cells.items()
            if scale in scales and record.status == "complete" and record.cost.get(cost)
        ]
        return float(np.median(values)) if values else math.nan

    # What an earlier run has trained says nothing about how fast this one would have been.
    now = {at: record for at, record in ours.items() if not record.is_cached}
    return median(now), median(theirs)


def _cached(cells: Cells) -> str:
    """Return how many trainings were taken from a cache, and when they were done."""
    trainings = {record.key: record for record in cells.values()}
    taken = [record for record in trainings.values() if record.is_cached]
    if not taken:
        return ""
    days = sorted({str(record.cost.get("started", "an unknown day"))[:10] for record in taken})
    when = " to ".join(dict.fromkeys([days[0], days[-1]]))
    return f"{len(taken)} of {len(trainings)} trainings taken from the cache, done on {when}"
