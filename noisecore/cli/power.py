"""`python -m noisecore power` and `calibrate`: what a gate would do, before and after paying."""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from noisecore.cli import codes
from noisecore.cli.compare import add_margins
from noisecore.escaping import shorten, visible
from noisecore.judging.margins import Rule
from noisecore.showing.terminal import say

if TYPE_CHECKING:
    from noisecore.judging.power import Held, Rates, Spread
    from noisecore.records import TrialRecord

_MOST_OF_A_RUN = 1000  # of a run: more are a slip of the pen, and each takes memory
MODES: tuple[Literal["simple"], Literal["rigorous"]] = ("simple", "rigorous")


def add_commands(commands: Any) -> None:
    """Add the commands to argparse's subparsers."""
    power = commands.add_parser(
        "power",
        help="tell which drops a gate would catch, from the spread of a baseline's seeds",
        description="Simulate runs against a baseline with the spread of its own seeds: how often "
        "an unchanged model would not pass, and how often one that is worse would not, by the "
        "number of seeds. Nothing is trained.",
    )
    power.add_argument("baseline", metavar="BASELINE", type=Path, help="baseline, or results")
    power.add_argument(
        "--seeds", type=_whole_numbers, default=(3, 5, 10), help="seeds of a run (3,5,10)"
    )
    power.add_argument(
        "--drops",
        type=_points,
        default=(0.5, 1, 2, 3, 5),
        help="true drops at every scale, in points (0.5,1,2,3,5)",
    )
    _add_common(power, pairs=500)
    power.set_defaults(command=_power)
    calibrate = commands.add_parser(
        "calibrate",
        help="run the same code with fresh seeds and see how often the gate does not pass",
        description="A/A test: train fresh seeds with the same code, judge them in groups against "
        "the baseline, report how many did not pass, and recommend margins and seeds. What "
        "follows -- is given to pytest, such as: -- benchmarks --noise-profile=quick",
    )
    calibrate.add_argument("baseline", metavar="BASELINE", type=Path, help="the baseline")
    calibrate.add_argument("--runs", type=_whole_number, default=20, help="how many runs (20)")
    calibrate.add_argument(
        "--seeds", type=_several, default=3, help="seeds of a run, 2 or more (3)"
    )
    calibrate.add_argument(
        "--artifacts",
        type=Path,
        default=Path("noisecore-results/calibrate"),
        help="folder of what is trained (noisecore-results/calibrate)",
    )
    calibrate.add_argument(
        "--records", type=Path, help="use these records of fresh seeds, and train nothing"
    )
    _add_common(calibrate, pairs=2000)
    calibrate.set_defaults(command=_calibrate)


def _add_common(parser: argparse.ArgumentParser, *, pairs: int) -> None:
    add_margins(parser)
    parser.add_argument(
        "--pairs", type=_whole_number, default=pairs, help=f"runs to simulate ({pairs})"
    )


def _power(chosen: argparse.Namespace) -> int:
    from noisecore.judging.power import simulate
    from noisecore.showing.results import read_any

    spreads, held = _spreads(read_any(chosen.baseline))
    if not spreads:
        say("no curve has two seeds and a scale greater than 0: there is no spread to go by")
        return codes.NOTHING
    _show_spread(spreads, held)
    unchanged: dict[tuple[str, int], Rates] = {}
    for mode in MODES:
        for worse in spreads:
            say(f"\n{mode} mode, {chosen.margins}, alpha {chosen.alpha:g}")
            say("% of runs that do not pass (inconclusive)")
            say(f"{visible(worse)} worse by so many points at noisy scales, others unchanged")
            drops = (0.0, *chosen.drops)
            say("seeds" + "".join(f"{drop:>12g}" for drop in drops))
            for seeds in chosen.seeds:
                cells = []
                for drop in drops:
                    rates = unchanged.get((mode, seeds)) if drop == 0 else None
                    rates = rates or simulate(
                        spreads,
                        seeds=seeds,
                        baseline_seeds=held,
                        rule=Rule(mode=mode, margins=chosen.margins, alpha=chosen.alpha),
                        pairs=chosen.pairs,
                        drops={worse: drop / 100},
                    )
                    if drop == 0:
                        unchanged[mode, seeds] = rates
                    undecided = _percent(rates.inconclusive / rates.pairs)
                    cells.append(f"{_percent(rates.not_passed)} ({undecided})".rjust(12))
                say(f"{seeds:>5}" + "".join(cells))
    worst = 196 / (2 * chosen.pairs**0.5)
    say(f"\n{chosen.pairs} simulated runs a figure: right to {worst:.1f} points or better (95 %)")
    return codes.OK


