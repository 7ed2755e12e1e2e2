"""results.json: a run in one file, from which all other artifacts can be made again."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from noisecore import __version__
from noisecore.errors import refusals
from noisecore.judging.baselines import Baseline, read_baseline
from noisecore.judging.curves import Curve, CurveError, Matrix, curve_matrix, matched_curves
from noisecore.judging.curves.rows import curve_rows
from noisecore.judging.gates import Verdict
from noisecore.judging.gates.verdict import read_verdict
from noisecore.paths import RUN_BYTES, is_missing, read_text, stands
from noisecore.records import (
    SCHEMA,
    Record,
    RecordError,
    TrialRecord,
    as_path,
    as_type,
    check_checksum,
    check_schema,
    join_trials,
    parse_json,
    parse_lines,
    read_json,
    read_record,
    with_checksum,
    with_nan,
)


@dataclass(frozen=True, kw_only=True)
class Results:
    """What is known about a run.

    run: its id, when it started, the command, versions. profile: its settings. planned: the labels
    of all trials that were requested. records: those of the trials that ran, failed ones included.
    """

    run: Mapping[str, Any]
    profile: Mapping[str, Any]
    planned: tuple[str, ...]
    records: tuple[TrialRecord, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> list[TrialRecord]:
        """The records of trials that failed."""
        return [record for record in self.records if record.status == "failed"]

    @property
    def missing(self) -> list[str]:
        """The labels of planned trials that have no record: the run was interrupted."""
        labels = {record.trial.label for record in self.records}
        return [label for label in self.planned if label not in labels]

    def to_dict(self) -> dict[str, Any]:
        """Return the content of results.json; a number that is not finite becomes None."""
        curves, _, problem = assemble(self.records, self.planned)
        plain: dict[str, Any] = _plain(
            {
                "schema": SCHEMA,
                "noisecore": __version__,
                "run": self.run,
                "profile": self.profile,
                "planned": self.planned,
                "records": [record.to_dict() for record in join_trials(self.records)],
                "curves": [curve_figures(curve) for curve in curves.values()],
                "problem": problem,
                "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            }
        )
        return with_checksum(plain)


def assemble(
    records: Sequence[TrialRecord], planned: Collection[str] = ()
) -> tuple[dict[str, Curve], dict[str, Matrix], str | None]:
    """Return curves and matrices by name; none, and why, if the records do not belong together.

    planned: the labels of all trials that the run wanted, if known.

    A report is written for such a run too, because that is where a user looks for what went wrong.
    """
    try:
        return matched_curves(records, planned=planned), curve_matrix(records), None
    except CurveError as error:
        return {}, {}, str(error)


def curve_figures(curve: Curve) -> dict[str, Any]:
    """Return the figures of a curve: lists by scale, and figures of the curve as a whole."""
    rows = curve_rows(curve)
    drop = curve.largest_drop()
    return {
        "name": curve.name,
        "scales": [row.scale for row in rows],
        "seeds": curve.seeds,
        "images": curve.images,
        **({"whole": curve.whole} if curve.whole else {}),
        "counted": [row.accuracy.seeds for row in rows],
        "accuracy_mean": [row.accuracy.mean for row in rows],
        "accuracy_low": [row.accuracy.low for row in rows],
        "accuracy_high": [row.accuracy.high for row in rows],
        "accuracy_sd": [row.accuracy.deviation for row in rows],
        "loss_mean": [row.loss.mean for row in rows],
        "largest_drop": drop._asdict() if drop else None,
        "scale_at_half": curve.scale_at_half(),
        "normalised_area": curve.normalised_area(),
        "failures": curve.failures,
    }


class _File(TypedDict):
    """The parts of a file that are read; each record and verdict is checked separately."""

    run: dict[str, Any]
    profile: dict[str, Any]
    planned: tuple[str, ...]
    records: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]


_FILE = _File.__annotations__
_OLDER = "trials"  # the name of its records when each held one trial
_RUN, _LINES = "results.json", "records.jsonl"  # a whole run, and its records one on each line


def read_results(path: Path) -> Results:
    """Return the results that `write_report` left at `path`, a results.json.

    Numbers that were not finite come back as NaN. Raises `RecordError` in one line if the file does
    not exist, cannot be read, is cut off, has another schema, or has a part missing.
    """
    return _results(_text(path), path)


def _results(text: str, path: Path) -> Results:
    data = parse_json(text, source=str(path))
    schema = check_schema(data, source=str(path))
    held = "records" if "records" in data else _OLDER
    try:
        parts = {name: data[name] for name in _FILE.keys() & data.keys()}
        if held in data:
            parts["records"] = data[held]
        read = as_type(parts, _File)
        verdicts = [read_verdict(one, f"verdicts[{n}]") for n, one in enumerate(read["verdicts"])]
        results = Results(
            run=read["run"],
            profile=read["profile"],
            planned=read["planned"],
            records=tuple(
                trial
                for n, record in enumerate(read["records"])
                for trial in Record.from_dict(with_nan(record), source=f"{held}[{n}]").trials
            ),
            verdicts=tuple(verdicts),
        )
        if schema > 1:
            check_checksum(data)
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from None
    return results


def _text(path: Path) -> str:
    try:
        return read_text(path, RUN_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: cannot be read: {_reason(error)}") from None


def read_records(path: str | Path) -> list[TrialRecord]:
    """Return the records at a path.

    Args:
        path: A results.json, a file that `Curve.save` wrote, a `.jsonl` file with one record on
            each line, an artifact folder, or a folder of records: one file for each, or a
            `records.jsonl` with many. An artifact folder is that of one profile, or the folder
            around it if no other profile has run. If a run did not finish, its folder has the
            records made so far.

    Returns:
        A record per trial, in the order of the file.

    Raises:
        RecordError: There is no record, or a file is not a record; one line says which.

    Example:
        >>> curve.save("digits.json")
        >>> len(read_records("digits.json")) == len(curve.records)
        True
    """
    path = find(as_path(path))
    if not os.path.isdir(path) and not is_missing(path):
        if _is_baseline(path):
            raise RecordError(f"{path}: is a baseline: read_baseline(path) reads it")
        return _of_file(path)
    records: list[TrialRecord] = []
    with refusals(f"{path}: cannot be read"):
        files = sorted([*path.rglob("[!.]*.json"), *path.rglob(_LINES)])
    for file in files:
        try:
            records += _of_file(file) if file.name == _LINES else read_record(file).trials
        except OSError as error:
            raise RecordError(f"{file}: cannot be read: {_reason(error)}") from None
        except RecordError as error:
            raise RecordError(f"{file}: {_reason(error).removeprefix(f'{file}: ')}") from None
    if not records:
        raise RecordError(f"{path}: expected a results.json, or a folder of records, found neither")
    return records


def _of_file(path: Path) -> list[TrialRecord]:
    """Return the records in a file: of a run, or one on each line."""
    text = _text(path)
    # What `Curve.save` writes begins like this whatever its name, and no line of a record does.
    if path.suffix == ".jsonl" and not text.startswith("{\n"):
        return parse_lines(text, source=str(path))
    return list(_results(text, path).records)


def find(path: Path) -> Path:
    """Return the file, or the folder of records, that a path leads to."""
    if not os.path.isdir(path):
        return path
    try:
        runs = [folder for folder in sorted(path.iterdir()) if _is_run(folder)]
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {_reason(error)}") from None
    if not _is_run(path) and len(runs) == 1:
        path = runs[0]
    elif not _is_run(path) and runs:
        names = ", ".join(folder.name for folder in runs)
        raise RecordError(
            f"{path}: expected the folder of one run, got several: name one of {names}"
        )
    if stands(path / _RUN):
        return path / _RUN
    return path / "trials" if _is_run(path) else path


def _is_run(folder: Path) -> bool:
    """Return whether a folder is what a run leaves."""
    return stands(folder / _RUN) or os.path.isdir(folder / "trials")


def run_file(folder: Path) -> Path | None:
    """Return the file with all records of a run in a folder, even if it is a broken link."""
    return next(filter(os.path.lexists, (folder / name for name in (_RUN, _LINES))), None)


def read_any(path: Path) -> list[TrialRecord]:
    """Return the records at `path`: what `read_records` reads, or a baseline's.

    Raises `RecordError` in one line if there is no record, or a file is not a record.
    """
    found = read_old(path)
    return list(found.records) if isinstance(found, Baseline) else found


def read_old(path: Path) -> Baseline | list[TrialRecord]:
    """Return what a run may be compared with: a baseline, or what `read_records` reads.

    A baseline is its file, or a folder that holds nothing else. Raises `RecordError` in one line if
    there is no record, or a file is not a record.
    """
    if is_missing(path):
        raise RecordError(f"{path}: expected a file or a folder, found neither")
    held = _baselines(path)
    if len(held) > 1:
        names = ", ".join(file.name for file in held)
        raise RecordError(f"{path}: expected one baseline, got {names}: name one")
    return read_baseline(held[0]) if held else read_records(path)


def _baselines(path: Path) -> list[Path]:
    """Return the baseline at `path`, or those in a folder that holds nothing else."""
    if not os.path.isdir(path):
        return [path] if _is_baseline(path) else []
    if _is_run(path):
        return []
    with refusals(f"{path}: cannot be read"):
        files = iter(sorted(path.glob("[!.]*.json")))
    first = next(files, None)  # not all: a folder of records may have thousands
    if first is None or not _is_baseline(first):
        return []
    return [first, *filter(_is_baseline, files)]


def _is_baseline(file: Path) -> bool:
    try:
        data = read_json(file, RUN_BYTES)
    except (OSError, ValueError):
        return False  # whoever reads it next gives a better message
    return isinstance(data, dict) and isinstance(data.get("profile"), str)


def read_missing(path: Path) -> list[str]:
    """Return the labels of the trials that a run at `path` planned and has no record of.

    The list is empty if there are no results of a run at `path`.
    """
    try:
        return read_results(find(path)).missing
    except RecordError:
        return []


def is_sequential(path: Path) -> bool:
    """Return whether a run chose the number of seeds of each scale, and has all that it chose."""
    try:
        results = read_results(find(path))
    except RecordError:
        return False
    return results.profile.get("sequential") is True and not results.missing


def _plain(value: Any) -> Any:
    """Return `value` as JSON values; numbers not finite become None, unknown types a text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)


def _reason(error: Exception) -> str:
    """Return an error's message in one line, without the path, which the caller has given."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())
