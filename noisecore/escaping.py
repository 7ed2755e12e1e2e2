"""Make texts of others safe to show: names, reasons and paths are data, never commands."""

from __future__ import annotations

import re
from pathlib import PurePath

# What a CI takes for one of its commands: GitHub "::warning::" at the start of a line and
# "##[error]" anywhere, Azure "##vso[", TeamCity "##teamcity[".
_COMMAND = re.compile(r"(?m)^( *)(?=::)|(?<=#)(?=#\w*\[)")


def visible(value: object) -> str:
    r"""Return a text in one line, with an escape for each character that is not printable.

    These are line ends, ANSI's escape character, characters that change the direction of writing,
    and bytes of a path that are not UTF-8. They become `\n`, `\x1b` and so on.
    """
    text = str(value)
    return text if text.isprintable() else "".join(map(_escaped, text))


def one_line(value: object) -> str:
    """Return a text in one line, with single spaces, and otherwise as `visible` returns it."""
    return visible(" ".join(str(value).split()))


def terminal(value: object) -> str:
    """Return a text for a terminal or a log: its lines stay lines, and none of them is a command.

    A CI reads the log of a run, and obeys each line that has the form of a command.
    """
    shown = "\n".join(map(visible, str(value).split("\n")))
    return _COMMAND.sub(r"\g<0>\\", shown)


def shown(value: object) -> str:
    """Return what a person sees of any value: its `repr` in one line, cut if it is long.

    If its `repr` fails, the text names its class instead.
    """
    try:
        text = one_line(repr(value))
    except Exception:  # whatever a user's own `__repr__` raises
        return f"an object of {type(value).__name__}"
    return shorten(text)


def brief(kind: str, **parts: object) -> str:
    """Return a short `repr`: what it is, and some of its parts, each cut if it is long."""
    texts = {name: shown(part) for name, part in parts.items()}
    cut = {name: text if len(text) <= 60 else f"{text[:57]}..." for name, text in texts.items()}
    return f"{kind}({', '.join(f'{name}={text}' for name, text in cut.items())})"


def described(value: object) -> str:
    """Describe a value in a few words: a short one by itself, any other by its type."""
    short = value is None or isinstance(value, str | int | float | PurePath)
    return shown(value) if short else type(value).__name__


def shorten(text: str) -> str:
    """Return a text; one that is too long to be shown is cut, and its length is added."""
    return text if len(text) <= 100 else f"{text[:60]}... ({len(text)} characters)"


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
