"""One invocation: its trials, its records, and the report of them."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pytest

import noisecore
from noisecore.data import unit_images
from noisecore.noise import Stream, apply_noise, get_noise
from noisecore.plugin import baseline
from noisecore.plugin.baseline import Reference, shown
from noisecore.plugin.options import OPTIONS, OWN_SCALES, Choices
from noisecore.plugin.progress import duration, outcome
from noisecore.plugin.sources import Source
from noisecore.records import TrialRecord
from noisecore.running.training import standardise

if TYPE_CHECKING:
    from noisecore.judging.gates import Verdict
    from noisecore.plugin.declare import Request
    from noisecore.showing.report import NoisePictures


_WIDTH = 80  # of the terminal summary
_SHOWN = 3  # commands to look again: more than this nobody types
# The gates whose failure can be looked at again, and whether more seeds tell more.
_AGAIN = {"no regression": True, "floor": True, "monotonic": True, "trials": False}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A verdict as plain values, and the test that found it; line counts from 0, or is None."""

    nodeid: str
    file: str
    line: int | None
    verdict: Mapping[str, Any]


class Run:
    """One invocation of pytest that judges records, or one xdist worker's share of it.

    source: where its records come from. reference: the baseline that it is judged against, None
    if none was asked for. family: what the tests ask for that are judged against it. unwritten:
    whether a baseline that was to be renewed could not be.
    """

    def __init__(self, choices: Choices, run_id: str, source: Source) -> None:
        self.choices = choices
        self.id = run_id
        self.source = source
        self._lock: IO[str] | None = None
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._lines: list[str] = []
        self._judged: Sequence[Judged] = ()
        self.family: list[Request] = []
        self.unwritten = False
        self.reference = None
        if choices.baseline.path is not None:
            self.reference = Reference(
                choices.baseline, choices.profile, source, self.family, choices.artifacts
            )

    def lock(self) -> None:
        """Hold the artifact folder for this run; raise `pytest.UsageError` if that cannot be."""
        folder = self.choices.artifacts
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = open(folder / ".lock", "w")  # noqa: SIM115 (held until the end)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
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

    def unlock(self) -> None:
        """Let others write to the artifact folder."""
        if self._lock is not None:
            self._lock.close()

    def report(self, judged: Sequence[Judged], root: Path) -> None:
        """Write all artifacts from the records on disk and the verdicts; keep the summary.

        root: the folder of the tests, for the commit that a baseline is made at.
        """
        from noisecore.judging.gates import Verdict
        from noisecore.showing.report import write_report

        records = self.source.records()
        verdicts = [Verdict.from_dict(each.verdict) for each in judged]
        planned = self.source.planned()
        if not planned:
            return  # nothing was begun: an earlier run's artifacts stay as they are
        self._judged = judged
        folder = self.choices.artifacts
        about = self._about()
        if self.reference is not None:
            about["baseline"] = self.reference.describe(verdicts)
        lines = []
        try:
            write_report(
                folder,
                run=about,
                profile=_plain_profile(self.choices),
                records=records,
                verdicts=verdicts,
                planned=planned,
                noise_pictures=self._noise_pictures,
            )
            _write_step_summary(folder)
        except OSError as error:
            lines.append(
                f"the report could not be written to {folder}: {error.strerror or error}; the "
                f"records that were written before are in {folder / 'trials'}"
            )
        self._lines += _summarise(records, planned, verdicts)
        self._lines += [f"set aside, for it is no record: {path}" for path in self.source.set_aside]
        self._lines += self._next_commands(verdicts)
        self._lines += lines
        if self.reference is not None:
            self._lines += _wrap(about["baseline"])
            self._lines += self._renew(records, planned, verdicts, root)
        self._lines.append(f"artifacts: {shown(folder)}")

    def _renew(
        self,
        records: Sequence[TrialRecord],
        planned: Sequence[str],
        verdicts: Sequence[Verdict],
        root: Path,
    ) -> list[str]:
        """Leave the baseline's candidate, and renew the baseline if that was asked for."""
        try:
            lines, done = baseline.renew(
                self.choices.baseline,
                self.choices.profile,
                records,
                self.source.compared(),
                verdicts,
                missing=len(set(planned) - {record.trial.label for record in records}),
                started=self._started,
                root=root,
                artifacts=self.choices.artifacts,
            )
        except OSError as error:
            path = Path(error.filename) if error.filename else self.choices.baseline.path
            why = error.strerror or error
            lines = [f"the baseline could not be written to {shown(path)}: {why}"]
            done = False
        self.unwritten = not done
        return lines

    def _next_commands(self, verdicts: Sequence[Verdict]) -> list[str]:
        """Return a command to look at each failure again, with more seeds where that can help."""
        if self.choices.records is not None:
            return []
        lines = []
        for each, verdict in zip(self._judged, verdicts, strict=True):
            if verdict.verdict == "pass" or verdict.gate not in _AGAIN:
                continue
            changes = {}
            if _AGAIN[verdict.gate]:
                changes["seeds"] = str(max(10, 2 * len(self.choices.profile.seeds)))
            if verdict.gate == "no regression":
                changes["gate"] = "rigorous"
            line = f"  {_command(each.nodeid, {**self.choices.given, **changes})}"
            if "::baseline" not in line and line not in lines:
                lines.append(line)
        return ["to look again:", *lines[:_SHOWN], ""] if lines else []

    def annotations(self) -> list[str]:
        """Return the lines that show what is no pass beside the tests, on GitHub alone."""
        if os.environ.get("GITHUB_ACTIONS") != "true":
            return []
        from noisecore.judging.gates import Verdict
        from noisecore.showing.github import Finding, make_annotations

        findings = []
        for each in self._judged:
            verdict = Verdict.from_dict(each.verdict)
            if verdict.verdict != "pass":
                file = os.path.relpath(each.file, os.environ.get("GITHUB_WORKSPACE", os.curdir))
                findings.append(Finding(file=file, line=(each.line or 0) + 1, verdict=verdict))
        return make_annotations(findings)

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

    def _noise_pictures(self) -> NoisePictures | None:
        from noisecore.showing.report import NoisePictures

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
        two = np.zeros_like(test[:2])
        unit = "standardised pixels"
        if profile.recipe.standardisation == "none":
            unit = "pixels in [0, 1]"
        return NoisePictures(
            clean=test[0],
            frames=list(noisy(two, middle)),
            noisy=[(scale, noisy(test[:1], scale)[0]) for scale in profile.scales],
            unit=unit,
        )


