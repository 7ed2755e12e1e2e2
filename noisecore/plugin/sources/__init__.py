"""Where a run's records come from: it trains them, is given them, or tests evaluate models."""

from noisecore.plugin.sources.evaluated import Evaluated
from noisecore.plugin.sources.given import Given
from noisecore.plugin.sources.source import Source
from noisecore.plugin.sources.trained import Trained

__all__ = ["Evaluated", "Given", "Source", "Trained"]
