"""Under tox the installed wheel is tested, not the checkout that the tests lie in."""

import os
import subprocess
import sys
import sysconfig
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


def test_console_script() -> None:
    """The wheel brings the script `noisecore`, whose exit codes and lines reach the shell."""
    script = Path(sysconfig.get_path("scripts")) / "noisecore"
    version = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.strip() == noisecore.__version__
    for command, said in (
        ([script], "noisecore: the following"),
        ([sys.executable, "-P", "-m", "noisecore"], "python -m noisecore: the following"),
        ([script, "report", "/nowhere/at/all"], "noisecore: /nowhere/at/all/results.json: cannot"),
    ):
        ended = subprocess.run(command, capture_output=True, text=True)
        (line,) = ended.stderr.splitlines()
        assert (ended.returncode, ended.stdout) == (4, "")
        assert line.startswith(said)
