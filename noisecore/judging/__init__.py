"""Records become verdicts: curves, statistics, gates."""
