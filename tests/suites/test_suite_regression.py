"""One verdict over a suite against a baseline: its mean, families, clean images, since first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_suites import blind_to, changed, images, nearest, two_models
from scipy import stats

import noisecore
from noisecore import Verdict, evaluate, judge_no_regression
from noisecore.judging.gates.rows import MeanRow, NoteRow, ObstacleRow, ScaleRow, SinceFirstRow
from noisecore.judging.gates.suite_rows import FamilyRow
from noisecore.noise.corruptions import CorruptionSuite

FAMILIES = ("shot_noise", "brightness", "fog")


@pytest.fixture(scope="module")
def suites():
    """A model's suite, and that of one that does not see the upper part of the images."""
    return [some(each) for each in two_models(draws=2)]


def some(suite, families=FAMILIES):
    """Return a suite with some of its families."""
    return replace(suite, curves={family: suite[family] for family in families})


def answers(suite, scale: float = 1):
    """Return which images were right, (families, draws, images)."""
    return np.array(
        [[r.at(scale).right for r in suite[family].records] for family in suite]
    ).astype(float)


def test_an_unchanged_suite_is_identical(suites) -> None:
    """A suite whose families all gave the same answers passes, whatever its power."""
    old, _ = suites
    verdict = judge_no_regression(old, old)
    assert verdict.verdict == "pass"
    assert (
        verdict.sentence == "bars/mnist-c is identical to its baseline: the same answers and losses"
    )
    assert verdict.curves == tuple(curve.name for curve in old.values())
    assert [row.family for row in verdict.rows(FamilyRow)] == list(FAMILIES)


def test_the_figures_are_those_of_the_paired_t_test(suites) -> None:
    """Mean and families: the difference by image, averaged over families, draws and severities."""
    old, new = suites
    verdict = judge_no_regression(new, old, mode="simple", alpha=0.04)
    by_image = (answers(new) - answers(old)).mean(axis=1)  # (families, images)
    (mean,) = verdict.rows(MeanRow)
    assert mean.difference == pytest.approx(by_image.mean())
    whole = stats.ttest_1samp(by_image.mean(axis=0), 0)
    interval = whole.confidence_interval(0.95)
    assert (mean.low, mean.high) == pytest.approx((interval.low, interval.high))
    # The mean has half of alpha; three families and clean images share the rest.
    assert mean.level == pytest.approx(1 - 0.04 / 2)
    upper = stats.ttest_1samp(by_image.mean(axis=0), 0, alternative="less")
    assert mean.bound_high == pytest.approx(upper.confidence_interval(0.98).high)
    for row, each in zip(verdict.rows(FamilyRow), by_image, strict=True):
        assert row.difference == pytest.approx(each.mean())
        assert row.level == pytest.approx(1 - 0.02 / 4)
        shown = stats.ttest_1samp(each, 0, alternative="less")
        assert row.bound_high == pytest.approx(shown.confidence_interval(1 - 0.02 / 4).high)
    (clean,) = verdict.rows(ScaleRow)
    change = (answers(new, 0) - answers(old, 0)).mean(axis=(0, 1))
    assert clean.difference == pytest.approx(change.mean())
    assert clean.scale == 0


def test_a_worse_family_fails_and_is_named(suites) -> None:
    """One family that falls fails the suite; the sentence and the table name it."""
    old, _ = suites
    new = replace(old, curves={**old.curves, "fog": changed(old["fog"], wrong=0.3)})
    verdict = judge_no_regression(new, old, margins="mean>none")
    assert verdict.verdict == "fail"
    assert "mean accuracy under fog changed by -" in verdict.sentence
    assert [row.family for row in verdict.rows(FamilyRow) if row.verdict == "fail"] == ["fog"]
    lines = str(verdict).splitlines()
    assert any(line.split()[:1] == ["fog"] and line.endswith("fail") for line in lines)
    assert any(line.split()[:1] == ["clean"] for line in lines)
    assert Verdict.from_dict(verdict.to_dict()) == verdict
    passed = judge_no_regression(new, old, margins="mean>60,scale>60", mode="simple")
    assert passed.verdict != "fail"
    assert "fog" in passed.sentence  # the worst family, whatever the outcome


def test_extras_are_judged_but_not_in_the_mean() -> None:
    """An extra has a row; its fall does not move the mean."""
    x, y = images(40, channels=3)
    with pytest.warns(UserWarning, match="frost"):
        whole = evaluate(nearest, x, y, suite="cifar-10-c", scales=[1, 5], name="bars", draws=1)
    old = some(whole, ("fog", "spatter"))
    new = replace(old, curves={**old.curves, "spatter": changed(old["spatter"], wrong=0.5)})
    verdict = judge_no_regression(new, old)
    (mean,) = verdict.rows(MeanRow)
    assert mean.difference == 0
    assert [row.verdict for row in verdict.rows(FamilyRow)] == ["pass", "fail"]
    assert verdict.rows(FamilyRow)[0].scales == (1, 5)
    assert "without gaussian_noise" in " ".join(row.note for row in verdict.rows(NoteRow))