def _calibrate(chosen: argparse.Namespace) -> int:
    from noisecore.judging.gates import judge
    from noisecore.judging.power import binomial_interval, recommend_margins, simulate
    from noisecore.records import Trial
    from noisecore.showing.results import read_any

    old = read_any(chosen.baseline)
    if not any(isinstance(record.trial, Trial) for record in old):
        say(
            f"{chosen.baseline}: its curves are of models that were given as they are. Nothing of "
            "them is trained, so that no seed changes them: there is nothing to calibrate"
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
    spreads, _ = _spreads(fresh)
    if not spreads:
        say("no curve has two fresh seeds and a scale greater than 0")
        return codes.NOTHING
    held = len(known)
    _show_spread(spreads, len(seeds))
    for mode in MODES:
        ends: list[str] = []
        for group in groups:
            run = [record for record in fresh if record.trial.seed in group]
            found = judge(run, old, mode=mode, margins=chosen.margins, alpha=chosen.alpha)
            ends.append(
                max((each.verdict for each in found.values()), key=_ORDER.index, default="fail")
            )
        bad = sum(end != "pass" for end in ends)
        low, high = binomial_interval(bad, len(ends))
        undecided = ends.count("inconclusive")
        say(
            f"\n{mode} mode, {chosen.margins}\n{bad} of {len(ends)} unchanged runs of "
            f"{chosen.seeds} seeds did not pass, {undecided} of them inconclusive\n"
            f"(95 %: {100 * low:.1f} to {100 * high:.1f} %, against this one baseline)"
        )
        enough = None
        for count in sorted({chosen.seeds, 3, 5, 10}):
            rule = Rule(mode=mode, margins=chosen.margins, alpha=chosen.alpha)
            about = {"seeds": count, "baseline_seeds": held, "rule": rule, "pairs": chosen.pairs}
            rates = simulate(spreads, **about)
            advice = recommend_margins(spreads, **about)
            if enough is None and rates.not_passed <= 0.01:
                enough = count
            say(
                f"{count:>3} seeds: {100 * rates.not_passed:.2f} % simulated (noise alone);\n"
                f"{'':10} at most 1 % with margins '{advice}'",
            )
        advised = f"{enough} seeds" if enough else "none of these numbers of seeds"
        say(f"recommended with the margins as they are: {advised}")
    return codes.OK


_ORDER = ("pass", "inconclusive", "fail")


def _fresh_records(chosen: argparse.Namespace, first: int) -> list[TrialRecord] | None:
    """Return the records of fresh seeds: given ones, or trained now; None if pytest stopped."""
    from noisecore.profiles import MOST_SEEDS
    from noisecore.showing.results import read_any

    if chosen.records is not None:
        return read_any(chosen.records)
    if chosen.runs * chosen.seeds > MOST_SEEDS:
        raise ValueError(
            f"--runs times --seeds must be {MOST_SEEDS} seeds at most, got "
            f"{chosen.runs * chosen.seeds}"
        )
    first = max(first, 1000)  # far from the seeds that anybody runs by hand
    last = first + chosen.runs * chosen.seeds - 1
    command = [
        sys.executable, "-m", "pytest", "--noise-scales", f"--noise-seeds={first}-{last}",
        f"--noise-artifacts={chosen.artifacts}", *_reference(chosen), *chosen.rest,
    ]  # fmt: skip
    started = time.time()
    code = run_to_its_end(command)
    if code not in (0, 1):  # a gate may fail here; the records are there all the same
        say(f"pytest ended with exit code {code}: nothing was calibrated", err=True)
        return None
    made = [
        path for path in chosen.artifacts.glob("*/results.json") if path.stat().st_mtime >= started
    ]
    if not made:
        say(
            "pytest trained nothing: name, behind --, the tests that have the marker robustness, "
            "such as: -- benchmarks",
            err=True,
        )
        return None
    return [record for path in made for record in read_any(path)]


def _reference(chosen: argparse.Namespace) -> list[str]:
    """Return the option without which pytest skips each test that compares with a baseline.

    How such a test ends does not count here; but if it is skipped, nothing is trained for it.
    """
    from noisecore.judging.baselines import read_baseline
    from noisecore.records import RecordError

    try:
        read_baseline(chosen.baseline)
    except RecordError:  # results, or a folder of records: there is no file to compare with
        return [f"--noise-baseline={chosen.artifacts / 'none.json'}"]
    return [f"--noise-baseline={chosen.baseline}"]


def run_to_its_end(command: Sequence[str]) -> int:
    """Return a command's exit code; what asks this process to stop, stops the command first.

    SIGTERM is passed on. Ctrl-C reaches the command by itself, and is waited out: a run that is
    interrupted still has a summary to write.
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


def _spreads(records: Sequence[TrialRecord]) -> tuple[dict[str, Spread | Held], int]:
    """Return how each curve varies that has two seeds or was given, and the number of its seeds."""
    from noisecore.judging.baselines import compare_records
    from noisecore.judging.power import Held, fit_spread

    found: dict[str, Spread | Held] = {}
    seeds = 1
    for name, comparison in compare_records(records, records).items():
        if comparison.obstacles or comparison.failures or not comparison.noisy.any():
            continue
        if comparison.replicates == "draws":
            found[name] = Held(comparison.scales, comparison.new)
        elif len(comparison.new) > 1:
            found[name] = fit_spread(comparison.scales, comparison.new)
            seeds = max(seeds, len(comparison.new))
    return found, seeds


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if share < 0.1 else f"{100 * share:.0f}"


def _show_spread(spreads: Mapping[str, Spread | Held], seeds: int) -> None:
    from noisecore.judging.gates.outlook import CHURN
    from noisecore.judging.power import Held, Spread

    trained = {name: each for name, each in spreads.items() if isinstance(each, Spread)}
    if trained:
        say(f"standard deviation of accuracy over {seeds} seeds, in points")
    for name, spread in trained.items():
        figures = zip(spread.scales, 100 * spread.sample, strict=True)
        say(f"{visible(name)}: " + ", ".join(f"{scale:g}: {sd:.2f}" for scale, sd in figures))
    for name, held in spreads.items():
        if isinstance(held, Held):
            say(
                f"{visible(name)}: given, on {held.answers.shape[2]} images; a run's model is "
                f"taken to turn {100 * CHURN:g} % of the answers each way"
            )


def _whole_number(text: str, most: int = 10**6) -> int:
    if not (re.fullmatch(r"\d{1,9}", text) and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(
            f"expected a whole number >= 1, {most} at most, got {shorten(text)!r}"
        )
    return int(text)


def _several(text: str) -> int:
    number = _whole_number(text, _MOST_OF_A_RUN)
    if number < 2:
        raise argparse.ArgumentTypeError("expected 2 seeds or more: one has no spread")
    return number


def _whole_numbers(text: str) -> tuple[int, ...]:
    return tuple(_whole_number(part.strip(), _MOST_OF_A_RUN) for part in text.split(","))


def _points(text: str) -> tuple[float, ...]:
    try:
        points = tuple(float(part) for part in text.split(","))
    except ValueError:
        points = ()
    if not points or not all(0 < each <= 100 for each in points):
        raise argparse.ArgumentTypeError(
            f"expected points in (0, 100] as 0.5,1,2, got {shorten(text)!r}"
        )
    return points
