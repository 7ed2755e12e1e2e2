"""The last item of a run, `noisecore::baseline`: it fails if a curve was not judged.

pytest does not collect it. The process that receives the reports of all tests reports it once they
have ended: so it comes last, whatever the order of the tests, and it works under xdist.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from noisecore.escaping import terminal, visible
from noisecore.plugin.baseline.held import evaluated_by, shown
from noisecore.plugin.baseline.lost import unclaimed
from noisecore.plugin.baseline.reading import read
from noisecore.plugin.reporting.judged import Judged
from noisecore.plugin.reporting.outcomes import Outcome, Outcomes, Selected, swallowed
from noisecore.plugin.settings import Settings

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline

NODEID = "noisecore::baseline"


def close(
    session: pytest.Session, outcomes: Outcomes, selected: Selected, settings: Settings
) -> list[Judged]:
    """Report the last item, and return its verdicts.

    A run with a baseline has it. A run without one has it only if a test hid the failure of a gate.
    """
    path = settings.baseline.path
    where = visible(shown(path)) if path is not None else ""
    measured = [outcome for outcome in outcomes if outcome.noise]
    renewing = settings.baseline.update == "all"
    hidden = swallowed(outcomes, tolerant=settings.baseline.tolerant)
    gone: Mapping[str, str] = {}
    unjudged: Mapping[str, str] = {}
    if path is not None:
        held = read(path, settings.profile, outcomes.former())
        if not renewing:  # a renewal removes what vanished
            gone = {**selected.vanished, **unclaimed(held, outcomes, selected)}
        unjudged = _unjudged(measured, held, renewing=renewing)
    parts = [
        _paragraph("Tests hid the failure of a gate:", list(map(visible, hidden)), _LET_THROUGH),
        _paragraph(f"{len(gone)} of the curves in {where} vanished:", _lines(gone), _COMPARE_AGAIN),
        _paragraph(
            f"{len(unjudged)} curves were not compared with the baseline:",
            _lines(unjudged),
            _ASSERT,
        ),
    ]
    failure = "\n".join(filter(None, parts))
    if not failure and (path is None or renewing or not measured):
        return []
    _report(session, path, failure)
    file = os.path.relpath(path or session.config.rootpath, session.config.rootpath)
    return [
        Judged(nodeid=NODEID, file=file, line=0, verdict=_failing(name, why))
        for name, why in {**gone, **unjudged}.items()
    ]


_LET_THROUGH = (
    "let the error through, or mark a test that expects it with @pytest.mark.xfail(strict=True)."
)
_COMPARE_AGAIN = (
    "compare them again, under their old names. If they are meant to go, "
    "--noise-update-baseline=all removes them."
)
_ASSERT = (
    "call assert_no_regression(curve, noise_baseline) in the test, or remove the fixture "
    "noise_baseline from it."
)


def _lines(curves: Mapping[str, str]) -> list[str]:
    return [visible(f"{name}: {why}") for name, why in curves.items()]


def _paragraph(what: str, lines: Sequence[str], remedy: str) -> str:
    """Return what is wrong, one line each, and what to do; empty if nothing is wrong."""
    return "\n  ".join([what, *lines]) + f"\nWhat to do: {remedy}" if lines else ""


def _unjudged(
    measured: Sequence[Outcome], held: Baseline | None, *, renewing: bool
) -> dict[str, str]:
    """Return why no test judged a curve that it has to compare, by the curve's name.

    renewing: whether curves that a test no longer evaluates are removed.
    """
    judged = {(outcome.nodeid, curve) for outcome in measured for curve in outcome.judged}
    curves, nodes = {curve for _, curve in judged}, {node for node, _ in judged}
    names = {} if held is None else {name: held.of(name)[0] for name in held.origins}
    found = {}
    for outcome in measured:
        if outcome.state not in ("passed", "expected", "allowed") or not outcome.compares:
            continue
        own = [name for name, first in names.items() if evaluated_by(first, outcome.nodeid)]
        own = [] if renewing else own
        for curve in dict.fromkeys([*outcome.compared, *own]):
            if curve not in curves and (curve in names or outcome.nodeid not in nodes):
                found[curve] = f"{outcome.nodeid} did not fail, and did not judge it"
    return found


def _failing(curve: str, why: str) -> dict[str, Any]:
    from noisecore.judging.gates import Verdict

    return Verdict(
        gate="no regression", curve=curve, verdict="fail", sentence=f"{curve}: {why}"
    ).to_dict()


def _report(session: pytest.Session, path: Path | None, failure: str) -> None:
    """Report the item as pytest reports a test: setup, call and teardown."""
    root, hook = session.config.rootpath, session.config.hook
    file = "noisecore" if path is None else visible(os.path.relpath(path, root))
    location = (file, 0, "baseline")
    session.testscollected += 1
    hook.pytest_runtest_logstart(nodeid=NODEID, location=location)
    for when in ("setup", "call", "teardown"):
        failed = failure if when == "call" else ""
        report = pytest.TestReport(
            nodeid=NODEID,
            location=location,
            keywords={},
            outcome="failed" if failed else "passed",
            longrepr=terminal(failed) or None,
            when=when,
        )
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=NODEID, location=location)
