"""`python -m noisecore floors`: floors to paste, from the spread of a baseline's seeds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noisecore.cli import codes
from noisecore.cli.power import MOST_OF_A_RUN, whole_number
from noisecore.escaping import shorten, visible
from noisecore.judging.margins import ALPHA
from noisecore.showing.terminal import say, wrap_text

if TYPE_CHECKING:
    from noisecore.judging.floors import Floors

_SEEDS = (
    "Assumed: the accuracy of seeds is normally distributed, and spreads as in the baseline. A "
    "recipe where a seed sometimes learns late fails more often."
)
_GIVEN = (
    "Assumed of given models: unchanged, they give the same answers to the same images, and fail "
    "no floor. The floors leave room for another sample of as many images."
)


def add_command(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "floors",
        help="propose floors that an unchanged model rarely misses",
        description="Propose a floor for each curve and scale, so that all floors together fail "
        "an unchanged model in at most the share --alpha of its runs. Nothing is trained.\n\n"
        "example: noisecore floors benchmarks/baselines/quick.json",
        epilog="exit codes: 0 floors were proposed, 2 trials failed, 4 usage, 5 too few seeds or "
        "images for a floor",
    )
    parser.add_argument("baseline", metavar="BASELINE", type=Path, help="a baseline, or results")
    parser.add_argument("--seeds", type=_seeds, default=3, help="seeds of a run (3)")
    parser.add_argument(
        "--alpha",
        metavar="RATE",
        type=_alpha,
        default=ALPHA,
        help=f"share of the runs of an unchanged model that may fail ({ALPHA:g})",
    )
    parser.set_defaults(command=_floors)


def _floors(chosen: argparse.Namespace) -> int:
    from noisecore.data.packaged import PACKAGED
    from noisecore.data.published import PUBLISHED
    from noisecore.judging.floors import propose_floors
    from noisecore.judging.results import read_any

    found = propose_floors(
        read_any(chosen.baseline),
        seeds=chosen.seeds,
        rate=chosen.alpha,
        classes={name: facts.num_classes for name, facts in (PACKAGED | PUBLISHED).items()},
    )
    if found.floors:
        count = sum(int(each.able.sum()) for each in found.floors)
        say(
            f"{count} floors, which all together fail an unchanged model\nin at most "
            f"{100 * chosen.alpha:g} % of runs of {chosen.seeds} seed{'s' * (chosen.seeds > 1)}"
        )
    for each in found.floors:
        _show(each)
    kinds = {each.replicates for each in found.floors}
    for kind, words in (("seeds", _SEEDS), ("draws", _GIVEN)):
        if kind in kinds:
            say("\n" + "\n".join(wrap_text(words)))
    for line in (*found.idle, *found.left_out, *found.failed):
        say("\n".join(wrap_text(line)))
    if found.failed:
        say("trials failed: their curves have no floors")
        return codes.TRIALS_FAILED
    return codes.OK if found.floors else codes.NOTHING


def _show(found: Floors) -> None:
    import numpy as np

    given = found.replicates == "draws"
    what = "error over images" if given else "sd over seeds"
    say(f"\n{visible(found.curve)}, {found.rows} {found.replicates}")
    say(f"{'scale':>8}{'mean':>9}{what + ', points':>27}{'floor':>8}")
    rows = list(zip(found.scales, found.mean, found.spread, found.floors, strict=True))
    for scale, mean, spread, floor in rows:
        say(f"{scale:>8g}{mean:>9.4f}{100 * spread:>27.2f}{floor:>8.3f}")
    # A scale that is not listed takes the next greater one's floor: only the last can be left out.
    last = max(np.flatnonzero(found.able))
    pairs = ", ".join(f"{scale:g}: {floor:.3f}" for scale, _, _, floor in rows[: last + 1])
    say("{" + pairs + "}")


def _seeds(text: str) -> int:
    return whole_number(text, MOST_OF_A_RUN)


def _alpha(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 1e-9 <= rate <= 0.5:
        raise argparse.ArgumentTypeError(
            f"expected a share of runs from 1e-9 to 0.5, such as 0.01, got {shorten(text)!r}"
        )
    return rate
