"""What is recorded of a training whose worker was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from noisecore.records import Trial, TrialRecord


def lost_records(
    trials: Sequence[Trial], reasons: list[str], *, run: str, conditions: Mapping[str, Any]
) -> list[TrialRecord]:
    """Return failed records of the trials of a training; reasons: why, one for each attempt."""
    times = f" ({len(reasons)} attempts)" if len(reasons) > 1 else ""
    return [
        TrialRecord(
            key=trial.key(conditions),
            run=run,
            trial=trial,
            status="failed",
            reason=reasons[-1] + times,
            environment=dict(conditions),
            cost={"lost": reasons},
        )
        for trial in trials
    ]
