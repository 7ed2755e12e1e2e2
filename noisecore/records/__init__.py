"""Trainings, their cells, and the records that are kept of them: all that is on disk."""

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
from noisecore.records.files import (
    in_lines,
    parse_json,
    parse_lines,
    read_json,
    read_record,
    with_nan,
    write_atomically,
    write_records,
)
from noisecore.records.kept import Record, join_trials
from noisecore.records.record import Epoch, Evaluation, TrialRecord
from noisecore.records.trials import (
    AnyTrial,
    Cell,
    CurveId,
    GivenTrial,
    Training,
    Trial,
    trial_from_dict,
    trial_label,
)
from noisecore.records.values import Values, pack_classes, pack_probabilities, pack_right

__all__ = [
    "SCHEMA",
    "Amount",
    "AnyTrial",
    "Cell",
    "CurveId",
    "Epoch",
    "Evaluation",
    "GivenTrial",
    "Record",
    "RecordError",
    "Share",
    "Training",
    "Trial",
    "TrialRecord",
    "Values",
    "as_type",
    "check_checksum",
    "check_schema",
    "in_lines",
    "join_trials",
    "pack_classes",
    "pack_probabilities",
    "pack_right",
    "parse_json",
    "parse_lines",
    "read_json",
    "read_record",
    "trial_from_dict",
    "trial_label",
    "with_checksum",
    "with_nan",
    "write_atomically",
    "write_records",
]
