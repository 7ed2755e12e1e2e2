"""Records of models that tests give: nothing is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from noisecore.plugin.marker import Request
from noisecore.plugin.settings import Settings
from noisecore.plugin.sources.source import Pairs, Plan, Planned
from noisecore.plugin.sources.stages import StagedCurve
from noisecore.records import CurveId, GivenTrial, TrialRecord, join_trials

if TYPE_CHECKING:
    from noisecore.running.store import Store


class Stored(Planned):
    """The part of a source that keeps its records in the artifact folder."""

    _store: Store

    @property
    def set_aside(self) -> list[str]:
        """Files among the records that were not valid records, by their new names."""
        return [str(path) for path in self._store.aside]

    def obtain(
        self,
        curve: CurveId,
        measure: Callable[[], list[TrialRecord]],
        *,
        former: CurveId | None = None,
    ) -> list[TrialRecord]:
        """Return the records of a curve of a model that was given, and keep them."""
        return keep(self._store, curve.name, measure())

    def keep(self, curve: str, records: list[TrialRecord]) -> list[TrialRecord]:
        """Keep the records of a curve that was made without the run; return them."""
        return keep(self._store, curve, records)

    def records(self, evaluated: Sequence[str] = ()) -> list[TrialRecord]:
        """Return all records of the run, which are on disk already."""
        return self._store.records()


class EvaluationSource(Stored):
    """The source of a run that trains nothing and was given no records; may raise `StoreError`."""

    dataset = None

    def __init__(self, settings: Settings, run_id: str) -> None:
        from noisecore.running.store import Store

        self.versions: dict[str, str] = {}
        self._store = Store(settings.artifacts / "trials", run_id)
        self._plan = Plan(settings.artifacts / "trials" / ".plan", run_id)

    def prepare(self) -> None:
        """Make the artifact folder ready."""
        self._store.prepare()

    def submit(
        self, requests: Sequence[Request], compared: Pairs, staged: Sequence[StagedCurve] = ()
    ) -> None:
        """Note what the tests compare; no trials are asked for."""
        self._plan.write(planned=[], compared=compared)

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Do nothing: tests evaluate for themselves."""
        yield

    def wait(self, request: Request) -> list[TrialRecord]:
        """Raise `RuntimeError`, because there is nothing to wait for."""
        raise RuntimeError("no trials were submitted")


def keep(store: Store, curve: str, records: list[TrialRecord]) -> list[TrialRecord]:
    """Write the records of a curve to disk before they are judged; return them."""
    if isinstance(records[0].trial, GivenTrial):
        store.replace(curve, records)
        return records
    for record in join_trials(records):
        store.write(record.trials)
    return records
