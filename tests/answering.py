"""For a process that is to answer signals, whoever started the tests."""

from __future__ import annotations

import signal


def answer_signals() -> None:
    """Take back that signals are ignored: a child of `nohup`, or of a shell's `&`, inherits that.

    To be a `preexec_fn`.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
