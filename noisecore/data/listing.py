"""What `python -m noisecore data` shows: each dataset, where it is, or how to get it."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from noisecore.data.dataset import DatasetError, DatasetNotFoundError
from noisecore.data.loading import DATASETS, check_name, load
from noisecore.data.own import LICENCE
from noisecore.data.packaged import PACKAGED
from noisecore.data.published import PUBLISHED

State = Literal["ok", "altered", "not found"]

_WIDTH = 96
_COLUMNS = ("dataset", "checksum", "train", "test", "image", "classes")


@dataclass(frozen=True)
class Listing:
    """One dataset as it is on this machine.

    name: as it was given; for a user's own file, its path.
    state: "ok" (found, and its SHA-256 sums are the known ones; a user's own file: passes every
    check), "altered" (found, but not fit for use) or "not found".
    source: where it was found, otherwise empty. advice: what is wrong and what to do, otherwise
    empty. train, test, image_shape, num_classes: None if they cannot be known.
    """

    name: str
    state: State
    source: str
    advice: str
    licence: str
    train: int | None = None
    test: int | None = None
    image_shape: tuple[int, int, int] | None = None
    num_classes: int | None = None


def find_dataset(name: str, data_dir: str | os.PathLike[str] | None = None) -> Listing:
    """Return where a dataset is and whether it is intact. Never downloads.

    Raises DatasetError only for an unknown name.
    """
    check_name(name)
    state: State = "altered"
    try:
        dataset = load(name, data_dir, download=False)
    except DatasetError as error:
        if isinstance(error, DatasetNotFoundError):
            state = "not found"
        facts = PACKAGED.get(name) or PUBLISHED.get(name)
        if facts is None:
            return Listing(name, state, "", str(error), LICENCE)
        return Listing(
            name,
            state,
            "",
            str(error),
            facts.licence,
            facts.train,
            facts.test,
            facts.image_shape,
            facts.num_classes,
        )
    return Listing(
        name,
        "ok",
        dataset.source,
        "",
        dataset.licence,
        len(dataset.x_train),
        len(dataset.x_test),
        dataset.image_shape,
        dataset.num_classes,
    )


def list_datasets(data_dir: str | os.PathLike[str] | None = None) -> list[Listing]:
    """Return a listing of each name in `DATASETS`, in that order. Never downloads."""
    return [find_dataset(name, data_dir) for name in DATASETS]


def format_listing(listings: Iterable[Listing]) -> str:
    """Return listings as a table of at most 96 columns; a longer path or sum stays whole."""
    listings = list(listings)
    rows = [_COLUMNS, *(_row(listing) for listing in listings)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    lines = []
    for row, listing in zip(rows, [None, *listings], strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
        if listing is not None:
            lines += _details(listing)
    return "\n".join(lines)


def _row(listing: Listing) -> tuple[str, ...]:
    shape = "x".join(map(str, listing.image_shape or ()))
    counts = [
        "?" if n is None else f"{n:,}" for n in (listing.train, listing.test, listing.num_classes)
    ]
    return listing.name, listing.state, counts[0], counts[1], shape or "?", counts[2]


def _details(listing: Listing) -> list[str]:
    texts = [f"licence: {listing.licence}"]
    if listing.source:
        texts.append(f"found: {listing.source}")
    texts += listing.advice.splitlines()
    lines = []
    for text in texts:
        indent = "    " + " " * (len(text) - len(text.lstrip()))
        lines += textwrap.wrap(
            text.strip(),
            width=_WIDTH,
            initial_indent=indent,
            subsequent_indent=indent + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines
