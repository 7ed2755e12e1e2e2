"""Records of earlier runs, judged again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from noisecore.data import Dataset, DatasetError
from noisecore.data.loading import load
from noisecore.plugin.failing import failure
from noisecore.plugin.marker import Request
from noisecore.plugin.settings import Settings
from noisecore.plugin.sources.source import Pairs, Plan, Planned
from noisecore.plugin.sources.stages import StagedCurve
from noisecore.records import CurveId, TrialRecord


class SavedSource(Planned):
    """Records of earlier runs, judged again: nothing is trained, TensorFlow is not needed.

    Raises `RecordError` if the folder or file holds something that is not a record.
    """

    def __init__(self, settings: Settings, path: Path, run_id: str) -> None:
        from noisecore.judging.results import read_records

        self.versions: dict[str, str] = {}
        self.set_aside: list[str] = []
        inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(settings.artifacts))
        if inside or os.path.exists(settings.artifacts / "trials"):
            raise pytest.UsageError(
                f"noisecore: the report of the given records would replace that of the run in "
                f"{settings.artifacts}: choose another folder with --noise-artifacts"
            )
        self._path = path
        self._all = read_records(path)
        self._asked: set[tuple[str, str]] = set()
        self._plan = Plan(settings.artifacts / ".plan", run_id)
        self.dataset: Dataset | None
        try:
            self.dataset = load(settings.profile.dataset, settings.data_dir, download=False)
        except DatasetError:
            self.dataset = None  # only the noise pictures need it

    def prepare(self) -> None:
        """Do nothing: the artifact folder is there."""

    def submit(
        self, requests: Sequence[Request], compared: Pairs, staged: Sequence[StagedCurve] = ()
    ) -> None:
        """Note what the tests need."""
        planned = dict.fromkeys(label for request in requests for label in request.labels())
        found = [record for request in requests for record in self._find(request)]
        keys = [_name(record) for record in found]
        self._plan.write(planned=list(planned), keys=keys, compared=compared)

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Do nothing: the records are there."""
        yield

    def wait(self, request: Request) -> list[TrialRecord]:
        """Return the records of one request; fail the test if one is not among those given."""
        found: dict[str, TrialRecord] = {}
        for record in self._find(request):
            first = found.setdefault(record.trial.label, record)
            # Nothing here says which of two records is the right one.
            if first.trial != record.trial or first.evaluations != record.evaluations:
                raise failure(
                    f"{self._path} holds two records of {record.trial.label} that differ, "
                    f"{first.key} and {record.key}: name a folder with the records of one run"
                )
            if self.dataset and record.trial.dataset_sha256 != self.dataset.sha256:
                raise failure(
                    f"{record.trial.label} was made with another {request.dataset}: expected "
                    f"SHA-256 {self.dataset.sha256}, got {record.trial.dataset_sha256}"
                )
        missing = [label for label in request.labels() if label not in found]
        if missing:
            what = f"{len(missing)} records of data set {request.dataset} are not in {self._path}"
            raise failure("\n  ".join([f"{what}:", *missing]))
        return self._belonging([found[label] for label in request.labels()])

    def _belonging(self, records: list[TrialRecord]) -> list[TrialRecord]:
        """Return records of one curve; fail the test if they do not belong together."""
        from noisecore.judging.curves import CurveError, curve_cells

        try:
            curve_cells(records)
        except CurveError as error:
            raise failure(f"{self._path}: {error}") from None
        return records

    def _find(self, request: Request) -> list[TrialRecord]:
        """Return all records that could be those of a request."""
        labels = set(request.labels())
        return [
            record for record in self._all if request.fits(record) and record.trial.label in labels
        ]

    def obtain(
        self,
        curve: CurveId,
        measure: Callable[[], list[TrialRecord]],
        *,
        former: CurveId | None = None,
    ) -> list[TrialRecord]:
        """Return the given records of a curve; fail the test if there are none."""
        if former is not None:
            self._all = [
                replace(record, trial=replace(record.trial, model=curve.model))
                if record.trial.curve_id == former
                else record
                for record in self._all
            ]
        found = self._of(curve.name)
        if not found:
            raise failure(f"noisecore: {self._path} holds no records of {curve.name}")
        return found

    def keep(self, curve: str, records: list[TrialRecord]) -> list[TrialRecord]:
        """Return the given records of a curve; if there are none, keep those that were made now."""
        if not self._of(curve):
            self._all += records
        return self._of(curve)

    def _of(self, curve: str) -> list[TrialRecord]:
        """Return the records of a curve, and put them into the report."""
        found = [record for record in self._all if record.trial.curve == curve]
        self._asked |= {_name(record) for record in found}
        return self._belonging(found)

    def records(self, evaluated: Sequence[str] = ()) -> list[TrialRecord]:
        """Return the records that the tests need."""
        by_name = {_name(record): record for record in self._all}
        asked = self._asked | {name for name in by_name if name[1] in set(evaluated)}
        names = dict.fromkeys([*map(tuple, self._plan.read("keys")), *sorted(asked)])
        return [by_name[name] for name in names]


def _name(record: TrialRecord) -> tuple[str, str]:
    """Return what identifies a trial's record: the records of one training share its key."""
    return record.key, record.trial.label
