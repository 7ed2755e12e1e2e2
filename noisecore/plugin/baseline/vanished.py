"""Curves of the baseline that no test compares any more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from noisecore.plugin.baseline.held import FIXTURE, compares, evaluated_by, is_named
from noisecore.plugin.marker import read_requests
from noisecore.plugin.seen import NODEID, Seen, is_gone
from noisecore.plugin.settings import Settings
from noisecore.records import GivenTrial, TrialRecord

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline, Origin


def find_vanished(
    baseline: Baseline | None, seen: Seen, settings: Settings, session: pytest.Session
) -> dict[str, str]:
    """Return why no test compares a curve of the baseline any more, for each that vanished.

    A curve has vanished if all the files whose tests compared it were looked at or are gone, and
    none of their tests compares it, whether it is selected or not.
    """
    asked: set[str] = set()
    nodes: set[str] = set()
    trains = False
    for item in seen.items.values():
        marker = item.get_closest_marker("robustness")
        if marker is None and compares(item):
            nodes.add(item.stash.get(NODEID, item.nodeid))
        if marker is None or marker.kwargs.get("profile", settings.profile.name) != (
            settings.profile.name
        ):
            continue
        trains = True
        if compares(item):
            try:
                asked |= {
                    request.curve for request in read_requests(item, marker, settings.profile)
                }
            except pytest.UsageError:
                continue  # another check reports this, unless the test is deselected
    if baseline is None:
        nobody = trains and not (asked or nodes) and settings.baseline.update == ""
        return {"baseline": f"no test takes the fixture {FIXTURE}"} if nobody else {}
    found = {}
    for name, origin in baseline.origins.items():
        first = baseline.of(name)[0]
        if name in asked or any(evaluated_by(first, node) for node in nodes):
            continue
        if nodes and is_named(origin, first):
            continue  # which test evaluates it is not known before it has run: see `unclaimed`
        if not _left_out(first, settings) and (why := _looked_for(origin, seen, session)):
            found[name] = why
    return found


def find_unclaimed(
    baseline: Baseline | None, items: Sequence[pytest.Item], seen: Seen, session: pytest.Session
) -> dict[str, str]:
    """Return where curves with names of their own were looked for, in words, by their names.

    Empty unless each test that could evaluate them is among the `items` that are run.
    """
    own = [
        item
        for item in seen.items.values()
        if compares(item) and item.get_closest_marker("robustness") is None
    ]
    if baseline is None or not set(own) <= set(items):
        return {}
    found = {
        name: _looked_for(origin, seen, session)
        for name, origin in baseline.origins.items()
        if origin.tests and is_named(origin, baseline.of(name)[0])
    }
    return {name: where for name, where in found.items() if where}


def _looked_for(origin: Origin, seen: Seen, session: pytest.Session) -> str:
    """Return where a curve was looked for, in words; empty if some of its files were left out."""
    whole = [file for file in origin.tests if seen.whole(file)]
    gone = [file for file in origin.tests if file not in whole and is_gone(session, file)]
    if len(whole) + len(gone) < len(origin.tests):
        return ""
    if whole or not origin.tests:
        return f"no test in {', '.join(whole) or 'this run'} compares it"
    return f"{', '.join(gone)}, which compared it, does not exist"


def _left_out(record: TrialRecord, settings: Settings) -> bool:
    """Return whether an option of the command line left the curve of a record out."""
    trial, profile, given = record.trial, settings.profile, settings.typed
    if isinstance(trial, GivenTrial):
        return False
    return not settings.running or (
        ("model" in given and trial.model not in profile.models)
        or ("dataset" in given and trial.dataset != Path(profile.dataset).name)
        or "recipe" in given
    )
