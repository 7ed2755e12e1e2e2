"""The terminal output of a run: if it can no longer be written, the run continues without it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, TextIO

import pytest


class Lasting:
    """A file whose writes never fail: once its own file refuses one, it drops all output.

    refused: why its own file refused a write, None if it has not.
    """

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.refused: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def write(self, text: str) -> int:
        """Write a text, unless the file has refused one before."""
        try:
            if self.refused is None:
                self.file.write(text)
        except OSError as error:
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Flush what was written."""
        try:
            if self.refused is None:
                self.file.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.refused = error
        # What is still in the file's buffer would be refused again, at the latest when Python ends.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.file.fileno())
            os.close(nowhere)
            self.file.flush()
        with suppress(OSError, ValueError):
            why = error.strerror or str(error)
            line = f"\nnoisecore: output can no longer be written ({why}): the run goes on\n"
            os.write(2, line.encode())


class Output:
    """Makes pytest's own output `Lasting`, from the start of a session to its end."""

    def __init__(self, config: pytest.Config) -> None:
        self._writer: Any = None
        self._lasting: Lasting | None = None
        reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        if not hasattr(getattr(reporter, "_tw", None), "_file"):
            return  # an xdist worker shows nothing
        self._writer = reporter._tw
        self._lasting = Lasting(self._writer._file)
        self._writer._file = self._lasting
        if sys.stdout is self._lasting.file and config.getoption("capture") == "no":
            sys.stdout = self._lasting  # tests print to it too

    def give_back(self) -> None:
        """Give the output back to pytest."""
        lasting, self._lasting = self._lasting, None
        if lasting is not None:
            self._writer._file = lasting.file
            if sys.stdout is lasting:
                sys.stdout = lasting.file

    def decline(self) -> None:
        """Give the output back in a session without our run; raise the error that it has had."""
        refused = self._lasting.refused if self._lasting is not None else None
        self.give_back()
        if refused is not None:
            raise refused


# In the configuration's stash.
OUTPUT: pytest.StashKey[Output] = pytest.StashKey()


def open_streams() -> None:
    """Open empty standard streams for a process that was started without them.

    Otherwise the next file that it opens becomes its standard output, and libraries print into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 (until the end)
