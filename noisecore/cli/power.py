"""`python -m noisecore power`: what a gate would do, before you pay for a run."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noisecore.cli import codes
from noisecore.cli.compare import add_margins, say_own
from noisecore.escaping import shorten, visible
from noisecore.judging.margins import Margins, Mode, Rule
from noisecore.showing.terminal import say, wrap_text

if TYPE_CHECKING:
    from noisecore.judging.baselines import Answers
    from noisecore.judging.power import Held, Rates, Spread
    from noisecore.judging.statistics import Floats
    from noisecore.judging.suite_power import Families
    from noisecore.records import TrialRecord

MOST_OF_A_RUN = 1000  # seeds of a run: more are a typing mistake, and each takes memory
MODES: tuple[Mode, Mode] = ("simple", "rigorous")


def add_command(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    power = commands.add_parser(
        "power",
        help="simulate which drops a gate would catch, from a baseline",
        description="Simulate runs against a baseline with the spread of its own seeds. Show how "
        "often an unchanged model would not pass, and how often a worse one would not, for each "
        "number of seeds. Nothing is trained.\n\n"
        "example: noisecore power benchmarks/baselines/quick.json --seeds=3,5",
    )
    power.add_argument("baseline", metavar="BASELINE", type=Path, help="a baseline, or results")
    power.add_argument(
        "--seeds", type=_whole_numbers, help="seeds of a run, of trained models (3,5,10)"
    )
    power.add_argument(
        "--drops",
        type=_points,
        default=(0.5, 1, 2, 3, 5),
        help="true drops at every scale, in points (0.5,1,2,3,5)",
    )
    add_common(power, pairs=500)
    power.set_defaults(command=_power)


def add_common(parser: argparse.ArgumentParser, *, pairs: int) -> None:
    """Add the options that `calibrate` has too."""
    add_margins(parser)
    parser.add_argument(
        "--pairs", type=whole_number, default=pairs, help=f"runs to simulate ({pairs})"
    )


def _power(chosen: argparse.Namespace) -> int:
    from noisecore.judging.baselines import Baseline
    from noisecore.judging.gates.own import own_margins
    from noisecore.judging.gates.suite_case import narrowest
    from noisecore.judging.results import read_old

    old = read_old(chosen.baseline)
    records = list(old.records) if isinstance(old, Baseline) else old
    spreads, held = spreads_of(records)
    if not spreads:
        say("no curve has two seeds and a scale greater than 0: their spread cannot be estimated")
        return codes.NOTHING
    show_spread(spreads, held)
    names = {name: each.suite.curves if each.suite else (name,) for name, each in spreads.items()}
    say_own(chosen, old, {name: curves[0] for name, curves in names.items()})
    own = own_margins(old) if chosen.margins is None else {}
    for name, each in names.items():
        own[name] = narrowest(own.get(curve, chosen.margins or Margins()) for curve in each)
    curves = len(old.origins) if isinstance(old, Baseline) else len(spreads)
    rule = Rule(
        margins=chosen.margins or Margins(), alpha=chosen.alpha, curves=max(curves, 1), own=own
    )
    trained = any(_is_trained(each) for each in spreads.values())
    if chosen.seeds and not trained:
        say("--seeds changes nothing: a given model has no seeds")
    seeds = (chosen.seeds or (3, 5, 10)) if trained else (1,)
    for mode in _modes(spreads):
        _show_rates(chosen, spreads, held, replace(rule, mode=mode), seeds)
    say("\n" + "\n".join(wrap_text(_HOW_TO_READ.format(alpha=100 * chosen.alpha))))
    worst = 196 / (2 * chosen.pairs**0.5)
    say(
        f"\neach figure is from {chosen.pairs} simulated runs, and within {worst:.1f} points (95 %)"
    )
    return codes.OK


_HOW_TO_READ = (
    "A run that does not pass fails, or is inconclusive. At 0 points nothing is lost, and what "
    "does not pass is a false alarm. alpha limits only the fails among these: at most {alpha:g} % "
    "of unchanged runs fail."
)


def _is_trained(spread: Spread | Held) -> bool:
    from noisecore.judging.power import Spread

    return isinstance(spread, Spread)


def _modes(spreads: Mapping[str, Spread | Held]) -> tuple[Mode | None, ...]:
    """Return the modes to show; the gate's own comes first, None if it uses both."""
    trained = {_is_trained(each) for each in spreads.values()}
    if len(trained) > 1:
        return (None, *MODES)
    return MODES if trained == {True} else MODES[::-1]


def _mode_in_words(spreads: Mapping[str, Spread | Held], mode: Mode | None) -> str:
    if mode is None:
        return "auto mode (simple for trained models, rigorous for given ones; pytest's default)"
    usual = ", which pytest uses unless --noise-gate sets another mode"
    return f"{mode} mode" + (usual if mode == _modes(spreads)[0] else "")


