"""Gates pass what should pass, fail what should fail, and say why and what to do."""

from __future__ import annotations

import json
import math

import pytest
from made_points import NAME, message, point
from records_factory import make_record, make_sweep

from noisecore.judging.curves import Curve, matched_curves
from noisecore.judging.gates import (
    Verdict,
    assert_at_chance,
    assert_floor,
    assert_monotonic,
    assert_noise_bites,
    collect_verdicts,
    floor_for,
    judge_at_chance,
    judge_floor,
    judge_monotonic,
    judge_noise_bites,
    judge_published,
)
from noisecore.judging.gates.rows import FailureRow

FLOORS = {0.5: 0.9, 2.0: 0.7, 4.0: 0.4}


def sweep(means: dict[float, float], **choices) -> Curve:
    """Return the matched curve of a sweep of records."""
    return matched_curves(make_sweep(means, **choices))[NAME]


def broken() -> Curve:
    """Return a falling curve of two seeds with one failed trial, at scale 2."""
    records = make_sweep({0.0: 0.95, 1.0: 0.9, 2.0: 0.8}, seeds=[0, 1])
    records[-1] = make_record(scale=2.0, seed=1, status="failed", reason="loss became NaN")
    return matched_curves(records)[NAME]


def test_monotonic_passes_a_falling_curve() -> None:
    """The notebook's shape passes, each step among the figures."""
    verdict = judge_monotonic(sweep({0.1: 0.88, 0.5: 0.86, 1.0: 0.81, 2.0: 0.67, 4.0: 0.35}))
    assert (verdict.gate, verdict.curve, verdict.verdict) == ("monotonic", NAME, "pass")
    assert [row.scale_to for row in verdict.figures] == [0.5, 1, 2, 4]
    assert all(row.within for row in verdict.figures)


def test_monotonic_fails_a_rise() -> None:
    """A rise beyond slack and noise fails; the message has pair, slack, table and advice."""
    text = message(assert_monotonic, sweep({0.5: 0.9, 1.0: 0.8, 2.0: 0.85}), slack=0.01)
    assert "rises from scale 1 to 2: +0.0500, allowed 0.0294" in text
    assert "(slack 0.01); 1 of 2 steps rise too far" in text
    assert "scale  accuracy" in text
    assert "What to do: Compare the seeds" in text


def test_monotonic_allows_slack_to_the_digit() -> None:
    """A rise of exactly the slack passes, one image more fails."""
    allowed = sweep({1.0: 0.8, 2.0: 0.85}, spread=0.0, images=100_000)
    assert_monotonic(allowed, slack=0.05)
    beyond = sweep({1.0: 0.8, 2.0: 0.85001}, spread=0.0, images=100_000)
    assert judge_monotonic(beyond, slack=0.05).verdict == "fail"


def test_monotonic_allows_what_seeds_cannot_tell() -> None:
    """A rise within three standard errors of the seeds passes, although it exceeds the slack."""
    rise = {1.0: 0.8, 2.0: 0.83}
    assert judge_monotonic(sweep(rise, spread=0.05)).verdict == "pass"
    assert judge_monotonic(sweep(rise, spread=0.001, images=10_000)).verdict == "fail"


def test_zero_stands_outside_the_claim() -> None:
    """A rise from scale 0 is not judged."""
    assert_monotonic(sweep({0.0: 0.5, 1.0: 0.9, 2.0: 0.8}))


def test_monotonic_is_not_claimed_at_chance() -> None:
    """A rise from chance to chance passes with `chance`; a rise out of it fails; see the rows."""
    flat = sweep({1.0: 0.9, 2.0: 0.1, 4.0: 0.12}, spread=0.0, images=10_000)
    assert judge_monotonic(flat).verdict == "fail"
    assert judge_monotonic(flat, chance=0.1135).verdict == "pass"
    assert [row.within for row in judge_monotonic(flat, chance=0.1135).figures] == [True, None]
    out = sweep({1.0: 0.9, 2.0: 0.1, 4.0: 0.2}, spread=0.0)
    assert judge_monotonic(out, chance=0.1).verdict == "fail"


@pytest.mark.parametrize("means", [{1.0: 0.9}, {0.0: 0.9, 1.0: 0.8}, {1.0: 0.1, 2.0: 0.1}])
def test_nothing_to_judge_is_no_pass(means) -> None:
    """One scale, or a curve at chance throughout, is inconclusive, and that raises."""
    assert judge_monotonic(sweep(means), chance=0.1).verdict == "inconclusive"
    assert "two or more scales" in message(assert_monotonic, sweep(means), chance=0.1)


