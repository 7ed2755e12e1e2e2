"""A suite in a simulation: its conditions in one array, which the gate judges as a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from noisecore.judging.baselines import Answers, Comparison
from noisecore.judging.gates.case import Case
from noisecore.judging.margins import Rule
from noisecore.judging.statistics import Floats
from noisecore.judging.suites import Suite


@dataclass(frozen=True)
class Families:
    """Which conditions are a family's: clean images, if there are any, then its severities.

    places: by family. counted: the families that the suite's mean is of. curves: their names.
    """

    places: Mapping[str, Sequence[int]]
    counted: Sequence[str]
    curves: Sequence[str]


def joined_answers(
    suite: Suite, comparisons: Mapping[str, Comparison]
) -> tuple[Floats, Answers, Families] | None:
    """Return a suite's scales (k,), its right answers (seeds, k, images), and its families' places.

    Clean images come once, and first. comparisons: of each curve with itself. None if a curve has
    none, or other seeds, scale 0 or images than the first.
    """
    found = {family: comparisons.get(curve.name) for family, curve in suite.items()}
    parts = {family: each for family, each in found.items() if each is not None}
    first = next(iter(parts.values()), None)
    if first is None or len(parts) < len(found):
        return None
    clean = int(first.scales[0] == 0) if len(first.scales) else 0
    like = first.seeds, clean, first.images
    scales, answers, places = [first.scales[:clean]], [first.new[:, :clean]], {}
    size = clean
    for family, each in parts.items():
        if not each.noisy.any() or (each.seeds, int(each.scales[0] == 0), each.images) != like:
            return None
        noisy = each.scales[clean:]
        places[family] = (*range(clean), *range(size, size + len(noisy)))
        scales.append(noisy)
        answers.append(each.new[:, clean:])
        size += len(noisy)
    names = tuple(curve.name for curve in suite.values())
    families = Families(places, suite.counted or tuple(places), names)
    return np.concatenate(scales), np.concatenate(answers, axis=1), families


def suite_part(comparison: Comparison, families: Families, rule: Rule) -> Case:
    """Return a suite's comparison, all conditions of which are in one, as the gate judges it.

    rule: how it is judged among all curves of a run, each family one of them.
    """

    def part(places: Sequence[int]) -> Comparison:
        at = list(places)
        return replace(
            comparison,
            scales=comparison.scales[at],
            new=comparison.new[:, at],
            baseline=comparison.baseline[:, at],
        )

    name = comparison.curve
    counted = sorted({place for family in families.counted for place in families.places[family]})
    share = rule.alpha * min(len(families.places), rule.curves) / rule.curves
    return Case(
        curve=name,
        comparison=part(counted),
        families={family: part(places) for family, places in families.places.items()},
        rule=replace(rule.of(name), alpha=share, curves=1),
    )
