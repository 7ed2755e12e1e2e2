"""The hooks that noisecore calls, so that other tools can log a run.

docs/guide/logging.md has examples.

A conftest.py or a plugin defines those that it needs, under the same names, with any of the
arguments. All are called when the run is reported: after its records and its report were written,
in the order records, curves, verdicts. They are called in the process that reports the run: under
pytest-xdist that is the controller and none of its workers. So each call happens once a run,
also where old records are judged (`--noise-records`). A run that was interrupted has its hooks
called for what there is.

A hook that raises fails the run, in a line that names its file. No other hook of that conftest.py
or plugin is called after that; those of others are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve
    from noisecore.judging.gates import Verdict
    from noisecore.records import TrialRecord


def pytest_noisecore_record(config: pytest.Config, record: TrialRecord) -> None:
    """Hear of one record: of a training and its tests, or of a given model's tests by one draw.

    Called once for each record of the run, by the process that reports it, before any curve. Their
    order says nothing. A training that several curves share has a record in each, with one `key`.

    config: pytest's, of that process. record: what is kept of the trial: `trial`, `evaluations`,
    `history`, `environment`, `cost` and more; of one that failed `status` is "failed".

        def pytest_noisecore_record(record):
            print(record.trial.label, record.status, record.cost.get("seconds"))
    """


def pytest_noisecore_curve(config: pytest.Config, curve: Curve) -> None:
    """Hear of one curve: accuracy and loss over scale, of all its seeds or draws.

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
    """Hear of one verdict of a gate: pass, fail or inconclusive.

    Called once for each verdict of the run, by the process that reports it, after all curves. Of a
    test that was run again, the last time counts.

    config: pytest's, of that process. verdict: `curve` names what was judged; `rows(...)` returns
    the rows of a kind in `noisecore.judging.gates.rows`. nodeid: the test that found it, as pytest
    names it; `noisecore::baseline` for a curve that no test compared.

        def pytest_noisecore_verdict(verdict, nodeid):
            if verdict.verdict != "pass":
                print(nodeid, verdict.gate, verdict.sentence)
    """
