"""The exit codes of `python -m noisecore`, which docs/reference/commands.md lists."""

OK = 0
REGRESSION = 1  # for the command `data`: a data set was altered
TRIALS_FAILED = 2
UNDECIDED = 3  # inconclusive, or not comparable
USAGE = 4
NOTHING = 5  # nothing was measured
BUG = 70  # a bug of noisecore: the code that sysexits.h has for one; it stands for no verdict
