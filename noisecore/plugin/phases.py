"""What happens around the phases of a test: wait for its records, and collect its verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from noisecore.errors import NoisecoreError
from noisecore.escaping import one_line
from noisecore.plugin.failing import failure
from noisecore.plugin.fixture import HANDLE
from noisecore.plugin.settings import SETTINGS
from noisecore.plugin.staging import noted
from noisecore.records import TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve
    from noisecore.judging.gates import Verdict, Verdicts
    from noisecore.plugin.marker import Request
    from noisecore.plugin.sources import Source

# In the stash of a test: its verdicts by phase, which is setup, call or teardown.
VERDICTS: pytest.StashKey[dict[str, list[dict[str, Any]]]] = pytest.StashKey()
# What gates raised in the phase that has just ended.
RAISED: pytest.StashKey[list[AssertionError]] = pytest.StashKey()


def wait_for(
    source: Source, requests: tuple[Request, ...], verdicts: Verdicts
) -> list[list[TrialRecord]]:
    """Return the records of each request; fail the test if there are none, or a trial failed."""
    from noisecore.judging.gates import Verdict

    try:
        records = [source.wait(request) for request in requests]
    except NoisecoreError as error:
        raise failure(f"noisecore: {error}") from None
    flat = [record for part in records for record in part]
    failed = [record for record in flat if record.status == "failed"]
    if failed:
        lines = [one_line(f"{record.trial.label}: {record.reason}") for record in failed]
        sentence = f"{len(failed)} of {len(flat)} trials failed"
        verdicts.append(
            Verdict(
                gate="trials",
                curve=failed[0].trial.curve,
                verdict="fail",
                sentence=f"{sentence}: {lines[0]}",
            )
        )
        raise failure("\n  ".join([f"{sentence}:", *lines]))
    return records


def _keep(item: pytest.Item, curve: Curve) -> None:
    """Keep the records of a curve that a test judges, whoever made it."""
    handle = item.stash.get(HANDLE, None)
    if handle is not None:
        handle.keep(curve)


def _noted(item: pytest.Item, verdict: Verdict) -> Verdict:
    """Return a verdict that says how the seeds behind it were chosen."""
    handle = item.stash.get(HANDLE, None)
    return verdict if handle is None else noted(handle, verdict)


@contextmanager
def judging(item: pytest.Item, phase: str) -> Iterator[Verdicts]:
    """Collect the verdicts of one phase of a test that takes the fixture, and keep them."""
    from noisecore.judging.gates import collect_verdicts

    tolerant = item.config.stash[SETTINGS].baseline.tolerant
    with collect_verdicts(
        tolerant=tolerant, keep=partial(_keep, item), noted=partial(_noted, item)
    ) as verdicts:
        try:
            yield verdicts
        finally:
            item.stash[RAISED] = verdicts.raised
            found = item.stash.setdefault(VERDICTS, {}).setdefault(phase, [])
            # In place: a plugin that runs a test again may keep the report of its first run.
            found[:] = [verdict.to_dict() for verdict in verdicts]
