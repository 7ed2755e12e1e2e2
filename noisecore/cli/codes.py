"""The exit codes of `python -m noisecore`, documented in the README."""

OK = 0
REGRESSION = 1  # of `data`: a data set was altered
TRIALS_FAILED = 2
UNDECIDED = 3  # inconclusive, or not comparable
USAGE = 4
NOTHING = 5  # nothing was measured
