"""Baselines are read, written and renewed, or refused in one line."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from records_factory import make_record, make_sweep

from noisecore.judging.baselines import (
    Baseline,
    Origin,
    read_baseline,
    renew_baseline,
    write_baseline,
)
from noisecore.records import RecordError

CURVE = "cnn/gaussian/quick"
ORIGIN = Origin(date="2026-11-20T10:00:00+00:00", commit="a" * 40, noisecore="0.1", tests=("t.py",))


def make_baseline(records=None) -> Baseline:
    """Return a baseline of one sweep."""
    return renew_baseline(
        None,
        make_sweep() if records is None else records,
        profile="quick",
        origins={CURVE: ORIGIN},
    ).baseline


def keyed(records) -> dict:
    """Return records by their keys."""
    return {record.key: record for record in records}


class TestFile:
    """A baseline on disk."""

    def test_round_trip(self, tmp_path) -> None:
        """What was written is read again, without the training's history."""
        made = make_baseline()
        path = tmp_path / "folder" / "quick.json"
        write_baseline(path, made)
        read = read_baseline(path)
        assert (read.profile, read.origins) == ("quick", {CURVE: ORIGIN})
        assert keyed(read.records) == keyed(replace(r, history=()) for r in make_sweep())

    def test_a_line_a_trial(self, tmp_path) -> None:
        """A commit of a renewed baseline shows which trials changed: each has a line."""
        path = tmp_path / "quick.json"
        write_baseline(path, make_baseline())
        lines = [line for line in path.read_text().splitlines() if line.startswith('{"')]
        assert len(lines) == len(make_sweep())

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("{", "is not JSON"),
            ("[]", "expected a noisecore file of schema 1"),
            ('{"schema": 99}', "expected schema 1 to 2, got 99"),
            ('{"schema": 1}', "is not a baseline"),
            ('{"schema": 1, "profile": "q", "curves": {}, "trials": [{}]}', "no schema"),
            ('{"schema": 1, "profile": "q", "curves": [], "trials": []}', "is not a baseline"),
        ],
    )
    def test_damaged(self, tmp_path, content, words) -> None:
        """A file that is no baseline is refused in one line that names it."""
        path = tmp_path / "quick.json"
        path.write_text(content)
        with pytest.raises(RecordError) as caught:
            read_baseline(path)
        assert words in str(caught.value)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_curves_and_trials_must_agree(self, tmp_path) -> None:
        """A curve without an origin, as a bad merge leaves it, is refused by name."""
        path = tmp_path / "quick.json"
        write_baseline(path, make_baseline())
        data = json.loads(path.read_text())
        data["curves"]["other"] = data["curves"][CURVE]
        path.write_text(json.dumps(data))
        with pytest.raises(RecordError, match="a difference in other"):
            read_baseline(path)


class TestRenew:
    """What a renewal puts in, and what it leaves."""

    def test_replaces_and_says_so(self) -> None:
        """A curve is replaced as a whole, and each scale's move is shown in points."""
        new = make_sweep(dict.fromkeys((0.0, 0.1, 0.5, 1.0, 2.0, 4.0), 0.5))
        renewed = renew_baseline(make_baseline(), new, profile="quick", origins={CURVE: ORIGIN})
        assert len(renewed.baseline.records) == len(new)
        assert (
            renewed.lines[0]
            == f"{CURVE}: renewed, 6 scales of 3 seeds in place of 6 scales of 3 seeds"
        )
        assert "  scale 4: 0.6000 to 0.5000 (-10.00 points)" in renewed.lines

    def test_only_missing(self) -> None:
        """With only_missing a curve that is there stays, and another is added."""
        both = make_sweep({1.0: 0.1}) + make_sweep(model="mlp")
        origins = {CURVE: ORIGIN, "mlp/gaussian/quick": ORIGIN}
        renewed = renew_baseline(
            make_baseline(), both, profile="quick", origins=origins, only_missing=True
        )
        assert list(renewed.lines) == [
            f"{CURVE}: not renewed",
            "mlp/gaussian/quick: added, 6 scales of 3 seeds",
        ]
        assert keyed(renewed.baseline.of(CURVE)) == keyed(make_baseline().records)

    def test_a_part_does_not_replace_the_whole(self) -> None:
        """A run of some scales does not renew a curve that has more."""
        old = make_baseline()
        renewed = renew_baseline(
            old, make_sweep({0.0: 0.9, 1.0: 0.8}), profile="quick", origins={CURVE: ORIGIN}
        )
        assert renewed.baseline.records == old.records
        assert list(renewed.lines) == [
            f"{CURVE}: not renewed, because scale 0.1, 0.5, 2, 4 was not run"
        ]

    def test_other_curves_are_left_aside(self) -> None:
        """Only curves that tests compare are put in."""
        both = make_sweep() + make_sweep(model="mlp")
        assert {r.trial.model for r in make_baseline(both).records} == {"cnn"}

    def test_incomplete(self) -> None:
        """A curve with a failed trial is refused with the trial's name."""
        bad = [*make_sweep()[:-1], make_record(scale=4.0, seed=2, status="failed")]
        with pytest.raises(ValueError, match=r"not complete: .* scale 4 seed 2"):
            make_baseline(bad)

    def test_another_recipe_replaces(self) -> None:
        """What cannot be compared can be renewed, with the differences beside it."""
        new = make_sweep(dataset_sha256="e" * 64)
        renewed = renew_baseline(make_baseline(), new, profile="quick", origins={CURVE: ORIGIN})
        assert "  dataset sha256 is eeeeeeeeeeee, was dddddddddddd" in renewed.lines

    def test_the_only_scales_replace_more(self) -> None:
        """Where the run's scales are all that there are, the others go, and are named."""
        renewed = renew_baseline(
            make_baseline(),
            make_sweep({0.0: 0.9, 1.0: 0.8}),
            profile="quick",
            origins={CURVE: ORIGIN},
            whole=True,
        )
        assert "  scale 4: removed" in renewed.lines
        assert {r.trial.train_scale for r in renewed.baseline.records} == {0.0, 1.0}

    def test_vanished_curves_are_taken_out(self) -> None:
        """A curve that no test compares goes, with its records and by name."""
        mlp = "mlp/gaussian/quick"
        both = make_sweep() + make_sweep(model="mlp")
        old = renew_baseline(
            None, both, profile="quick", origins={CURVE: ORIGIN, mlp: ORIGIN}
        ).baseline
        renewed = renew_baseline(
            old, make_sweep(), profile="quick", origins={CURVE: ORIGIN}, vanished=[mlp]
        )
        assert f"{mlp}: removed, because no test compares it" in renewed.lines
        assert list(renewed.baseline.origins) == [CURVE]
        assert {r.trial.model for r in renewed.baseline.records} == {"cnn"}
