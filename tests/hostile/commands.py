"""Hostile arguments and files for `python -m noisecore`."""

from __future__ import annotations

import functools
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile.cases import COMMAND, SEED, Case, Ended
from hostile.room import furnish, run_command
from hostile.values import TEXTS, short, some

BASELINE = "benchmarks/baselines/quick.json"
RESULTS = "noisecore-results/quick/results.json"

# What is given a value each, after it.
OPTIONS = {
    ("data",): ("--data-dir",),
    ("compare", BASELINE, BASELINE): ("--margins", "--gate"),
    ("power", BASELINE, "--pairs=5"): ("--seeds", "--drops", "--margins", "--pairs"),
    ("calibrate", BASELINE, "--records=records", "--pairs=5"): (
        "--runs", "--seeds", "--artifacts", "--records", "--margins", "--pairs",
    ),
    ("floors", BASELINE): ("--seeds", "--alpha"),
    ("drift", "noisecore-results", "copy"): (
        "--expected", "--logs", "--reference", "--out", "--gate", "--margins",
    ),
}  # fmt: skip
# What could take minutes by what it is asked for.
DEAR = {"--pairs", "--runs", "--seeds"}


def arguments() -> list[Case]:
    """Each command with values, places and words that it was not made for."""

    def run(words: tuple[str, ...], room: Path) -> Ended:
        furnish(room, baseline=True, results=True)
        if words[:1] == ("drift",):
            os.symlink("noisecore-results", room / "copy")
        return run_command(room, *words)

    texts = [text for text in TEXTS if text not in ("--help", "-h", "../..")]
    cases = []
    for command, options in OPTIONS.items():
        for option in options:
            dear = option in DEAR
            usable = [t for t in texts if not (dear and t.isdecimal() and len(t) < 400)]
            for value in some(usable, 7, command[0], option):
                cases.append((*command, f"{option}={value}"))
    for command, count in {
        "report": 1,
        "compare": 2,
        "power": 1,
        "calibrate": 1,
        "floors": 1,
        "drift": 2,
    }.items():
        for value in some(texts, 8, command):
            cases.append((command, *[value] * count))
    cases += [(text,) for text in some(texts, 12, "command")]
    cases += [("compare", BASELINE, BASELINE, text) for text in some(texts, 6, "more")]
    cases += [
        (),
        ("compare",),
        ("compare", "--"),
        ("--",),
        ("power", BASELINE, "--pairs=5", "--", "x"),
    ]
    return [
        Case(" ".join(map(short, words)), functools.partial(run, words), COMMAND) for words in cases
    ]


ODD = [
    None, True, -1, 0, 1.5, 1e308, 10**400, "", "x", "x" * 5000, "\0", "\ud800", [], [None], [[]],
    {}, {"x": 1}, float("nan"), float("inf"), "nan", "2025-01-01", "../../x", "<script>",
    [1] * 1000,
]  # fmt: skip


def change_json(content: bytes, draw: random.Random) -> tuple[str, bytes]:
    """Return a JSON file with one value replaced or taken out, and what was done."""
    data = json.loads(content)
    place, path = data, []
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw.choice(keys)
        path.append(str(key))
        inner = place[key]
        if not (isinstance(inner, dict | list) and inner) or draw.random() < 0.25:
            break
        place = inner
    if draw.random() < 0.25:
        del place[key]
        return f"{'.'.join(path)} taken out", json.dumps(data).encode()
    value: Any = draw.choice(ODD)
    place[key] = value
    return f"{'.'.join(path)} = {short(value)}", json.dumps(data).encode()


def change_bytes(content: bytes, draw: random.Random) -> tuple[str, bytes]:
    """Return a file that is cut off, or has some bytes of others, and what was done."""
    where = draw.randrange(len(content))
    kind = draw.choice(("cut", "flipped", "filled", "doubled"))
    if kind == "cut":
        return f"cut at {where}", content[:where]
    if kind == "flipped":
        return f"flipped at {where}", content[:where] + bytes([content[where] ^ 255]) + content[
            where + 1 :
        ]
    if kind == "filled":
        return f"noughts at {where}", content[:where] + bytes(40) + content[where + 40 :]
    return f"doubled at {where}", content[:where] + content[where // 2 :]


# Whole files that are no JSON of noisecore's.
WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "blank": lambda content: b" \n",
    "byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "UTF-16": lambda content: content.decode().encode("utf-16"),
    "Latin-1": lambda content: b'{"schema": 1, "name": "\xfc"}',
    "deep": lambda content: b"[" * 100_000,
    "deep and closed": lambda content: b'{"schema":' * 3000 + b"1" + b"}" * 3000,
    "number": lambda content: b"1",
    "great number": lambda content: b"9" * 5000,
    "great schema": lambda content: b'{"schema": ' + b"9" * 5000 + b"}",
    "null": lambda content: b"null",
    "string": lambda content: b'"x"',
    "list": lambda content: b"[]",
    "list of it": lambda content: b"[" + content + b"]",
    "twice": lambda content: content + content,
    "NaN": lambda content: b'{"schema": NaN}',
    "infinity": lambda content: b'{"schema": Infinity}',
    "schema text": lambda content: b'{"schema": "1"}',
    "schema true": lambda content: b'{"schema": true}',
    "schema half": lambda content: b'{"schema": 1.5}',
    "schema less": lambda content: b'{"schema": -1}',
    "schema alone": lambda content: b'{"schema": 1}',
    "lone surrogate": lambda content: b'{"schema": "\\ud800"}',
    "nought": lambda content: b"\0" * 100,
    "HTML": lambda content: b"<html>",
    "zip": lambda content: b"PK\x03\x04" + bytes(100),
}


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path)


# What is no file at all.
PLACES: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a link to itself": _link_to_itself,
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/null"),
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a process": lambda path: path.symlink_to("/proc/self/mem"),
}


def files() -> list[Case]:
    """Results, baselines and records that are damaged, changed, or no files."""
    commands: dict[str, list[tuple[str, ...]]] = {
        BASELINE: [
            ("compare", BASELINE, "records"),
            ("power", BASELINE, "--pairs=5"),
            ("floors", BASELINE),
        ],
        RESULTS: [
            ("report", "noisecore-results/quick"),
            ("compare", BASELINE, RESULTS),
            ("drift", "noisecore-results", "copy"),
        ],
        "records": [("compare", BASELINE, "records"), ("compare", "records", BASELINE)],
    }

    def run(file: str, command: tuple[str, ...], change: str, number: int, room: Path) -> Ended:
        furnish(room, baseline=True, results=True)
        os.symlink("noisecore-results", room / "copy")
        path = room / file if file != "records" else min((room / "records").iterdir())
        content = path.read_bytes()
        draw = random.Random(f"{SEED} {file} {number}")
        path.unlink()
        if change in PLACES:
            PLACES[change](path)
        elif change in WHOLE:
            path.write_bytes(WHOLE[change](content))
        else:
            changed = change_json if change == "value" else change_bytes
            path.write_bytes(changed(content, draw)[1])
        return run_command(room, *command)

    cases = []
    for file, known in commands.items():
        changes = [*WHOLE, *PLACES, *["value"] * 45, *["bytes"] * 18]
        for number, change in enumerate(changes):
            command = known[number % len(known)]
            what = f"{' '.join(command)}, {file}: {change} {number}"
            cases.append(Case(what, functools.partial(run, file, command, change, number), COMMAND))
    return cases