def test_noise_bites() -> None:
    """The drop is taken from the least scale but 0 to the greatest; reaching the claim passes."""
    curve = sweep({0.0: 1.0, 1.0: 0.9, 2.0: 0.7}, spread=0.0)
    assert_noise_bites(curve, least_drop=0.2)
    text = message(assert_noise_bites, curve, least_drop=0.21)
    assert "falls by 0.2000 from 0.9000 at scale 1 to 0.7000 at scale 2" in text
    assert "0.21 or more" in text
    assert judge_noise_bites(sweep({0.0: 1.0, 1.0: 0.9}), least_drop=0.1).verdict == "inconclusive"


def test_identity_noise_does_not_bite() -> None:
    """A noise that changes nothing gives a flat curve: monotonic, and caught here."""
    flat = sweep({0.5: 0.95, 1.0: 0.95, 4.0: 0.95})
    assert judge_monotonic(flat).verdict == "pass"
    assert judge_noise_bites(flat, least_drop=0.05).verdict == "fail"


@pytest.mark.parametrize(
    ("scale", "floor"),
    [(0.0, 0.9), (0.5, 0.9), (0.7, 0.7), (2.0, 0.7), (3.0, 0.4), (4.0, 0.4), (4.1, None)],
)
def test_floor_for(scale, floor) -> None:
    """A listed scale has its own floor, an unlisted one that of the next greater, or none."""
    assert floor_for(FLOORS, scale) == floor
    assert floor_for(dict(reversed(FLOORS.items())), scale) == floor


def test_floor_is_reached_to_the_digit() -> None:
    """A mean equal to its floor passes whatever the rounding of the mean; an image less fails."""
    for images_right in range(300, 1000, 7):
        floor = images_right / 1000
        at, below = point([floor] * 3), point([floor, floor, floor - 0.001])
        assert judge_floor(at, {1.0: floor}).verdict == "pass"
        assert judge_floor(below, {1.0: floor}).verdict == "fail"


def test_floor_on_a_curve() -> None:
    """A curve is judged at the scale asked for; the figures show Wilson's interval of the mean."""
    curve = sweep({0.5: 0.95, 1.0: 0.65})
    verdict = judge_floor(curve, FLOORS, scale=0.5)
    (row,) = verdict.figures
    assert verdict.verdict == "pass"
    assert (row.floor, row.images, row.seeds) == (0.9, 1000, 3)
    assert row.wilson_low < row.mean < row.wilson_high
    text = message(assert_floor, curve, FLOORS, scale=1.0)
    assert "at scale 1 is 0.6500, below the floor of 0.7" in text
    assert "What to do" in text
    assert "0.5" in text


def test_floor_beyond_the_last_is_no_pass() -> None:
    """Where no floor is listed the gate is inconclusive, and raises."""
    assert judge_floor(point([0.9]), {0.5: 0.9}).verdict == "inconclusive"
    assert "no floor is listed" in message(assert_floor, point([0.9]), {0.5: 0.9})


CONTROL = {"chance": 0.1135, "loss": math.log(10)}


def test_control_at_chance() -> None:
    """The published control passes: it settles at the share of the commonest class."""
    assert_at_chance(point([0.1134, 0.1137], [2.3025, 2.302541732788086]), **CONTROL)


@pytest.mark.parametrize(
    ("accuracy", "loss"),
    [([0.15, 0.08], [2.3026, 2.3026]), ([0.1135, 0.1135], [2.3026, 2.35])],
)
def test_control_that_strays(accuracy, loss) -> None:
    """One seed away from chance, in accuracy or in loss, fails, although the mean may not be."""
    text = message(assert_at_chance, point(accuracy, loss), **CONTROL)
    assert "seeds of cnn/gaussian/quick at scale 1 left chance" in text
    assert "What to do: Above chance" in text


