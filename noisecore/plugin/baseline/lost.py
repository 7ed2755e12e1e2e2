"""Curves of the baseline that a run's tests left out, which is known once they have ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from noisecore.plugin.baseline.held import evaluated_by
from noisecore.plugin.reporting.outcomes import Outcome, Outcomes, Selected

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline


def unclaimed(baseline: Baseline | None, outcomes: Outcomes, selected: Selected) -> dict[str, str]:
    """Return why no test compares a curve that has a name of its own, by that name.

    Empty if a test that could have compared one did not pass: it may have ended before that.
    """
    comparing = [outcome for outcome in outcomes if outcome.compares]
    fine = ("passed", "expected", "allowed")
    if baseline is None or any(outcome.state not in fine for outcome in comparing):
        return {}
    compared = {curve for curve, _ in outcomes.compared()}
    return {
        name: why
        for name, why in selected.unclaimed.items()
        if name in baseline.origins and name not in compared
    }


def given_up(baseline: Baseline | None, outcomes: Iterable[Outcome]) -> list[str]:
    """Return the curves of the baseline whose test passed without evaluating them again."""
    if baseline is None:
        return []
    firsts = {name: baseline.of(name)[0] for name in baseline.origins}
    return [
        name
        for outcome in outcomes
        if outcome.compares and outcome.state == "passed"
        for name, first in firsts.items()
        if evaluated_by(first, outcome.nodeid) and name not in outcome.compared
    ]
