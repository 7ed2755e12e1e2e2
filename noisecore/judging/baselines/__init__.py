"""Baselines: committed results, and how a run is laid beside them."""

from noisecore.judging.baselines.comparison import Answers, Comparison, compare_records
from noisecore.judging.baselines.file import (
    Baseline,
    Origin,
    Renewed,
    read_baseline,
    renew_baseline,
    write_baseline,
)

__all__ = [
    "Answers",
    "Baseline",
    "Comparison",
    "Origin",
    "Renewed",
    "compare_records",
    "read_baseline",
    "renew_baseline",
    "write_baseline",
]
