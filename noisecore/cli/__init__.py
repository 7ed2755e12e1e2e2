"""`python -m noisecore`: the commands that need no pytest."""

from __future__ import annotations

import argparse
import io
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import noisecore
from noisecore.cli import calibrate, codes, compare, drift, floors, noises, power
from noisecore.cli.problems import say_problems
from noisecore.errors import NoisecoreError, RefusedError
from noisecore.escaping import one_line, shorten
from noisecore.paths import LONGEST
from noisecore.showing.terminal import say

_DESCRIPTION = (
    "Compare runs of noisecore, and plan them. Models are measured and gated with pytest, or from "
    "a script.\n\n"
    "example: noisecore compare benchmarks/baselines/quick.json noisecore-results/quick"
)
_CODES = (
    "exit codes: 0 all is well, 1 a regression, 2 trials failed, 3 inconclusive or not comparable, "
    "4 usage, 5 nothing to measure, 70 a bug in noisecore, with its traceback"
)


class _Help(argparse.HelpFormatter):
    """Help whose texts may have several paragraphs; an example stays in one line."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        what, _, example = text.partition("example: ")
        filled = super()._fill_text(what, width, indent)
        return f"{filled}\n\nexample:\n  {example}" if example else filled


class _Parser(argparse.ArgumentParser):
    """A parser that reports a usage error in one line, and exits with pytest's code for it."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**{"formatter_class": _Help, **how})

    def error(self, message: str) -> None:  # type: ignore[override]
        shown = one_line(f"{self.prog}: {message} (see {self.prog} --help)")
        self.exit(codes.USAGE, f"{shown}\n")


def main(arguments: Sequence[str] | None = None, *, prog: str = "noisecore") -> int:
    """Run one command and return its exit code, which `noisecore.cli.codes` lists.

    arguments: None takes those of this process, which then runs only this command. prog: the name
    that it was called by. A mistake in the arguments or files is printed in one line. Any other
    error is a bug and is raised; if arguments is None, its traceback is printed instead, and the
    exit code stands for no verdict.
    """
    if arguments is not None:
        return _run(arguments, prog)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # after `| head` it ends without a traceback
    try:
        return _run(sys.argv[1:], prog)
    except Exception as error:  # Python's own exit code, 1, would mean a regression
        sys.excepthook(type(error), error, error.__traceback__)
        return codes.BUG


def _run(given: Sequence[str], prog: str) -> int:
    """Run one command, of these arguments; return its exit code."""
    parser = _Parser(prog=prog, description=_DESCRIPTION, epilog=_CODES)
    parser.add_argument("--version", action="version", version=noisecore.__version__)
    commands = parser.add_subparsers(
        title="commands", dest="command", required=True, metavar="COMMAND"
    )
    compare.add_command(commands)  # the commands that people use most come first
    power.add_command(commands)
    floors.add_command(commands)
    _add_report(commands)
    _add_data(commands)
    noises.add_command(commands)
    calibrate.add_command(commands)
    drift.add_command(commands)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that has no ± shows its escape
            stream.reconfigure(errors="backslashreplace")
    given = list(given)
    # What follows -- is not for us, but argparse would read it as arguments of the command.
    ours = given[: given.index("--")] if "--" in given else given
    for word in ours:
        if len(word) > LONGEST or "\0" in word:
            parser.error(f"no argument can be {shorten(word)!r}")
        if word.endswith("=--"):  # argparse drops the value, and gives an empty list
            parser.error(f"{word[:-3]} needs a value, got '--'")
    try:
        chosen = parser.parse_args(ours)
        chosen.rest = given[len(ours) + 1 :]
        code: int = chosen.command(chosen)
    except NoisecoreError as error:
        with suppress(RefusedError):  # the exit code says it too
            say(f"noisecore: {one_line(error)}", err=True)
        return codes.USAGE
    return code


def _add_report(commands: Any) -> None:
    report = commands.add_parser(
        "report",
        help="draw and write a run's artifacts again from its results.json",
        description="Draw and write a run's artifacts again from its results.json.\n\n"
        "example: noisecore report noisecore-results/quick",
    )
    report.add_argument("folder", metavar="FOLDER", type=Path, help="the run's artifact folder")
    report.set_defaults(command=lambda chosen: _report(chosen.folder))


def _add_data(commands: Any) -> None:
    data = commands.add_parser(
        "data",
        help="list the data sets: where each one is, or what to do to get it",
        description="List the data sets. The exit code is 1 if one of them was altered.\n\n"
        "example: noisecore data",
    )
    data.add_argument("--data-dir", metavar="FOLDER", help="folder that holds full-size data sets")
    data.set_defaults(command=lambda chosen: _data(chosen.data_dir))


def _data(data_dir: str | None) -> int:
    from noisecore.data import format_listing, list_datasets

    listings = list_datasets(data_dir)
    say(format_listing(listings))
    return codes.REGRESSION if any(listing.state == "altered" for listing in listings) else codes.OK


def _report(folder: Path) -> int:
    from noisecore.showing.report import redraw

    made = redraw(folder)
    say(f"{len(made.written)} files written to {folder}")
    return codes.USAGE if say_problems(made) else codes.OK
