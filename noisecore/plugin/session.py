"""One invocation: its trials, its records, and the report of them."""

from __future__ import annotations

import json
import platform
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pytest

import noisecore
from noisecore.data import Dataset, labels_of
from noisecore.errors import NoisecoreError
from noisecore.noise import Samples, Stream, most_contrast, reduced, some_scales
from noisecore.paths import same_file
from noisecore.plugin import staging
from noisecore.plugin.baseline.held import CANDIDATE, NOT_COMPARED, RunBaseline, shown
from noisecore.plugin.baseline.lost import given_up, unclaimed
from noisecore.plugin.baseline.renewal import NOT_RENEWED, renew
from noisecore.plugin.locking import lock_folder
from noisecore.plugin.made import Made
from noisecore.plugin.reporting import github
from noisecore.plugin.reporting.judged import Judged
from noisecore.plugin.reporting.outcomes import Outcomes, Selected
from noisecore.plugin.reporting.rerun import next_commands
from noisecore.plugin.reporting.standing import cached, hidden, stands_on
from noisecore.plugin.reporting.summary import summarise
from noisecore.plugin.settings import Settings
from noisecore.plugin.sources import Source
from noisecore.records import GivenTrial, TrialRecord, noted
from noisecore.running.images import splits_of
from noisecore.showing.parts import Parts, quietly
from noisecore.showing.terminal import wrap_text

if TYPE_CHECKING:
    from noisecore.judging.gates import Verdict
    from noisecore.showing.report import FromData


_RESUME = "--noise-resume"
_TABLES = ("curve.csv", "matrix.csv", "classes.csv", "trainings.csv")
_REPORT = ("results.json", *_TABLES, "summary.md", ".plan")


