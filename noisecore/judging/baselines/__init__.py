"""Baselines: committed results, and how a run is compared with them."""

from noisecore.judging.baselines.ancestor import (
    First,
    SinceFirst,
    first_of,
    mean_since_first,
    since_first,
)
from noisecore.judging.baselines.comparison import (
    Answers,
    Comparison,
    compare_curves,
    compare_records,
)
from noisecore.judging.baselines.file import (
    Baseline,
    BaselineError,
    Origin,
    compare_baseline,
    read_baseline,
    with_first,
    write_baseline,
)
from noisecore.judging.baselines.renaming import renamed
from noisecore.judging.baselines.renewal import Renewed, renew_baseline

__all__ = [
    "Answers",
    "Baseline",
    "BaselineError",
    "Comparison",
    "First",
    "Origin",
    "Renewed",
    "SinceFirst",
    "compare_baseline",
    "compare_curves",
    "compare_records",
    "first_of",
    "mean_since_first",
    "read_baseline",
    "renamed",
    "renew_baseline",
    "since_first",
    "with_first",
    "write_baseline",
]
