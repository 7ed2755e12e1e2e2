"""The baseline of a run: who is compared with it, what vanished, and how it is renewed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import noisecore
from noisecore.judging.margins import Margins
from noisecore.plugin.declare import Request, read_requests
from noisecore.plugin.keys import VERDICTS
from noisecore.plugin.options import BaselineChoices
from noisecore.profiles import Profile
from noisecore.records import TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline, Comparison
    from noisecore.judging.gates import Case, Verdict
    from noisecore.plugin.sources import Source

# A test that takes this fixture compares its curve with the baseline.
FIXTURE = "noise_baseline"
CANDIDATE = "baseline.json"

NOT_ASKED = "no baseline was asked for: add --noise-baseline auto"


def shown(path: Path | None) -> str:
    """Return a path as a person would type it here."""
    relative = os.path.relpath(path or "")
    return str(path) if relative.startswith("..") else relative


def compares(item: pytest.Item) -> bool:
    """Return whether a test compares its curve with the baseline."""
    return FIXTURE in getattr(item, "fixturenames", ())


class Reference:
    """What the fixture `noise_baseline` gives: the baseline, and the rule to judge by.

    family: what all tests that compare ask for: rigorous mode adjusts for their number.
    """

    def __init__(
        self,
        choices: BaselineChoices,
        profile: Profile,
        source: Source,
        family: Sequence[Request],
        artifacts: Path,
    ) -> None:
        self.choices = choices
        self._baseline = read(choices, profile)
        self._source = source
        self._family = family
        self._candidate = artifacts / CANDIDATE

    def case(self, records: Sequence[TrialRecord], margins: Margins) -> Case:
        """Return the case of the curve that these records make."""
        from noisecore.judging.baselines import compare_records
        from noisecore.judging.gates import Case

        (curve,) = {record.trial.curve for record in records}
        path, baseline = shown(self.choices.path), self._baseline
        problem = None
        if baseline is None:
            problem = (
                f"there is no baseline at {path}: make it with --noise-update-baseline, or commit "
                f"the one that this run leaves at {shown(self._candidate)}"
            )
        elif curve not in baseline.origins:
            problem = (
                f"{curve} is not in the baseline {path}: add it with "
                "--noise-update-baseline=missing"
            )
        comparisons: dict[str, Comparison] = {}
        if baseline is not None and problem is None:
            if self.choices.rigorous:
                comparisons = self._beside(baseline)
            comparisons |= compare_records(records, baseline.of(curve))
        return Case(
            curve=curve,
            comparisons=comparisons,
            mode="rigorous" if self.choices.rigorous else "simple",
            margins=margins,
            problem=problem,
            accepted=self.choices.update == "all"
            or (self.choices.update == "missing" and problem is not None),
        )

    def describe(self, verdicts: Sequence[Verdict]) -> str:
        """Return which baseline it was, and how much of it was compared, in a sentence."""
        baseline = self._baseline
        if baseline is None:
            return f"there was no baseline at {shown(self.choices.path)}"
        compared: dict[str, set[float]] = {}
        for verdict in verdicts:
            if verdict.gate == "no regression":
                scales = {row["scale"] for row in verdict.figures if row.get("scale") is not None}
                compared.setdefault(verdict.curve, set()).update(scales)
        held = {
            name: {r.trial.train_scale for r in baseline.of(name) if r.trial.train_scale > 0}
            for name in baseline.origins
        }
        done = {name: compared.get(name, set()) & scales for name, scales in held.items()}
        curves = sum(bool(scales) for scales in done.values())
        points, all_points = (sum(map(len, each.values())) for each in (done, held))
        origins = " and ".join(dict.fromkeys(map(str, baseline.origins.values())))
        left = [name for name, scales in done.items() if not scales]
        return (
            f"baseline of {origins}: {curves} of {len(held)} curves and {points} of {all_points} "
            "scales compared" + (f"; not compared: {', '.join(left)}" if left else "")
        )

    def _beside(self, baseline: Baseline) -> dict[str, Comparison]:
        """Return the comparisons of all curves of the run that are in the baseline."""
        from noisecore.judging.baselines import compare_records

        found: dict[str, Comparison] = {}
        for request in self._family:
            try:
                records = self._source.wait(request)
            except pytest.fail.Exception:
                continue  # the test of that curve fails for it
            found |= compare_records(records, baseline.of(request.curve))
        return found


def read(choices: BaselineChoices, profile: Profile) -> Baseline | None:
    """Return the baseline, None if its file is not there.

    Raises `RecordError` if the file cannot be used.
    """
    from noisecore.judging.baselines import read_baseline
    from noisecore.records import RecordError

    if choices.path is None or not choices.path.exists():
        return None
    baseline = read_baseline(choices.path)
    if baseline.profile != profile.name:
        raise RecordError(
            f"{choices.path}: expected a baseline of profile {profile.name}, got one of "
            f"{baseline.profile}: name another file with --noise-baseline"
        )
    return baseline


class Vanished(pytest.Item):
    """The item that fails if a curve of the baseline is no longer compared.

    file: the baseline's. curves: why each one that vanished is not compared, by its name.
    """

    file: Path
    curves: Mapping[str, str]

    def runtest(self) -> None:
        """Fail with the curves that vanished."""
        from noisecore.judging.gates import Verdict

        verdicts = [
            Verdict(gate="no regression", curve=name, verdict="fail", sentence=f"{name}: {why}")
            for name, why in self.curves.items()
        ]
        self.stash[VERDICTS] = [verdict.to_dict() for verdict in verdicts]
        if verdicts:
            what = f"{len(verdicts)} of the curves in {shown(self.file)} vanished:"
            hint = (
                "What to do: compare them again, under their old names. If they are meant to go, "
                "delete the baseline's file and make it anew with --noise-update-baseline."
            )
            lines = [what, *(verdict.sentence for verdict in verdicts)]
            pytest.fail("\n  ".join(lines) + f"\n{hint}", pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the item stands: at the baseline's file."""
        return self.file, 0, self.name


