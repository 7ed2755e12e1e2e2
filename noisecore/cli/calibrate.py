"""`python -m noisecore calibrate`: what a gate does with fresh seeds of the same code."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noisecore.cli import codes
from noisecore.cli.power import (
    MODES,
    MOST_OF_A_RUN,
    add_common,
    show_spread,
    spreads_of,
    whole_number,
)
from noisecore.errors import ArgumentError, refusals
from noisecore.judging.margins import Margins, Mode, Rule
from noisecore.showing.terminal import say

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline
    from noisecore.judging.power import Held, Spread
    from noisecore.records import TrialRecord


def add_command(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    calibrate = commands.add_parser(
        "calibrate",
        help="train fresh seeds of the same code: how often does the gate not pass?",
        description="A/A test: train fresh seeds with the same code, judge them in groups against "
        "the baseline, report how many did not pass, and recommend margins and seeds. What "
        "follows -- is passed to pytest.\n\n"
        "example: noisecore calibrate benchmarks/baselines/quick.json -- benchmarks",
    )
    calibrate.add_argument("baseline", metavar="BASELINE", type=Path, help="the baseline")
    calibrate.add_argument("--runs", type=whole_number, default=20, help="how many runs (20)")
    calibrate.add_argument(
        "--seeds", type=_several, default=3, help="seeds of a run, 2 or more (3)"
    )
    calibrate.add_argument(
        "--artifacts",
        type=Path,
        default=Path("noisecore-results/calibrate"),
        help="folder for the records of these seeds (noisecore-results/calibrate)",
    )
    calibrate.add_argument(
        "--records", type=Path, help="use these records of fresh seeds and train nothing"
    )
    add_common(calibrate, pairs=2000)
    calibrate.set_defaults(command=_calibrate)


def _calibrate(chosen: argparse.Namespace) -> int:
    from noisecore.judging.baselines import Baseline
    from noisecore.judging.results import read_old
    from noisecore.records import Trial

    baseline = read_old(chosen.baseline)
    old = baseline.records if isinstance(baseline, Baseline) else baseline
    if not any(isinstance(record.trial, Trial) for record in old):
        say(
            f"{chosen.baseline}: its curves are of given models, which are not trained, so seeds "
            "do not change them: there is nothing to calibrate"
        )
        return codes.NOTHING
    known = {record.trial.seed for record in old}
    if len(known) < 2:
        say(f"{chosen.baseline} has {len(known)} seeds: a baseline needs 2 to be judged against")
        return codes.NOTHING
    fresh = _fresh_records(chosen, max(known) + 1)
    if fresh is None:
        return codes.TRIALS_FAILED
    fresh = [record for record in fresh if record.trial.seed not in known]
    seeds = sorted({record.trial.seed for record in fresh})
    groups = [
        set(seeds[start : start + chosen.seeds])
        for start in range(0, len(seeds) - chosen.seeds + 1, chosen.seeds)
    ]
    if not groups:
        say(f"{len(seeds)} fresh seeds are fewer than the {chosen.seeds} of one run")
        return codes.NOTHING
    spreads, _ = spreads_of(fresh)
    if not spreads:
        say("no curve has two fresh seeds and a scale greater than 0")
        return codes.NOTHING
    show_spread(spreads, len(seeds))
    runs = [[record for record in fresh if record.trial.seed in group] for group in groups]
    for mode in MODES:
        _show_verdicts(chosen, baseline, runs, mode)
        _recommend(chosen, spreads, len(known), mode)
    return codes.OK


def _show_verdicts(
    chosen: argparse.Namespace,
    baseline: Baseline | list[TrialRecord],
    runs: Sequence[Sequence[TrialRecord]],
    mode: Mode,
) -> None:
    """Judge each run of fresh seeds against the baseline, and show how many did not pass."""
    from noisecore.judging.gates import judge
    from noisecore.judging.power import binomial_interval

    ends: list[str] = []
    for run in runs:
        found = judge(run, baseline, mode=mode, margins=chosen.margins, alpha=chosen.alpha)
        ends.append(
            max((each.verdict for each in found.values()), key=_ORDER.index, default="fail")
        )
    bad = sum(end != "pass" for end in ends)
    low, high = binomial_interval(bad, len(ends))
    undecided = ends.count("inconclusive")
    say(
        f"\n{mode} mode, {chosen.margins or Margins()}\n{bad} of {len(ends)} unchanged runs of "
        f"{chosen.seeds} seeds did not pass, {undecided} of them inconclusive\n"
        f"(95 %: {100 * low:.1f} to {100 * high:.1f} %, against this one baseline)"
    )


_ORDER = ("pass", "inconclusive", "fail")


def _recommend(
    chosen: argparse.Namespace,
    spreads: Mapping[str, Spread | Held],
    baseline_seeds: int,
    mode: Mode,
) -> None:
    """Show what noise alone would do for each number of seeds; recommend margins and seeds."""
    from noisecore.judging.power import recommend_margins, simulate

    rule = Rule(mode=mode, margins=chosen.margins or Margins(), alpha=chosen.alpha)
    enough = None
    for count in sorted({chosen.seeds, 3, 5, 10}):
        rates = simulate(
            spreads, seeds=count, baseline_seeds=baseline_seeds, rule=rule, pairs=chosen.pairs
        )
        advice = recommend_margins(
            spreads, seeds=count, baseline_seeds=baseline_seeds, rule=rule, pairs=chosen.pairs
        )
        if enough is None and rates.not_passed <= 0.01:
            enough = count
        say(
            f"{count:>3} seeds: {100 * rates.not_passed:.2f} % simulated (noise alone);\n"
            f"{'':10} at most 1 % with margins '{advice}'",
        )
    advised = f"{enough} seeds" if enough else "none of these numbers of seeds is enough"
    say(f"recommended with these margins: {advised}")


def _fresh_records(chosen: argparse.Namespace, first: int) -> list[TrialRecord] | None:
    """Return the records of fresh seeds: given ones, or trained now; None if pytest stopped."""
    from noisecore.judging.results import read_any
    from noisecore.profiles import MOST_SEEDS

    if chosen.records is not None:
        return read_any(chosen.records)
    if chosen.runs * chosen.seeds > MOST_SEEDS:
        raise ArgumentError(
            f"--runs times --seeds must be {MOST_SEEDS} seeds at most, got "
            f"{chosen.runs * chosen.seeds}"
        )
    first = max(first, 1000)  # far from the seeds that people choose
    last = first + chosen.runs * chosen.seeds - 1
    command = [
        sys.executable, "-m", "pytest", "--noise-scales", f"--noise-seeds={first}-{last}",
        f"--noise-artifacts={chosen.artifacts}", *_reference(chosen), *chosen.rest,
    ]  # fmt: skip
    started = time.time()
    with refusals("pytest cannot be started"):
        code = run_to_its_end(command)
    if code not in (0, 1):  # a gate may fail here; the records are there all the same
        say(f"pytest ended with exit code {code}: nothing was calibrated", err=True)
        return None
    with refusals(f"{chosen.artifacts}: cannot be read"):
        found = chosen.artifacts.glob("*/results.json")
        made = [path for path in found if path.stat().st_mtime >= started]
    if not made:
        say(
            "pytest trained nothing: after --, name the tests that have the marker robustness, "
            "such as: -- benchmarks",
            err=True,
        )
        return None
    return [record for path in made for record in read_any(path)]


def _reference(chosen: argparse.Namespace) -> list[str]:
    """Return the option without which pytest skips each test that compares with a baseline.

    Whether these tests pass does not matter here, but for a skipped test nothing is trained.
    """
    from noisecore.judging.baselines import read_baseline
    from noisecore.records import RecordError

    try:
        read_baseline(chosen.baseline)
    except RecordError:  # results, or a folder of records: there is no file to compare with
        return [f"--noise-baseline={chosen.artifacts / 'none.json'}"]
    return [f"--noise-baseline={chosen.baseline}"]


def run_to_its_end(command: Sequence[str]) -> int:
    """Run a command and return its exit code; a signal to stop ends the command first.

    SIGTERM is passed on. Ctrl-C reaches the command by itself; wait until it ends, because a run
    that is interrupted still has to write its summary.
    """
    child = subprocess.Popen(command)
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda number, frame: child.terminate()),
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
    }
    try:
        return child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _several(text: str) -> int:
    number = whole_number(text, MOST_OF_A_RUN)
    if number < 2:
        raise argparse.ArgumentTypeError("expected 2 seeds or more: one has no spread")
    return number
