"""Texts for a terminal of 80 columns."""

from __future__ import annotations

import os
import sys
from textwrap import wrap

from noisecore.errors import RefusedError
from noisecore.escaping import one_line, terminal

WIDTH = 80


def wrap_text(text: str) -> list[str]:
    """Return a text in lines; a path or a name is not broken."""
    lines = wrap(one_line(text), WIDTH, break_long_words=False, break_on_hyphens=False)
    return [terminal(line) for line in lines]


def say(*texts: object, end: str = "\n", err: bool = False) -> None:
    """Print texts as data, to standard error with `err`; a closed pipe is not an error.

    Raises `RefusedError` if they cannot be written, as on a full disk.
    """
    stream = sys.stderr if err else sys.stdout
    try:
        print(*map(terminal, texts), end=end, file=stream, flush=True)
    except OSError as error:
        # Python would try to write the rest of the stream again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):  # as with `| head`: what was found still counts
            raise RefusedError(f"the output cannot be written: {error.strerror or error}") from None
