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
    as_path,
    new_file,
    read_json,
    read_labels,
    read_record,
    write_atomically,
    write_records,
)
from noisecore.records.kept import Record, join_trials
from noisecore.records.record import Epoch, Evaluation, TrialRecord, noted
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
    "as_path",
    "as_type",
    "check_checksum",
    "check_schema",
    "join_trials",
    "new_file",
    "noted",
    "pack_classes",
    "pack_probabilities",
    "pack_right",
    "read_json",
    "read_labels",
    "read_record",
    "trial_from_dict",
    "trial_label",
    "with_checksum",
    "write_atomically",
    "write_records",
]
