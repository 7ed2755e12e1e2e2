"""`python -m noisecore drift`: compares the same run in several environments."""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noisecore.cli import codes
from noisecore.cli.compare import CODES, add_gate, mode_of
from noisecore.cli.problems import say_problems
from noisecore.errors import ArgumentError, refusals
from noisecore.judging.margins import Margins
from noisecore.paths import RUN_BYTES, make_artifacts, read_file
from noisecore.showing.terminal import say

if TYPE_CHECKING:
    from noisecore.judging.drift import Drift, Environment

_LOG_LINES = 8


def add_command(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "drift",
        help="compare the same run in several environments",
        description="Judge each environment against one of them, from their records only, and "
        "write drift.md, drift.json and a picture.\n\n"
        "example: noisecore drift results/tf2.20 results/tf2.21",
        epilog=CODES,
    )
    parser.add_argument(
        "folders",
        metavar="FOLDER",
        type=Path,
        nargs="+",
        help="one folder per environment, named after it: an artifact folder, or one around it",
    )
    parser.add_argument(
        "--expected",
        metavar="NAMES",
        type=lambda names: [name.strip() for name in names.split(",") if name.strip()],
        default=[],
        help="environments that are expected; one without records gets a row with the reason",
    )
    parser.add_argument(
        "--logs",
        metavar="FOLDER",
        type=Path,
        help="folder with the logs of environments that left no records: FOLDER/NAME/log/*.log",
    )
    parser.add_argument(
        "--reference",
        metavar="NAME",
        help="environment to judge the others against (default: the one with the newest "
        "TensorFlow; without it, the newest PyTorch or other package that the records name)",
    )
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        default=Path("noisecore-results"),
        help="where the files go (default: noisecore-results)",
    )
    add_gate(parser)
    parser.set_defaults(command=_drift)


def _drift(chosen: argparse.Namespace) -> int:
    from noisecore.judging.drift import find_drift, newest
    from noisecore.judging.gates.own import own_lines
    from noisecore.records import write_atomically
    from noisecore.showing.drift import make_drift_summary
    from noisecore.showing.parts import Parts
    from noisecore.showing.plots import plot_drift, render

    environments = _read(chosen.folders, chosen.expected, chosen.logs)
    measured = [one for one in environments if one.records]
    if len(measured) < 2:
        got = ", ".join(one.name for one in measured) or "none"
        reasons = [f"{one.name}: {one.reason}" for one in environments if one.reason]
        say("; ".join([f"drift needs records of two environments, got {got}", *reasons]))
        return codes.NOTHING
    reference = chosen.reference or newest(measured)
    found = find_drift(
        environments,
        reference,
        mode=mode_of(chosen),
        margins=chosen.margins,
        alpha=chosen.alpha,
    )
    gate = f"{chosen.gate} mode, {chosen.margins or Margins()}"
    base = next(list(one.records) for one in environments if one.name == reference)
    names = [*dict.fromkeys(one.name for one in found)] if chosen.margins is None else []
    own = own_lines(base, names)
    summary = make_drift_summary(environments, found, reference, gate, own)
    parts = Parts()
    files: dict[str, str | bytes] = {}
    with parts.making("the picture"):
        files = {f"drift.{kind}": content for kind, content in render(plot_drift(found)).items()}
    picture = "\n![Accuracy by environment](drift.png)\n" if files else ""
    files |= {"drift.md": summary + picture, "drift.json": _json(found)}
    for name, content in files.items():
        with parts.making(name):
            make_artifacts(chosen.out)
            write_atomically(chosen.out / name, content)
            parts.written.append(chosen.out / name)
    say(summary)
    say(f"written to {chosen.out}: {', '.join(path.name for path in parts.written)}")
    return codes.USAGE if say_problems(parts) else _code(environments, found)


def _json(found: list[Drift]) -> str:
    return json.dumps([_plain(one) for one in found], indent=1) + "\n"


def _read(folders: list[Path], expected: list[str], logs: Path | None) -> list[Environment]:
    """Return the environments of the folders, and those that were expected and left nothing."""
    from noisecore.judging.drift import Environment
    from noisecore.judging.results import read_records, run_file

    found: dict[str, Environment] = {}
    for folder, name in zip(folders, _names(folders), strict=True):
        if name in found:
            raise ArgumentError(
                f"each FOLDER names an environment: expected one {name}, got two: give folders "
                "with different names, such as their parent folders"
            )
        with refusals(f"{folder}: cannot be read"):
            inside = map(run_file, sorted(folder.glob("*")))
            results = [*filter(None, inside)] or [*filter(None, [run_file(folder)])]
        if results:
            records = [record for path in results for record in read_records(path)]
            found[name] = Environment(name=name, records=tuple(records))
        else:
            reason = _last_lines(name, logs) or f"no results.json in {folder}"
            found[name] = Environment(name=name, reason=reason)
    for name in expected:
        if name not in found:
            reason = _last_lines(name, logs) or "it left no records"
            found[name] = Environment(name=name, reason=reason)
    order = {name: place for place, name in enumerate(expected)}
    return sorted(found.values(), key=lambda one: order.get(one.name, len(order)))


def _names(folders: list[Path]) -> list[str]:
    """Return the environment of each folder: its name, or if two are alike its parent's name.

    Two runs of one profile, `a/quick` and `b/quick`, belong to the environments `a` and `b`.
    """
    from noisecore.judging.results import run_file

    with refusals("the current folder cannot be used"):
        places = [Path(os.path.realpath(folder)) for folder in folders]
    names = [place.name for place in places]
    return [
        place.parent.name if names.count(place.name) > 1 and run_file(place) else place.name
        for place in places
    ]


def _last_lines(name: str, logs: Path | None) -> str:
    """Return the end of an environment's newest log of a command that failed, empty if none did."""
    with refusals(f"{logs}: cannot be read"):
        found = list((logs / name / "log").glob("*.log")) if logs is not None else []
        paths = sorted(found, key=lambda path: path.lstat().st_mtime, reverse=True)
    for path in paths:
        try:
            text = read_file(path, RUN_BYTES).decode(errors="replace")
        except OSError as error:
            return f"{path}: cannot be read: {error.strerror or error}"
        lines = [line for line in text.splitlines() if line.strip()]
        if "exit_code: 0" not in lines:  # as tox writes it
            return "\n".join(lines[-_LOG_LINES:])
    return ""


def _plain(one: Drift) -> dict[str, Any]:
    return {
        "environment": one.environment,
        "curve": one.name,
        "verdict": one.verdict.to_dict() if one.verdict else None,
        "changed": one.changed if math.isfinite(one.changed) else None,
        "turned": [[each.image, each.before, each.now] for each in one.turned],
    }


def _code(environments: list[Environment], found: list[Drift]) -> int:
    verdicts = [one.verdict for one in found if one.verdict is not None]
    if any(verdict.fallen for verdict in verdicts):
        return codes.REGRESSION
    if any(one.reason for one in environments):
        return codes.TRIALS_FAILED
    if any(verdict.verdict != "pass" for verdict in verdicts):
        return codes.UNDECIDED
    return codes.OK
