"""What to run next after a verdict that is not a pass, as a command to copy."""

from __future__ import annotations

import os
import shlex
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from noisecore.plugin.options import OPTIONS, OWN_SCALES
from noisecore.plugin.settings import Settings

if TYPE_CHECKING:
    from noisecore.judging.gates import Verdict

_SHOWN = 3  # nobody would type more commands than this
_MORE_SEEDS = 10
# Options that the next command leaves out: it runs one test, and writes only what was asked for.
_LEFT_OUT = ("artifacts", "resume", "update-baseline")


def next_commands(
    found: Sequence[tuple[str, Verdict]],
    settings: Settings,
    root: Path,
    *,
    given: Container[str],
    seeds: int = 0,
) -> dict[str, list[str]]:
    """Return commands by what they are for, a few at most, and how many more there would be.

    found: verdicts with the nodes that found them; root: the folder that nodes are relative to.
    given: the names of the curves of models that were given. seeds: how many a
    renewed baseline gets, if the run's own seeds came one after another.
    """
    commands: dict[str, list[str]] = {}
    if settings.records is not None:
        return commands  # nothing would be trained again
    # The comparison with the baseline says most, so it comes before any number of floors.
    for nodeid, verdict in sorted(found, key=lambda each: each[1].gate != "no regression"):
        if verdict.verdict == "pass" or nodeid.startswith("noisecore::"):
            continue
        is_given = any(name in given for name in verdict.names)
        rigorous = settings.baseline.rule.mode_for("draws" if is_given else "seeds") == "rigorous"
        purpose, node, changes = _next(verdict, nodeid, len(settings.profile.seeds), rigorous)
        if "update-baseline" in changes and seeds:
            changes["seeds"] = str(seeds)  # a baseline needs a fixed number of them
        if is_given and changes.keys() == {"seeds"}:
            purpose = ""  # the test evaluates a model: no seeds are trained
        line = _line(node, settings, root, changes, given=is_given)
        known = commands.setdefault(purpose, []) if purpose else [line]
        if line not in known:
            known.append(line)
    return {purpose: _few(lines) for purpose, lines in commands.items()}


def _few(lines: list[str]) -> list[str]:
    """Return the first commands, and a comment of the shell that counts the others."""
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], f"# and {more} more"] if more > 0 else lines


def closer_look(nodeid: str, settings: Settings, *, given: bool) -> str:
    """Return the command that looks closer at a curve that fell, empty if there is none.

    given: whether the curve is of a model that was given.
    """
    if settings.records is not None or (given and settings.baseline.rule.mode != "simple"):
        return ""
    changes = {**_more(len(settings.profile.seeds)), "gate": "rigorous"}
    return _line(nodeid, settings, settings.root, changes, given=given)


def _line(
    node: str, settings: Settings, root: Path, changes: Mapping[str, str], *, given: bool
) -> str:
    """Return the command that runs a node as the run did, except for these changes."""
    options = {**_kept(settings.typed), **changes}
    if given:
        options.pop("seeds", None)
    else:
        options = {"scales": OWN_SCALES, **options}
    return _command(_from_here(node, root), options)


def _more(seeds: int) -> dict[str, str]:
    return {"seeds": str(max(_MORE_SEEDS, 2 * seeds))}


def _next(
    verdict: Verdict, nodeid: str, seeds: int, rigorous: bool
) -> tuple[str, str, dict[str, str]]:
    """Return what to do, at which node, with which options; if it is empty, do nothing."""
    from noisecore.judging.gates.rows import FailureRow, ObstacleRow, ProblemRow

    more = _more(seeds)
    file = nodeid.partition("::")[0]
    if verdict.gate == "trials" or verdict.rows(FailureRow):
        return "to run what failed again:", nodeid, {"resume": "yes"}
    problems = verdict.rows(ProblemRow)
    if renew := next((row.renew for row in problems if row.renew), ""):
        return "to renew the baseline:", renew, {"update-baseline": "all"}
    if problems:
        return "to add what is missing from the baseline:", file, {"update-baseline": "missing"}
    if verdict.rows(ObstacleRow):
        return "to renew the baseline:", file, {"update-baseline": "all"}
    if verdict.gate == "no regression":
        if not rigorous:
            return "to look again:", nodeid, {**more, "gate": "rigorous"}
        # More seeds do not undo what rigorous mode has shown.
        undecided = verdict.verdict == "inconclusive"
        return "to look again:" if undecided else "", nodeid, more
    if verdict.gate in ("floor", "monotonic"):
        return "to look again:", nodeid, more
    return "", nodeid, {}


def _kept(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name not in _LEFT_OUT}


def _from_here(nodeid: str, root: Path) -> str:
    """Return a node as a person would type it in this folder."""
    file, colons, rest = nodeid.partition("::")
    return f"{os.path.relpath(root / file)}{colons}{rest}"


def _command(node: str, given: Mapping[str, str]) -> str:
    """Return the command that runs a node with these options."""
    bare = {each.name: each.bare for each in OPTIONS}
    parts = ["pytest", node]
    for name, value in given.items():
        parts.append(f"--noise-{name}" + ("" if value == bare[name] else f"={value}"))
    return shlex.join(parts)
