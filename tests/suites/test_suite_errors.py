"""Mean corruption error: against a hand computation, and the published one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_suites import blind_to, images, nearest, suite_of

from noisecore import evaluate, judge_no_regression
from noisecore.judging.gates.suite_errors import ALEXNET, published_rows
from noisecore.judging.gates.suite_rows import CorruptionErrorRow
from noisecore.noise.corruptions import EXTRAS, SUITES


@pytest.fixture(scope="module")
def suites():
    """A model's suite, and that of one that does not see the upper part of the images."""
    x, y = images(80)
    made = [
        evaluate(model, x, y, suite="mnist-c", name="bars", draws=1)
        for model in (nearest, blind_to(3))
    ]
    families = ("glass_blur", "brightness", "rotate", "dotted_line")
    return [replace(one, curves={f: one[f] for f in families}) for one in made]


def rows(new, old):
    """Return the corruption errors of a comparison, by kind."""
    verdict = judge_no_regression(new, old)
    assert all(str(row) in str(verdict).replace("\n  ", " ") for row in _shown(verdict))
    return {row.corruption_error: row for row in _shown(verdict)}


def _shown(verdict):
    return verdict.rows(CorruptionErrorRow)


def test_it_is_100_if_nothing_changed(suites) -> None:
    """Against itself, both errors are 100."""
    old, _ = suites
    found = rows(old, old)
    assert found["mean"].value == found["relative"].value == pytest.approx(100)


def test_it_is_the_ratio_of_summed_errors(suites) -> None:
    """The mean is over families whose error in the baseline is known well enough."""
    old, new = suites
    error, old_error = ({f: 1 - m for f, m in each.mean_accuracies.items()} for each in (new, old))
    sure = {
        family
        for family, each in old_error.items()
        if each > 3 * np.sqrt(each * (1 - each) / 79) and each > 0
    }
    found = rows(new, old)
    assert set(found["mean"].families) == sure
    assert "dotted_line" in found["mean"].without
    expected = np.mean([100 * error[family] / old_error[family] for family in sure])
    assert found["mean"].value == pytest.approx(expected)
    clean, old_clean = (1 - each.clean_accuracy for each in (new, old))
    relative = found["relative"].families
    expected = [100 * (error[f] - clean) / (old_error[f] - old_clean) for f in relative]
    assert found["relative"].value == pytest.approx(np.mean(expected))


def test_a_perfect_baseline_has_no_error(suites) -> None:
    """A dash stands where no family has an error to divide by."""
    old, _ = suites
    alone = replace(old, curves={"dotted_line": old["dotted_line"]})
    found = rows(alone, alone)
    assert found["mean"].value is None
    line = (
        "mean corruption error: \N{EN DASH} (the baseline: 100), no family has enough errors there"
    )
    assert str(found["mean"]) == line


def test_against_alexnet() -> None:
    """A suite of ImageNet-C with all severities has the published mean corruption error."""
    assert len(ALEXNET) == 15
    assert not set(ALEXNET) & set(EXTRAS)
    assert ALEXNET["jpeg_compression"] == 0.6065
    families = [family for family in SUITES["imagenet-c"] if family != "frost"]
    suite = suite_of({f: [0.8, *[0.5] * 5] for f in families}, suite="imagenet-c")
    (row,) = published_rows(suite)
    counted = [f for f in families if f not in EXTRAS]
    assert row.value == pytest.approx(np.mean([50 / ALEXNET[f] for f in counted]))
    assert row.without == ("frost",)
    assert "(AlexNet: 100), over 14 families, without frost" in str(row)
    assert published_rows(suite_of({"fog": [0.8, 0.5]}, suite="imagenet-c")) == []
    assert published_rows(suite_of({"fog": [0.8, *[0.5] * 5]})) == []
