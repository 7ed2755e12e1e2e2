"""A slow decline over twelve releases, and a baseline that is renewed because it looks better."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from noisecore.judging.margins import Margins, Rule
from simulation.fast import judge_seeds
from simulation.models import WORLDS, Model, measured, read_answers
from simulation.text import say

RELEASES = 12
HELD = 10  # seeds of a baseline


def caught(
    models: dict[str, Model],
    losses: dict[str, float],
    rule: Rule,
    histories: int,
    rng: np.random.Generator,
    seeds: int = 3,
) -> dict[str, float]:
    """Return how many histories are caught by the last release, by what.

    losses: points that a model loses at each release, at each noisy scale. At each release a run is
    judged against the baseline, and then the baseline is renewed with fresh seeds. A renewal is
    judged against the first ancestor, too. If it fails there, the history counts as caught: pytest
    renews such a baseline only with --noise-new-ancestor.
    """
    by_run, by_since, by_renewal = (np.zeros(histories, bool) for _ in range(3))
    undecided = np.zeros(histories, bool)
    for name, model in models.items():
        old = first = model.draw(histories, HELD, rng)
        ancestor = first[..., model.noisy].mean(axis=2)
        for release in range(1, RELEASES + 1):
            level = model.noisy * losses.get(name, 0.0) * release / 100
            remembered = ancestor if release > 1 else None  # the first baseline is its own ancestor
            runs = model.draw(histories, seeds, rng) - level
            renewed = model.draw(histories, HELD, rng) - level
            about = (model.noisy, model.row_luck, rule)
            found = judge_seeds(runs, old, *about, first=remembered)
            by_run |= found.failed
            undecided |= found.undecided
            if remembered is not None:
                by_since |= found.failed_rows[:, -1]
                again = judge_seeds(renewed, old, *about, first=remembered)
                by_renewal |= again.failed_rows[:, -1]
            old = renewed
    shares = {
        "a run fails": by_run,
        "by since-first": by_since,
        "or a renewal": by_run | by_renewal,
        "or inconclusive": by_run | by_renewal | undecided,
    }
    return {what: float(which.mean()) for what, which in shares.items()}


def print_decline(source: Path, histories: int = 10_000) -> None:
    """Print how often a decline is caught, with and without the first ancestor."""
    answers = read_answers(source)
    say(f"""{RELEASES} releases, each judged by a run of 3 seeds, then the baseline renewed with
    {HELD}. % of {histories} histories in which it was caught by the last release: by any row of a
    run; by the row since the first ancestor; also by a renewal, which that row stops; and with the
    runs that were inconclusive. The other model is unchanged.""")
    for world in WORLDS:
        models = {name: measured(*each, world) for name, each in answers.items()}
        cases = [("unchanged", {})]
        cases += [(f"{name} -{loss:g}", {name: loss}) for name in models for loss in (0.25, 1.0)]
        for what, losses in cases:
            for since in (Margins().since_first, None):
                rule = Rule(curves=len(models), margins=replace(Margins(), since_first=since))
                rng = np.random.default_rng(5)
                shares = caught(models, losses, rule, histories, rng)
                shown = ", ".join(f"{name} {100 * share:.2f}" for name, share in shares.items())
                known = "since-first>2" if since else "since-first>none"
                print(f"{world:>10} {what:<10} {known:<16}  {shown}", flush=True)
    print_curse({name: measured(*each) for name, each in answers.items()})


def print_curse(models: dict[str, Model], tries: int = 10, histories: int = 20_000) -> None:
    """Print what a baseline gains that is renewed whenever fresh seeds look better."""
    say(
        f"An unchanged model, {tries} tries of {HELD} fresh seeds, renewed when the mean is better:"
    )
    for name, model in models.items():
        rng = np.random.default_rng(6)
        first = held = model.draw(histories, HELD, rng)
        for _ in range(tries):
            new = model.draw(histories, HELD, rng)
            better = new[..., model.noisy].mean(axis=(1, 2)) > held[..., model.noisy].mean(
                axis=(1, 2)
            )
            held = np.where(better[:, None, None], new, held)
        gain = held[..., model.noisy].mean()
        runs = model.draw(histories, 3, rng)
        rule = Rule(curves=len(models))
        ancestor = first[..., model.noisy].mean(axis=2)
        found = judge_seeds(runs, held, model.noisy, model.row_luck, rule, first=ancestor)
        print(
            f"{name}: the baseline is {100 * gain:.2f} points too high; an unchanged run of 3 "
            f"seeds then fails {100 * found.failed.mean():.2f} % of the time, and is inconclusive "
            f"{100 * found.undecided.mean():.2f} %",
            flush=True,
        )
