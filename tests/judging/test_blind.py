"""A pass that says too little: of given models, by the number of their images."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from noisecore.judging.baselines import Comparison
from noisecore.judging.gates.case import Case, judge_case
from noisecore.judging.gates.outlook import fitting_margin, outlook
from noisecore.judging.gates.rows import MeanRow
from noisecore.judging.margins import Margins, Rule

SCALES = np.array([0.0, 1.0])


def compare(images: int, *, wrong: int = 0, clean: int = 0) -> Comparison:
    """Return a given model beside itself, with so many more wrong answers under noise, or clean."""
    old = np.ones((3, 2, images), bool)
    new = old.copy()
    new[:, 1, :wrong] = False
    new[:, 0, images - clean :] = False
    return Comparison(curve="mine", scales=SCALES, new=new, baseline=old, replicates="draws")


def rule(images: int = 0, **choices) -> Rule:
    """Return a rule with the margin that a baseline of so many images holds, or another."""
    mean = choices.pop("mean", None) or fitting_margin(images, 1.5) or 1.5
    return Rule(margins=replace(Margins(), mean=mean), **choices)


def judge(one: Comparison, how: Rule, **choices):
    """Return the verdict on a comparison."""
    return judge_case(Case(curve="mine", comparison=one, rule=how, **choices))


@pytest.mark.parametrize("images", [10, 50, 100, 200, 400, 1000, 5000])
def test_a_pass_of_simple_mode_catches_twice_its_margin(images) -> None:
    """Simple mode passes where its row catches twice the margin, and nowhere else."""
    verdict = judge(compare(images, wrong=1), rule(images, mode="simple"))
    (mean,) = verdict.rows(MeanRow)
    assert (verdict.verdict == "pass") == (mean.caught_most <= 2 * mean.allowed)
    assert (verdict.verdict == "pass") == (images >= 400)


@pytest.mark.parametrize("images", [50, 100, 200])
def test_what_it_asks_for_is_enough(images) -> None:
    """The number of images and the margin that an undecided verdict names would do."""
    sentence = judge(compare(images, wrong=1), rule(images, mode="simple")).sentence
    found = re.search(r"give ([\d,]+) images or more, or a margin of ([\d.]+) or more", sentence)
    needed, margin = int(found[1].replace(",", "")), float(found[2])
    wrong = round(needed / images)
    more = judge(compare(needed, wrong=wrong), rule(needed, mode="simple"))
    assert more.verdict == "pass"
    assert judge(compare(images, wrong=1), rule(mode="simple", mean=margin)).verdict == "pass"
    less = rule(mode="simple", mean=margin - 0.2)
    assert judge(compare(images, wrong=1), less).verdict == "inconclusive"


def test_what_it_asks_for_in_a_script() -> None:
    """A script is told the arguments of its function, and pytest its options."""
    how = rule(100, mode="simple")
    said = [judge(compare(100, wrong=1), how, scripted=each).sentence for each in (False, True)]
    assert said[0].endswith("(--noise-margins), or rigorous mode (--noise-gate=rigorous)")
    assert said[1].endswith("(margins=), or rigorous mode (mode='rigorous')")


@pytest.mark.parametrize(("images", "outcome"), [(15, "inconclusive"), (25, "pass")])
def test_few_images_without_a_changed_answer(images, outcome) -> None:
    """Rigorous mode does not take it for shown that no answer would change on other images."""
    assert judge(compare(images), rule(images)).verdict == outcome


def test_a_new_baseline_says_what_simple_mode_will_not_see() -> None:
    """Whoever makes a baseline in simple mode is told of too few images, and not in rigorous."""
    assert "inconclusive in simple mode" in outlook(compare(100), 1, rule(100, mode="simple"))
    assert outlook(compare(100), 1, rule(100)) == ""
    assert outlook(compare(5000), 1, rule(5000, mode="simple")) == ""


def test_tiny_margin() -> None:
    """However narrow the margin, the advice is found at once."""
    sentence = judge(compare(100), rule(mode="simple", mean=1e-300)).sentence
    assert "give more than 100,000,000 images" in sentence


def test_a_drop_that_may_be_chance() -> None:
    """A pass does not call a drop beyond its margin allowed: it says that it may be chance."""
    sentence = judge(compare(400, clean=7), rule(400, mode="simple")).sentence
    assert "is not shown to be worse than its baseline allows, though accuracy on clean" in sentence
    assert "changed by -1.75 points" in sentence
    assert ", which may be chance; a drop of" in sentence
