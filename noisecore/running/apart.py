"""A user's own data set, read in a process of its own that imports as the run does.

A Dask worker is shared: what others run there must keep its own path and its own modules.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from noisecore import imports
from noisecore.escaping import one_line
from noisecore.running.worker import child_environment


def read_apart(
    location: tuple[str, str | None], told: dict[str, Any], seconds: float
) -> tuple[str | None, str]:
    """Return the SHA-256 of a data set, or None and why it could not be read.

    told: how the run imports, as `imports.note` says it. seconds: how long reading may take.
    """
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "noisecore.running.apart"],
            input=json.dumps([location, told]),
            capture_output=True,
            text=True,
            timeout=seconds,
            env=child_environment(),
        )
    except subprocess.TimeoutExpired:
        return None, f"it was not read within {seconds:g} s"
    except OSError as error:
        return None, f"no process could be started to read it: {error.strerror or error}"
    try:
        sha256, why = json.loads(ended.stdout)
    except ValueError:  # its function ended the process
        return None, f"reading it ended the process ({ended.returncode})"
    return sha256, why


def main() -> None:
    """Read the data set that standard input names, and write its SHA-256 to standard output."""
    # A user's function may print to standard output.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    location, told = json.load(sys.stdin)
    imports.follow(told)
    from noisecore.data import DatasetError, load_dataset

    answer: tuple[str | None, str] = None, ""
    try:
        answer = load_dataset(*location).sha256, ""
    except DatasetError as error:
        answer = None, one_line(error)
    channel.write(json.dumps(answer))
    channel.close()


if __name__ == "__main__":
    main()
