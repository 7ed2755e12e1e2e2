"""What a run does when somebody ends it: by Ctrl-C, by SIGTERM, or by closing its terminal."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# One request may come as two signals: `timeout` and shells signal a process and its group.
_ONE_WISH = 0.5


class Signals:
    r"""Lets a signal end the tests of a run, but never its report.

    While the tests run, a signal does what Ctrl-C does. From then on it is only noted: the report
    is written, and the run ends after that. SIGQUIT (Ctrl-\) still ends all of it at once.
    reports: whether this process writes it. late: the name of a signal that came meanwhile.
    """

    def __init__(self, *, reports: bool) -> None:
        self._reports = reports
        self.late: str | None = None
        self._holding = False
        self._before: dict[int, Any] = {}
        self._last = -_ONE_WISH
        self._tell: Callable[[], None] = lambda: None

    def catch(self, tell: Callable[[], None] | None = None) -> None:
        """Handle the signals from here on; the signal's handler calls `tell` each time.

        Python drops an exception that a signal raises inside a destructor, so `tell` also informs
        whoever waits in the main thread.
        """
        self._tell = tell or self._tell
        if self._before or threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            before = signal.getsignal(number)
            if number == signal.SIGHUP and before is signal.SIG_IGN:
                continue  # nohup: the run is meant to outlive its terminal
            self._before[number] = before or signal.SIG_DFL
            signal.signal(number, self._hear)

    @property
    def caught(self) -> bool:
        """Whether this object handles the signals now."""
        return bool(self._before)

    def hold(self) -> None:
        """Only note the signals from here on: the report is being written."""
        self._holding = True
        self.catch()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Let a signal end the block as it ends the tests: no report can be lost by that."""
        before = self._holding, self._tell
        self._holding, self._tell = False, lambda: None
        try:
            yield
        finally:
            self._holding, self._tell = before

    def release(self) -> None:
        """Restore the handlers that the signals had before."""
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)

    def _hear(self, number: int, frame: object) -> None:
        now, name = time.monotonic(), signal.Signals(number).name
        same = now - self._last < _ONE_WISH
        self._last = now
        if self._holding:
            if self._reports and not same:
                self.late = name
                with suppress(OSError):  # not print(): this may come in the middle of another one
                    os.write(2, _LATE % name.encode())
            return
        self._tell()
        if not same:
            raise KeyboardInterrupt(name)


# In the configuration's stash.
SIGNALS: pytest.StashKey[Signals] = pytest.StashKey()


_LATE = b"\nnoisecore: %s: the run is ending already, and writes its report first\n"
