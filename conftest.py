"""This repository's own short options: `--scales` for `--noise-scales`, and `--speed`."""

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
    parser.addoption(
        "--speed", action="store_true", help="run the benchmarks of noisecore's own speed"
    )
