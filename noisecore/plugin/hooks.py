"""The hooks that noisecore calls, so that other tools can log a run.

docs/guide/logging.md has examples.

A conftest.py or a plugin defines those that it needs, under the same names, with any of the
arguments. All are called when the run is reported: after its records and its report were written,
in the order records, curves, verdicts. They are called in the process that reports the run: under
pytest-xdist that is the controller, not one of its workers. So each call happens once per run,
also if saved records are judged (`--noise-records`). After an interrupted run, the hooks are called
for the records that it has.

A hook that raises fails the run, in a line that names its file. No other hook of that conftest.py
or plugin is called after that; the hooks of others still are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve
    from noisecore.judging.gates import Verdict
    from noisecore.records import TrialRecord


def pytest_noisecore_record(config: pytest.Config, record: TrialRecord) -> None:
    """Receive one record: of a training and its tests, or of a given model's tests on one draw.

    Called once for each record of the run, by the process that reports it, before any curve. Their
    order has no meaning. If several curves share a training, each has a record of it, with the same
    `key`.

    config: pytest's, of that process. record: what is kept of the trial: `trial`, `evaluations`,
    `history`, `environment`, `cost` and more; if the trial failed, `status` is "failed".

        def pytest_noisecore_record(record):
            print(record.trial.label, record.status, record.cost.get("seconds"))
    """


def pytest_noisecore_curve(config: pytest.Config, curve: Curve) -> None:
    """Receive one curve: accuracy and loss over scale, of all its seeds or draws.

    Called once for each curve of the run, by the process that reports it, after all records and
    before the verdicts. There is no curve if the records do not belong together: the report says
    why.

    config: pytest's, of that process. curve: as the report shows it; figures of trials that failed
    or are missing are NaN.

        def pytest_noisecore_curve(curve):
            for scale, accuracy in zip(curve.scales, curve.mean_accuracy):
                print(curve.name, scale, accuracy)
    """


def pytest_noisecore_verdict(config: pytest.Config, verdict: Verdict, nodeid: str) -> None:
    """Receive one verdict of a gate: pass, fail or inconclusive.

    Called once for each verdict of the run, by the process that reports it, after all curves. If a
    test was run again, only its last run counts.

    config: pytest's, of that process. verdict: `curve` names what was judged; `rows(...)` returns
    the rows of a kind in `noisecore.judging.gates.rows`. nodeid: the test that found it, as pytest
    names it, or `noisecore::baseline` for a curve that no test compared.

        def pytest_noisecore_verdict(verdict, nodeid):
            if verdict.verdict != "pass":
                print(nodeid, verdict.gate, verdict.sentence)
    """
