"""Drift: the same trials in several environments, each judged against one of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from noisecore.errors import ArgumentError
from noisecore.judging.baselines import Comparison, compare_records
from noisecore.judging.curves import Curve, matched_curves
from noisecore.judging.gates import Verdict
from noisecore.judging.gates.case import Case, judge_case
from noisecore.judging.gates.own import own_margins
from noisecore.judging.gates.rows import AccuracyRow
from noisecore.judging.margins import ALPHA, Margins, Mode, Rule
from noisecore.records import TrialRecord

# From the name in records to the name shown, in the order in which they are shown.
PACKAGES = {
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "torch": "PyTorch",
    "jax": "JAX",
    "scikit-learn": "scikit-learn",
    "onnxruntime": "ONNX Runtime",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "numpy": "NumPy",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Environment:
    """The name and records of one environment, or the reason why it has no records."""

    name: str
    records: tuple[TrialRecord, ...] = ()
    reason: str | None = None

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that its records name; several of one package are joined."""
        said = [record.environment for record in self.records]
        return {
            name: " and ".join(sorted({str(each[name]) for each in said if name in each}))
            for name in PACKAGES
            if any(name in each for each in said)
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Turned:
    """A test image whose answers changed: the share of seeds and scales that had it right."""

    image: int
    before: float
    now: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Drift:
    """One curve in one environment, and the same curve in the reference.

    curve: None where the environment does not have it. verdict: None for the reference itself.
    seconds, memory: medians over the trials with noise, NaN if unknown. changed: share of the
    answers, over seeds, noisy scales and test images, that are right here and wrong in the
    reference or the other way round, NaN where the seeds are not the same. turned: the test images
    that changed most.
    """

    environment: str
    name: str
    curve: Curve | None
    verdict: Verdict | None
    seconds: float = math.nan
    memory: float = math.nan
    changed: float = math.nan
    turned: tuple[Turned, ...] = ()


def find_drift(
    environments: Sequence[Environment],
    reference: str,
    *,
    mode: Mode | None = None,
    margins: Margins | None = None,
    alpha: float = ALPHA,
) -> list[Drift]:
    """Return each curve of each environment, judged against that of the reference.

    All comparisons together count as one run: they share `alpha`. margins: None takes the curve's
    own margins (`own_margins`) or, if it has none, the usual ones.
    Raises `ArgumentError` if the reference does not exist or has no records.
    """
    by_name = {one.name: one for one in environments}
    if reference not in by_name or not by_name[reference].records:
        known = ", ".join(name for name, one in by_name.items() if one.records)
        raise ArgumentError(f"the reference must be one of {known or 'none'}, got {reference!r}")
    base = by_name[reference].records
    others = [one for one in environments if one.name != reference]
    compared = {one.name: compare_records(one.records, base) for one in others}
    itself = compare_records(base, base)
    rule = _shared_rule(
        [(one, name) for one, found in compared.items() for name in found],
        Rule(mode=mode, margins=margins or Margins(), alpha=alpha),
        own_margins(base) if margins is None else {},
    )
    seeds = {name: curve.seeds for name, curve in matched_curves(base).items()}
    found = []
    for one in environments:
        curves = matched_curves(one.records)
        for name in itself:
            curve = curves.get(name)
            if one.name == reference:
                found.append(_of_reference(one, itself[name], curve))
                continue
            comparison = compared[one.name].get(name)
            same_seeds = curve is not None and curve.seeds == seeds[name]
            found.append(_compared(one, name, curve, comparison, rule, same_seeds=same_seeds))
    return found


def _key(environment: str, curve: str) -> str:
    """Return what a curve of an environment is called in verdicts."""
    return f"{environment} {curve}"


def _shared_rule(
    pairs: Sequence[tuple[str, str]], rule: Rule, fitting: Mapping[str, Margins]
) -> Rule:
    """Return the rule that all comparisons share.

    pairs: the environment and the curve of each comparison. fitting: the margins of the curves that
    have their own, by name.
    """
    own = {_key(one, name): fitting[name] for one, name in pairs if name in fitting}
    return replace(rule, curves=max(len(pairs), 1), own=own)


def _of_reference(one: Environment, itself: Comparison, curve: Curve | None) -> Drift:
    """Return a curve of the reference, which is judged against nothing."""
    return Drift(
        environment=one.name,
        name=itself.curve,
        curve=curve,
        verdict=None,
        seconds=itself.seconds[0],
        memory=itself.memory[0],
    )


def _compared(
    one: Environment,
    name: str,
    curve: Curve | None,
    comparison: Comparison | None,
    rule: Rule,
    *,
    same_seeds: bool,
) -> Drift:
    """Return a curve of another environment, judged; comparison: None if there is none."""
    key = _key(one.name, name)
    if comparison is None:
        case = Case(
            curve=key,
            comparison=None,
            rule=rule.of(key),
            problem=one.reason or f"{key}: no such curve",
        )
        return Drift(environment=one.name, name=name, curve=curve, verdict=judge_case(case))
    case = Case(curve=key, comparison=replace(comparison, curve=key), rule=rule.of(key))
    return Drift(
        environment=one.name,
        name=name,
        curve=curve,
        verdict=judge_case(case),
        seconds=comparison.seconds[0],
        memory=comparison.memory[0],
        changed=changed_answers(comparison) if same_seeds else math.nan,
        turned=turned_images(comparison),
    )


def changed_answers(comparison: Comparison) -> float:
    """Return the share of answers that one side has right and the other wrong, seed by seed.

    NaN if nothing can be compared. A share of 0 proves that the accuracies are the same, which is
    far more than an interval over seeds can show.
    """
    if comparison.new.shape != comparison.baseline.shape or not comparison.new.size:
        return math.nan
    noisy = comparison.noisy
    if not noisy.any():
        return math.nan
    return float((comparison.new[:, noisy] != comparison.baseline[:, noisy]).mean())


def turned_images(comparison: Comparison, count: int = 5) -> tuple[Turned, ...]:
    """Return the test images whose answers changed most, over seeds and scales, largest first."""
    noisy = comparison.noisy
    if not (comparison.new.size and comparison.baseline.size and noisy.any()):
        return ()
    sides = comparison.new[:, noisy], comparison.baseline[:, noisy]
    now, before = (side.mean(axis=(0, 1)) for side in sides)
    order = np.argsort(-np.abs(now - before), kind="stable")[:count]
    return tuple(
        Turned(image=int(i), before=float(before[i]), now=float(now[i]))
        for i in order
        if now[i] != before[i]
    )


def caught_half(verdict: Verdict) -> float:
    """Return the drop of the mean that the gate catches half of the time, in accuracy.

    NaN if it is not known, or if the answers were the same.
    """
    for row in verdict.rows(AccuracyRow):
        if row.scale is None and row.low != row.high:
            return math.nan if row.caught_half is None else row.caught_half
    return math.nan


def named_packages(environments: Sequence[Environment]) -> list[str]:
    """Return the packages that records of any environment name, in the order of `PACKAGES`."""
    named = {name for one in environments for name in one.versions}
    return [name for name in PACKAGES if name in named]


def newest(environments: Sequence[Environment]) -> str:
    """Return the environment with the greatest version of the first package that records name."""
    package = next(iter(named_packages(environments)), "")

    def key(one: Environment) -> tuple[int, ...]:
        parts = re.split(r"[-.+]", one.versions.get(package, ""))
        return tuple(int(part) for part in parts if part.isdecimal())

    return max(environments, key=key).name
