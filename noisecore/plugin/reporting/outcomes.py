"""How each test ended, by its last reports, wherever it ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from noisecore.plugin.baseline.held import compares
from noisecore.plugin.collection import measures
from noisecore.plugin.fixture import HANDLE
from noisecore.plugin.phases import RAISED, VERDICTS
from noisecore.plugin.reporting.judged import Judged
from noisecore.plugin.seen import NODEID

# A test that failed as its xfail mark says is "expected" if the mark is strict, else "allowed".
State = Literal["passed", "failed", "skipped", "expected", "allowed", "not run"]

_TOLD = "noisecore"  # the attribute of a report that carries what this module needs


@dataclass(frozen=True)
class Selected:
    """What a run was asked to do, once tests were deselected.

    tests: the node ids of all tests. comparing: of those that take the baseline. vanished: why no
    test compares a curve of the baseline any more, by its name. unclaimed: the same for curves that
    have names of their own, which have vanished unless a test compares them. left_out: whether
    tests that compare were collected but are not run, or whole files were skipped. skipped: as in
    `Seen`.
    """

    tests: tuple[str, ...] = ()
    comparing: tuple[str, ...] = ()
    vanished: Mapping[str, str] = field(default_factory=dict)
    unclaimed: Mapping[str, str] = field(default_factory=dict)
    left_out: bool = False
    skipped: Mapping[str, str] = field(default_factory=dict)


# In the configuration's stash.
SELECTED: pytest.StashKey[Selected] = pytest.StashKey()


def tell(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Put what noisecore knows about a test into its report; xdist sends that to the controller."""
    # A plain attribute: JUnit's XML does not show it.
    told = vars(report)[_TOLD] = {"nodeid": item.stash.get(NODEID, item.nodeid)}
    if not measures(item):
        return
    handle = item.stash.get(HANDLE, None)
    told |= {
        "noise": True,
        "compares": compares(item),
        "verdicts": item.stash.get(VERDICTS, {}).get(call.when, []),
        "by_gate": call.excinfo is not None
        and any(error is call.excinfo.value for error in item.stash.get(RAISED, ())),
        "strict": _strict(item),
        "compared": list(handle.compared) if handle is not None else [],
        "evaluated": list(handle.labels) if handle is not None else [],
        "judged": list(handle.judged) if handle is not None else [],
        "former": dict(handle.former) if handle is not None else {},
    }


def _strict(item: pytest.Item) -> bool:
    """Return whether an xfail mark of a test is strict, by itself or by the configuration."""
    default = False
    for name in ("strict_xfail", "xfail_strict", "strict"):  # pytest 9 has new names
        try:
            value = item.config.getini(name)
        except (KeyError, ValueError):
            continue
        if value is not None:
            default = bool(value)
            break
    # Which of several marks holds depends on their conditions: all of them have to be strict.
    marks = [mark.kwargs.get("strict", default) for mark in item.iter_markers("xfail")]
    return bool(marks) and all(marks)


@dataclass
class Outcome:
    """How a test ended.

    nodeid: as pytest collected it. noise: whether it takes the fixture robustness; compares:
    whether it takes noise_baseline too. compared: the curves that it has to compare with the
    baseline. evaluated: the labels of the records that it made. judged, former: as in `Robustness`.
    by_gate: whether a gate failed it. phases: the verdicts of setup, call and teardown.
    """

    nodeid: str
    file: str
    line: int | None
    state: State = "not run"
    by_gate: bool = False
    noise: bool = False
    compares: bool = False
    compared: tuple[str, ...] = ()
    evaluated: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()
    former: Mapping[str, str] = field(default_factory=dict)
    phases: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def verdicts(self) -> list[Mapping[str, Any]]:
        """The verdicts of all phases, in their order."""
        return [verdict for found in self.phases.values() for verdict in found]

    def take(self, report: pytest.TestReport) -> None:
        """Take in the report of one more phase, or of one that was run again."""
        told = vars(report).get(_TOLD, {})
        again = report.when in self.phases
        self.phases[report.when or ""] = told.get("verdicts", [])
        self.noise = told.get("noise", self.noise)
        self.compares = told.get("compares", self.compares)
        self.compared = tuple(told.get("compared", self.compared))
        self.evaluated = tuple(told.get("evaluated", self.evaluated))
        self.judged = tuple(told.get("judged", self.judged))
        self.former = told.get("former", self.former)
        if report.failed:
            self.by_gate = told.get("by_gate", False) and (again or self.state != "failed")
            self.state = "failed"
        elif report.skipped:
            expected: State = "expected" if told.get("strict") else "allowed"
            ran = report.when == "call" and hasattr(report, "wasxfail")
            self.state = expected if ran else "skipped"
        elif report.when == "call":
            self.state = "passed"


