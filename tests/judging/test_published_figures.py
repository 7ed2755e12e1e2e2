"""Published figures are judged one by one and by their mean, and it is said what could be seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_points import message, point

from noisecore.judging.gates import assert_published, judge_published

PUBLISHED = {"0.1": (0.5468, 0.8823), "4.0": (2.0374, 0.3513)}


def test_published_figures_that_fit() -> None:
    """Figures inside the prediction pass, with all that a table needs."""
    points = {"0.1": point([0.879, 0.882, 0.884]), "4.0": point([0.22, 0.27, 0.33])}
    verdict = judge_published(points, PUBLISHED)
    assert verdict.verdict == "pass"
    first = verdict.figures[0]
    assert first.name == "0.1"
    assert first.published_accuracy == 0.8823
    assert first.published_loss == 0.5468
    assert first.lo < 0.8823 < first.hi
    assert first.sd == pytest.approx(0.0025166, abs=1e-6)
    assert first.within is True
    assert_published(points, PUBLISHED)


def test_published_figure_that_does_not_fit() -> None:
    """A figure far outside fails, and is named with what was measured."""
    points = {"0.1": point([0.9500, 0.9501, 0.9502]), "4.0": point([0.22, 0.27, 0.33])}
    text = message(assert_published, points, PUBLISHED)
    assert "1 of 2 published accuracies are not compatible" in text
    assert "0.1: published 0.8823, measured 0.9501 with sd 0.0001 over 3 seeds" in text
    assert "experiment" in text


def test_published_is_adjusted_for_being_many() -> None:
    """A figure that alone would be outside at 5 % is within when it is one of two."""
    off = {"0.1": (0.5, 0.9), "4.0": (2.0, 0.27 + 0.055 * 5)}
    points = {"0.1": point([0.89, 0.9, 0.91]), "4.0": point([0.215, 0.27, 0.325])}
    row = judge_published(points, off).figures[1]
    assert row.p < 0.05 <= row.holm_p
    assert off["4.0"][1] > row.hi
    assert row.within is True


def test_published_says_what_it_could_refute() -> None:
    """The least deviation that would be refuted is said by name, in points: one more is refuted."""
    points = {
        f"{n}": point([0.49 + n / 10, 0.5 + n / 10, 0.51 + n / 10 + n / 100]) for n in range(3)
    }
    exact = {name: (1.0, one.mean) for name, one in points.items()}
    rows = {row.name: row for row in judge_published(points, exact).figures}
    assert list(rows) == ["0", "1", "2", "mean"]
    for name in points:
        for share, verdict in ((0.999, "pass"), (1.001, "fail")):
            off = exact[name][1] + share * rows[name].refutable
            found = judge_published(points, exact | {name: (1.0, off)})
            assert {row.name: row.within for row in found.figures}[name] == (verdict == "pass")
            assert f"{name}: {100 * rows[name].refutable:.2g}" in found.sentence
    seven = {f"{n}": point([0.49, 0.5, 0.51]) for n in range(7)}
    seven["6"] = replace(seven["6"], seeds=(0, 1, 3))  # other seeds: there is no mean
    found = judge_published(seven, dict.fromkeys(seven, (1.0, 0.5)))
    assert len(found.figures) == 7
    assert found.figures[0].refutable / 0.01 == pytest.approx(13.6, abs=0.05)


def test_published_figures_that_all_stray() -> None:
    """Figures that fit one by one, and not as a whole, are refuted by their mean."""
    rng = np.random.default_rng(0)
    points = {f"{n}": point((0.5 + rng.normal(0, 0.02, 3)).tolist()) for n in range(8)}
    # What the seeds have alone cancels in the mean: it is known far better.
    balanced = np.array([one.accuracy for one in points.values()])
    balanced -= balanced.mean(axis=0) - balanced.mean()
    balanced[:, 0] += 0.0001
    points = {name: point(row.tolist()) for name, row in zip(points, balanced, strict=True)}
    published = {name: (1.0, one.mean + 0.01) for name, one in points.items()}
    found = judge_published(points, published)
    assert found.verdict == "fail"
    assert [row.name for row in found.figures if not row.within] == ["mean"]
    assert "the mean of 8 published accuracies is not compatible" in found.sentence
    fine = {name: (1.0, one.mean) for name, one in points.items()}
    assert "all 8 published accuracies and their mean are compatible" in (
        judge_published(points, fine).sentence
    )


def test_published_name_that_is_taken() -> None:
    """A published figure of the name mean keeps it."""
    points = {"mean": point([0.5, 0.51]), "b": point([0.6, 0.61])}
    found = judge_published(points, {"mean": (1.0, 0.5), "b": (1.0, 0.6)})
    assert [row.name for row in found.figures] == ["mean", "b", "mean of all"]


def test_published_for_a_given_model() -> None:
    """Of a given model the sentence speaks of draws."""
    points = {"1": replace(point([0.5, 0.51]), replicates="draws")}
    sentence = judge_published(points, {"1": (1.0, 0.5)}).sentence
    assert "over 2 draws" in sentence
    assert "seed" not in sentence


def test_published_needs_a_spread() -> None:
    """With one seed the verdict is inconclusive, and the message asks for three."""
    points = {"0.1": point([0.88]), "4.0": point([0.22, 0.27, 0.33])}
    assert judge_published(points, PUBLISHED).verdict == "inconclusive"
    assert "--noise-seeds=3" in message(assert_published, points, PUBLISHED)


def test_published_names_must_agree() -> None:
    """A published figure that nothing was measured for is an error, not a shorter comparison."""
    with pytest.raises(ValueError, match=r"must name what was measured: 0\.1, got 0\.1, 4\.0"):
        judge_published({"0.1": point([0.88, 0.89])}, PUBLISHED)
