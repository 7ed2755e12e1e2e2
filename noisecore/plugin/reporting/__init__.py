"""What noisecore reports about a run once its tests have ended."""
