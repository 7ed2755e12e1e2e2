"""Trials, and the records that are kept of them: the versioned schema of everything on disk."""

from noisecore.records.checking import (
    SCHEMA,
    Amount,
    RecordError,
    Share,
    as_type,
    check_checksum,
    check_schema,
    with_checksum,
)
from noisecore.records.files import read_json, read_record, write_atomically
from noisecore.records.record import Epoch, Evaluation, TrialRecord, pack_right
from noisecore.records.trials import (
    AnyTrial,
    GivenTrial,
    Training,
    Trial,
    curve_name,
    given_curve_name,
    trial_from_dict,
    trial_label,
)

__all__ = [
    "SCHEMA",
    "Amount",
    "AnyTrial",
    "Epoch",
    "Evaluation",
    "GivenTrial",
    "RecordError",
    "Share",
    "Training",
    "Trial",
    "TrialRecord",
    "as_type",
    "check_checksum",
    "check_schema",
    "curve_name",
    "given_curve_name",
    "pack_right",
    "read_json",
    "read_record",
    "trial_from_dict",
    "trial_label",
    "with_checksum",
    "write_atomically",
]
