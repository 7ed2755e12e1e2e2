"""Baseline files: one a profile, made to be committed, a line a trial."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

from noisecore.errors import NoisecoreError
from noisecore.escaping import shorten
from noisecore.judging.baselines.ancestor import (
    First,
    first_of,
    since_first,
    what_is_the_same,
)
from noisecore.judging.baselines.comparison import Comparison, compare_records
from noisecore.judging.curves import Curve, CurveError, matched_curves
from noisecore.judging.margins import parse_margins
from noisecore.paths import RUN_BYTES
from noisecore.records import (
    SCHEMA,
    RecordError,
    TrialRecord,
    as_type,
    check_checksum,
    check_schema,
    read_json,
    with_checksum,
    write_atomically,
)


class BaselineError(NoisecoreError, ValueError):
    """A baseline cannot be renewed; the message says for what."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a curve of a baseline came from.

    date: ISO 8601. commit: of the repository that was measured, "-dirty" behind it if files were
    changed, None outside a repository. noisecore: its version. tests: the files, relative to the
    root of the tests, whose tests compare the curve; so that one can tell a curve that vanished
    from one that was not asked for. first: the figures of the first ancestor of a curve that was
    renewed; None for one that never was. margins: those that fit what the curve was made from, None
    for those that hold for all.
    """

    date: str
    commit: str | None
    noisecore: str
    tests: tuple[str, ...]
    first: First | None = None
    margins: str | None = None

    def __post_init__(self) -> None:
        if self.margins is not None:
            parse_margins(self.margins)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; what is not there has no key, as in files of noisecore 0.1."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # tuples as lists
        absent = [name for name in ("first", "margins") if plain[name] is None]
        return {name: value for name, value in plain.items() if name not in absent}

    def __str__(self) -> str:
        day = self.date[:10]
        return f"{day}, commit {_short(self.commit)}" if self.commit else day


@dataclass(frozen=True, eq=False, kw_only=True)
class Baseline:
    """Results to compare with: the records of some curves, and each curve's origin.

    profile: of the runs that it is for, with pytest. origins: where each curve came from, by name.

    Example:
        >>> baseline = read_baseline("old.json")
        >>> baseline.profile, list(baseline.curves)
        ('quick', ['digits/gaussian'])
    """

    profile: str
    origins: Mapping[str, Origin]
    records: tuple[TrialRecord, ...]

    @property
    def curves(self) -> dict[str, Curve]:
        """The curves by their names, in alphabetical order."""
        return matched_curves(self.records)

    def of(self, curve: str) -> list[TrialRecord]:
        """Return the records of one curve."""
        return [record for record in self.records if record.trial.curve == curve]


class _File(TypedDict):
    """The parts of a file, each of its type; a record is checked by itself."""

    profile: str
    curves: dict[str, dict[str, Any]]
    trials: list[dict[str, Any]]


_FILE = _File.__annotations__


def read_baseline(path: str | Path) -> Baseline:
    """Return the baseline in a file.

    Args:
        path: Of the file, such as "baselines/quick.json".

    Returns:
        The baseline: its curves by name, in `curves`, and where each came from, in `origins`.

    Raises:
        RecordError: The file is not there, or is no baseline, or was altered; one line says so.

    Example:
        >>> baseline = write_baseline("baselines/quick.json", curve)
        >>> list(read_baseline("baselines/quick.json").curves)
        ['digits/gaussian']
    """
    path = Path(path)
    try:
        data = read_json(path, RUN_BYTES)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise RecordError(f"{path}: is not JSON: {error}: restore it from its commit") from None
    schema = check_schema(data, source=str(path))
    try:
        return _checked(data, schema)
    except RecordError as error:
        raise RecordError(
            f"{path}: is not a baseline: {error}: restore it from its commit"
        ) from None


def _checked(data: Mapping[str, Any], schema: int) -> Baseline:
    """Return the baseline of JSON values; raise `RecordError` if they are none."""
    parts = as_type({name: data[name] for name in _FILE.keys() & data.keys()}, _File)
    origins = {}
    for name, part in parts["curves"].items():
        plain = {key: value for key, value in part.items() if key != "checksum"}
        origins[name] = as_type(plain, Origin, part=f"curves[{name!r}]")
    records = tuple(
        TrialRecord.from_dict(trial, source=f"trials[{n}]")
        for n, trial in enumerate(parts["trials"])
    )
    try:
        held = set(matched_curves(records))
    except CurveError as error:
        raise RecordError(str(error)) from None
    if held != set(origins):
        names = ", ".join(map(shorten, sorted(held ^ set(origins))))
        raise RecordError(
            f"expected the same names under 'curves' and 'trials', got a difference in {names}"
        )
    if schema > 1:
        for name, part in parts["curves"].items():
            own = [
                t for t, r in zip(parts["trials"], records, strict=True) if r.trial.curve == name
            ]
            check_checksum({"profile": parts["profile"], **part, "trials": own})
    return Baseline(profile=parts["profile"], origins=origins, records=records)


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, whole or not at all; its folder is made.

    Each curve has a checksum of its own, with its trials: so a merge may bring two curves together
    that were renewed apart, and a trial that was lost or changed is found.
    """
    trials, curves = [], {}
    for name, origin in sorted(baseline.origins.items()):
        order = sorted(baseline.of(name), key=lambda r: (r.trial.curve_scales, r.trial.seed))
        own = [record.to_dict() for record in order]
        plain = {"profile": baseline.profile, **origin.to_dict(), "trials": own}
        curves[name] = origin.to_dict() | {"checksum": with_checksum(plain)["checksum"]}
        trials += own
    lines = ",\n".join(json.dumps(trial, sort_keys=True) for trial in trials)
    head = {"schema": SCHEMA, "profile": baseline.profile, "curves": curves, "trials": []}
    text = json.dumps(head, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.replace('"trials": []', f'"trials": [\n{lines}\n]') + "\n")


