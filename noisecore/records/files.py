"""Files of JSON: read within limits, written completely or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.errors import ArgumentError, ArgumentTypeError
from noisecore.escaping import described, shown
from noisecore.paths import RECORD_BYTES, RUN_BYTES, open_new, read_text
from noisecore.records.checking import SCHEMA, RecordError, as_type, finite, with_checksum
from noisecore.records.kept import Record, join_trials
from noisecore.records.record import TrialRecord
from noisecore.records.trials import AnyTrial
from noisecore.records.values import Values, pack_classes


def as_path(given: object) -> Path:
    """Return a given path; raise `ArgumentTypeError` or `ArgumentError` if it is not a path."""
    if not isinstance(given, str | Path):
        raise ArgumentTypeError(f"path must be the path of a file, got {described(given)}")
    if not str(given).strip() or "\0" in str(given):
        raise ArgumentError(f"path must be the path of a file, got {shown(str(given))}")
    return Path(given)


def new_file(given: object, example: str) -> Path:
    """Return the path of a file to write; raise as `as_path` does, and also on a folder."""
    path = as_path(given)
    if os.path.isdir(path):
        raise ArgumentError(
            f"{path} is a folder: give the path of a file, such as {path / example}"
        )
    return path


def read_record(path: Path) -> Record:
    """Return the record in a file; raise `RecordError`, one line, if it holds none.

    Raises `OSError` if it cannot be read, for example because it is not a regular file.
    """
    try:
        data = read_json(path, RECORD_BYTES)
    except ValueError as error:
        raise RecordError(f"{path}: not JSON: {error}") from None
    return Record.from_dict(data, source=str(path))


def parse_lines(text: str, *, source: str) -> list[TrialRecord]:
    """Return the records in a text that has one of them on each line.

    Raises `RecordError`, one line that starts with `source` and names the line, if a line holds no
    record, or holds a trial of an earlier line again.
    """
    found: dict[tuple[str, AnyTrial], int] = {}
    records: list[TrialRecord] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{source}: line {number}"
        try:
            record = Record.from_dict(with_nan(parse_json(line, source=where)), source=where)
            for each in record.trials:
                first = found.setdefault((each.key, each.trial), number)
                if first != number:
                    raise RecordError(f"{where}: line {first} holds {each.trial.label} already")
        except RecordError as error:
            raise RecordError(f"{error}: restore the file, or remove the line") from None
        records += record.trials
    if not records:
        raise RecordError(f"{source}: expected one record on each line, found none")
    return records


def write_records(
    path: Path, records: Sequence[TrialRecord], *, labels: NDArray[np.int64] | None = None
) -> None:
    """Write records into one file, completely or not at all; create its folder if need be.

    It is a results.json without a run, and is read as one. labels: (images,), the class number of
    each test image, which `read_labels` finds again; None if they are not known.
    Raises `RecordError` if there are none, `OSError` if the file cannot be written.
    """
    if not records:
        raise RecordError("there are no records to write: they come from evaluate or train_sweep")
    _refuse_other(path)
    kept = [each.to_dict() for each in join_trials(records)]
    path.parent.mkdir(parents=True, exist_ok=True)
    nothing: dict[str, Any] = {"run": {}, "profile": {}, "planned": [], "verdicts": []}
    content = finite({"schema": SCHEMA, **nothing, "records": kept})
    if labels is not None and len(labels):
        content["labels"] = asdict(pack_classes(labels, int(labels.max()) + 1))
    write_atomically(path, in_lines(with_checksum(content)))


def read_labels(path: Path, images: int) -> NDArray[np.int64] | None:
    """Return the labels that `write_records` kept with records of so many images, if any.

    Raises `RecordError` if they are for another number of images.
    """
    text = read_text(path, RUN_BYTES)
    if path.suffix == ".jsonl" and not text.startswith("{\n"):  # lines of records hold no labels
        return None
    data = parse_json(text, source=str(path))
    if "labels" not in data:
        return None
    held: Values = as_type(data["labels"], Values, part="labels")
    try:
        return held.array(images).astype(np.int64)
    except RecordError as error:
        raise RecordError(f"{path}: labels {error}") from None


def _refuse_other(path: Path) -> None:
    """Raise `RecordError` if a file that `write_records` did not write is at a path."""
    if not os.path.lexists(path):
        return
    try:
        held = read_json(path, RUN_BYTES)
    except (OSError, ValueError):
        held = None
    if not isinstance(held, dict) or "records" not in held or held.get("run"):
        raise RecordError(
            f"{path} already exists, and holds something other than saved records: choose "
            "another path"
        )


def read_json(path: Path, most: int) -> Any:
    """Return what a JSON file of at most `most` bytes holds.

    Raises `OSError` if it cannot be read, `ValueError` with only the reason if it is not JSON.
    """
    try:
        return json.loads(read_text(path, most))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def parse_json(text: str, *, source: str) -> Any:
    """Return the JSON values in a text.

    Raises `RecordError`, one line that starts with `source`, if it is not JSON, or is cut off.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        # Only a text that ends too early has its error at the end.
        what = "is cut off" if error.pos >= len(text.rstrip()) - 1 else "is not JSON"
        if error.msg.startswith("Unterminated string"):
            what = "is cut off"
        place = str(error) if "\n" in text else f"{error.msg}: column {error.colno}"
        raise RecordError(f"{source}: {what}: {place}") from None
    except ValueError as error:  # a whole number with more digits than Python reads
        raise RecordError(f"{source}: is not JSON: {error}") from None
    except RecursionError:
        raise RecordError(f"{source}: is not JSON: nested too deeply") from None


def in_lines(content: Mapping[str, Any]) -> str:
    """Return the text of a JSON object: one line per value, and per object of a list of them.

    Such a file is easy to read, and a change of one record is one line of a diff.
    """
    lines = []
    for name, value in content.items():
        if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            text = "[\n" + ",\n".join(f"  {_text(each)}" for each in value) + "\n ]"
        else:
            text = _text(value)
        lines.append(f" {_text(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def with_nan(record: Any) -> Any:
    """Return a record's dict with NaN for the numbers that JSON could not hold."""
    if not isinstance(record, dict):
        return record
    restored = dict(record)
    for part in ("history", "evaluations", "cells"):
        if isinstance(rows := record.get(part), list) and all(isinstance(r, dict) for r in rows):
            restored[part] = [
                {
                    name: math.nan if item is None and name in _FIGURES else item
                    for name, item in row.items()
                }
                for row in rows
            ]
    return restored


_FIGURES = ("loss", "accuracy", "test_loss", "test_accuracy")


def write_atomically(path: Path, content: str | bytes) -> None:
    r"""Write a file by way of a temporary one in the same folder, so that it is never half there.

    A byte of a path that is not UTF-8 becomes an escape such as `\udce9`, as in JSON itself.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    if len(os.fsencode(temporary.name)) > 255:  # with the additions a valid name may be too long
        temporary = path.with_name(f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()}")
    # A path may hold bytes that are not text; written like this, JSON's readers find them again.
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        with open_new(temporary) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
