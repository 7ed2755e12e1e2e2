"""Renewing a baseline: the candidate among the artifacts, and on request the file itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from noisecore.errors import NoisecoreError
from noisecore.judging.margins import Margins
from noisecore.plugin.baseline.held import CANDIDATE, FIXTURE, commit_of, own_scales, shown
from noisecore.plugin.baseline.reading import read
from noisecore.plugin.baseline.replaced import worse_in_place
from noisecore.plugin.settings import Settings
from noisecore.records import TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline, Origin
    from noisecore.judging.gates import Verdict
    from noisecore.plugin.sources.source import Pairs

NOT_RENEWED = "the baseline was not renewed: nothing was measured"


def renew(
    path: Path,
    settings: Settings,
    records: Sequence[TrialRecord],
    verdicts: Sequence[Verdict],
    *,
    pairs: Pairs,
    former: Mapping[str, str],
    unfinished: Sequence[str],
    vanished: Sequence[str],
    missing: int,
    started: datetime,
    root: Path,
) -> tuple[list[str], bool]:
    """Write the candidate among the artifacts, and renew the baseline if asked to.

    path: of the baseline's file. pairs: each compared curve, with the file of a test that compares
    it. former: the models of curves that the baseline has under other names. unfinished: why the
    run is not complete, one line per test. vanished: curves that no test compares any more.
    missing: how many trials have no record. root: the folder of the tests. Returns lines that say
    what was done, and whether everything that was asked for was done. Raises `OSError`, with the
    path that could not be written, if the disk refuses.
    """
    from noisecore.judging.baselines import BaselineError, renew_baseline

    update = settings.baseline.update
    candidate = settings.artifacts / CANDIDATE
    origins = _origins(records, pairs, started, None if settings.records else commit_of(root))
    try:
        stuck = vanished if update == "missing" else ()
        if why := _incomplete(unfinished, missing, origins, stuck):
            raise BaselineError(why)
        old = read(path, settings.profile, former)
        renewed = renew_baseline(
            old,
            records,
            profile=settings.profile.name,
            origins=origins,
            vanished=vanished if update == "all" else (),
            only_missing=update == "missing",
            whole=own_scales(settings),
            new_ancestor=settings.baseline.new_ancestor,
        )
        if lacking := sorted(set(origins) - set(renewed.baseline.origins)):
            raise BaselineError(f"{', '.join(lacking)} has no records")
    except NoisecoreError as error:
        candidate.unlink(missing_ok=True)
        return ([f"the baseline was not renewed: {error}"] if update else []), not update
    _write(candidate, renewed.baseline)
    if not update:
        return [], True
    if objection := _objection(renewed.changed, origins, verdicts, candidate):
        return [objection], False
    if worse := worse_in_place(old, renewed.baseline, settings.baseline):
        why = "; ".join(worse)
        return [f"the baseline was not renewed: {why}: {_advice(candidate, meant=True)}"], False
    if renewed.changed:
        _write(path, renewed.baseline)
    head = "the baseline is unchanged"
    if renewed.changed:
        head = f"baseline written: {shown(path)}: {renewed.short}"
    if renewed.stayed:
        head = f"the baseline was not renewed for {', '.join(renewed.stayed)}; {head}"
    foreseen = _outlooks(renewed.changed, records, renewed.baseline, settings)
    return [head, *together(renewed.lines), *together(foreseen)], not renewed.stayed


def together(lines: Sequence[str]) -> list[str]:
    """Return lines "CURVE: text"; lines with the same text become one, which names their curves.

    A line stays as it is if indented lines follow it, because these are about its curve.
    """
    found: list[tuple[str, list[str]]] = []
    groups: dict[str, list[str]] = {}
    for line, following in pairwise([*lines, ""]):
        curve, _, text = line.partition(": ")
        if not text or line.startswith(" ") or following.startswith(" "):
            found.append((line, []))
        elif text in groups:
            groups[text].append(curve)
        else:
            groups[text] = [curve]
            found.append((text, groups[text]))
    return [f"{_with_more(curves)}: {text}" if curves else text for text, curves in found]


def _with_more(curves: Sequence[str]) -> str:
    """Return up to three curves, or the first and how many more there are."""
    return ", ".join(curves) if len(curves) <= 3 else f"{curves[0]} and {len(curves) - 1} more"


def _incomplete(
    unfinished: Sequence[str], missing: int, origins: Mapping[str, Origin], stuck: Sequence[str]
) -> str:
    """Return why a run is too incomplete to make a baseline of; empty if it is complete.

    stuck: the curves that vanished, and that this renewal would leave in the baseline.
    """
    if missing:
        return f"{missing} trials have no record"
    if stuck:
        return (
            f"{', '.join(stuck)} vanished, and 'missing' removes no curve: compare it again, "
            "remove it with --noise-update-baseline=all, or name only test files that never "
            "compared it"
        )
    if unfinished:
        rest = f" (and {len(unfinished) - 1} more)" if len(unfinished) > 1 else ""
        return f"the run is not complete: {unfinished[0]}{rest}"
    return "" if origins else f"no test that was run takes the fixture {FIXTURE}"


def _objection(
    changed: Iterable[str], compared: Iterable[str], verdicts: Sequence[Verdict], candidate: Path
) -> str | None:
    """Return why the candidate must not become the baseline, None if it may.

    changed: the curves that the renewal would add or remove. compared: those of the tests.
    """
    from noisecore.judging.gates.case import NOT_ACCEPTED

    compares = [v for v in verdicts if v.gate == "no regression"]
    passed = {name for v in compares if v.verdict == "pass" for name in v.names}
    undecided = {name for v in verdicts if v.verdict == "inconclusive" for name in v.names}
    unsure = sorted(set(changed) & ((set(compared) - passed) | undecided))
    if not unsure:
        return None
    why = "is inconclusive" if undecided.intersection(unsure) else "was not judged, or failed"
    refused = [v for v in verdicts if v.sentence.startswith(NOT_ACCEPTED)]
    meant = any(name in unsure for v in refused for name in v.names)
    advice = _advice(candidate, meant=meant)
    return f"the baseline was not renewed, because {', '.join(unsure)} {why}: {advice}"


def _advice(candidate: Path, *, meant: bool) -> str:
    """Return where the candidate is, and how it becomes the baseline if a loss may be meant."""
    how = "; if the loss is meant, add --noise-new-ancestor" if meant else ""
    return f"the candidate is {shown(candidate)}{how}"


def _write(path: Path, renewed: Baseline) -> None:
    from noisecore.judging.baselines import write_baseline

    try:
        write_baseline(path, renewed)
    except OSError as error:  # if the disk is full, it names no file, or a temporary one
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


def _outlooks(
    curves: Sequence[str],
    records: Sequence[TrialRecord],
    renewed: Baseline,
    settings: Settings,
) -> list[str]:
    """Return what runs against the renewed curves will see, one line per curve."""
    from noisecore.judging.baselines import compare_records
    from noisecore.judging.gates.outlook import outlook, too_few
    from noisecore.judging.gates.own import own_lines, own_margins

    usual = Margins().mean or 0.0
    itself, origins, lines = compare_records(records, records), renewed.origins, []
    own = {} if settings.baseline.own_margins else own_margins(renewed)
    rule = replace(settings.baseline.rule, curves=max(len(origins), 1), own=own)
    for name in curves:
        if name not in origins or name not in itself:
            continue
        if origins[name].margins is not None:
            lines += own_lines(renewed, [name], "--noise-margins")
        elif itself[name].replicates == "draws":
            few = too_few(itself[name].images, usual, itself[name].whole)
            lines += [f"{name}: {line}" for line in few]
        if line := outlook(itself[name], len(settings.profile.seeds), rule.of(name)):
            lines.append(f"{name}: {line}")
    return lines


def _origins(
    records: Sequence[TrialRecord], pairs: Pairs, started: datetime, commit: str | None
) -> dict[str, Origin]:
    """Return the origin of each curve that was compared; given records say their own date."""
    from noisecore.judging.gates.own import origin_of

    files: dict[str, set[str]] = {}
    for curve, file in pairs:
        files.setdefault(curve, set()).add(file)
    when = started.isoformat(timespec="seconds")
    return {
        curve: origin_of(
            [record for record in records if record.trial.curve == curve],
            started=when,
            commit=commit,
            tests=tests,
        )
        for curve, tests in files.items()
    }
