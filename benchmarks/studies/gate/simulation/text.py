"""How the parts of `design.py` print their words."""

from __future__ import annotations

from textwrap import fill


def say(words: str) -> None:
    """Print a paragraph, with an empty line above and below."""
    print(f"\n{fill(' '.join(words.split()), 96)}\n", flush=True)


def percent(share: float, undecided: float) -> str:
    """Return a share that does not pass in %, and in brackets how many % are inconclusive."""
    return f"{100 * share:.2f} ({100 * undecided:.2f})"
