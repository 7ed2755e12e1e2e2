"""Curves that a renewal adds in the place of others that it removes: renamed, or another model.

What is added has no first ancestor: so a curve that became worse and got another name would pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from noisecore.plugin.settings import BaselineSettings
from noisecore.records import TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline, Comparison


def worse_in_place(
    old: Baseline | None, renewed: Baseline, settings: BaselineSettings
) -> list[str]:
    """Return why a renewal may not be: for each curve it adds that is worse than one it removes.

    Two are compared that have the same images and noise. If there are several, identical ones are
    paired first, then the best with the best. settings: as of the run.
    """
    from noisecore.judging.gates.case import NOT_ACCEPTED, Case, judge_case
    from noisecore.judging.gates.own import own_margins

    if old is None:
        return []
    own = {} if settings.own_margins else own_margins(old)
    rule = replace(settings.rule, curves=max(len(old.origins), 1), own=own)
    pairs = {
        (new, former): comparison
        for new in sorted(renewed.origins.keys() - old.origins.keys())
        for former in sorted(old.origins.keys() - renewed.origins.keys())
        if (comparison := _comparison(renewed.of(new), old, former)) is not None
    }
    found: list[str] = []
    paired: set[str] = set()
    for (new, former), comparison in sorted(pairs.items(), key=lambda pair: _order(pair[1])):
        if paired & {new, former}:
            continue
        paired |= {new, former}
        case = Case(
            curve=new,
            comparison=comparison,
            rule=rule.of(former),
            accepted=True,
            new_ancestor=settings.new_ancestor,
            former=former,
        )
        verdict = judge_case(case)
        if verdict.sentence.startswith(NOT_ACCEPTED):
            found.append(verdict.sentence)
    return found


def _comparison(own: Sequence[TrialRecord], old: Baseline, former: str) -> Comparison | None:
    """Return a new curve compared with one of another name; None if they cannot be compared."""
    from noisecore.judging.baselines import compare_baseline, renamed

    alone = replace(old, origins={former: old.origins[former]}, records=tuple(old.of(former)))
    held = renamed(alone, {former: own[0].trial.model})
    comparisons = compare_baseline(own, held)  # none if more than the model differs: the noise
    fit = [each for each in comparisons.values() if not (each.obstacles or each.failures)]
    return fit[0] if fit else None


def _order(comparison: Comparison) -> tuple[bool, float, float]:
    """Return what pairs are sorted by: first those that are identical, then the best ones."""
    new, old = comparison.new_accuracy.mean(), comparison.baseline_accuracy.mean()
    return not comparison.identical, -float(new), -float(old)
