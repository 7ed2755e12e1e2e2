"""One invocation: its trials, its records, and the report of them."""

from __future__ import annotations

import fcntl
import json
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pytest

import noisecore
from noisecore.data import unit_images
from noisecore.noise import Stream, apply_noise, get_noise
from noisecore.plugin import github
from noisecore.plugin.again import next_commands
from noisecore.plugin.baseline import CANDIDATE, Reference, shown
from noisecore.plugin.choices import Choices
from noisecore.plugin.judged import Judged
from noisecore.plugin.outcomes import Outcomes, Selected
from noisecore.plugin.progress import duration, outcome
from noisecore.plugin.renewal import renew
from noisecore.plugin.sources import Source
from noisecore.records import GivenTrial, RecordError, TrialRecord
from noisecore.running.training import standardise
from noisecore.showing.terminal import wrap_text

if TYPE_CHECKING:
    from noisecore.judging.gates import Verdict
    from noisecore.plugin.declare import Request
    from noisecore.showing.report import FromData


_REPORT = ("results.json", "curve.csv", "matrix.csv", "classes.csv", "summary.md", ".plan")


class Run:
    """One invocation of pytest that judges records, or one xdist worker's share of it.

    source: where its records come from. lock: as `lock_folder` gives it. reference: the baseline
    that it is judged against, None if none was asked for. family: what the tests ask for that are
    judged against it. problems: what fails the run though its tests passed, a line each.
    annotations: lines for GitHub.
    """

    def __init__(self, choices: Choices, run_id: str, source: Source, lock: IO[str]) -> None:
        self.choices = choices
        self.id = run_id
        self.source = source
        self._lock = lock
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._lines: list[str] = []
        self.annotations: list[str] = []
        self.family: list[Request] = []
        self.problems: list[str] = []
        self.reference = None
        if choices.baseline.path is not None:
            self.reference = Reference(choices.baseline.path, choices, source, self.family)

    def unlock(self) -> None:
        """Let others write to the artifact folder."""
        self._lock.close()

    def begin(self) -> None:
        """Remove the report of an earlier run: from here on it would pass for this run's."""
        from noisecore.running.store import remove_halves
        from noisecore.showing.report import clear_report

        try:
            clear_report(self.choices.artifacts)
            remove_halves(self.choices.artifacts, *_REPORT, CANDIDATE)
            remove_halves(self.choices.artifacts / "plots", "*.png", "*.svg")
            candidate = self.choices.artifacts / CANDIDATE
            if self.reference is None or not _same(candidate, self.reference.path):
                candidate.unlink(missing_ok=True)
        except OSError as error:
            raise pytest.UsageError(
                f"noisecore: the report of an earlier run cannot be taken away from "
                f"{self.choices.artifacts}: {error.strerror or error}"
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

        outcomes: of all tests; selected: those that were to run. root: the folder of the tests,
        for the commit that a baseline is made at. ended: whether the run went well so far.
        """
        from noisecore.judging.gates import Verdict
        from noisecore.showing.report import write_report

        try:
            records = self.source.records()
        except (OSError, RecordError) as error:
            self.problems.append(f"the report could not be written: {error}")
            return
        verdicts = [Verdict.from_dict(each.verdict) for each in judged]
        labels = (r.trial.label for r in records if isinstance(r.trial, GivenTrial))
        planned = list(dict.fromkeys([*self.source.planned(), *outcomes.evaluated(), *labels]))
        if ended and self.source.problem:
            self.problems.append(self.source.problem)
        if not planned:
            if ended and self.choices.baseline.update:
                self.problems.append("the baseline was not renewed: nothing was measured")
            return
        missing = len(set(planned) - {record.trial.label for record in records})
        if ended and missing:
            self.problems.append(f"{missing} of its records are not there any more")
        folder = self.choices.artifacts
        about = self._about()
        unfinished = outcomes.unfinished(selected)
        renewal = self._renew(records, verdicts, unfinished, selected, missing, root)
        if self.reference is not None:
            about["baseline"] = "; ".join([self.reference.describe(verdicts), *renewal])
        nodes = [each.nodeid for each in judged]
        commands = next_commands(list(zip(nodes, verdicts, strict=True)), self.choices, root)
        about |= {"next": commands} if commands else {}
        try:
            write_report(
                folder,
                run=about,
                profile=_plain_profile(self.choices),
                records=records,
                verdicts=verdicts,
                planned=planned,
                from_data=self._from_data,
            )
        except OSError as error:
            self.problems.append(
                f"the report could not be written to {folder}: {error.strerror or error}; the "
                f"records that were written before are in {folder / 'trials'}"
            )
        else:
            self.problems += github.write_step_summary(folder)
        self._lines += _summarise(records, planned, verdicts)
        self._lines += [f"set aside, for it is no record: {path}" for path in self.source.set_aside]
        for purpose, each in commands.items():
            self._lines += [purpose, *(f"  {command}" for command in each), ""]
        if self.reference is not None:
            self._lines += wrap_text(self.reference.describe(verdicts))
            self._lines += [line for line in renewal if line not in self.problems]
        self._lines.append(f"artifacts: {shown(folder)}")
        self.annotations = github.annotate(zip(judged, verdicts, strict=True), root)

    def _renew(
        self,
        records: Sequence[TrialRecord],
        verdicts: Sequence[Verdict],
        unfinished: Sequence[str],
        selected: Selected,
        missing: int,
        root: Path,
    ) -> list[str]:
        """Leave the baseline's candidate, and renew the baseline if that was asked for."""
        if self.reference is None:
            return []
        path = self.reference.path
        try:
            lines, done = renew(
                path,
                self.choices,
                self.source,
                records,
                verdicts,
                unfinished=unfinished,
                vanished=list(selected.vanished),
                missing=missing,
                started=self._started,
                root=root,
            )
        except (OSError, RecordError) as error:
            where = shown(Path(getattr(error, "filename", None) or path))
            why = getattr(error, "strerror", None) or error
            lines = [f"the baseline could not be written to {where}: {why}"]
            done = False
        if not done:
            self.problems += lines[:1]
        return lines

    def summary(self) -> list[str]:
        """Return the lines of the terminal summary."""
        return self._lines

    def _about(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._clock, 1),
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

        profile, data = self.choices.profile, self.source.dataset
        if data is None:
            return None
        noise = get_noise(profile.noise)
        _, test = standardise(
            unit_images(data.x_train), unit_images(data.x_test), profile.recipe.standardisation
        )
        stream = Stream(profile.test_draw, "test")

        def noisy(images: Any, scale: float) -> Any:
            return apply_noise(noise, images, scale, stream, clip=profile.clip)

        middle = profile.scales[len(profile.scales) // 2]
        two = np.repeat(test[:1], 2, axis=0)
        unit = "standardised pixels"
        if profile.recipe.standardisation == "none":
            unit = "pixels in [0, 1]"
        return FromData(
            labels=data.y_test,
            clean=test[0],
            frames=list(noisy(two, middle) - two),
            noisy=[(scale, noisy(test[:1], scale)[0]) for scale in profile.scales],
            unit=unit,
        )


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def lock_folder(folder: Path, *, xdist_worker: bool) -> IO[str]:
    """Hold the artifact folder for a run; raise `pytest.UsageError` if another one has it.

    The workers of xdist share a lock of their own: when their controller was killed, the next run
    has to wait for them too.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if xdist_worker:
            return _locked(folder / ".lock-workers", fcntl.LOCK_SH)
        lock = _locked(folder / ".lock", fcntl.LOCK_EX)
        _locked(folder / ".lock-workers", fcntl.LOCK_EX).close()
        return lock
    except BlockingIOError:
        raise pytest.UsageError(
            f"noisecore: another run is writing to {folder}: wait for it, or choose another "
            "folder with --noise-artifacts"
        ) from None
    except OSError as error:
        raise pytest.UsageError(
            f"noisecore: artifacts cannot be written to {folder}: {error.strerror or error}: "
            "choose another folder with --noise-artifacts"
        ) from None


def _locked(path: Path, how: int) -> IO[str]:
    file = open(path, "w")  # noqa: SIM115 (held until the end)
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def _plain_profile(choices: Choices) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(choices.profile)))
    return plain


def _summarise(
    records: Sequence[TrialRecord], planned: Sequence[str], verdicts: Sequence[Verdict]
) -> list[str]:
    """Return a few lines a curve, and the verdicts that are no pass."""
    from noisecore.judging.curves import matched_curves
    from noisecore.judging.gates import regression_table
    from noisecore.showing.summary import conclude

    seconds = sum(record.cost.get("seconds", 0.0) for record in records)
    lines = [f"{len(records)} of {len(planned)} trials, {duration(seconds)} of training and tests"]
    if reused := sum("resumed_from" in record.cost for record in records):
        lines.append(f"{reused} of them were taken over from an earlier run")
    lines += [outcome(record) for record in records if record.status == "failed"]
    curves = matched_curves(records)
    for curve in curves.values():
        lines += ["", *str(curve).splitlines(), *wrap_text(conclude(curve))]
        for verdict in verdicts:
            if verdict.gate == "no regression" and verdict.curve == curve.name:
                sentence = f"{verdict.verdict.upper()}: {verdict.sentence}"
                table = regression_table(verdict).splitlines()
                lines += ["", "against the baseline:", *table, *wrap_text(sentence)]
    for verdict in sorted(verdicts, key=lambda verdict: verdict.urgency):
        said = verdict.gate == "no regression" and verdict.curve in curves
        if verdict.verdict != "pass" and not said:
            sentence = f"{verdict.verdict.upper()} {verdict.gate}: {verdict.sentence}"
            lines += ["", *wrap_text(sentence)]
    return [*lines, ""]
