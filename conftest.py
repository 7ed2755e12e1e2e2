"""This repository's own short option: `--scales` for `--noise-scales`."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--scales",
        dest="noise_scales",
        nargs="?",
        const="profile",
        metavar="SCALES",
        help="short for --noise-scales",
    )
