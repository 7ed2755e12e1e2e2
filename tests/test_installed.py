"""Under tox the installed wheel is tested, not the checkout that the tests lie in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import noisecore

pytestmark = pytest.mark.skipif(
    "TOX_ENV_NAME" not in os.environ, reason="without tox the checkout itself may be installed"
)


def test_in_the_tests() -> None:
    """What the tests import lies in tox's environment."""
    assert Path(noisecore.__file__).is_relative_to(sys.prefix)


def test_in_a_worker() -> None:
    """A process that is started as a worker is, within the checkout, imports the same."""
    command = [sys.executable, "-P", "-c", "import noisecore; print(noisecore.__file__)"]
    checkout = Path(__file__).parents[1]
    found = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == noisecore.__file__
