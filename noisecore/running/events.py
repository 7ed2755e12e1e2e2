"""The events of a trial, as they are reported during a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from noisecore.records import Epoch, Trial, TrialRecord


@dataclass(frozen=True)
class Event:
    """Something happened to a trial.

    It started, finished an epoch, is tried again for a `reason`, has its record, or was there
    already, from an earlier run.
    """

    kind: Literal["started", "epoch", "retried", "finished", "reused"]
    trial: Trial
    epoch: int | None = None
    figures: Epoch | None = None
    record: TrialRecord | None = None
    reason: str = ""
