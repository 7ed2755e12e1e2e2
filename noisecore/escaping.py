"""Texts that others wrote, safe to show: names, reasons and paths are data, and never commands."""

from __future__ import annotations

import re
from pathlib import PurePath

# What a CI takes for a command of its own: GitHub "::warning::" where a line begins and "##[error]"
# anywhere, Azure "##vso[", TeamCity "##teamcity[".
_COMMAND = re.compile(r"(?m)^( *)(?=::)|(?<=#)(?=#\w*\[)")


def visible(value: object) -> str:
    r"""Return a text in one line, in which each character that is not printed is its escape.

    These are line ends, ANSI's escape character, whatever changes the direction of writing, and
    what no file can hold: a byte of a path that is not UTF-8. They become `\n`, `\x1b` and so on.
    """
    text = str(value)
    return text if text.isprintable() else "".join(map(_escaped, text))


def one_line(value: object) -> str:
    """Return a text in one line, its white space single spaces, and all else as `visible` does."""
    return visible(" ".join(str(value).split()))


def terminal(value: object) -> str:
    """Return a text for a terminal or a log: its lines stay lines, and none of them is a command.

    A CI reads the log of a run, and does what a line in its own form tells it to.
    """
    shown = "\n".join(map(visible, str(value).split("\n")))
    return _COMMAND.sub(r"\g<0>\\", shown)


def shown(value: object) -> str:
    """Return what a person sees of any value: its `repr` in one line, cut where it is long.

    A value whose `repr` fails is told by its class.
    """
    try:
        text = one_line(repr(value))
    except Exception:  # whatever a user's own `__repr__` raises
        return f"an object of {type(value).__name__}"
    return shorten(text)


def brief(kind: str, **parts: object) -> str:
    """Return a short `repr`: what it is, and some of its parts, each cut where it is long."""
    texts = {name: shown(part) for name, part in parts.items()}
    cut = {name: text if len(text) <= 60 else f"{text[:57]}..." for name, text in texts.items()}
    return f"{kind}({', '.join(f'{name}={text}' for name, text in cut.items())})"


def described(value: object) -> str:
    """Return what was given, in a few words: a short value itself, of others the type."""
    short = value is None or isinstance(value, str | int | float | PurePath)
    return shown(value) if short else type(value).__name__


def shorten(text: str) -> str:
    """Return a text that is too long to be shown, cut, and its length."""
    return text if len(text) <= 100 else f"{text[:60]}... ({len(text)} characters)"


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
