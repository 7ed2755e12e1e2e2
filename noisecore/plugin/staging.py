"""Seeds one after another: which tests get them (`--noise-seeds=auto`), and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from noisecore.data import Dataset
from noisecore.plugin.baseline.held import RunBaseline
from noisecore.plugin.failing import failure
from noisecore.plugin.fixture import Robustness
from noisecore.plugin.marker import REQUESTS, Request
from noisecore.plugin.sources.stages import LEAST, Compared, StagedCurve, Standing
from noisecore.records import Trial, TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve
    from noisecore.judging.gates import Verdict
    from noisecore.judging.gates.case import Case
    from noisecore.profiles import Profile


def stage_seeds(
    items: Iterable[pytest.Item],
    comparing: Iterable[pytest.Item],
    baseline: RunBaseline,
    dataset: Dataset,
) -> list[StagedCurve]:
    """Give the curves that tests compare with the baseline their seeds one after another.

    comparing: the tests that compare. Other curves keep the fixed number of seeds. So do those that
    the baseline does not have, or has with too few seeds, and tests of scales that none compares;
    and suites, whose one verdict needs the same seeds in each family.
    """
    items = list(items)
    asked = [each for item in items for each in item.stash.get(REQUESTS, ())]
    suites = {each.curve for each in asked if each.suite is not None}
    compared: list[Request] = [each for item in comparing for each in item.stash.get(REQUESTS, ())]
    seeds = {each.curve: _seeds(baseline, each.curve) for each in compared}
    scales: dict[str, set[float]] = {}
    for each in compared:
        scales.setdefault(each.curve, set()).update(_scales(each))

    def staged(request: Request) -> Request:
        name = request.curve
        few = len(seeds.get(name, ())) < LEAST
        if name in suites or few or not _scales(request) <= scales[name]:
            return request
        return replace(request, seeds=seeds[name], staged=True)

    found: dict[str, list[Request]] = {}
    for item in items:
        if REQUESTS in item.stash:
            item.stash[REQUESTS] = tuple(staged(each) for each in item.stash[REQUESTS])
            for each in item.stash[REQUESTS]:
                if each.staged:
                    found.setdefault(each.curve, []).append(each)
    judged = [Compared(staged(each), baseline.rule(each.curve, each)) for each in compared]
    return [
        StagedCurve(
            wanted,
            [each for each in judged if each.request.curve == name],
            baseline.records(name),
            dataset,
        )
        for name, wanted in found.items()
    ]


def _seeds(baseline: RunBaseline, curve: str) -> tuple[int, ...]:
    """Return the seeds that a trained curve of the baseline has at all its scales; a few at most.

    There are none if the baseline does not have the curve.
    """
    from noisecore.judging.sequential import STAGES

    by_scale: dict[float, set[int]] = {}
    for record in baseline.records(curve):
        if isinstance(record.trial, Trial):
            by_scale.setdefault(record.trial.train_scale, set()).add(record.trial.seed)
    common = set.intersection(*by_scale.values()) if by_scale else set()
    return tuple(sorted(common))[: STAGES[-1]]


def _scales(request: Request) -> set[float]:
    """Return the scales of the curve that a request asks for."""
    return set(request.test_scales if request.trained_with else request.train_scales)


def made_records(robustness: Robustness, curve: Curve) -> list[TrialRecord] | None:
    """Return the records to compare in place of a curve's own; None if its own are those.

    A test sees its curve with the same seeds at each scale, or as the baseline has it.
    """
    request = robustness.request(curve.name)
    if request is None or not request.staged:
        return None
    given = [{id(each) for each in records} for records in robustness.records]
    if {id(each) for each in curve.records} not in given:
        return None  # a curve of the test's own making, which has its name
    return robustness.source.measured(request)


def check_case(robustness: Robustness, case: Case, made: Sequence[TrialRecord]) -> None:
    """Fail a test that judges its curve by another rule than the one that chose its seeds."""
    staged = robustness.source.staged(case.curve)
    assert staged is not None
    comparable = case.comparison and not (case.comparison.obstacles or case.comparison.failures)
    if comparable and not staged.suffices(made, case.rule):
        raise failure(
            f"noisecore: {case.curve} has the seeds that the options and the marker need, and this "
            "call needs more: give its margins to the marker, robustness(margins=...), or a number "
            "of seeds, such as --noise-seeds=10"
        )


def noted(robustness: Robustness, verdict: Verdict) -> Verdict:
    """Return a verdict that says how its seeds were chosen, if they came one after another."""
    said = []
    for name in verdict.curves or verdict.curve.split(", "):
        request = robustness.request(name)
        curve = robustness.source.staged(name)
        if request is None or curve is None or not request.staged or verdict.gate == "trials":
            continue
        if verdict.gate == "no regression":
            said.append(f"seeds one after another: {curve.described}")
        elif curve.identical:
            said.append("judged on the baseline's records: identical")
        else:
            said.append(f"judged on the first {curve.common(request)} seeds of each scale")
    return replace(verdict, sentence="; ".join([verdict.sentence, *dict.fromkeys(said)]))


def told(standing: Sequence[Standing]) -> dict[str, Any]:
    """Return how many seeds the curves of a run have, as results.json says it."""
    seeds = {each.curve: each.seeds for each in standing}
    return {"seeds one after another": seeds} if seeds else {}


def lines(standing: Sequence[Standing]) -> list[str]:
    """Return how many seeds the curves of a run have, in lines for the terminal."""
    found = []
    for each in standing:
        said = each.seeds
        if each.identical:
            said += " to its baseline, so other claims are judged on the baseline's records"
        found.append(f"seeds of {each.curve}, one after another: {said}")
    return found


def seeds_said(profile: Profile) -> str:
    """Return a profile's seeds and its number of test images, in words for a run's header."""
    said = ",".join(map(str, profile.seeds))
    if profile.sequential:
        said = f"one after another ({said} without a baseline)"
    return said if profile.images is None else f"{said}, {profile.images:,} test images"
