"""`noisecore noises`: the noises that can be named, and what is claimed of each."""

from __future__ import annotations

from typing import Any

from noisecore.cli import codes
from noisecore.showing.terminal import say, wrap_text

_SUITES = {"mnist-c": "mnist", "cifar-10-c": "cifar", "tiny-imagenet-c": "tiny"}
_SUITES |= {"imagenet-c": "imagenet", "noisecore": "own"}
_WIDTH = 19  # of the longest name, and two spaces
_NOTES = (
    "The figures are the greatest severity of each suite: mnist-c, cifar-10-c, tiny-imagenet-c, "
    "imagenet-c, and noisecore's own. Scales of a corruption are whole severities.",
    "A corruption is named SUITE/FAMILY, such as cifar-10-c/fog; one of noisecore's own by its "
    "family, such as gamma, but noisecore/salt_and_pepper. SUITE/FAMILY/uint8 is cut down to 8 "
    "bits, as published files are.",
    "Space: pixels in [0, 1], before they are standardised, and clipped; or the units of the "
    "images as the model takes them. Falls: whether accuracy is claimed to fall as the scale "
    "grows.",
    "frost needs a folder of photographs: see docs/guide/corruptions.md.",
)


def add_command(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "noises",
        help="list the noises and corruptions that can be named",
        description="List the noises and corruptions that noisecore ships, and what is claimed of "
        "each.\n\nexample: noisecore noises",
        epilog="exit code: 0",
    )
    parser.set_defaults(command=lambda chosen: _noises())


def _noises() -> int:
    from noisecore.noise import NOISES
    from noisecore.noise.corruptions import CORRUPTIONS, SUITES

    columns = "".join(f"{name:>{len(name) + 1}}" for name in _SUITES.values())
    say(f"{'noise':<{_WIDTH}}{columns}  {'space':<8}{'falls':<7}reference")
    scales = "any scale >= 0".center(len(columns))
    for name in NOISES:
        say(f"{name:<{_WIDTH}}{scales}  {'model':<8}{'yes':<7}-")
    references: dict[str, int] = {}
    for name, family in CORRUPTIONS.items():
        cells = ""
        for suite, short in _SUITES.items():
            severities = len(SUITES[suite].get(name, ()))
            cells += f"{severities or '-':>{len(short) + 1}}"
        falls = "yes" if family.monotone else "no"
        number = references.setdefault(family.reference, len(references) + 1)
        say(f"{name:<{_WIDTH}}{cells}  {family.space:<8}{falls:<7}[{number}]")
    say("\n" + "\n".join(f"[{number}] {each}" for each, number in references.items()) + "\n")
    for note in _NOTES:
        say("\n".join(wrap_text(note)))
    return codes.OK