def compare_baseline(new: Iterable[TrialRecord], baseline: Baseline) -> dict[str, Comparison]:
    """Return each shared curve's comparison with a baseline, and with its first ancestor.

    Raises `CurveError` if the records of one side do not belong together.
    """
    new = list(new)
    return {
        name: with_first(each, baseline.origins[name].first, new)
        for name, each in compare_records(new, baseline.records).items()
    }


def with_first(
    comparison: Comparison, first: First | None, records: Iterable[TrialRecord]
) -> Comparison:
    """Return a comparison with a run's loss since a first ancestor, if there is one to judge."""
    if first is None or comparison.identical:
        return comparison
    own = [record for record in records if record.trial.curve == comparison.curve]
    return replace(comparison, since_first=since_first(first, own))


@dataclass(frozen=True, kw_only=True)
class Renewed:
    """A baseline with curves put in, and what became of each.

    lines: in words. changed: the curves that were put in. stayed: those that a run of other scales
    could not replace.
    """

    baseline: Baseline
    lines: tuple[str, ...]
    changed: tuple[str, ...]
    stayed: tuple[str, ...]


def renew_baseline(
    old: Baseline | None,
    records: Iterable[TrialRecord],
    *,
    profile: str,
    origins: Mapping[str, Origin],
    vanished: Iterable[str] = (),
    only_missing: bool = False,
    whole: bool = False,
    new_ancestor: bool = False,
) -> Renewed:
    """Return the baseline with the curves of `records` in place of its own, and what changed.

    origins: of the curves to be put in; other records are left aside. vanished: curves to be taken
    out. With `only_missing` a curve that is there already stays. A curve of which the run lacks
    scales of the baseline's stays too, for a baseline is not put together from halves; unless
    `whole` says that the run's scales are all that there are. What is renewed remembers its first
    ancestor, unless `new_ancestor` starts anew or its figures mean something else now.
    Raises `BaselineError` if a trial of such a curve has no figures.
    """
    kept = dict(old.origins) if old else {}
    held = list(old.records) if old else []
    lines, changed, stayed = [], [], []
    for name in sorted(set(vanished) & set(kept)):
        del kept[name]
        held = [record for record in held if record.trial.curve != name]
        lines.append(f"{name}: taken out, for no test compares it")
        changed.append(name)
    given = list(records)
    curves = matched_curves(record for record in given if record.trial.curve in origins)
    for name, curve in curves.items():
        if not curve.complete:
            raise BaselineError(f"{name} is not complete: {curve.failures[0]}")
        ours = [record for record in given if record.trial.curve == name]
        if old and name in kept:
            if only_missing:
                lines.append(f"{name}: stays as it is")
                continue
            first, told = _ancestor(old, name, ours, new_ancestor=new_ancestor)
            changes, lacking = _renewal(curve, ours, old.of(name))
            if lacking and not whole:
                shown = ", ".join(f"{scale:g}" for scale in lacking)
                lines.append(f"{name}: stays as it is, for scale {shown} was not run")
                stayed.append(name)
                continue
            lines += [*changes, *told]
        else:
            lines.append(f"{name}: added, {_counts(curve)}")
            first = None
        changed.append(name)
        held = [record for record in held if record.trial.curve != name]
        held += [_brief(record) for record in ours]
        kept[name] = replace(origins[name], first=first)
    return Renewed(
        baseline=Baseline(profile=profile, origins=kept, records=tuple(held)),
        lines=tuple(lines),
        changed=tuple(changed),
        stayed=tuple(stayed),
    )


