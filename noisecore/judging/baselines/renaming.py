"""Curves of a baseline whose names have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from noisecore.judging.baselines.ancestor import what_is_the_same
from noisecore.judging.baselines.file import Baseline, Origin
from noisecore.records import TrialRecord


def renamed(baseline: Baseline, models: Mapping[str, str]) -> Baseline:
    """Return a baseline in which the models of some curves have new names.

    models: from the old name of a curve to the new name of its model. A curve keeps its old name if
    the new one is already taken.
    """
    origins, records = dict(baseline.origins), list(baseline.records)
    for old, model in models.items():
        if old not in origins:
            continue
        own = baseline.of(old)
        now = [replace(record, trial=replace(record.trial, model=model)) for record in own]
        name = now[0].trial.curve
        if name in origins:
            continue
        origins[name] = _origin(origins.pop(old), own, now)
        records = [record for record in records if record.trial.curve != old] + now
    return replace(baseline, origins=origins, records=tuple(records))


def _origin(origin: Origin, old: list[TrialRecord], new: list[TrialRecord]) -> Origin:
    """Return the origin of a renamed curve: its first ancestor is the same."""
    first = origin.first
    if first is None or first.same != what_is_the_same(old):
        return origin
    return replace(origin, first=replace(first, same=what_is_the_same(new)))
