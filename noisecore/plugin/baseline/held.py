"""The baseline of a run: who is compared with it, and which curves vanished."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from noisecore.judging.margins import Margins, Mode, Rule, changed_margins
from noisecore.plugin.baseline.reading import check_place, read
from noisecore.plugin.failing import failure
from noisecore.plugin.marker import Request
from noisecore.plugin.options import OWN_SCALES
from noisecore.plugin.reporting.rerun import closer_look
from noisecore.plugin.settings import Settings
from noisecore.records import GivenTrial, Trial, TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline, Comparison, Origin
    from noisecore.judging.curves import Curve
    from noisecore.judging.gates import Verdict
    from noisecore.judging.gates.case import Case

# A test that takes this fixture compares its curve with the baseline.
FIXTURE = "noise_baseline"
CANDIDATE = "baseline.json"

NOT_ASKED = "compare with a baseline: add --noise-baseline=auto"


def shown(path: Path) -> str:
    """Return a path as a person would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def compares(item: pytest.Item) -> bool:
    """Return whether a test compares its curve with the baseline."""
    return FIXTURE in getattr(item, "fixturenames", ())


def file_of(item: pytest.Item) -> str:
    """Return the file of a test, relative to the root of the tests."""
    return item.nodeid.partition("::")[0]


class RunBaseline:
    """The baseline that a run is judged against.

    path: of the baseline's file. baseline: what it held as the run began. vanished: the curves that
    no test compares any more.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self._settings = settings
        self.baseline = read(path, settings.profile)
        self.vanished: Collection[str] = ()
        if settings.baseline.update:
            check_place(path)

    def rename(self, former: str, model: str) -> bool:
        """Rename the model of a curve; return whether the baseline has the curve."""
        from noisecore.judging.baselines import renamed

        if self.baseline is None or former not in self.baseline.origins:
            return False
        self.baseline = renamed(self.baseline, {former: model})
        return True

    def case(
        self,
        curve: Curve,
        request: Request | None = None,
        *,
        nodeid: str,
        evaluated: Sequence[str],
        margins: Margins | str | None = None,
        mode: Mode | None = None,
        alpha: float | None = None,
        made: Sequence[TrialRecord] | None = None,
    ) -> Case:
        """Return a curve, the baseline, and the rule that it is judged by.

        request: what the test's marker asked for, None for a curve of its own. nodeid: of the test
        that asks; evaluated: the curves that it has evaluated. margins, mode, alpha: the values
        that the test gives, which come before all others. made: the records to compare if the
        seeds came one after another.
        """
        from noisecore.judging.gates.case import Case

        baseline, settings = self.baseline, self._settings.baseline
        name = curve.name
        problem, renew = self._problem(name, nodeid, evaluated)
        comparison, rule = None, self.rule(name, request, margins)
        if baseline is not None and problem is None:
            comparison = self._compare(baseline, name, curve.records, made)
        rule = replace(rule, mode=mode or rule.mode, alpha=alpha or rule.alpha)
        whole = request is None or own_scales(self._settings)
        left_out = comparison is not None and bool(comparison.left_out)
        accepted = settings.update == "all" and (whole or not left_out)
        return Case(
            curve=name,
            comparison=comparison,
            rule=rule,
            whole=whole,
            problem=problem,
            renew=renew,
            accepted=accepted or (settings.update == "missing" and problem is not None),
            new_ancestor=settings.new_ancestor,
            labels=curve.labels,
            closer=closer_look(nodeid, self._settings, given=curve.replicates == "draws"),
        )

    def records(self, curve: str) -> list[TrialRecord]:
        """Return the records that the baseline has of a curve."""
        return [] if self.baseline is None else self.baseline.of(curve)

    @property
    def fixed_seeds(self) -> int:
        """How many seeds a renewal gets if the run's own come one after another, otherwise 0.

        As many as the baseline has; without one, as many as the profile.
        """
        if not self._settings.profile.sequential:
            return 0
        held = () if self.baseline is None else self.baseline.records
        seeds = {record.trial.seed for record in held if isinstance(record.trial, Trial)}
        return len(seeds) or len(self._settings.profile.seeds)

    def rule(
        self, curve: str, request: Request | None, margins: Margins | str | None = None
    ) -> Rule:
        """Return the rule that a curve is judged by; margins: what the test says, if anything."""
        settings, own = self._settings.baseline, None
        rule = settings.rule
        if self.baseline is not None and curve in self.baseline.origins:
            own = None if settings.own_margins else self.baseline.origins[curve].margins
            # alpha is for a run of all the baseline's curves, even if only some tests are selected.
            rule = replace(rule, curves=len(self.baseline.origins))
        marked = None if request is None else request.margins
        return replace(rule, margins=changed_margins(rule.margins, own, marked, margins))

    def _problem(self, curve: str, nodeid: str, evaluated: Sequence[str]) -> tuple[str | None, str]:
        """Return why there is nothing to compare a curve with, and what to do; None if there is.

        The second text names the tests to run for a renewal that also removes what vanished; it is
        empty if nothing vanished.
        """
        from noisecore.judging.gates.regression import held_curves

        held = self.baseline
        if held is None:
            candidate = shown(self._settings.artifacts / CANDIDATE)
            return (
                f"there is no baseline at {shown(self.path)}: make it with "
                f"--noise-update-baseline, or commit the one that this run leaves at {candidate}"
            ), ""
        if curve in held.origins:
            return None, ""
        lacking = f"{curve} is not in the baseline {shown(self.path)}"
        holds = f", which holds {held_curves(held)}"
        gone = list(dict.fromkeys([*self.vanished, *self._unevaluated(nodeid, evaluated)]))
        if not gone:
            return f"{lacking}{holds}: add it with --noise-update-baseline=missing", ""
        file = nodeid.partition("::")[0]
        files = {each for name in gone for each in held.origins[name].tests}
        return (
            f"{lacking}, and {', '.join(gone)} vanished: if the new curve replaces the old, "
            "--noise-update-baseline adds the one and removes the other"
        ), file if files <= {file} else "."

    def _compare(
        self,
        baseline: Baseline,
        curve: str,
        records: Sequence[TrialRecord],
        made: Sequence[TrialRecord] | None,
    ) -> Comparison | None:
        """Return a curve's comparison with the baseline, and with the baseline's first ancestor."""
        from noisecore.judging.baselines import compare_records, first_of, with_first

        origin, old = baseline.origins[curve], baseline.of(curve)
        records = records if made is None else made
        comparison = compare_records(records, old, sequential=made is not None).get(curve)
        if comparison is None:
            return None
        first = origin.first
        if first is None and self._settings.baseline.update == "all":  # it becomes the ancestor
            first = first_of(old, date=origin.date, commit=origin.commit)
        comparison = with_first(comparison, first, records)
        if origin.commit is not None and _trained_anew(comparison) and self._is_now(origin.commit):
            note = (
                "the model gives other answers to clean images than before at the same commit: it "
                "was trained again. Give the trained model itself, or fix the seed of its training"
            )
            comparison = replace(comparison, notes=(*comparison.notes, note))
        return comparison

    def _is_now(self, commit: str) -> bool:
        """Return whether the tests are those of a commit; with changed files they are of none."""
        return not commit.endswith("-dirty") and commit_of(self._settings.root) == commit

    def check_evaluated(self, nodeid: str, evaluated: Sequence[str]) -> None:
        """Fail the test if it no longer evaluates a curve of its own that the baseline has."""
        gone = self._unevaluated(nodeid, evaluated)
        if gone and self._settings.baseline.update != "all":
            raise failure(
                f"noisecore: {', '.join(gone)} vanished: the baseline {shown(self.path)} has it, "
                "but the test no longer evaluates it. Evaluate it again, under its old name; if it "
                "is meant to go, --noise-update-baseline=all removes it"
            )

    def _unevaluated(self, nodeid: str, evaluated: Sequence[str]) -> list[str]:
        """Return the baseline's curves that a test evaluated then, but did not evaluate now."""
        held = self.baseline
        if held is None or not nodeid:
            return []
        left = [name for name in held.origins if name not in evaluated]
        return [name for name in left if evaluated_by(held.of(name)[0], nodeid)]

    def describe(self, verdicts: Iterable[Verdict], skipped: Mapping[str, str]) -> str:
        """Return which baseline it was, and how much of it was compared, in a sentence."""
        return describe(self.path, self.baseline, verdicts, skipped)


