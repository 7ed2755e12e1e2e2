"""How often a trained model's gate is wrong, and how often it catches a worse one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import stats

from noisecore.judging.margins import Margins, Rule
from noisecore.judging.power import binomial_interval, recommend_margins
from noisecore.judging.statistics import Floats
from simulation.fast import Found, judge_seeds
from simulation.models import WORLDS, Model, fit_spreads, measured, read_answers
from simulation.text import percent, say

BASELINE_SEEDS = 10
RUNS = (3, 5, 10)
DROPS = (1.0, 1.5, 2.0, 3.0)
IMAGES = 1000
# So small that alpha alone decides: how often is an unchanged model shown to be worse?
NO_MARGINS = Margins(mean=0.01, scale=0.01, clean=0.01)


def judge_drop(
    model: Model, new: Floats, old: Floats, rule: Rule, drop: float, rng: np.random.Generator
) -> Found:
    """Judge pairs of a model that lost so many points at each noisy scale."""
    columns = None
    if rule.mode == "rigorous":
        # The variance of the images' differences, of independent answers; a drop adds little to it.
        each = 1 / new.shape[1] + 1 / old.shape[1]
        shape = (len(new), len(model.row_luck))
        columns = model.row_luck * each * rng.chisquare(IMAGES - 1, shape) / (IMAGES - 1)
    worse = new - model.noisy * drop / 100
    return judge_seeds(
        worse, old, model.noisy, model.row_luck, rule, columns=columns, images=IMAGES
    )


def rates_of_run(found: list[Found]) -> tuple[float, float]:
    """Return the shares of runs that do not pass and that are inconclusive, of all curves."""
    failed = np.any([each.failed for each in found], axis=0)
    undecided = np.any([each.undecided for each in found], axis=0) & ~failed
    return float((failed | undecided).mean()), float(undecided.mean())


def print_models(source: Path) -> None:
    """Print the spreads that are simulated."""
    answers = read_answers(source)
    held = len(next(iter(answers.values()))[1])
    say(f"Standard deviation over seeds in points, from the covariance of {held} seeds:")
    for world in WORLDS:
        for name, each in answers.items():
            model = measured(*each, world)
            sds = model.draw(50_000, 1, np.random.default_rng(1))[:, 0].std(axis=0)
            mean = model.draw(50_000, 1, np.random.default_rng(1))[:, 0, model.noisy].mean(axis=1)
            scales = ", ".join(
                f"{s:g}: {100 * sd:.2f}" for s, sd in zip(model.scales, sds, strict=True)
            )
            luck = 100 * model.row_luck[0] ** 0.5
            print(f"{world:>10} {name}: mean {100 * mean.std():.2f} (luck {luck:.2f}); {scales}")


def table(source: Path, rule: Rule, pairs: int, drops: tuple[float, ...] = DROPS) -> None:
    """Print the shares of runs that do not pass, by world, seeds, and what got worse."""
    answers = read_answers(source)
    names = list(answers)
    heads = [f"{name} -{drop:g}" for name in names for drop in drops]
    print(f"{'world':>10} seeds  {'unchanged':>12}" + "".join(f"{head:>15}" for head in heads))
    for world in WORLDS:
        models = {name: measured(*each, world) for name, each in answers.items()}
        for seeds in RUNS:
            rng = np.random.default_rng(seeds)
            drawn = {
                name: (model.draw(pairs, seeds, rng), model.draw(pairs, BASELINE_SEEDS, rng))
                for name, model in models.items()
            }
            found = {
                (name, drop): judge_drop(models[name], *drawn[name], rule, drop, rng)
                for name in names
                for drop in (0.0, *drops)
            }
            cells = []
            for worse, drop in [("", 0.0), *((name, drop) for name in names for drop in drops)]:
                run = [found[name, drop if name == worse else 0.0] for name in names]
                cells.append(percent(*rates_of_run(run)))
            row = f"{cells[0]:>12}" + "".join(f"{cell:>15}" for cell in cells[1:])
            print(f"{world:>10} {seeds:>5}  {row}", flush=True)


def print_simple(source: Path, pairs: int = 40_000) -> None:
    """Print false alarms and power of the default gate, and what alpha promises by itself."""
    print_models(source)
    rule = Rule(mode="simple", curves=len(read_answers(source)))
    say(f"""Simple mode, {rule.margins}, alpha {rule.alpha:g}: % of runs of all curves that do not
    pass (of these inconclusive); one curve is worse by so many points at each noisy scale, the
    other is unchanged. Baseline of {BASELINE_SEEDS} seeds, {pairs} pairs a cell.""")
    table(source, rule, pairs)
    say("The same with margins of 0.01 points: alpha alone decides what fails.")
    answers = read_answers(source)
    alone = Rule(mode="simple", curves=len(answers), margins=NO_MARGINS)
    for world in WORLDS:
        for seeds in RUNS:
            rng = np.random.default_rng(100 + seeds)
            failed = np.zeros(pairs, bool)
            for each in answers.values():
                model = measured(*each, world)
                sides = model.draw(pairs, seeds, rng), model.draw(pairs, BASELINE_SEEDS, rng)
                failed |= judge_drop(model, *sides, alone, 0.0, rng).failed
            low, high = binomial_interval(int(failed.sum()), pairs)
            print(
                f"{world:>10} {seeds:>5}  {100 * failed.mean():.2f} % fail "
                f"(95 %: {100 * low:.2f} to {100 * high:.2f})",
                flush=True,
            )


def print_rigorous(source: Path, pairs: int = 20_000) -> None:
    """Print false alarms and power of rigorous mode."""
    rule = Rule(mode="rigorous", curves=len(read_answers(source)))
    say(f"""Rigorous mode, {rule.margins}, alpha {rule.alpha:g}: % of runs of all curves that do not
    pass (of these inconclusive), as above. {pairs} pairs a cell.""")
    table(source, rule, pairs)


def print_many(source: Path, curves: int = 20, pairs: int = 20_000) -> None:
    """Print the false alarms of many unchanged curves of one kind in one run."""
    say(f"""Simple mode, {curves} unchanged curves of one kind in a run: % of runs that do not pass
    (of these inconclusive). Baseline of {BASELINE_SEEDS} seeds, {pairs} pairs a cell.""")
    rule = Rule(mode="simple", curves=curves)
    for world in WORLDS:
        for name, each in read_answers(source).items():
            model, cells = measured(*each, world), []
            for seeds in RUNS:
                rng = np.random.default_rng(seeds)
                run = []
                for _ in range(curves):
                    sides = model.draw(pairs, seeds, rng), model.draw(pairs, BASELINE_SEEDS, rng)
                    run.append(judge_drop(model, *sides, rule, 0.0, rng))
                cells.append(f"{seeds} seeds: {percent(*rates_of_run(run))}")
            print(f"{world:>10} {name}  {'   '.join(cells)}", flush=True)


def print_margins(source: Path, pairs: int = 1000) -> None:
    """Print the margins that the package would recommend for runs of 3 seeds."""
    spreads = fit_spreads(source)
    say(f"recommend_margins, 3 seeds against {BASELINE_SEEDS}, {pairs} pairs, 1 % do not pass:")
    for mode in ("simple", "rigorous"):
        margins = recommend_margins(
            spreads,
            seeds=3,
            baseline_seeds=BASELINE_SEEDS,
            rule=Rule(mode=mode, curves=len(spreads)),
            pairs=pairs,
        )
        print(f"{mode:>8}: {margins}", flush=True)


def print_blind(source: Path, pairs: int = 20_000) -> None:
    """Print how many passes are called blind, and what those very runs catch."""
    say("""Simple mode, 3 seeds against 10, unchanged, a single curve of a run of so many: % that
    are inconclusive since they would not see twice the margin (3 points) 95 % of the time; of those
    very runs and baselines, how many fail at a drop of 2 and of 3 points; and % that would be
    inconclusive if the limit were 2.5 or 3 margins, or if 80 % were enough.""")
    for curves in (2, 20):
        for world in WORLDS:
            for name, each in read_answers(source).items():
                model, rule = measured(*each, world), Rule(mode="simple", curves=curves)
                rng = np.random.default_rng(7)
                sides = model.draw(pairs, 3, rng), model.draw(pairs, BASELINE_SEEDS, rng)
                found = {drop: judge_drop(model, *sides, rule, drop, rng) for drop in (0, 2, 3)}
                blind, missed = found[0].undecided, found[0].most - found[0].half
                would = [100 * (found[0].most > limit / 100).mean() for limit in (3.75, 4.5)]
                fewer = found[0].half + missed * stats.t.isf(0.2, 11) / stats.t.isf(0.05, 11)
                would.append(100 * (fewer > 0.03).mean())
                sees = ""
                if blind.sum() >= 50:
                    two, three = (100 * found[drop].failed[blind].mean() for drop in (2, 3))
                    sees = f"; of these fail {two:.0f} % at 2, {three:.1f} % at 3"
                print(
                    f"{curves:>2} curves {world:>10} {name}  {100 * blind.mean():.2f}{sees}; "
                    f"otherwise {', '.join(f'{each:.2f}' for each in would)}",
                    flush=True,
                )
