"""`python -m noisecore compare`: judges one run against another, as against a baseline."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noisecore.cli import codes
from noisecore.cli.renamed import Renamed
from noisecore.escaping import visible
from noisecore.judging.margins import (
    ALPHA,
    Margins,
    MarginsError,
    Mode,
    parse_alpha,
    parse_margins,
)
from noisecore.showing.terminal import say

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline
    from noisecore.judging.gates import Verdict
    from noisecore.records import TrialRecord

CODES = (
    "exit codes: 0 pass, 1 regression, 2 trials failed or missing, 3 inconclusive or not "
    "comparable, 4 usage, 5 nothing to compare; of several that apply, the first of 4, 5, 1, 2, 3"
)


def _margins(text: str) -> Margins:
    """Return margins for argparse, which shows the message of this error alone."""
    try:
        return parse_margins(text)
    except MarginsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _alpha(text: str) -> float:
    """Return a rate for argparse, which shows the message of this error alone."""
    try:
        return parse_alpha(text)
    except MarginsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def mode_of(chosen: argparse.Namespace) -> Mode | None:
    """Return the mode that was chosen; None lets the kind of model decide."""
    mode: Mode | None = None if chosen.gate == "auto" else chosen.gate
    return mode


def add_margins(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how much may be lost."""
    parser.add_argument(
        "--margins",
        metavar="MARGINS",
        type=_margins,
        default=None,
        help="how much may be lost, such as mean>2,seconds>1.5 (default: the baseline's own, or "
        f"{Margins()} if it has none)",
    )
    parser.add_argument("--fail", action=Renamed, dest="margins", type=_margins)  # in noisecore 0.1
    parser.add_argument(
        "--alpha",
        metavar="RATE",
        type=_alpha,
        default=ALPHA,
        help=f"how often an unchanged run may fail by chance (default: {ALPHA:g})",
    )


def add_gate(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how one run is judged against another."""
    add_margins(parser)
    parser.add_argument(
        "--gate",
        choices=("auto", "simple", "rigorous"),
        default="auto",
        help="how to judge; auto: rigorous for given models, simple for trained ones "
        "(default: auto)",
    )


def add_command(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "compare",
        help="judge one run against another, or against a baseline",
        description="Judge the run NEW against the run OLD: each curve, and each suite as a "
        "whole; TensorFlow is not needed. Each is a results.json, an artifact folder, a folder or "
        "a .jsonl file of records, or a baseline.\n\n"
        "example: noisecore compare benchmarks/baselines/quick.json noisecore-results/quick",
        epilog=CODES,
    )
    parser.add_argument("a", metavar="OLD", type=Path, help="what to compare with")
    parser.add_argument("b", metavar="NEW", type=Path, help="what is judged")
    add_gate(parser)
    parser.set_defaults(command=_compare)


def _compare(chosen: argparse.Namespace) -> int:
    from noisecore.judging.baselines import Baseline
    from noisecore.judging.gates import judge, regression_table
    from noisecore.judging.gates.arguments import swapped
    from noisecore.judging.results import is_sequential, read_any, read_missing, read_old
    from noisecore.showing.terminal import wrap_text

    old, new = read_old(chosen.a), read_any(chosen.b)
    found = judge(
        new,
        old,
        mode=mode_of(chosen),
        margins=chosen.margins,
        alpha=chosen.alpha,
        sequential=is_sequential(chosen.b),
    )
    for name, verdict in found.items():
        sentence = f"{verdict.verdict.upper()}: {verdict.sentence}"
        parts = [visible(name), regression_table(verdict), *wrap_text(sentence)]
        say("\n".join(filter(None, parts)), end="\n\n")
    say_own(chosen, old, {name: verdict.names[0] for name, verdict in found.items()})
    held = old.records if isinstance(old, Baseline) else old
    if line := swapped(new, held):
        say("\n".join(wrap_text(line)))
    curves = {record.trial.curve for record in new}, {record.trial.curve for record in held}
    for name in sorted(curves[1] - curves[0]):
        say(visible(f"{name} is only in {chosen.a}"))
    for name in sorted(curves[0] - curves[1]):
        say(visible(f"{name} is only in {chosen.b}"))
    failed = [
        f"{record.trial.label} failed: {record.reason}"
        for record in new
        if record.status == "failed"
    ]
    failed += [f"{label} has no record: the run did not finish" for label in read_missing(chosen.b)]
    for line in failed[:_SHOWN]:
        say("\n".join(wrap_text(line)))
    if len(failed) > _SHOWN:
        say(f"and {len(failed) - _SHOWN} more")
    if not found:
        say("no curve is in both: nothing was compared")
        return codes.NOTHING
    unlike = any(_lost_a_scale(verdict) for verdict in found.values())
    code = _code(list(found.values()), bool(failed), unlike or bool(curves[1] - curves[0]))
    say(_WORDS[code])
    return code


def say_own(
    chosen: argparse.Namespace, old: Baseline | list[TrialRecord], curves: Mapping[str, str]
) -> None:
    """Say which of these curves are judged by margins of their own, if none were given.

    curves: by the name that is shown, a suite's or their own.
    """
    from noisecore.judging.gates.own import own_lines
    from noisecore.showing.terminal import wrap_text

    if chosen.margins is None:
        for line in own_lines(old, curves):
            say("\n".join(wrap_text(line)))


def _lost_a_scale(verdict: Verdict) -> bool:
    from noisecore.judging.gates.rows import NoteRow

    return any(row.left_out is not None for row in verdict.rows(NoteRow))


_SHOWN = 20  # a longer list of failed trials helps nobody

_WORDS = {
    codes.OK: "no regression",
    codes.REGRESSION: "regression",
    codes.TRIALS_FAILED: "trials failed",
    codes.UNDECIDED: "inconclusive, or not comparable",
}


def _code(verdicts: list[Verdict], failed: bool, vanished: bool) -> int:
    if any(verdict.fallen for verdict in verdicts):
        return codes.REGRESSION
    if failed:
        return codes.TRIALS_FAILED
    if vanished or any(verdict.verdict != "pass" for verdict in verdicts):
        return codes.UNDECIDED
    return codes.OK