def test_a_family_that_one_side_lacks(suites, tmp_path) -> None:
    """It is never a pass, whichever side lacks it, and in a file as in a suite."""
    old, _ = suites
    fewer = some(old, ("fog",))
    added = judge_no_regression(old, fewer)
    assert added.verdict == "fail"
    assert "has no shot_noise to compare with in bars/mnist-c (and 1 more" in added.sentence
    gone = judge_no_regression(fewer, old)
    assert gone.verdict == "fail"
    assert "bars/mnist-c/shot_noise, bars/mnist-c/brightness of the baseline was not" in (
        gone.sentence
    )
    held = noisecore.write_baseline(tmp_path / "quick.json", old)
    assert judge_no_regression(old, held).verdict == "pass"
    assert judge_no_regression(fewer, held).verdict == "fail"
    held = noisecore.write_baseline(tmp_path / "fewer.json", fewer)
    verdict = judge_no_regression(old, held)
    assert verdict.verdict == "fail"
    assert "bars/mnist-c/shot_noise is not in the baseline" in verdict.sentence


def test_other_images_forbid_the_comparison(suites) -> None:
    """A family whose images differ is named, and the suite fails."""
    old, _ = suites
    x, y = images(80, seed=1)
    other = evaluate(nearest, x, y, suite="mnist-c", name="bars", draws=2)
    new = replace(old, curves={**old.curves, "fog": other["fog"]})
    verdict = judge_no_regression(new, old)
    assert verdict.verdict == "fail"
    assert verdict.rows(ObstacleRow)[0].obstacle.startswith("fog: dataset sha256 is")


def test_a_blind_pass_is_inconclusive() -> None:
    """In simple mode a few images see too little: the sentence says how many would suffice."""
    x, y = images(16)
    old, new = (
        some(evaluate(model, x, y, suite="mnist-c", name="bars", draws=1))
        for model in (nearest, blind_to(1))
    )
    verdict = judge_no_regression(new, old, mode="simple", margins="mean>1,scale>none,clean>none")
    assert verdict.verdict == "inconclusive"
    assert "did not fail, but with 16 images" in verdict.sentence


def test_a_suite_has_the_share_of_its_curves_in_alpha(suites, tmp_path) -> None:
    """With other curves in the baseline, the suite's level is theirs for as many curves."""
    old, new = suites
    x, y = images(80)
    others = [evaluate(nearest, x, y, scales=[1], name=f"other{n}", draws=1) for n in range(3)]
    held = noisecore.write_baseline(tmp_path / "quick.json", [*old.values(), *others])
    (mean,) = judge_no_regression(new, held, alpha=0.08).rows(MeanRow)
    assert mean.level == pytest.approx(1 - 0.08 * (3 / 6) / 2)


def test_a_slow_decline_is_seen(suites, tmp_path) -> None:
    """A suite that was renewed is judged against its families' first ancestors, on their mean."""
    old, _ = suites
    path = tmp_path / "quick.json"
    noisecore.write_baseline(path, old)
    worse = replace(old, curves={f: changed(c, wrong=0.4) for f, c in old.items()})
    noisecore.write_baseline(path, old)  # renewed: the first ancestor is kept
    held = noisecore.read_baseline(path)
    assert all(origin.first is not None for origin in held.origins.values())
    verdict = judge_no_regression(worse, held, mode="simple", margins="mean>90,scale>90,clean>90")
    (since,) = verdict.rows(SinceFirstRow)
    before, after = answers(old).mean(axis=(0, 1)), answers(worse).mean(axis=(0, 1))
    found = stats.ttest_rel(after, before, alternative="less")
    assert since.difference == pytest.approx((after - before).mean(), abs=1e-3)
    level = 1 - verdict.rows(MeanRow)[0].level
    assert since.level == pytest.approx(1 - level / 5)  # with three families and clean images
    assert since.bound_high == pytest.approx(found.confidence_interval(since.level).high, abs=1e-3)
    assert since.verdict == "fail"
    assert verdict.verdict == "fail"


def test_what_a_suite_is_compared_with(suites) -> None:
    """A curve, or a suite of another kind, is refused in one line."""
    old, _ = suites
    with pytest.raises(noisecore.NoisecoreError, match="is a suite, got a curve"):
        judge_no_regression(old, old["fog"])
    with pytest.raises(noisecore.NoisecoreError, match="give one of its values"):
        judge_no_regression(old["fog"], old)
    x, y = images(16)
    chosen = CorruptionSuite("cifar-10-c", extras=False)
    with pytest.warns(UserWarning, match="frost"):
        other = evaluate(nearest, x, y, suite=chosen, scales=[1], name="bars", draws=1)
    with pytest.raises(noisecore.NoisecoreError, match="must be of mnist-c, got one of cifar-10-c"):
        judge_no_regression(old, other)
    assert list(noisecore.compare(old, old)) == ["bars/mnist-c"]


def test_a_script_renews_a_suite_as_one(suites, tmp_path) -> None:
    """A suite that became worse is not written, and one that hardly changed is."""
    old, _ = suites
    path = tmp_path / "quick.json"
    noisecore.write_baseline(path, old)
    worse = replace(old, curves={f: changed(c, wrong=0.4) for f, c in old.items()})
    with pytest.raises(noisecore.NoisecoreError, match=r"bars/mnist-c is .* first ancestor"):
        noisecore.write_baseline(path, worse)
    noisecore.write_baseline(path, worse, new_ancestor=True)
    better = replace(old, curves={**worse.curves, "fog": old["fog"]})
    held = noisecore.write_baseline(path, better)
    assert held.curves["bars/mnist-c/fog"].mean_accuracy[1] == old["fog"].mean_accuracy[1]
