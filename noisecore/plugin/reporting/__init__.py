"""What is told of a run once its tests have ended."""
