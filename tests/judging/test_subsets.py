"""Curves on some of the test images: what they are compared with, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from records_factory import make_case, make_record, make_sweep

from noisecore.judging.baselines import Comparison, compare_records
from noisecore.judging.baselines.ancestor import what_is_the_same
from noisecore.judging.curves import CurveError, matched_curves
from noisecore.judging.floors import propose_floors
from noisecore.judging.gates import (
    judge_at_chance,
    judge_floor,
    judge_monotonic,
    judge_noise_bites,
    judge_published,
)
from noisecore.judging.gates.advice import advice_when_undecided
from noisecore.judging.gates.case import Case, judge_case
from noisecore.judging.gates.outlook import outlook, too_few
from noisecore.judging.margins import Rule
from noisecore.judging.results import Results
from noisecore.records import GivenTrial
from noisecore.showing.summary import make_summary

PART = "100 of 1,000 test images"


def sweep(images: int, accuracies=None, whole: int = 1000, **choices):
    """Return a sweep that was tested on so many of a thousand images."""
    subset = None if images == whole else (images, whole)
    return make_sweep(accuracies, images=images, subset=subset, **choices)


def curve(images: int = 100):
    """Return its curve."""
    (found,) = matched_curves(sweep(images)).values()
    return found


def given(images: int, whole: int = 1000):
    """Return the records of a model that was given, tested on so many of a thousand images."""
    trial = make_record().trial
    common = {
        name: getattr(trial, name)
        for name in ("dataset", "model", "model_source", "noise", "noise_source", "test_scales")
    }
    made = GivenTrial(
        **common,
        dataset_sha256=f"{images:064}",  # of what was tested
        seed=0,
        units="own",
        subset=None if images == whole else (images, whole),
    )
    record = make_record(images=images)
    return [replace(record, trial=made, key=made.key({}), history=())]


@pytest.mark.parametrize("records", [sweep, given])
@pytest.mark.parametrize(
    ("new", "old", "said"),
    [
        (100, 1000, "on 100 of 1,000 test images, the baseline on all 1,000: give SOMEall"),
        (1000, 100, "on all 1,000 test images, the baseline on 100 of 1,000: give SOME100"),
        (500, 100, "on 500 of 1,000 test images, the baseline on 100 of 1,000: give SOME100"),
    ],
)
def test_other_images(records, new, old, said) -> None:
    """What was tested on other images is not compared: one line says how many, and what to do."""
    said = said.replace("SOME", "--noise-images=")
    (comparison,) = compare_records(records(new), records(old)).values()
    assert comparison.obstacles == (f"the run was tested {said}, or renew the baseline",)
    verdict = judge_case(Case(curve="mine", comparison=comparison))
    assert verdict.verdict == "fail"
    assert f"{said}, or renew" in verdict.sentence
    scripted = judge_case(Case(curve="mine", comparison=comparison, scripted=True)).sentence
    assert f"give images={'None' if old == 1000 else old}, or renew" in scripted


def test_same_images() -> None:
    """Those that were tested on the same images are compared as any, and the verdict says so."""
    verdict = judge_case(make_case(sweep(100), sweep(100)))
    assert verdict.verdict == "pass"
    assert verdict.sentence.endswith(f"(on {PART})")
    (comparison,) = compare_records(given(100), given(100)).values()
    assert (comparison.obstacles, comparison.images, comparison.whole) == ((), 100, 1000)
    assert "test images" not in judge_case(make_case(sweep(1000), sweep(1000))).sentence


def test_other_data() -> None:
    """Some images of another set are other data, and no number of images would help."""
    (comparison,) = compare_records(given(100), given(90, whole=900)).values()
    assert "noise-images" not in "".join(comparison.obstacles)
    assert any(line.startswith("dataset sha256 is ") for line in comparison.obstacles)


def test_not_mixed() -> None:
    """Records on some images and on all are not of one curve."""
    with pytest.raises(
        CurveError, match=r"must have the same subset, got None in .* \(100, 1000\)"
    ):
        matched_curves([*sweep(1000), *sweep(100)])


def test_first_ancestor() -> None:
    """Figures of a first ancestor on all images are not those of a run on some."""
    assert what_is_the_same(sweep(100)) != what_is_the_same(sweep(1000))


def test_said_by_each_gate() -> None:
    """Each gate says in its sentence on how many of how many images it judged."""
    some = curve()
    verdicts = [
        judge_monotonic(some),
        judge_noise_bites(some, least_drop=0.1),
        judge_floor(some.at(1), {1: 0.5}),
        judge_floor(measured=some, floors={1: 0.5}, scale=1),
        judge_at_chance(some, scale=1, chance=0.9, loss=0.1),
    ]
    for each in verdicts:
        assert each.sentence.endswith(f"(on {PART})"), each
    assert "test images" not in judge_monotonic(curve(1000)).sentence


def test_published() -> None:
    """Published figures are of all test images: on some of them the gate can tell nothing."""
    some, figures = curve(), {1: (0.1, 0.94), 2: (0.2, 0.85)}
    verdict = judge_published(some, figures)
    assert verdict.verdict == "inconclusive"
    assert "published figures are of all test images" in verdict.sentence
    assert verdict.sentence.endswith(f"(on {PART})")
    assert judge_published(curve(1000), figures).verdict == "pass"


def blind(images: int, whole: int | None) -> Comparison:
    """Return a given model beside itself, with one more answer wrong."""
    old = np.ones((3, 2, images), bool)
    new = old.copy()
    new[:, 1, 0] = False
    return Comparison(
        curve="mine",
        scales=np.array([0.0, 1.0]),
        new=new,
        baseline=old,
        replicates="draws",
        whole=whole,
    )


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (None, " images or more, or a margin of"),
        (10_000, " (--noise-images=400, in the run and in its baseline), or a margin of"),
        (
            60,
            "; the set has 60 (--noise-images=all, in the run and in its baseline), or a margin of",
        ),
    ],
)
def test_blind(whole, said) -> None:
    """A pass on too few images says how many would do, with the option if the set has them."""
    found = blind(50, whole)
    sentence = judge_case(Case(curve="mine", comparison=found, rule=Rule(mode="simple"))).sentence
    if whole == 10_000:
        number = sentence.partition("--noise-images=")[2].partition(",")[0]
        said = said.replace("400", number)
        assert f"give {int(number):,} images or more" in sentence
    assert said in sentence
    scripted = Case(curve="mine", comparison=found, rule=Rule(mode="simple"), scripted=True)
    assert "noise-images" not in judge_case(scripted).sentence


def test_seeds_and_images() -> None:
    """Seeds that spread too far on some images are said to spread less on more of them."""
    low = {0.0: 0.9, 1.0: 0.8, 4.0: 0.5}
    wide = {"seeds": range(3), "spread": 0.03}
    for images, said in ((100, ", or more images (--noise-images)"), (1000, "")):
        records = sweep(images, low, **wide)
        (itself,) = compare_records(records, records).values()
        line = outlook(itself, 3, Rule())
        assert "its pass would be inconclusive: give" in line
        assert ("--noise-images" in line) == bool(said)
        assert said in line


def test_advice() -> None:
    """Where images are left, the option is named; where all were tested, it is not."""
    assert "Give 21 images or more (--noise-images); from " in too_few(10, 1.5, 1000)[0]
    assert "Give 21 images or more; from " in too_few(10, 1.5)[0]
    undecided = [
        advice_when_undecided(Case(curve="mine", comparison=blind(50, whole), scripted=scripted))
        for whole, scripted in ((None, False), (1000, False), (1000, True))
    ]
    assert undecided == [
        "More images or draws narrow the bounds.",
        "More images (--noise-images) or draws narrow the bounds.",
        "More images (images=) or draws narrow the bounds.",
    ]
    trained = advice_when_undecided(make_case(sweep(100), sweep(100)))
    assert trained.endswith("(--noise-seeds). So do more images (--noise-images).")


def test_floors() -> None:
    """A floor that could never fail on some images names the option, if the set has enough."""
    for whole, named in ((1000, True), (25, False)):
        found = propose_floors(given(20, whole), classes={"mnist-5k": 2})
        (line, *_) = [*found.idle, *found.left_out]
        assert ("(--noise-images=" in line) == named, line


def test_report() -> None:
    """results.json and summary.md say of how many images there were; on all, not a word."""
    for images, said in ((100, True), (1000, False)):
        records = sweep(images)
        labels = tuple(record.trial.label for record in records)
        results = Results(
            run={"id": "r"}, profile={}, planned=labels, records=tuple(records), verdicts=()
        )
        (figures,) = results.to_dict()["curves"]
        assert figures.get("whole") == (1000 if said else None)
        assert (f"It was tested on {PART}." in make_summary(results, {})) == said
