"""The rule of the gate against a baseline for a suite: one verdict over all of its families."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from noisecore.judging.baselines import Comparison, mean_since_first
from noisecore.judging.gates.rows import AccuracyRow, MeanRow, ScaleRow
from noisecore.judging.gates.rule import accuracy_row, since_row
from noisecore.judging.gates.suite_rows import FamilyRow
from noisecore.judging.margins import Rule


def joined(name: str, families: Mapping[str, Comparison], counted: Collection[str]) -> Comparison:
    """Return the comparisons of a suite's families as one, the scales of one after another's.

    counted: the families that the suite's figures are of; the arrays hold these alone. What forbids
    the comparison of one family forbids that of all.
    """
    every = list(families.values())
    obstacles = [f"{family}: {line}" for family, one in families.items() for line in one.obstacles]
    sizes = {one.images for one in every if one.new.size}
    if len(sizes) > 1 and not obstacles:
        obstacles = [f"its families have different numbers of test images, {sorted(sizes)}"]
    failures = tuple(line for one in every for line in one.failures)
    none = np.zeros((0, 0, 0), np.bool_)
    found = Comparison(
        curve=name,
        scales=np.zeros(0),
        new=none,
        baseline=none,
        obstacles=tuple(obstacles),
        notes=_notes(families),
        failures=failures,
        left_out=_all_scales(one.left_out for one in every),
        added=_all_scales(one.added for one in every),
        seconds=_costliest(one.seconds for one in every),
        memory=_costliest(one.memory for one in every),
        replicates=every[0].replicates,
        identical=all(one.identical for one in every),
        cached=next((one.cached for one in every if one.cached), ""),
    )
    chosen = [one for family, one in families.items() if family in counted]
    if obstacles or failures or not chosen:
        return found
    whole = _with_answers(found, chosen)
    if not (len(whole.new) and len(whole.baseline)):
        return replace(found, obstacles=("its families have no seed in common",))
    firsts = [one.since_first for one in chosen if one.since_first is not None]
    return replace(whole, since_first=mean_since_first(firsts))


def _with_answers(found: Comparison, chosen: list[Comparison]) -> Comparison:
    """Return a comparison with the answers of several, of the seeds that all of them have."""
    sides = []
    for side, answers in enumerate(("new", "baseline")):
        common = sorted(set.intersection(*(set(one.seeds[side]) for one in chosen)))
        parts = [getattr(one, answers)[np.isin(one.seeds[side], common)] for one in chosen]
        sides.append(np.concatenate(parts, axis=1))
    staged = any(one.by_scale for one in chosen)
    by_scale = [
        each
        for one in chosen
        for each in (one.by_scale or tuple(one.new[:, place] for place in range(len(one.scales))))
    ]
    return replace(
        found,
        scales=np.concatenate([one.scales for one in chosen]),
        new=sides[0],
        baseline=sides[1],
        by_scale=tuple(by_scale) if staged else (),
    )


def suite_rows(
    whole: Comparison, families: Mapping[str, Comparison], rule: Rule
) -> list[AccuracyRow]:
    """Return a row for the mean over the families, for each family, for clean images, and since.

    whole: the families as `joined` returns them. The mean gets half of the rule's alpha, all other
    rows share the rest, as the scales of a curve do.
    """
    margins, clean = rule.margins, whole.scales == 0
    shown = {family: one for family, one in families.items() if one.noisy.any()}
    first = None if whole.identical else whole.since_first
    others = (margins.scale is not None) * len(shown)
    others += bool(margins.clean is not None and clean.any())
    others += bool(margins.since_first is not None and first is not None)
    alpha = rule.mean_alpha / max(others, 1)
    rows: list[AccuracyRow] = []
    if whole.noisy.any():
        rows.append(accuracy_row(MeanRow, whole, whole.noisy, margins.mean, rule, rule.mean_alpha))
    rows += family_rows(shown, rule, alpha)
    if clean.any():
        rows.append(accuracy_row(ScaleRow, whole, clean, margins.clean, rule, alpha, scale=0.0))
    if first is not None:
        rows.append(since_row(whole, first, margins.since_first, alpha))
    return rows


def family_rows(families: Mapping[str, Comparison], rule: Rule, alpha: float) -> list[AccuracyRow]:
    """Return a row for each family, judged at this level."""
    return [
        accuracy_row(
            FamilyRow,
            one,
            one.noisy,
            rule.margins.scale,
            rule,
            alpha,
            family=family,
            of=one.curve,
            scales=tuple(one.scales[one.noisy].tolist()),
        )
        for family, one in families.items()
    ]


def rows_of_the_rest(families: Mapping[str, Comparison], rule: Rule) -> list[AccuracyRow]:
    """Return the rows of the families that can be compared, in a suite that as a whole cannot.

    Each has the share of alpha that it would have if all could be.
    """
    alpha = rule.mean_alpha / (len(families) + 2)  # clean images, and since the first ancestors
    rest = {
        family: one
        for family, one in families.items()
        if not (one.failures or one.obstacles)
        and one.noisy.any()
        and one.new.size
        and one.baseline.size
    }
    return family_rows(rest, rule, alpha)


def _costliest(costs: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the cost, of the run and of the baseline, whose ratio is the greatest; NaN if none."""
    known = [each for each in costs if each[0] >= 0 and each[1] > 0]
    return max(known, key=lambda each: each[0] / each[1], default=(math.nan, math.nan))


def _notes(families: Mapping[str, Comparison]) -> tuple[str, ...]:
    """Return the notes of all families; one that is not on all of them says on which it is."""
    found: dict[str, list[str]] = {}
    for family, one in families.items():
        for line in one.notes:
            found.setdefault(line, []).append(family)
    return tuple(
        line if len(about) == len(families) else f"{', '.join(about)}: {line}"
        for line, about in found.items()
    )


def _all_scales(lists: Iterable[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(sorted({scale for each in lists for scale in each}))
