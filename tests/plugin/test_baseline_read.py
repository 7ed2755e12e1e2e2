"""A run reads its baseline many times, and takes each record of it apart once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from records_factory import make_sweep

from noisecore.judging import baselines
from noisecore.judging.baselines import Origin, renew_baseline, write_baseline
from noisecore.plugin.baseline.reading import read
from noisecore.profiles import PROFILES
from noisecore.records import RecordError


def write(path: Path, seeds: list[int]) -> None:
    """Write a baseline of one curve."""
    records = make_sweep(seeds=seeds)
    origin = Origin(date="2026-11-20T10:00:00+00:00", commit=None, noisecore="0.1", tests=("t.py",))
    origins = {records[0].trial.curve: origin}
    write_baseline(path, renew_baseline(None, records, profile="quick", origins=origins).baseline)


def test_read_once(tmp_path, monkeypatch) -> None:
    """A file that did not change is not taken apart again; one that changed is, or is refused."""
    found = []
    monkeypatch.setattr(
        baselines,
        "read_baseline",
        lambda path, own=baselines.read_baseline: found.append(own(path)) or found[-1],
    )
    path, quick = tmp_path / "quick.json", PROFILES["quick"]
    assert read(path, quick) is None
    write(path, [0])
    first = read(path, quick)
    assert read(path, quick) is first
    assert len(found) == 1
    write(path, [0, 1])
    second = read(path, quick)
    assert second is not None
    assert len(second.records) > len(first.records)
    text = path.read_text()
    before = path.stat()
    path.write_text(text.replace("t.py", "u.py"))  # of the same size, and the same time
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(RecordError, match="its checksum does not match"):
        read(path, quick)
    path.unlink()
    assert read(path, quick) is None
