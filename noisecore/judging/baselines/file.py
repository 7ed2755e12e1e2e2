"""Baseline files: one per profile, made to be committed, one line per trial."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, TypedDict

from noisecore.errors import NoisecoreError
from noisecore.escaping import brief, shorten, visible
from noisecore.judging.baselines.ancestor import (
    First,
    since_first,
)
from noisecore.judging.baselines.comparison import Comparison, compare_records
from noisecore.judging.curves import Curve, CurveError, matched_curves
from noisecore.judging.curves.table import as_html, tested_on
from noisecore.judging.margins import Margins, parse_margins
from noisecore.paths import RUN_BYTES, is_missing
from noisecore.records import (
    SCHEMA,
    RecordError,
    TrialRecord,
    as_path,
    as_type,
    check_checksum,
    check_schema,
    read_json,
    with_checksum,
    write_atomically,
)


class BaselineError(NoisecoreError, ValueError):
    """A baseline cannot be renewed; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a curve of a baseline came from.

    date: in ISO 8601. commit: that of the repository that was measured, followed by "-dirty" if
    files were changed; None outside a repository. noisecore: its version. tests: the files,
    relative to the root of the tests, whose tests compare the curve; they distinguish a curve that
    vanished from one that was not run. first: the figures of the first ancestor if the curve was
    renewed; None if it never was. margins: those that fit the curve's own data; None if the usual
    ones apply.
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
        """Return plain JSON values; first and margins have no key if None, as in noisecore 0.1."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # tuples as lists
        absent = [name for name in ("first", "margins") if plain[name] is None]
        return {name: value for name, value in plain.items() if name not in absent}

    def __str__(self) -> str:
        day = self.date[:10]
        return f"{day}, commit {_short(self.commit)}" if self.commit else day


@dataclass(frozen=True, eq=False, kw_only=True)
class Baseline:
    """Results to compare with: the records of some curves, and each curve's origin.

    profile: the profile of the pytest runs that it is for. origins: where each curve came from, by
    name. changes: what `noisecore.write_baseline` changed, in lines; empty if read from a file.

    Example:
        >>> baseline = read_baseline("old.json")
        >>> baseline.profile, list(baseline.curves)
        ('quick', ['digits/gaussian'])
    """

    profile: str
    origins: Mapping[str, Origin]
    records: tuple[TrialRecord, ...]
    changes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        own = {name: origin.margins for name, origin in self.origins.items() if origin.margins}
        return brief(
            "Baseline",
            profile=self.profile,
            curves=list(self.origins),
            records=len(self.records),
            margins=own,
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a table of the curves."""
        rows = [("curve", "scales", "mean accuracy", "replicates", "images", "made", "margins")]
        for name, curve in self.curves.items():
            origin = self.origins[name]
            rows.append(
                (
                    name,
                    ", ".join(f"{scale:g}" for scale in curve.scales),
                    ", ".join(f"{mean:.4f}" for mean in curve.mean_accuracy),
                    f"{len(curve.seeds)} {curve.replicates}",
                    tested_on(curve.images, curve.whole).removesuffix(" test images"),
                    str(origin),
                    origin.margins or str(Margins()),
                )
            )
        return f"<p><b>baseline</b> of profile {escape(visible(self.profile))}</p>{as_html(rows)}"

    def __post_init__(self) -> None:
        records = self.records if isinstance(self.records, list | tuple) else (None,)
        known = all(isinstance(each, TrialRecord) for each in records)
        if not known or not isinstance(self.origins, Mapping):
            raise RecordError(
                "a baseline must have records and the origin of each curve, as read_baseline and "
                "write_baseline return it"
            )

    @property
    def curves(self) -> dict[str, Curve]:
        """The curves by their names, in alphabetical order."""
        return matched_curves(self.records)

    def of(self, curve: str) -> list[TrialRecord]:
        """Return the records of one curve."""
        return [record for record in self.records if record.trial.curve == curve]


class _File(TypedDict):
    """The parts of a file and their types; each record is checked separately."""

    profile: str
    curves: dict[str, dict[str, Any]]
    trials: list[dict[str, Any]]


_FILE = _File.__annotations__


def read_baseline(path: str | Path) -> Baseline:
    """Return the baseline in a file.

    Args:
        path: The file, such as "baselines/quick.json".

    Returns:
        The baseline: its curves by name, in `curves`, and where each came from, in `origins`.

    Raises:
        RecordError: The file does not exist, is not a baseline, or was altered; one line says so.

    Example:
        >>> baseline = write_baseline("baselines/quick.json", curve)
        >>> list(read_baseline("baselines/quick.json").curves)
        ['digits/gaussian']
    """
    path = as_path(path)
    try:
        data = read_json(path, RUN_BYTES)
    except OSError as error:
        hint = ": write_baseline(path, curve) writes one" if is_missing(path) else ""
        raise RecordError(f"{path}: cannot be read: {error.strerror or error}{hint}") from None
    except ValueError as error:
        raise RecordError(f"{path}: is not JSON: {error}: restore it from its commit") from None
    schema = check_schema(data, source=str(path))
    if "records" in data:
        raise RecordError(
            f"{path}: is not a baseline, it holds records: read_curves(path) reads their curves; "
            "keep the baseline at another path"
        )
    try:
        return _checked(data, schema)
    except RecordError as error:
        raise RecordError(
            f"{path}: is not a baseline: {error}: restore it from its commit"
        ) from None


def _checked(data: Mapping[str, Any], schema: int) -> Baseline:
    """Return the baseline in JSON values; raise `RecordError` if they are not a baseline."""
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
    """Write a baseline, whole or not at all; its folder is created if needed.

    Each curve has its own checksum, which covers its trials. So a merge may combine two curves that
    were renewed separately, and a trial that was lost or changed is still detected.
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


def compare_baseline(
    new: Iterable[TrialRecord], baseline: Baseline, *, sequential: bool = False
) -> dict[str, Comparison]:
    """Return each shared curve's comparison with a baseline, and with its first ancestor.

    sequential: as in `compare_records`. Raises `CurveError` if the records of one side do not
    belong together.
    """
    new = list(new)
    return {
        name: with_first(each, baseline.origins[name].first, new)
        for name, each in compare_records(new, baseline.records, sequential=sequential).items()
    }


def with_first(
    comparison: Comparison, first: First | None, records: Iterable[TrialRecord]
) -> Comparison:
    """Return a comparison with a run's loss since a first ancestor, if there is one to judge."""
    if first is None:
        return comparison
    own = [record for record in records if record.trial.curve == comparison.curve]
    if comparison.by_scale:  # of the seeds that came one after another, those that all scales have
        every = sorted({record.trial.seed for record in own})[: len(comparison.new)]
        own = [record for record in own if record.trial.seed in every]
    return replace(comparison, since_first=since_first(first, own))


def _short(commit: str) -> str:
    sha, dash, state = commit.partition("-")
    return f"{sha[:10]}{dash}{state}"