class Outcomes:
    """How all tests ended: if a test was run again, only its last run counts."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Outcome] = {}

    def take(self, report: pytest.TestReport) -> Outcome:
        """Take in a report of a test; return how that has ended so far."""
        node = getattr(report, "node", None)  # xdist's controller: several may run one test
        key = str(node.gateway.id if node is not None else ""), report.nodeid
        if report.when == "setup" or key not in self._found:
            told = vars(report).get(_TOLD, {})
            file, line, _ = report.location
            self._found.pop(key, None)  # the test that began last comes last
            self._found[key] = Outcome(told.get("nodeid", report.nodeid), file, line)
        self._found[key].take(report)
        return self._found[key]

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self._found.values())

    def judged(self) -> list[Judged]:
        """Return all verdicts; a failure that a strict xfail mark expects counts as a pass."""
        return [
            Judged(
                nodeid=outcome.nodeid,
                file=outcome.file,
                line=outcome.line,
                verdict=_expected(verdict) if outcome.state == "expected" else verdict,
            )
            for outcome in self._found.values()
            for verdict in outcome.verdicts
        ]

    def compared(self) -> list[tuple[str, str]]:
        """Return each curve that a test compared with the baseline, and the test's file."""
        return [
            (curve, outcome.nodeid.partition("::")[0])
            for outcome in self
            for curve in dict.fromkeys(outcome.judged)
        ]

    def former(self) -> dict[str, str]:
        """Return the models of curves that have other names in the baseline, by those names."""
        return {name: model for each in self for name, model in each.former.items()}

    def evaluated(self) -> list[str]:
        """Return the labels of the records that tests made of models that they were given."""
        labels = (label for outcome in self._found.values() for label in outcome.evaluated)
        return list(dict.fromkeys(labels))

    def unfinished(self, selected: Selected) -> list[str]:
        """Return why the run is not complete: one line per test that ended without a verdict."""
        ended = {outcome.nodeid for outcome in self}
        lines = [f"{node} was not run" for node in selected.tests if node not in ended]
        for outcome in self:
            node, state = outcome.nodeid, outcome.state
            if state == "not run":
                lines.append(f"{node} was not run")
            elif state == "failed" and not outcome.by_gate:
                ours = node.startswith("noisecore::")
                lines.append(f"{node} failed, {'see above' if ours else 'and not by a gate'}")
            elif node in selected.comparing and state not in ("passed", "failed"):
                how = "was skipped" if state == "skipped" else "failed as it is marked (xfail)"
                lines.append(f"{node} {how}: deselect it to renew the other curves")
        return list(dict.fromkeys(lines))


def _expected(verdict: Mapping[str, Any]) -> Mapping[str, Any]:
    if verdict["verdict"] == "pass":
        return verdict
    sentence = f"fails as expected (strict xfail): {verdict['sentence']}"
    return {**verdict, "verdict": "pass", "sentence": sentence}


def swallowed(outcomes: Iterable[Outcome], *, tolerant: bool) -> list[str]:
    """Return a line for each verdict that is not a pass, in a test that did not fail.

    tolerant: whether an inconclusive verdict counts as a pass.
    """
    fine = ("pass", "inconclusive") if tolerant else ("pass",)
    return [
        f"{outcome.nodeid} did not fail, but a gate did: {verdict['gate']}: {verdict['sentence']}"
        for outcome in outcomes
        if outcome.state not in ("failed", "expected")
        for verdict in outcome.verdicts
        if verdict["verdict"] not in fine
    ]
