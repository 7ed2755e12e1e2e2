"""`python -m noisecore`."""

import sys

from noisecore.cli import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m noisecore"))