def asked(items: Iterable[pytest.Item], profile: Profile) -> dict[str, set[str]] | None:
    """Return the curves that tests compare, and by which files; None if no test trains at all."""
    found: dict[str, set[str]] = {}
    trains = False
    for item in items:
        marker = item.get_closest_marker("robustness")
        if marker is None or marker.kwargs.get("profile", profile.name) != profile.name:
            continue
        trains = True
        if compares(item):
            try:
                requests = read_requests(item, marker, profile)
            except pytest.UsageError:
                continue  # said elsewhere, unless the test is deselected
            for request in requests:
                found.setdefault(request.curve, set()).add(file_of(item))
    return found if trains else None


def file_of(item: pytest.Item) -> str:
    """Return the file of a test, relative to the root of the tests."""
    return item.nodeid.partition("::")[0]


def find_vanished(
    baseline: Baseline | None,
    asked: Mapping[str, Iterable[str]],
    profile: Profile,
    config: pytest.Config,
) -> dict[str, str]:
    """Return why no test compares a curve of the baseline any more, for each that vanished.

    asked: the curves that tests compare, before any test was deselected. What a path or an option
    left out has not vanished.
    """
    if baseline is None:
        return {} if asked else {"baseline": f"no test takes the fixture {FIXTURE}"}
    lines = {}
    for name, origin in baseline.origins.items():
        trial = baseline.of(name)[0].trial
        chosen = (
            trial.model in profile.models
            and trial.dataset == Path(profile.dataset).name
            and trial.recipe.name.startswith(profile.recipe.name)
        )
        if name in asked or not chosen:
            continue
        looked_at = [file for file in origin.tests if _was_collected(config, file)]
        if looked_at or not origin.tests:
            lines[name] = f"no test in {', '.join(looked_at) or 'this run'} compares it"
        elif gone := [file for file in origin.tests if not (config.rootpath / file).exists()]:
            lines[name] = f"{', '.join(gone)}, which compared it, is not there"
    return lines


def _was_collected(config: pytest.Config, file: str) -> bool:
    """Return whether the command line took in the whole of a test file that is there."""
    path = config.rootpath / file
    if not path.exists():
        return False
    for argument in config.args:
        if "::" not in argument:
            given = (config.invocation_params.dir / argument).resolve()
            if path.resolve().is_relative_to(given):
                return True
    return False


def renew(
    choices: BaselineChoices,
    profile: Profile,
    records: Sequence[TrialRecord],
    compared: Iterable[Sequence[str]],
    verdicts: Sequence[Verdict],
    *,
    missing: int,
    started: datetime,
    root: Path,
    artifacts: Path,
) -> tuple[list[str], bool]:
    """Leave the candidate among the artifacts, and renew the baseline if asked to.

    compared: pairs of a curve and a test file that compares it. missing: how many trials have no
    record. Returns what was done, in lines, and whether all that was asked for was. Raises
    `OSError` if the disk refuses.
    """
    from noisecore.judging.baselines import Origin, renew_baseline, write_baseline

    assert choices.path is not None
    files: dict[str, list[str]] = {}
    for curve, file in compared:
        files.setdefault(curve, []).append(file)
    date, commit = started.isoformat(timespec="seconds"), _commit(root)
    origins = {
        curve: Origin(
            date=date, commit=commit, noisecore=noisecore.__version__, tests=tuple(sorted(set(of)))
        )
        for curve, of in files.items()
    }
    only_missing = choices.update == "missing"
    candidate = artifacts / CANDIDATE
    try:
        if missing:
            raise ValueError(f"{missing} trials have no record")
        if not origins:
            raise ValueError(f"no test that was run takes the fixture {FIXTURE}")
        baseline, changes = renew_baseline(
            read(choices, profile),
            records,
            profile=profile.name,
            origins=origins,
            only_missing=only_missing,
        )
        lacking = sorted(set(origins) - set(baseline.origins))
        if lacking:
            raise ValueError(f"{', '.join(lacking)} has no records")
    except ValueError as error:
        candidate.unlink(missing_ok=True)
        return ([f"the baseline was not renewed: {error}"], False) if choices.update else ([], True)
    write_baseline(candidate, baseline)
    if not choices.update:
        return [], True
    undecided = [
        verdict.curve
        for verdict in verdicts
        if verdict.gate == "no regression" and verdict.verdict == "inconclusive"
    ]
    if undecided and not only_missing:
        why = (
            f"the baseline was not renewed, for {', '.join(undecided)} is inconclusive: run more "
            f"seeds, or put the candidate in its place by hand: {shown(candidate)}"
        )
        return [why], False
    write_baseline(choices.path, baseline)
    return [f"baseline written: {shown(choices.path)}", *changes], True


def _commit(root: Path) -> str | None:
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