def _plain_profile(choices: Choices) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(choices.profile)))
    return plain


def _wrap(text: str) -> list[str]:
    """Return a text in lines; a path or a name is not broken."""
    return wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _command(nodeid: str, given: Mapping[str, str]) -> str:
    """Return the command that runs one test with these options."""
    bare = {each.name: each.bare for each in OPTIONS}
    parts = ["pytest", nodeid]
    for name, value in {"scales": OWN_SCALES, **given}.items():
        if name not in ("artifacts", "update-baseline"):
            parts.append(f"--noise-{name}" + ("" if value == bare[name] else f"={value}"))
    return shlex.join(parts)


def _write_step_summary(folder: Path) -> None:
    """Append the run's summary to that of the step, on GitHub alone."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if os.environ.get("GITHUB_ACTIONS") != "true" or not path:
        return
    from noisecore.showing.github import SUMMARY_BYTES, cut_summary
    from noisecore.showing.results import read_results
    from noisecore.showing.summary import make_summary

    text = make_summary(read_results(folder / "results.json"), {})
    with open(path, "a", encoding="utf-8") as file:
        file.write(cut_summary(text, SUMMARY_BYTES - file.tell()))


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
        lines += ["", *str(curve).splitlines(), *_wrap(conclude(curve))]
        for verdict in verdicts:
            if verdict.gate == "no regression" and verdict.curve == curve.name:
                sentence = f"{verdict.verdict.upper()}: {verdict.sentence}"
                table = regression_table(verdict).splitlines()
                lines += ["", "against the baseline:", *table, *_wrap(sentence)]
    for verdict in verdicts:
        said = verdict.gate == "no regression" and verdict.curve in curves
        if verdict.verdict != "pass" and not said:
            sentence = f"{verdict.verdict.upper()} {verdict.gate}: {verdict.sentence}"
            lines += ["", *_wrap(sentence)]
    return [*lines, ""]