def _brief(record: TrialRecord) -> TrialRecord:
    """Return what is compared of a record: no history of the training, no predicted classes."""
    return replace(record, history=(), evaluations=tuple(e.brief for e in record.evaluations))


def _renewal(
    new: Curve, ours: Sequence[TrialRecord], theirs: Sequence[TrialRecord]
) -> tuple[list[str], list[float]]:
    """Return a line for each change of a curve, and the scales that the run did not test."""
    (before,) = matched_curves(theirs).values()
    lacking = sorted(set(before.scales.tolist()) - set(new.scales.tolist()))
    (comparison,) = compare_records(ours, theirs).values()
    taken_out = [f"  scale {scale:g}: taken out" for scale in lacking]
    return _changes(new, before, comparison) + taken_out, lacking


def _ancestor(
    old: Baseline, name: str, ours: Sequence[TrialRecord], *, new_ancestor: bool
) -> tuple[First | None, list[str]]:
    """Return what a renewed curve remembers of its first ancestor, and what is to be said of it."""
    origin, before = old.origins[name], old.of(name)
    if new_ancestor:
        return None, ["  starts a new line: what was lost since the first ancestor is forgotten"]
    first = origin.first or first_of(before, date=origin.date, commit=origin.commit)
    if first is not None and first.same != what_is_the_same(ours):
        return None, ["  starts a new line: other images, scales or another recipe than before"]
    return first, []


def _changes(new: Curve, old: Curve, comparison: Comparison) -> list[str]:
    lines = [f"{new.name}: renewed, {_counts(new)} in place of {_counts(old)}"]
    for scale in new.scales.tolist():
        ours = new.at(scale).mean
        if scale in old.scales:
            theirs = old.at(scale).mean
            move = 100 * (ours - theirs)
            lines.append(f"  scale {scale:g}: {theirs:.4f} to {ours:.4f} ({move:+.2f} points)")
        else:
            lines.append(f"  scale {scale:g}: added, {ours:.4f}")
    lines += [f"  {line}" for line in comparison.obstacles + comparison.notes]
    if _is_luck(comparison):
        lines.append(
            "  nothing but the seeds differs: a baseline that is renewed because its seeds did "
            "better is too high by luck"
        )
    return lines


def _is_luck(comparison: Comparison) -> bool:
    """Return whether a run is better than its baseline, and nothing that was recorded says why."""
    if comparison.obstacles or comparison.notes or comparison.identical:
        return False
    trained = comparison.replicates == "seeds" and bool(comparison.noisy.any())
    noisy = comparison.noisy
    better = comparison.new[:, noisy].mean() > comparison.baseline[:, noisy].mean()
    return trained and bool(better)


def _counts(curve: Curve) -> str:
    count = len(curve.seeds)
    what = curve.replicates if count > 1 else curve.replicates.removesuffix("s")
    return f"{len(curve.scales)} scales of {count} {what}"


def _short(commit: str) -> str:
    sha, dash, state = commit.partition("-")
    return f"{sha[:10]}{dash}{state}"
