"""Records, baselines and results with values that noisecore did not write, over every road.

What is judged is ten points worse than its baseline: whatever is changed in one value, no road may
pass it. The checksum is made anew after the change, or the file is of the first schema, which had
none: what is wrong must be found by what it says.
"""

from __future__ import annotations

import functools
import json
import os
import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hostile.cases import COMMAND, SEED, Case, Ended
from hostile.commands import BASELINE, ODD, RESULTS
from hostile.room import GIVEN, furnish, run_command, run_pytest
from hostile.values import short
from noisecore.records import Record, TrialRecord, pack_right, with_checksum

Way = tuple[str | int, ...]


def _worse(data: dict[str, Any]) -> dict[str, Any]:
    """Return a record's dict with a tenth of its right answers taken away at every scale."""
    (trial,) = Record.from_dict(data).trials
    changed = []
    for found in trial.evaluations:
        right = found.right & (np.arange(found.images) % 10 > 0)
        packed, accuracy = pack_right(right), float(right.mean())
        changed.append(replace(found, correct=packed, accuracy=accuracy))
    worse = replace(trial, evaluations=tuple(changed))
    return worse.to_dict() if "trial" in data else Record.of([worse]).to_dict()


def places(data: Any, path: Way = ()) -> list[Way]:
    """Return the way to every value of a JSON file, however deep; of a long list, some."""
    keys = list(data) if isinstance(data, dict) else range(min(len(data), 3))
    found: list[Way] = []
    for key in keys:
        inner = data[key]
        found.append((*path, key))
        if isinstance(inner, dict | list):
            found += places(inner, (*path, key))
    return found


def _at(data: Any, way: Way) -> Any:
    for key in way:
        data = data[key]
    return data


def contradictions(value: Any) -> list[Any]:
    """Return values of the type of one that was written, which its neighbours contradict."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value * 8, 10**12]
    if isinstance(value, float):
        return [1.0, 0.0, value + 0.01, 5e-324]
    if isinstance(value, str):
        return [value[:-4], value[::-1], "/" * len(value), value + "AAAA"]
    if isinstance(value, list):
        return [value[:-1], value + value, value[::-1]]
    return []


def change(data: Any, way: Way, value: Any) -> None:
    """Put a value in its place, or take it out."""
    place = _at(data, way[:-1])
    if value is ...:
        del place[way[-1]]
    else:
        place[way[-1]] = value


def sealed(data: dict[str, Any], schema: int) -> dict[str, Any]:
    """Return a file with checksums that fit, or as schema 1 had it, without any."""
    data = dict(data)
    data.pop("checksum", None)
    if data.get("schema") == 2:
        data["schema"] = schema
    curves = data.get("curves")
    for name in ("trials", "records"):
        if isinstance(held := data.get(name), list) and "training" not in data:
            data[name] = [sealed(each, schema) if isinstance(each, dict) else each for each in held]
    if isinstance(curves, dict):
        data["curves"] = {name: _sealed_curve(name, each, data) for name, each in curves.items()}
        return data
    with suppress(AttributeError, TypeError, ValueError):
        return data if schema == 1 else with_checksum(data)
    return data


def _sealed_curve(name: str, curve: Any, data: dict[str, Any]) -> Any:
    """Return what a baseline says of a curve, with a checksum that fits."""
    if not isinstance(curve, dict):
        return curve
    curve = {key: value for key, value in curve.items() if key != "checksum"}
    if data.get("schema") == 1:
        return curve
    try:
        own = [each for each in data["trials"] if TrialRecord.from_dict(each).trial.curve == name]
        plain = with_checksum({"profile": data["profile"], **curve, "trials": own})
    except (AttributeError, KeyError, TypeError, ValueError):
        return curve
    return curve | {"checksum": plain["checksum"]}


# The roads on which a file of each kind is read, and whether the worse run is on them.
ROADS: dict[str, list[tuple[str, ...]]] = {
    BASELINE: [
        ("compare", BASELINE, "records"),
        ("power", BASELINE, "--pairs=5"),
        ("floors", BASELINE),
        ("pytest", "test_bench.py", *GIVEN, f"--noise-baseline={BASELINE}"),
    ],
    RESULTS: [
        ("compare", BASELINE, RESULTS),
        ("drift", "copy", "noisecore-results", "--reference=copy"),
        ("report", "noisecore-results/quick"),
    ],
    "records": [
        ("compare", BASELINE, "records"),
        ("pytest", "test_bench.py", *GIVEN, f"--noise-baseline={BASELINE}"),
    ],
}
_JUDGES = ("compare", "drift", "pytest")


def contents() -> list[Case]:
    """Each kind of file, of both schemas, with values changed that are read on each road."""
    cases = []
    for file, roads in ROADS.items():
        for schema in (1, 2):
            for road in roads:
                for number in range(70):
                    what = f"{road[0]}, {file} of schema {schema}: change {number}"
                    run = functools.partial(_try, file, schema, road, number)
                    cases.append(Case(what, run, COMMAND))
    return cases


def _try(file: str, schema: int, road: tuple[str, ...], number: int, room: Path) -> Ended:
    furnish(room, baseline=True, results=True)
    for path in (room / "records").iterdir():
        path.write_text(json.dumps(_worse(json.loads(path.read_text()))))
    os.symlink("noisecore-results", room / "copy")
    results = room / RESULTS
    whole = json.loads(results.read_text())
    whole["records"] = [_worse(record) for record in whole["records"]]
    results.write_text(json.dumps(with_checksum(whole)))
    path = room / file if file != "records" else min((room / "records").iterdir())
    data = json.loads(path.read_text())
    # In the first schema each trial had a record of its own; now a run leaves one a training.
    if file == "records" and schema == 2:
        data = Record.from_dict(data).to_dict()
    if file == RESULTS and schema == 1:
        records = [Record.from_dict(each) for each in data.pop("records")]
        data["trials"] = [trial.to_dict() for record in records for trial in record.trials]
    draw = random.Random(f"{SEED} {file} {schema} {road[0]} {number}")
    way = draw.choice(places(data))
    value = draw.choice([*contradictions(_at(data, way)) * 2, *ODD, ...])
    change(data, way, value)
    path.write_text(json.dumps(sealed(data, schema)))
    ended = run_pytest(room, *road[1:]) if road[0] == "pytest" else run_command(room, *road)
    said = f"{'.'.join(map(str, way))} = {short(value)}\n"
    if ended.code == 0 and road[0] in _JUDGES:
        return Ended(99, f"a worse run passed: {said}{ended.out}", ended.err)
    return Ended(ended.code, said + ended.out, ended.err)
