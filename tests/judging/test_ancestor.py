"""A renewed baseline remembers its first ancestor, and an older noisecore refuses the file."""

from __future__ import annotations

import json

import pytest
from records_factory import make_sweep

from noisecore.judging.baselines import (
    Origin,
    read_baseline,
    renew_baseline,
    since_first,
    write_baseline,
)

CURVE = "cnn/gaussian/quick"
LEVEL = {0.0: 0.95, 0.5: 0.9, 4.0: 0.6}
ORIGIN = Origin(date="2026-01-01T00:00:00", commit=None, noisecore="1", tests=("test_a.py",))
KEYS = {"date", "commit", "noisecore", "tests", "checksum"}


def renewed(path, levels, **choices):
    """Write the baseline of each of these accuracies after the other; return the lines said."""
    lines: tuple[str, ...] = ()
    for place, level in enumerate(levels):
        old = read_baseline(path) if path.exists() else None
        found = renew_baseline(
            old,
            make_sweep(level, seeds=range(3 * place, 3 * place + 3)),
            profile="quick",
            origins={CURVE: ORIGIN},
            **choices,
        )
        write_baseline(path, found.baseline)
        lines = found.lines
    return lines


def test_first_of_three(tmp_path) -> None:
    """The figures kept are those of the first, however often it is renewed."""
    path = tmp_path / "quick.json"
    lower, lowest = ({s: a - k * 0.012 * (s > 0) for s, a in LEVEL.items()} for k in (1, 2))
    renewed(path, [LEVEL, lower, lowest])
    first = read_baseline(path).origins[CURVE].first
    assert sum(first.accuracy) / 3 == pytest.approx(0.75)
    found = since_first(first, make_sweep(lowest, seeds=[9, 10]))
    assert found.difference.estimate == pytest.approx(-0.024)
    assert since_first(first, make_sweep(LEVEL, dataset_sha256="e" * 64)) is None


def test_new_ancestor(tmp_path) -> None:
    """It is forgotten where that was asked for, and where its figures mean something else."""
    path = tmp_path / "quick.json"
    lines = renewed(path, [LEVEL, LEVEL], new_ancestor=True)
    assert any("starts a new line" in line for line in lines)
    assert read_baseline(path).origins[CURVE].first is None
    lines = renewed(path, [{**LEVEL, 1.0: 0.8}])
    assert any("other images, scales" in line for line in lines)
    assert read_baseline(path).origins[CURVE].first is None


def test_what_is_not_there_has_no_key(tmp_path) -> None:
    """A baseline that was never renewed has no key for its first ancestor."""
    path = tmp_path / "quick.json"
    renewed(path, [LEVEL])
    assert set(json.loads(path.read_text())["curves"][CURVE]) == KEYS
    renewed(path, [LEVEL])
    assert set(json.loads(path.read_text())["curves"][CURVE]) == KEYS | {"first"}