@pytest.mark.parametrize(
    "judge",
    [
        judge_monotonic,
        lambda curve: judge_noise_bites(curve, least_drop=0.01),
        lambda curve: judge_floor(curve, {2.0: 0.0}, scale=2.0),
        lambda curve: judge_at_chance(curve.at(2.0), **CONTROL),
        lambda curve: judge_published({"2": curve.at(2.0)}, {"2": (1.0, 0.8)}),
    ],
)
def test_failed_trial_never_passes(judge) -> None:
    """A NaN in what is judged fails every gate, and its line stands in verdict and figures."""
    verdict = judge(broken())
    line = f"{NAME} scale 2 seed 1: loss became NaN"
    assert verdict.verdict == "fail"
    assert line in verdict.sentence
    assert verdict.figures == (FailureRow(failure=line),)


def test_failed_trial_elsewhere_does_not_count() -> None:
    """A floor is judged by its own scale's trials."""
    assert judge_floor(broken(), {1.0: 0.8}, scale=1.0).verdict == "pass"


def test_failure_message_lists_the_failed_trials() -> None:
    """The message of a gate on a broken curve has each failed trial, the table and advice."""
    text = message(assert_monotonic, broken())
    assert f"\n{NAME} scale 2 seed 1: loss became NaN\n" in text
    assert "scale  accuracy" in text
    assert "never passes on a missing figure" in text


def test_missing_figure_without_a_reason() -> None:
    """A NaN in a point made by hand fails although nobody said why."""
    assert "no reason was recorded" in message(assert_floor, point([math.nan]), {1.0: 0.1})


def test_collecting() -> None:
    """Every assertion's verdict is collected, passed or not, by the innermost block."""
    curve = sweep({1.0: 0.9, 2.0: 0.8})
    with collect_verdicts() as outer:
        assert_monotonic(curve)
        with collect_verdicts() as inner:
            message(assert_floor, curve, {1.0: 0.95}, scale=1.0)
        assert_noise_bites(curve, least_drop=0.05)
    assert_monotonic(curve)
    assert [v.gate for v in outer] == ["monotonic", "noise bites"]
    assert [(v.gate, v.verdict) for v in inner] == [("floor", "fail")]


def test_collecting_survives_an_exception() -> None:
    """A block left by an exception stops collecting."""
    with collect_verdicts() as outer:
        with pytest.raises(KeyError), collect_verdicts():
            raise KeyError
        assert_floor(point([0.9]), {1.0: 0.5})
    assert len(outer) == 1


def test_verdict_travels_as_json() -> None:
    """A verdict comes back from strict JSON unchanged, what is not known as null."""
    for verdict in (
        judge_monotonic(sweep({1.0: 0.9, 2.0: 0.8}), chance=0.1),
        judge_published({"1": point([0.9])}, {"1": (1.0, 0.9)}),
        judge_at_chance(point([0.1, 0.12]), **CONTROL),
        judge_floor(broken(), {2.0: 0.1}, scale=2.0),
    ):
        text = json.dumps(verdict.to_dict(), allow_nan=False)
        assert Verdict.from_dict(json.loads(text)) == verdict


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gate": "luck"}, "unknown word 'luck' at `gate`"),
        ({"verdict": "green"}, "unknown word 'green' at `verdict`"),
        ({"extra": 1}, "extra"),
        ({"figures": 3}, "not a verdict"),
    ],
)
def test_verdict_refuses_other_dicts(change, words) -> None:
    """A dict that is no verdict raises one clear line."""
    data = judge_floor(point([0.9]), {1.0: 0.5}).to_dict() | change
    with pytest.raises(ValueError, match=words):
        Verdict.from_dict(data)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: judge_monotonic(c, slack=-1), "slack must be"),
        (lambda c: judge_monotonic(c, chance=10), r"chance must be a finite number in \[0, 1\]"),
        (lambda c: judge_noise_bites(c, least_drop=math.nan), "least_drop must be"),
        (lambda c: judge_floor(c, {1.0: 90}, scale=1.0), "the floor of scale 1 must be"),
        (lambda c: judge_floor(c, FLOORS), "scale must be given for a curve"),
        (lambda c: judge_floor(c.at(1.0), FLOORS, scale=2.0), "scale must be the point's own, 1"),
        (lambda c: judge_at_chance(c.at(1.0), chance=math.nan, loss=1), "chance must be"),
        (lambda c: judge_published({}, {}), "published must name what was measured: nothing"),
        (lambda c: judge_published({}, {}, alpha=2), "alpha must be"),
    ],
)
def test_bad_arguments(call, words) -> None:
    """A gate's own numbers are checked before anything is judged."""
    with pytest.raises(ValueError, match=words):
        call(sweep({1.0: 0.9, 2.0: 0.8}))
