"""Seeds one after another (`--noise-seeds=auto`): which trials of a run are wanted by now.

Each process of a run decides by itself, from the records that all of them share. A decision is
taken when the records of a stage are all there, and from these alone: so all decide the same.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from noisecore.data import Dataset
from noisecore.judging.margins import Rule
from noisecore.plugin.marker import Request
from noisecore.records import Trial, TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve

LEAST = 3  # seeds that other claims than that against the baseline need

Found = Mapping[Trial, TrialRecord]


class Standing(NamedTuple):
    """How far a curve is, as plain values: xdist's workers and controller tell each other.

    step: how many decisions were taken. decided: at how many of its points (scales) no more seeds
    are needed; now: how many trials are wanted by now, most: in the end. seeds: how many seeds of
    each scale, in words. identical: as of `StagedCurve`.
    """

    curve: str
    step: int
    decided: int
    points: int
    now: int
    most: int
    seeds: str
    identical: bool


@dataclass(frozen=True)
class Compared:
    """What a test compares with the baseline: its trials, and the rule that it is judged by."""

    request: Request
    rule: Rule


class StagedCurve:
    """A curve that gets as many seeds as its verdicts need.

    seeds: how many each scale has by now; the seeds are the first ones of the baseline's. final:
    whether no more are needed. identical: whether it was told to be identical to the baseline, by
    one seed at each scale.
    """

    def __init__(
        self,
        requests: Sequence[Request],
        compared: Sequence[Compared],
        held: Sequence[TrialRecord],
        dataset: Dataset,
    ) -> None:
        first = requests[0]
        self.name = first.curve
        self.final = self.identical = False
        self._compared = compared
        self._held = held
        self._most = len(first.seeds)
        self._step = 0
        self._closing = False  # whether what is wanted now is the last of it
        self._trials = {each: each.trials(dataset) for each in dict.fromkeys(requests)}
        scales = sorted({scale for each in requests for scale in each.train_scales})
        self.seeds = dict.fromkeys(scales, 1)
        self._near = dict.fromkeys(scales, 0.0)  # how much was lost there: the most comes first
        self._open = set(scales)
        self._ahead: set[float] = set()  # scales whose `LEAST` seeds are wanted before the decision
        self._looked = 0  # at how many records, before it

    def of(self, request: Request) -> list[Trial]:
        """Return the trials of a request that its decisions rest on by now, scale by scale."""
        return self._first(request, self.seeds)

    def _first(self, request: Request, seeds: Mapping[float, int]) -> list[Trial]:
        places = {seed: place for place, seed in enumerate(request.seeds)}
        return [t for t in self._trials[request] if places[t.seed] < seeds[t.train_scale]]

    def wanted(self) -> list[Trial]:
        """Return all trials that are wanted by now; those that decide soonest come first."""
        return [trial for *_, trial in sorted(self.ranked(), key=lambda each: each[:2])]

    def ranked(self) -> list[tuple[int, float, Trial]]:
        """Return all trials that are wanted by now, the number of the seed and a rank first."""
        seeds = next(iter(self._trials)).seeds
        wanted = {
            scale: max(number, LEAST if scale in self._ahead else 0)
            for scale, number in self.seeds.items()
        }
        trials = dict.fromkeys(t for each in self._trials for t in self._first(each, wanted))
        return [(seeds.index(t.seed), -self._near[t.train_scale], t) for t in trials]

    def advance(self, found: Found) -> None:
        """Take each decision that the records allow."""
        while not self.final:
            trials = list(dict.fromkeys(t for each in self._trials for t in self.of(each)))
            if any(trial not in found for trial in trials):
                self._look_ahead(found, trials)
                return
            self._step += 1
            if self._closing:
                self._end()
            else:
                self._decide(found, trials)

    def _look_ahead(self, found: Found, trials: Sequence[Trial]) -> None:
        """Want more before the first decision, where a record shows that the curve has changed.

        Each scale that does not fail then gets `LEAST` seeds, whatever the other records say: no
        worker has to wait for the last of them.
        """
        there = [t for t in trials if t in found and found[t].status == "complete"]
        if self._step or len(there) == self._looked:
            return
        self._looked = len(there)
        if self._ahead or not self._is_identical(found, there):
            self._ahead = {trial.train_scale for trial in there}

    def _is_identical(self, found: Found, there: Sequence[Trial]) -> bool:
        """Return whether these records are the baseline's, as far as both have them."""
        from noisecore.judging.baselines import compare_curves

        (held,) = _curves(self._held)
        for each in self._compared:
            records = [found[trial] for trial in self.of(each.request) if trial in there]
            if records and not compare_curves(_curves(records)[0], held, sequential=True).identical:
                return False
        return True

    def _end(self) -> None:
        self.final = True
        self._open = set()

    def _decide(self, found: Found, trials: Sequence[Trial]) -> None:
        from noisecore.judging.baselines import compare_curves

        failed = {t.train_scale for t in trials if found[t].status != "complete"}
        if failed:  # the curve fails: its other scales get what the claims on them need
            self._close(failed)
            return
        (held,) = _curves(self._held)
        measured = [self._measured(each.request, found) for each in self._compared]
        comparisons = [compare_curves(each, held, sequential=True) for each in measured]
        if any(each.obstacles for each in comparisons):  # it fails, however many seeds it gets
            self._close(())
            return
        alone = max(self.seeds.values()) == 1
        if alone and all(each.identical for each in comparisons) and self._is_held(measured):
            self.identical = True
            self._end()
            return
        wanted = dict(self.seeds)
        for curve, each in zip(measured, self._compared, strict=True):
            for scale, number in _wanted(curve, held, each.rule).items():
                at = scale if each.request.trained_with is None else each.request.train_scales[0]
                wanted[at] = max(wanted[at], min(number, self._most))
            self._rank(curve, held)
        self._open = {scale for scale in wanted if wanted[scale] > self.seeds[scale]}
        if not self._open:
            self._close(())
        else:
            self.seeds = wanted

    def _close(self, failed: Sequence[float] | set[float]) -> None:
        """Let each scale that did not fail have the seeds that all claims need, and no more."""
        least = min(LEAST, self._most)
        self.seeds = {
            scale: number if scale in failed else max(number, least)
            for scale, number in self.seeds.items()
        }
        self._closing = True
        self._open = set()

    def _measured(self, request: Request, found: Found) -> Curve:
        (curve,) = _curves([found[trial] for trial in self.of(request)])
        return curve

    def _is_held(self, measured: Sequence[Curve]) -> bool:
        """Return whether the baseline has all scales, and a complete record of each training."""
        scales = {scale for curve in _curves(self._held) for scale in curve.scales.tolist()}
        if not all(scales.issuperset(curve.scales.tolist()) for curve in measured):
            return False
        there = {
            (scale, record.trial.seed)
            for record in self._held
            if record.status == "complete"
            for scale in _scales(record.trial)
        }
        seeds = next(iter(self._trials)).seeds
        return there >= {(scale, seed) for scale in self.seeds for seed in seeds}

    def _rank(self, measured: Curve, held: Curve) -> None:
        for scale in set(measured.scales.tolist()) & set(held.scales.tolist()) & set(self._near):
            ours = measured.accuracy[:, measured.scales == scale]
            self._near[scale] = held.at(scale).mean - float(np.nanmean(ours))

    def claimed(self, request: Request, found: Found) -> list[TrialRecord]:
        """Return the records that other claims than that against the baseline are judged on.

        Each scale has the same seeds: those that all scales of the request have. If the curve is
        identical, they are the baseline's own.
        """
        trials = self.of(request)
        if self.identical:
            wanted = {(trial.train_scale, seed) for trial in trials for seed in request.seeds}
            return [
                _tested(record, request)
                for record in self._held
                if any((scale, record.trial.seed) in wanted for scale in _scales(record.trial))
            ]
        records = [found[trial] for trial in trials]
        if any(record.status != "complete" for record in records):
            return records
        seeds = request.seeds[: self.common(request)]
        return [record for record in records if record.trial.seed in seeds]

    def common(self, request: Request) -> int:
        """Return how many seeds all scales of a request have."""
        return min(self.seeds[scale] for scale in request.train_scales)

    def suffices(self, made: Sequence[TrialRecord], rule: Rule) -> bool:
        """Return whether the verdict on these records needs no more seeds by this rule."""
        if self.identical:
            return True
        (measured,), (held,) = _curves(made), _curves(self._held)
        wanted = _wanted(measured, held, rule)
        have = np.isfinite(measured.accuracy).sum(axis=0)
        return all(
            min(wanted.get(scale, 0), self._most) <= number
            for scale, number in zip(measured.scales.tolist(), have.tolist(), strict=True)
        )

    def standing(self) -> Standing:
        """Return how far the curve is."""
        now = [trial for _, _, trial in self.ranked()]
        every = dict.fromkeys(trial for each in self._trials.values() for trial in each)
        sure = [t for t in every if t.train_scale in self._open or t in now]
        return Standing(
            curve=self.name,
            step=self._step,
            decided=len(self.seeds) - len(self._open),
            points=len(self.seeds),
            now=len(now),
            most=len(now) if self._closing or self.final else len(sure),
            seeds=self.described,
            identical=self.identical,
        )

    @property
    def described(self) -> str:
        """How many seeds each scale has, in words."""
        by_number: dict[int, list[float]] = {}
        for scale, number in self.seeds.items():
            by_number.setdefault(number, []).append(scale)
        once = next(iter(self._trials)).trained_with is not None
        parts = []
        for number, scales in sorted(by_number.items()):
            said = f"{number} seed{'s' * (number > 1)}"
            at = ", ".join(f"{scale:g}" for scale in scales)
            everywhere = "" if once else " at each scale"
            parts.append(said + (everywhere if len(by_number) == 1 else f" at scale {at}"))
        return "; ".join(parts) + ("; identical" if self.identical else "")


