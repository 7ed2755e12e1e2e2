"""A suite of models that were trained once: its seeds are random, and all families share them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from records_factory import make_record
from scipy import stats

from noisecore import judge_no_regression
from noisecore.judging.curves import matched_curves
from noisecore.judging.gates.rows import MeanRow, ObstacleRow
from noisecore.judging.gates.suite_rows import FamilyRow
from noisecore.judging.suites import suites_of

FAMILIES = {"fog": 0.7, "brightness": 0.8, "stripe": 0.6}


def trained(shifts, families=FAMILIES, **changes):
    """Return a suite; shifts: of the accuracy of each seed, in all families."""
    records = []
    for family, accuracy in families.items():
        for seed, shift in shifts.items():
            found = {0.0: 0.9 + shift, 1.0: accuracy + shift}
            records.append(
                make_record(
                    scale=0.5,
                    seed=seed,
                    accuracies=found,
                    noise=f"mnist-c/{family}",
                    trained_with="gaussian",
                    trained_with_source="e" * 64,
                    **changes,
                )
            )
    (suite,) = suites_of(matched_curves(records).values()).values()
    return suite


OLD = {0: -0.01, 1: 0.0, 2: 0.008}
NEW = {3: -0.068, 4: -0.06, 5: -0.073}


def test_suites_are_found_among_curves() -> None:
    """The families of one training are a suite, which is named as its curves are."""
    suite = trained(OLD)
    assert suite.name == "cnn/mnist-c/quick/trained=gaussian:0.5"
    assert suite["fog"].name == "cnn/mnist-c/fog/quick/trained=gaussian:0.5"
    assert list(suite) == ["brightness", "stripe", "fog"]
    one = matched_curves([make_record(noise="mnist-c/fog"), make_record(noise="gaussian")])
    assert suites_of(one.values()) == {}


def test_seeds_are_compared_in_simple_mode() -> None:
    """The mean is judged by the t test on the seeds' means over families."""
    old, new = trained(OLD), trained(NEW)
    verdict = judge_no_regression(new, old)
    sides = [
        np.mean([curve.accuracy[:, 1] for curve in suite.values()], axis=0) for suite in (new, old)
    ]
    (mean,) = verdict.rows(MeanRow)
    assert mean.difference == pytest.approx(sides[0].mean() - sides[1].mean())
    interval = stats.ttest_ind(*sides).confidence_interval(0.95)
    assert (mean.low, mean.high) == pytest.approx((interval.low, interval.high))
    assert verdict.verdict == "fail"
    assert "mean accuracy over the families changed by -6.63 points" in verdict.sentence
    assert [round(row.difference, 4) for row in verdict.rows(FamilyRow)] == [-0.0663] * 3


def test_families_that_are_identical_and_others() -> None:
    """A family that changed is judged beside those that did not; seeds that all have count."""
    old = trained(OLD)
    other = trained(OLD | {3: 0.0}, {**FAMILIES, "fog": 0.6})
    verdict = judge_no_regression(other, old)
    (mean,) = verdict.rows(MeanRow)
    assert mean.difference == pytest.approx(-0.1 / 3)
    by_family = {row.family: row.difference for row in verdict.rows(FamilyRow)}
    assert by_family["stripe"] == by_family["brightness"] == 0
    assert by_family["fog"] == pytest.approx(-0.1, abs=0.002)
    assert verdict.verdict == "fail"
    assert "mean accuracy under fog" in verdict.sentence


def test_what_forbids_a_comparison() -> None:
    """A failed trial, another recipe, and families without a seed in common never pass."""
    old = trained(OLD)
    (failed,) = matched_curves(
        [
            make_record(
                scale=0.5,
                seed=seed,
                accuracies={0.0: 0.9, 1.0: 0.7},
                noise="mnist-c/fog",
                trained_with="gaussian",
                trained_with_source="e" * 64,
                status="failed" if seed == 1 else "complete",
            )
            for seed in OLD
        ]
    ).values()
    verdict = judge_no_regression(_with(old, failed), old)
    assert verdict.verdict == "fail"
    assert "cannot pass because a trial failed" in verdict.sentence
    verdict = judge_no_regression(trained(OLD, dataset_sha256="f" * 64), old)
    assert verdict.verdict == "fail"
    assert verdict.rows(ObstacleRow)
    apart = _with(trained(NEW), trained({8: 0.0, 9: 0.01})["fog"])
    verdict = judge_no_regression(apart, old)
    assert verdict.verdict == "fail"
    assert "its families have no seed in common" in verdict.sentence


def _with(suite, fog):
    """Return a suite with another curve of fog."""
    return replace(suite, curves={**suite.curves, "fog": fog})
