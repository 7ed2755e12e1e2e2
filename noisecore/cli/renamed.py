"""Options that were renamed, and are still accepted under their old names."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from noisecore.showing.terminal import say


class Renamed(argparse.Action):
    """An option under its old name: no help lists it, and each use says the new name.

    The new name is that of `dest`.
    """

    def __init__(self, option_strings: Sequence[str], dest: str, **how: Any) -> None:
        super().__init__(option_strings, dest, help=argparse.SUPPRESS, **how)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Take the value, as the new option would."""
        (old,) = self.option_strings
        new = f"--{self.dest.replace('_', '-')}"
        say(
            f"noisecore: {old} is now called {new}: the next release will not know the old name",
            err=True,
        )
        setattr(namespace, self.dest, values)
