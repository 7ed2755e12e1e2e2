"""The process that tries cases one after another: `python -m hostile.shard KIND FIRST FOLDER`.

It writes a line to FOLDER/journal before and after each case, so that whoever watches it knows
which case it hangs in, or ended with.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from hostile import calls, commands, contents, processes, pytests
from hostile.cases import Case, no_trace, problem
from hostile.room import clear

KINDS: dict[str, Callable[[], list[Case]]] = {
    "options": pytests.options,
    "configuration": pytests.configuration,
    "markers": pytests.markers,
    "names": pytests.names,
    "addresses": pytests.addresses,
    "arguments": commands.arguments,
    "files": commands.files,
    "contents": contents.contents,
    "data": calls.data,
    "models": calls.models,
    "surroundings": processes.surroundings,
    "signals": processes.signals,
}
MEMORY = 3 * 2**30  # a value that asks for more is refused, and does not take the machine along


def cases(kind: str) -> list[Case]:
    """Return the cases of a kind, or those that a function of another module gives."""
    module, colon, function = kind.partition(":")
    made: list[Case] = (
        getattr(importlib.import_module(module), function)() if colon else KINDS[kind]()
    )
    return made


def try_case(case: Case, folder: Path) -> tuple[str, str]:
    """Return what is wrong with a case, empty if nothing is, and what it printed."""
    room = folder / "up/and/down/room"  # a path may lead upwards
    clear(folder / "up")
    room.mkdir(parents=True)
    shown = ""
    with no_trace(room, folder / "temporary") as left:
        try:
            ended = case.run(room)
            shown = f"exit code {ended.code}\n{ended.out}{ended.err}"
            wrong = problem(case, ended)
        except BaseException as error:
            shown = traceback.format_exc()
            wrong = f"Traceback: {type(error).__name__}: {error}"[:200]
    if left and not wrong:
        wrong = f"left behind: {', '.join(left)}"[:200]
    for path in (folder / "temporary").iterdir():
        clear(path) if path.is_dir() else path.unlink(missing_ok=True)
    clear(folder / "up")
    return wrong, shown


def main(kind: str, first: int, folder: Path) -> None:
    """Try the cases of a kind from the first that is wanted, and write the journal."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.chdir(folder)
    with open(folder / "journal", "a", buffering=1) as journal:
        for number, case in enumerate(cases(kind)):
            if number < first:
                continue
            journal.write(json.dumps({"begun": number, "what": case.what}) + "\n")
            started = time.monotonic()
            wrong, _ = try_case(case, folder)
            seconds = round(time.monotonic() - started, 2)
            journal.write(json.dumps({"ended": number, "wrong": wrong, "seconds": seconds}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    os._exit(0)  # a thread that does not end is none of a case's business