def _show_rates(
    chosen: argparse.Namespace,
    spreads: Mapping[str, Spread | Held],
    held: int,
    rule: Rule,
    counts: Sequence[int],
) -> None:
    """Show how often a run does not pass: a table for each worse curve, a row for each count.

    counts: numbers of seeds; one number, which has no effect, if all models were given.
    """
    from noisecore.judging.power import simulate

    trained = any(_is_trained(each) for each in spreads.values())
    others = ", other curves unchanged" * (len(spreads) > 1)
    drops = (0.0, *chosen.drops)
    unchanged: dict[int, Rates] = {}
    for worse in spreads:
        margins = rule.of(worse).margins
        say(f"\n{_mode_in_words(spreads, rule.mode)}\n{margins}, alpha {rule.alpha:g}")
        say("% of runs that do not pass (of these inconclusive)")
        say(f"{visible(worse)} worse by this many points at noisy scales{others}")
        say(f"{'seeds' if trained else '':5}" + "".join(f"{drop:>12g}" for drop in drops))
        for seeds in counts:
            cells = []
            for drop in drops:
                rates = unchanged.get(seeds) if drop == 0 else None
                rates = rates or simulate(
                    spreads,
                    seeds=seeds,
                    baseline_seeds=held,
                    rule=rule,
                    pairs=chosen.pairs,
                    drops={worse: drop / 100},
                )
                if drop == 0:
                    unchanged[seeds] = rates
                undecided = _percent(rates.inconclusive / rates.pairs)
                cells.append(f"{_percent(rates.not_passed)} ({undecided})".rjust(12))
            say(f"{seeds if trained else '':>5}" + "".join(cells))


def spreads_of(records: Sequence[TrialRecord]) -> tuple[dict[str, Spread | Held], int]:
    """Return how each curve with two seeds or a given model varies, and the number of seeds.

    The curves of a whole suite vary together, under the suite's name.
    """
    from noisecore.judging.baselines import compare_records
    from noisecore.judging.gates.suite_case import whole_suites
    from noisecore.judging.power import Held, fit_spread
    from noisecore.judging.suite_power import joined_answers

    comparisons = {
        name: each
        for name, each in compare_records(records, records).items()
        if not (each.obstacles or each.failures) and each.noisy.any()
    }
    parts: dict[str, tuple[Floats, Answers, Families | None]] = {
        name: (each.scales, each.new, None) for name, each in comparisons.items()
    }
    given = {name for name, each in comparisons.items() if each.replicates == "draws"}
    for suite in whole_suites(records, ()):
        whole = joined_answers(suite, comparisons)
        if whole is None:
            say(f"{visible(suite.name)}: a trial failed or is missing: curve by curve")
        else:
            names = [curve.name for curve in suite.values()]
            parts = {name: each for name, each in parts.items() if name not in names}
            parts[suite.name] = whole
            given |= {suite.name} if names[0] in given else set()
    found: dict[str, Spread | Held] = {}
    seeds = 1
    for name, (scales, answers, families) in parts.items():
        if name in given:
            found[name] = Held(scales, answers, families)
        elif len(answers) > 1:
            found[name] = replace(fit_spread(scales, answers), suite=families)
            seeds = max(seeds, len(answers))
    return found, seeds


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if share < 0.1 else f"{100 * share:.0f}"


def show_spread(spreads: Mapping[str, Spread | Held], seeds: int) -> None:
    """Show what is known of each curve before a run is simulated."""
    from noisecore.judging.gates.outlook import CHURN
    from noisecore.judging.power import Held, Spread

    trained = {name: each for name, each in spreads.items() if isinstance(each, Spread)}
    if trained:
        say(f"standard deviation of accuracy over {seeds} seeds, in points")
    for name, spread in trained.items():
        line = f"{visible(name)}: {', '.join(_deviations(spread))}"
        say(line if spread.suite is None else "\n".join(wrap_text(line)))
    for name, held in spreads.items():
        if isinstance(held, Held):
            say(
                f"{visible(name)}: given, on {held.answers.shape[2]} images; assumed: in a run, "
                f"{100 * CHURN:g} % of the answers become right, and as many become wrong"
            )


def _deviations(spread: Spread) -> list[str]:
    """Return the standard deviations in words: by scale, and in a suite by family."""
    sds = 100 * spread.sample
    if spread.suite is None:
        return [f"{scale:g}: {sd:.2f}" for scale, sd in zip(spread.scales, sds, strict=True)]
    clean = [f"clean: {sds[0]:.2f}"] if spread.scales[0] == 0 else []
    noisy = {
        family: [f"{sds[place]:.2f}" for place in places if spread.scales[place] > 0]
        for family, places in spread.suite.places.items()
    }
    return [*clean, *(f"{family}: {' '.join(each)}" for family, each in noisy.items())]


def whole_number(text: str, most: int = 10**6) -> int:
    """Return a whole number for argparse, from 1 to `most`."""
    if not (re.fullmatch(r"\d{1,9}", text) and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(
            f"expected a whole number from 1 to {most}, got {shorten(text)!r}"
        )
    return int(text)


def _whole_numbers(text: str) -> tuple[int, ...]:
    return tuple(whole_number(part.strip(), MOST_OF_A_RUN) for part in text.split(","))


def _points(text: str) -> tuple[float, ...]:
    try:
        points = tuple(float(part) for part in text.split(","))
    except ValueError:
        points = ()
    if not points or not all(0 < each <= 100 for each in points):
        raise argparse.ArgumentTypeError(
            f"expected points in (0, 100], such as 0.5,1,2, got {shorten(text)!r}"
        )
    return points
