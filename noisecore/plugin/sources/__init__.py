"""Where a run's records come from: training, earlier runs, or tests that evaluate models."""

from noisecore.plugin.sources.evaluation import EvaluationSource
from noisecore.plugin.sources.saved import SavedSource
from noisecore.plugin.sources.source import Source
from noisecore.plugin.sources.training import TrainingSource

__all__ = ["EvaluationSource", "SavedSource", "Source", "TrainingSource"]