NOT_COMPARED = "not compared: "  # before the curves that no test judged, in the sentence below


def describe(
    path: Path, baseline: Baseline | None, verdicts: Iterable[Verdict], skipped: Mapping[str, str]
) -> str:
    """Return which baseline it was, and how much of it was compared, in a sentence.

    skipped: why files or folders were skipped as a whole.
    """
    from noisecore.judging.gates.rows import ScaleRow
    from noisecore.judging.gates.suite_rows import FamilyRow

    if baseline is None:
        return f"there was no baseline at {shown(path)}"
    compared: dict[str, set[float]] = {}
    for verdict in verdicts:
        if verdict.gate == "no regression":
            judged = (row for row in verdict.rows(ScaleRow) if row.verdict is not None)
            scales = {row.scale for row in judged}
            compared.setdefault(verdict.curve, set()).update(scales)
            for row in verdict.rows(FamilyRow):
                if row.verdict is not None:
                    compared.setdefault(row.of, set()).update(scales, row.scales)
    held = {
        name: {s for r in baseline.of(name) for s in r.trial.curve_scales}
        for name in baseline.origins
    }
    done = {name: compared.get(name, set()) & scales for name, scales in held.items()}
    curves = sum(bool(scales) for scales in done.values())
    points, all_points = (sum(map(len, each.values())) for each in (done, held))
    origins = " and ".join(dict.fromkeys(map(str, baseline.origins.values())))
    left = [name for name, scales in done.items() if not scales]
    files = {file for name in left for file in baseline.origins[name].tests}
    why = {
        node: reason
        for node, reason in skipped.items()
        if any(f"{file}/".startswith(f"{node}/") for file in files)
    }
    return (
        f"baseline of {origins}: {curves} of {len(held)} curves and {points} of {all_points} "
        "scales compared" + (f"; {NOT_COMPARED}{', '.join(left)}" if left else "")
    ) + "".join(f"; {line}" for line in skipped_files(why))