class Stages:
    """The trials of a run: of curves that get their seeds one after another, and all others."""

    def __init__(self, fixed: Sequence[Trial], curves: Sequence[StagedCurve]) -> None:
        self._fixed = fixed
        self._curves = {curve.name: curve for curve in curves}
        self._lock = threading.RLock()

    def __bool__(self) -> bool:
        return bool(self._curves)

    def curve(self, name: str) -> StagedCurve | None:
        """Return a curve that gets its seeds one after another, None if it does not."""
        return self._curves.get(name)

    def wanted(self, found: Found) -> list[Trial]:
        """Return the trials that are wanted by now; those that decide soonest come first."""
        with self._lock:
            ranked = []
            for curve in self._curves.values():
                curve.advance(found)
                ranked += curve.ranked()
        first = [trial for *_, trial in sorted(ranked, key=lambda each: each[:2])]
        return list(dict.fromkeys([*first, *self._fixed]))

    def standing(self) -> list[Standing]:
        """Return how far each curve is."""
        with self._lock:
            return [curve.standing() for curve in self._curves.values()]


def _scales(trial: object) -> tuple[float, ...]:
    """Return the scale that a trained model was trained at."""
    return (trial.train_scale,) if isinstance(trial, Trial) else ()


def _tested(record: TrialRecord, request: Request) -> TrialRecord:
    """Return a record without the test scales that a request does not ask for."""
    tests = tuple(each for each in record.evaluations if each.scale in request.test_scales)
    if len(tests) == len(record.evaluations):
        return record
    trial = replace(record.trial, test_scales=tuple(each.scale for each in tests))
    return replace(record, trial=trial, evaluations=tests)


def _wanted(measured: Curve, held: Curve, rule: Rule) -> dict[float, int]:
    from noisecore.judging.sequential import wanted_seeds

    return wanted_seeds(
        measured, held, rule.margins, mode=rule.mode, alpha=rule.alpha, curves=rule.curves
    )


def _curves(records: Sequence[TrialRecord]) -> list[Curve]:
    from noisecore.judging.curves import matched_curves

    return list(matched_curves(records).values())
