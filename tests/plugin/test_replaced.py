"""A renewal adds no curve that is worse than one that it removes: it may be a renamed one."""

from __future__ import annotations

import pytest
from own_bench import ONE, TWO, UPDATE
from records_factory import make_sweep

from noisecore.judging.baselines import Baseline, Origin, renew_baseline
from noisecore.judging.margins import Rule
from noisecore.plugin.baseline.replaced import worse_in_place
from noisecore.plugin.settings import BaselineSettings

ORIGIN = Origin(date="2026-01-01", commit=None, noisecore="0.2.0", tests=("test_a.py",))
SETTINGS = {
    "path": None, "declined": False, "update": "all", "new_ancestor": False, "rule": Rule(),
    "own_margins": False, "tolerant": False,
}  # fmt: skip


def held(models, **choices) -> Baseline:
    """Return a baseline of models, each with its accuracy at scale 4."""
    records = [
        record
        for model, accuracy in models.items()
        for record in make_sweep({0.0: 0.95, 4.0: accuracy}, model=model, **choices)
    ]
    origins = {record.trial.curve: ORIGIN for record in records}
    return Baseline(profile="quick", origins=origins, records=tuple(records))


def refused(old, new, **settings) -> list[str]:
    """Return the models that may not be added, and those whose place they would take."""
    lines = worse_in_place(old, new, BaselineSettings(**SETTINGS | settings))
    return [line.partition("in the place of ")[2].split("/")[0] for line in lines]


GOOD = {"a": 0.8}


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        (GOOD, {"b": 0.8}, []),
        (GOOD, {"b": 0.9}, []),
        (GOOD, {"b": 0.5}, ["a"]),
        (GOOD, {**GOOD, "b": 0.5}, []),  # nothing is removed
        ({**GOOD, "z": 0.5}, {"b": 0.5, "c": 0.79}, []),  # both renamed
        ({**GOOD, "z": 0.6}, {"b": 0.5, "c": 0.79}, ["z"]),
        ({**GOOD, "z": 0.5}, {"b": 0.5}, []),  # one renamed, one removed
    ],
)
def test_pairs(old, new, places) -> None:
    """Identical curves are paired, then the best with the best; only a worse one is refused."""
    assert refused(held(old), held(new, seeds=(0, 1, 2))) == places


@pytest.mark.parametrize(
    "other", [{"dataset_sha256": "e" * 64}, {"noise": "salt"}, {"recipe": "notebook"}]
)
def test_other_tests(other) -> None:
    """Curves of other images, noise or recipe are never compared."""
    assert refused(held(GOOD), held({"b": 0.5}, **other)) == []


def test_margins() -> None:
    """What may be lost is what the old curve may lose: its margins, or those of the run."""
    wide = held(GOOD)
    wide.origins[next(iter(wide.origins))] = Origin(
        date="2026-01-01", commit=None, noisecore="", tests=(), margins="mean>40,scale>40"
    )
    worse = held({"b": 0.5})
    assert refused(wide, worse) == []
    assert refused(wide, worse, own_margins=True) == ["a"]
    assert refused(held(GOOD), worse, new_ancestor=True) == []


def test_a_decline_goes_on() -> None:
    """The first ancestor of the old curve counts for the new one, too."""
    first, later = held(GOOD), make_sweep({0.0: 0.95, 4.0: 0.79}, model="a", seeds=range(3, 6))
    old = renew_baseline(first, later, profile="quick", origins=first.origins).baseline
    (line,) = worse_in_place(old, held({"b": 0.775}), BaselineSettings(**SETTINGS))
    assert "since its first ancestor" in line


def test_a_renewal(own) -> None:
    """A worse curve under another name is refused in one line that names both."""
    own.make()
    before = own.baseline.read_bytes()
    own.change("test_b.py", "def test_two", "def test_three")
    own.change("test_b.py", "evaluate(model", "evaluate(worse")
    three = TWO.replace("two", "three")
    result = own.run(UPDATE)
    assert result.ret == 1
    (line,) = [line for line in result.outlines if line.startswith("the baseline was not renewed")]
    assert f"in the place of {TWO}, whose first ancestor it would forget: {three}" in line
    assert line.endswith("if the loss is meant, add --noise-new-ancestor")
    assert own.baseline.read_bytes() == before
    assert own.run(UPDATE, "--noise-new-ancestor").ret == 0
    assert own.curves == [ONE, three]
