"""The weights of a trained model, kept to test it again without training it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from noisecore.paths import open_file
from noisecore.records import TrialRecord

# What a training costs, whatever it is tested with.
_OF_TRAINING = ("train_seconds", "epoch_seconds", "weights_sha256")


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A file of weights.

    sha256: of its content if it is to be loaded, None if it is to be written.
    """

    path: str
    sha256: str | None = None


def save_weights(model: Any, path: str) -> str:
    """Write the weights of a Keras model, whole or not at all; return the SHA-256 of the file.

    The name must end with `.weights.h5`; the folder is made. Raises `OSError`.
    """
    goal = Path(path)
    goal.parent.mkdir(parents=True, exist_ok=True)
    temporary = goal.with_name(f".half.{goal.name}")  # that of a killed process is overwritten
    try:
        model.save_weights(str(temporary))
        digest = _sha256(temporary)
        os.replace(temporary, goal)
    finally:
        temporary.unlink(missing_ok=True)
    return digest


def find_weights(path: Path, earlier: Sequence[TrialRecord]) -> Weights | None:
    """Return the weights at a path, if they are those that one of these records names."""
    try:
        digest = _sha256(path)
    except OSError:
        return None
    told = any(record.cost.get("weights_sha256") == digest for record in earlier)
    return Weights(path=str(path), sha256=digest) if told else None


def of_training(tested: TrialRecord, earlier: TrialRecord) -> TrialRecord:
    """Return the record of a trial that was tested with the weights of an earlier training."""
    if tested.status == "failed":
        return replace(tested, history=earlier.history, parameters=earlier.parameters)
    trained = {name: each for name, each in earlier.cost.items() if name in _OF_TRAINING}
    cost = {**tested.cost, **trained, "resumed_from": earlier.run}
    return replace(tested, history=earlier.history, cost=cost)


def _sha256(path: Path) -> str:
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