def skipped_files(skipped: Mapping[str, str]) -> list[str]:
    """Return a line for each file or folder that was skipped as a whole, with the reason."""
    return [f"{node} was skipped as a whole: {why}" for node, why in skipped.items()]


def _trained_anew(comparison: Comparison) -> bool:
    """Return whether a given model's answers to clean images show that it has changed."""
    if comparison.replicates != "draws" or comparison.identical or comparison.obstacles:
        return False
    clean = ~comparison.noisy
    return bool((comparison.new[:, clean] != comparison.baseline[:, clean]).any())


def commit_of(root: Path) -> str | None:
    """Return the commit of the repository around `root`, with -dirty if files were changed."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=20
        ).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        dirty = git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}-dirty" if dirty else commit


def own_scales(settings: Settings) -> bool:
    """Return whether the run has the scales that the tests and profiles ask for, and no others."""
    return settings.typed.get("scales", OWN_SCALES) == OWN_SCALES


def is_named(origin: Origin, record: TrialRecord) -> bool:
    """Return whether a curve was given a name, and is not named after the test that evaluates it.

    record: one of the curve's, in a baseline.
    """
    trial = record.trial
    after = any(trial.model.startswith(f"{file}::") for file in origin.tests)
    return isinstance(trial, GivenTrial) and not after


def evaluated_by(record: TrialRecord, nodeid: str) -> bool:
    """Return whether a record is of a model that this test evaluates."""
    trial = record.trial
    return isinstance(trial, GivenTrial) and f"{trial.model} ".startswith(f"{nodeid} ")
