"""The exit codes of `python -m noisecore`, which docs/reference/commands.md lists."""

OK = 0
REGRESSION = 1  # of `data`: a data set was altered
TRIALS_FAILED = 2
UNDECIDED = 3  # inconclusive, or not comparable
USAGE = 4
NOTHING = 5  # nothing was measured
BUG = 70  # of noisecore itself: what the system's sysexits.h has for that, and no verdict
