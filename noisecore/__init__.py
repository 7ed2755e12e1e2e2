"""Measure how a model's accuracy falls as noise grows, and fail the build when it falls too far."""

__version__ = "0.1.0"