class Run:
    """One invocation of pytest that judges records, or one xdist worker's share of it.

    source: where its records come from. baseline: the baseline that it is judged against, None if
    none was asked for. records, planned: of the run, once it is reported. problems: what fails the
    run although its tests passed, one line each. annotations: lines for GitHub. going_on: how to
    continue a run that ended early, else empty. saved: a line that says that saved records were
    judged, else empty. quiet: what a run with -q says in addition: settings that the command line
    does not show, curves that were not compared, and what was written into the baseline.

    Creating a run reads the baseline, and writes nothing yet.
    """

    def __init__(self, settings: Settings, run_id: str, source: Source) -> None:
        self.settings = settings
        self.id = run_id
        self.source = source
        self._lock: IO[bytes] | None = None
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._lines: list[str] = []
        self.records: Sequence[TrialRecord] = ()
        self.planned: Sequence[str] = ()
        self.annotations: list[str] = []
        self.problems: list[str] = []
        self.quiet: list[str] = []
        self.going_on = self.saved = ""
        self.made = Made(settings.artifacts / ".made", run_id)
        self.baseline = None
        if settings.baseline.path is not None:
            self.baseline = RunBaseline(settings.baseline.path, settings)

    def prepare(self, *, xdist_worker: bool) -> None:
        """Hold the artifact folder, as `lock_folder` does, and make it ready."""
        self._lock = lock_folder(self.settings.artifacts, xdist_worker=xdist_worker)
        try:
            self.source.prepare()
        except BaseException:
            self.unlock() if xdist_worker else self.leave()
            raise

    def unlock(self) -> None:
        """Let others write to the artifact folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def leave(self) -> None:
        """Unlock the artifact folder for a run that did not start, and remove its lock file."""
        if self._lock is not None:
            with suppress(OSError):
                (self.settings.artifacts / ".lock").unlink()
        self.unlock()

    def begin(self) -> None:
        """Remove the report of an earlier run, so that nobody mistakes it for this run's."""
        with quietly():
            from noisecore.running.store import remove_halves
            from noisecore.showing.report import clear_report

        try:
            clear_report(self.settings.artifacts)
            remove_halves(self.settings.artifacts, *_REPORT, CANDIDATE)
            remove_halves(self.settings.artifacts / "plots", "*.png", "*.svg")
            candidate = self.settings.artifacts / CANDIDATE
            if self.baseline is None or not same_file(candidate, self.baseline.path):
                candidate.unlink(missing_ok=True)  # another of xdist's workers may be faster
        except OSError as error:
            raise pytest.UsageError(
                f"noisecore: the report of an earlier run cannot be removed from "
                f"{self.settings.artifacts}: {error.strerror or error}"
            ) from None

    def report(
        self,
        judged: Sequence[Judged],
        outcomes: Outcomes,
        selected: Selected,
        root: Path,
        *,
        ended: bool,
    ) -> None:
        """Write all artifacts from the records on disk and the verdicts; keep the summary.

        outcomes: of all tests; selected: the tests that should run. root: the folder of the tests,
        whose commit a baseline names. ended: whether the run went well so far.
        """
        parts = Parts()
        try:
            with parts.making("the report"):
                self._report(parts, judged, outcomes, selected, root, ended=ended)
        finally:
            where = shown(self.settings.artifacts)
            self.problems += [
                f"the report in {where} is not complete: {line} (the records are in {where}/trials)"
                for line in parts.problems
            ]

    def _report(
        self,
        parts: Parts,
        judged: Sequence[Judged],
        outcomes: Outcomes,
        selected: Selected,
        root: Path,
        *,
        ended: bool,
    ) -> None:
        from noisecore.judging.gates import Verdict

        records = self.records = self.source.records(outcomes.evaluated())
        self.saved = stands_on(self.settings, records, self.id)
        verdicts = [Verdict.from_dict(each.verdict) for each in judged]
        labels = (r.trial.label for r in records if isinstance(r.trial, GivenTrial))
        planned = list(dict.fromkeys([*self.source.planned(), *outcomes.evaluated(), *labels]))
        self.planned = planned
        if ended and self.source.problem:
            self.problems.append(self.source.problem)
        if not planned:
            if ended and self.settings.baseline.update:
                self.problems.append(NOT_RENEWED)
            self._lines += self._aside()
            if self.baseline is not None:
                self._lines += wrap_text(self.baseline.describe(verdicts, selected.skipped))
            return
        self._say_how_to_go_on({record.trial.label for record in records})
        missing = len(set(planned) - {record.trial.label for record in records})
        if ended and missing:
            self.problems.append(f"{missing} of its trials have no record any more")
        standing = [*filter(None, [hidden(self.settings), *cached(self.settings, records)])]
        told = [*filter(None, [self.saved]), *standing]
        about = self._about()
        about |= ({"notes": told} if told else {}) | staging.told(self.source.standing())
        renewal: list[str] = []
        compared: list[str] = []
        with parts.making("the comparison with the baseline"):
            if self.baseline is not None:
                renewal = self._renew(records, verdicts, outcomes, selected, missing, root)
                compared = [self.baseline.describe(verdicts, selected.skipped)]
                about["baseline"] = "; ".join([*compared, *renewal])
        commands: dict[str, list[str]] = {}
        with parts.making("what to do next"):
            nodes = [each.nodeid for each in judged]
            given = {r.trial.curve for r in records if isinstance(r.trial, GivenTrial)}
            found = list(zip(nodes, verdicts, strict=True))
            seeds = self.baseline.fixed_seeds if self.baseline else 0
            commands = next_commands(found, self.settings, root, given=given, seeds=seeds)
            about |= {"next": commands} if commands else {}
        hides = [*standing, *(each for each in compared if NOT_COMPARED in each)]
        self.quiet = [line for each in hides for line in wrap_text(each)]
        self.quiet += [line for line in renewal[:1] if line not in self.problems]
        self._write(parts, about, records, verdicts, planned)
        self._lines += summarise(parts, records, planned, verdicts)
        for line in (*standing, *staging.lines(self.source.standing())):
            self._lines += wrap_text(line)
        self._lines += self._aside()
        self._lines += [line for note in noted(records) for line in wrap_text(note)]
        for purpose, each in commands.items():
            self._lines += [purpose, *(f"  {command}" for command in each), ""]
        self._lines += [line for each in compared for line in wrap_text(each)]
        self._lines += [line for line in renewal if line not in self.problems]
        self._lines.append(f"artifacts: {shown(self.settings.artifacts)}")
        with parts.making("the annotations"):
            self.annotations = github.annotate(zip(judged, verdicts, strict=True), root)

    def _write(
        self,
        parts: Parts,
        about: Mapping[str, Any],
        records: Sequence[TrialRecord],
        verdicts: Sequence[Verdict],
        planned: Sequence[str],
    ) -> None:
        """Write the report into the artifact folder, and its summary for GitHub's step."""
        from noisecore.showing.report import write_report

        folder = self.settings.artifacts
        written = write_report(
            folder,
            run=about,
            profile=json.loads(json.dumps(asdict(self.settings.profile))),
            records=records,
            verdicts=verdicts,
            planned=planned,
            from_data=self._from_data,
        )
        parts.add(written)
        with parts.making("the step summary"):
            github.write_step_summary(folder)

    def _renew(
        self,
        records: Sequence[TrialRecord],
        verdicts: Sequence[Verdict],
        outcomes: Outcomes,
        selected: Selected,
        missing: int,
        root: Path,
    ) -> list[str]:
        """Write the candidate of the baseline, and renew the baseline if that was asked for."""
        if self.baseline is None or self.source.standing():  # a baseline needs fixed seeds
            return []
        path = self.baseline.path
        lost = {**selected.vanished, **unclaimed(self.baseline.baseline, outcomes, selected)}
        try:
            lines, done = renew(
                path,
                self.settings,
                records,
                verdicts,
                pairs=[*self.source.compared(), *outcomes.compared()],
                former=outcomes.former(),
                unfinished=outcomes.unfinished(selected),
                vanished=[*lost, *given_up(self.baseline.baseline, outcomes)],
                missing=missing,
                started=self._started,
                root=root,
            )
        except (NoisecoreError, OSError) as error:
            where = Path(getattr(error, "filename", None) or path)
            why = getattr(error, "strerror", None) or error
            what = "the baseline"
            if where == self.settings.artifacts / CANDIDATE:
                what = "the candidate of the baseline"
                if self.settings.baseline.update:
                    what = f"the baseline was not renewed: {what}"
            lines = [f"{what} could not be written to {shown(where)}: {why}"]
            done = False
        if not done:
            self.problems += lines  # all lines: a quiet run has to say the reason, too
        return lines

    def _aside(self) -> list[str]:
        return [f"not a valid record, renamed to {path}" for path in self.source.set_aside]

    def _say_how_to_go_on(self, done: set[str]) -> None:
        left = [label for label in self.source.planned() if label not in done]
        if left and self.settings.records is None:
            arguments = [each for each in self.settings.arguments if each != _RESUME]
            command = shlex.join(["pytest", *arguments, _RESUME])
            self.going_on = f"{len(left)} trials have no record yet. To go on: {command}"

    def summary(self) -> list[str]:
        """Return the lines of the terminal summary."""
        return self._lines

    def _about(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._clock, 1),
            **({"records": shown(self.settings.records)} if self.settings.records else {}),
            "command": shlex.join(["pytest", *sys.argv[1:]]),
            "versions": {
                "noisecore": noisecore.__version__,
                "python": platform.python_version(),
                "numpy": np.__version__,
                "pytest": pytest.__version__,
                **self.source.versions,
            },
        }

    def _from_data(self) -> FromData | None:
        from noisecore.showing.report import FromData

        given = {r.trial.curve for r in self.records if isinstance(r.trial, GivenTrial)}
        samples = self.made.samples(sorted(given))
        data = self.source.dataset
        if data is not None:
            samples[""] = self._of_profile(data)
        if not samples:
            return None
        trained = (r.trial for r in self.records if not isinstance(r.trial, GivenTrial))
        subset = next((each.subset for each in trained), None)
        return FromData(labels=labels_of(data, subset), samples=samples)

    def _of_profile(self, data: Dataset) -> Samples:
        """Return a few test images under the profile's noise, as the trials have them."""
        profile = self.settings.profile
        kind = profile.recipe.standardisation
        _, test = splits_of(data, kind)
        places = np.array(most_contrast(test.images, data.y_test), np.intp)
        clean = test.images[places]
        stream, clip = Stream(profile.test_draw, "test"), profile.clip
        noisy = {
            scale: reduced(test.noisy(profile.noise, scale, stream, places=places, clip=clip))
            for scale in some_scales(profile.scales)
        }
        unit = "pixels in [0, 1]" if kind == "none" else "standardised pixels"
        return Samples(clean=reduced(clean), noisy=noisy, unit=unit)


# In the configuration's stash.
RUN_ID: pytest.StashKey[str] = pytest.StashKey()
RUN: pytest.StashKey[Run | None] = pytest.StashKey()
