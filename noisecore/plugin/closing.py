"""The last item of a run, `noisecore::baseline`: was all that the baseline holds really judged?

It is no test that pytest collects, but reported when all tests have ended, by the process that
hears of all of them: so it stands last in whatever order, and under xdist.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from noisecore.plugin import baseline
from noisecore.plugin.baseline import evaluated_by, shown
from noisecore.plugin.choices import Choices
from noisecore.plugin.judged import Judged
from noisecore.plugin.outcomes import Outcome, Selected, swallowed

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline

NODEID = "noisecore::baseline"


def close(
    session: pytest.Session, outcomes: Sequence[Outcome], selected: Selected, choices: Choices
) -> list[Judged]:
    """Report the last item if there is something to judge; return its verdicts.

    The item is there where a run has a baseline, and where a test hid the failure of a gate.
    """
    path = choices.baseline.path
    measured = [outcome for outcome in outcomes if outcome.noise]
    lines = swallowed(outcomes, tolerant=choices.baseline.tolerant)
    renewing = choices.baseline.update == "all"
    parts = []
    if lines:
        hint = (
            "What to do: let the error through. A test that expects it is marked "
            "@pytest.mark.xfail(strict=True)."
        )
        parts.append("\n  ".join(["Failing gates were hidden:", *lines]) + f"\n{hint}")
    verdicts: list[dict[str, Any]] = []
    if path is not None:
        held = baseline.read(path, choices.profile)
        gone = {} if renewing else dict(selected.vanished)
        if gone:
            parts.append(_vanished(gone, path))
        open_ = _unjudged(measured, held)
        if open_:
            parts.append(_forgotten(open_))
        verdicts = [_failing(name, why) for name, why in {**gone, **open_}.items()]
    if not parts and (path is None or renewing or not measured):
        return []
    _report(session, path, "\n".join(parts))
    file = os.path.relpath(path or session.config.rootpath, session.config.rootpath)
    return [Judged(nodeid=NODEID, file=file, line=0, verdict=verdict) for verdict in verdicts]


def _unjudged(measured: Sequence[Outcome], held: Baseline | None) -> dict[str, str]:
    """Return why nobody judged a curve that a test has to compare, by the curve's name."""
    judged = {
        (outcome.nodeid, verdict["curve"])
        for outcome in measured
        for verdict in outcome.verdicts
        if verdict["gate"] == "no regression"
    }
    curves, nodes = {curve for _, curve in judged}, {node for node, _ in judged}
    names = {} if held is None else {name: held.of(name)[0] for name in held.origins}
    found = {}
    for outcome in measured:
        if outcome.state not in ("passed", "expected", "allowed") or not outcome.compares:
            continue
        own = [name for name, first in names.items() if evaluated_by(first, outcome.nodeid)]
        for curve in dict.fromkeys([*outcome.compared, *own]):
            if curve not in curves and (curve in names or outcome.nodeid not in nodes):
                found[curve] = f"{outcome.nodeid} did not fail, and did not judge it"
    return found


def _vanished(curves: dict[str, str], path: Path) -> str:
    what = f"{len(curves)} of the curves in {shown(path)} vanished:"
    lines = [f"{name}: {why}" for name, why in curves.items()]
    hint = (
        "What to do: compare them again, under their old names. If they are meant to go, "
        "--noise-update-baseline takes them out."
    )
    return "\n  ".join([what, *lines]) + f"\n{hint}"


def _forgotten(curves: dict[str, str]) -> str:
    what = f"{len(curves)} curves were not compared with the baseline:"
    lines = [f"{name}: {why}" for name, why in curves.items()]
    hint = (
        "What to do: call assert_no_regression(robustness.against(noise_baseline)) in the test, or "
        "take the fixture noise_baseline out of it."
    )
    return "\n  ".join([what, *lines]) + f"\n{hint}"


def _failing(curve: str, why: str) -> dict[str, Any]:
    from noisecore.judging.gates import Verdict

    return Verdict(
        gate="no regression", curve=curve, verdict="fail", sentence=f"{curve}: {why}"
    ).to_dict()


def _report(session: pytest.Session, path: Path | None, failure: str) -> None:
    """Report the item as pytest reports a test: setup, call and teardown."""
    root, hook = session.config.rootpath, session.config.hook
    location = (os.path.relpath(path, root) if path is not None else "noisecore", 0, "baseline")
    session.testscollected += 1
    hook.pytest_runtest_logstart(nodeid=NODEID, location=location)
    for when in ("setup", "call", "teardown"):
        failed = failure if when == "call" else ""
        report = pytest.TestReport(
            nodeid=NODEID,
            location=location,
            keywords={},
            outcome="failed" if failed else "passed",
            longrepr=failed or None,
            when=when,
        )
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=NODEID, location=location)
