"""A baseline that a script renews: what pytest's renewal would refuse is refused here, too."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import replace

import pytest
from records_factory import make_sweep

import noisecore
from noisecore.judging.curves import matched_curves

NAME = "cnn/gaussian/quick"
LEVEL = {0.0: 0.95, 0.5: 0.9, 4.0: 0.6}


@pytest.fixture
def path(tmp_path):
    """Return the path of the baseline of one curve."""
    noisecore.write_baseline(tmp_path / "quick.json", curve_of())
    return tmp_path / "quick.json"


def curve_of(level=None, **how):
    """Return the curve of a sweep."""
    return next(iter(matched_curves(make_sweep(level or LEVEL, **how)).values()))


def lower(by):
    """Return the level with all noisy accuracies so much lower."""
    return {scale: level - by * (scale > 0) for scale, level in LEVEL.items()}


def test_small_losses_add_up(path) -> None:
    """What was lost since the first ancestor is refused in the end, unless it is forgotten."""
    noisecore.write_baseline(path, curve_of(lower(0.012), seeds=range(3, 6)))
    last = curve_of(lower(0.03), seeds=range(6, 9))
    with pytest.raises(noisecore.NoisecoreError, match=r"since its first .*: if .* new_ancestor"):
        noisecore.write_baseline(path, last)
    assert "forgotten" in str(noisecore.write_baseline(path, last, new_ancestor=True).changes)


def test_undecided(path) -> None:
    """A curve that is neither worse nor as good as before is refused, and how to decide is said."""
    noisecore.write_baseline(path, curve_of(seeds=[7]), new_ancestor=True)
    one = curve_of(lower(0.05), seeds=[8])
    before = path.read_bytes()
    with pytest.raises(
        noisecore.NoisecoreError, match=r"undecided: .*: More seeds .*new_ancestor=True$"
    ):
        noisecore.write_baseline(path, one)
    assert path.read_bytes() == before
    noisecore.write_baseline(path, one, new_ancestor=True)


def test_says_what_changed(path) -> None:
    """What was added, renewed and left is said, and none of it is in the file."""
    mlp = curve_of(model="mlp")
    added = noisecore.write_baseline(path, mlp).changes
    assert added == ("mlp/gaussian/quick: added, 3 scales of 3 seeds", f"{NAME}: not renewed")
    better = {scale: level + 0.01 for scale, level in LEVEL.items()}
    lines = noisecore.write_baseline(path, curve_of(better)).changes
    assert lines[0] == f"{NAME}: renewed, 3 scales of 3 seeds in place of 3 scales of 3 seeds"
    assert lines[-1] == "mlp/gaussian/quick: not renewed"
    assert "  scale 4: 0.6000 to 0.6100 (+1.00 points)" in lines
    assert noisecore.read_baseline(path).changes == ()


def test_other_scales(path) -> None:
    """A curve of other scales loses its first ancestor with a warning, and says which went."""
    with pytest.warns(UserWarning, match=f"^{NAME}: its images, scales .* is forgotten$") as told:
        lines = noisecore.write_baseline(path, curve_of({0.0: 0.95, 0.5: 0.9})).changes
    assert "  scale 4: removed" in lines
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        noisecore.write_baseline(path, curve_of({0.0: 0.95, 0.5: 0.9}))


def test_what_cannot_be_meant(path) -> None:
    """Another profile, a name of its own and a failed trial are refused, and nothing is written."""
    before = path.read_bytes()
    records = make_sweep(LEVEL)
    records[4] = replace(records[4], status="failed", reason="lost", evaluations=(), history=())
    (broken,) = matched_curves(records).values()
    for curve, how, message in (
        (curve_of(), {"profile": "full"}, "expected a baseline of profile full, got one of quick"),
        (replace(curve_of(), name="mine"), {}, f"mine must have the name of its records, {NAME}"),
        (broken, {}, "not complete: .*lost"),
        (["mine"], {}, "curves must be curves.*got 'mine'"),
        ([curve_of(), curve_of(lower(0.002))], {}, "got two that differ"),
    ):
        with pytest.raises(noisecore.NoisecoreError, match=message):
            noisecore.write_baseline(path, curve, **how)
        assert path.read_bytes() == before


def test_curves_that_were_saved(tmp_path, path) -> None:
    """What `read_curves` returns is taken, of the day on which it was measured."""
    started = "2026-01-31T12:00:00+00:00"
    old = curve_of(cost={"started": started})
    old.save(tmp_path / "old.json")
    read = noisecore.read_curves(tmp_path / "old.json")
    held = noisecore.write_baseline(tmp_path / "new.json", read)
    assert held.origins[NAME].date == started
    assert [v.verdict for v in noisecore.compare(read, held).values()] == ["pass"]


@pytest.mark.parametrize("scales", [(0.5, 1.0, 4.0), (0.5,)], ids=["added", "dropped"])
def test_other_scales_hide_no_loss(path, scales) -> None:
    """Other scales forget the first ancestor, so they renew no curve that is worse."""
    before = path.read_bytes()
    level = {0.0: 0.95} | {scale: LEVEL.get(scale, 0.8) - 0.1 for scale in scales}
    worse = curve_of(level, seeds=range(3, 6))
    with pytest.raises(noisecore.NoisecoreError, match=r"with other scales, which forget its"):
        noisecore.write_baseline(path, worse)
    assert path.read_bytes() == before
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        noisecore.write_baseline(path, worse, new_ancestor=True)


def test_an_unknown_name(path, tmp_path) -> None:
    """A name that no saved curve has is answered with the names that there are."""
    curve_of().save(tmp_path / "a.json")
    curves = noisecore.read_curves(tmp_path / "a.json")
    with pytest.raises(noisecore.NoisecoreError) as caught:
        curves["cnn"]
    assert str(caught.value) == f"expected one of the curves {NAME}, got 'cnn'"
    assert curves.get("cnn") is None
    assert list(curves) == [NAME]


def at_day(day: int, **choices):
    """Return a curve that was measured on a day of January."""
    return curve_of(cost={"started": f"2026-01-0{day}T00:00:00+00:00"}, **choices)


def baseline_of(curve):
    """Return a baseline of a curve."""
    with tempfile.TemporaryDirectory() as folder:
        return noisecore.write_baseline(f"{folder}/a.json", curve)


@pytest.mark.parametrize(
    "judge",
    [
        noisecore.compare,
        noisecore.assert_no_regression,
        noisecore.judge_no_regression,
        lambda new, old: noisecore.compare(new, baseline_of(old)),
        lambda new, old: noisecore.judge_no_regression(new, baseline_of(old)),
        lambda new, old: new.plot(old),
    ],
    ids=["compare", "assert", "judge", "compare-baseline", "judge-baseline", "plot"],
)
def test_swapped_runs(judge) -> None:
    """What was measured before is not what is to be judged: a warning asks, in this order alone."""
    old, new = at_day(1), at_day(2, seeds=range(3, 6))
    with pytest.warns(UserWarning, match="were the two swapped") as caught:
        judge(old, new)
    (told,) = caught
    assert told.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judge(new, old)


def test_an_older_curve_is_written(tmp_path) -> None:
    """A curve that replaces a newer one is written with a warning, the other way round without."""
    path = tmp_path / "a.json"
    noisecore.write_baseline(path, at_day(2))
    with pytest.warns(UserWarning, match="were the two swapped"):
        noisecore.write_baseline(path, at_day(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        noisecore.write_baseline(path, at_day(2))
