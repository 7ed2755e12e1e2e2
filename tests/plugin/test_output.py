"""The output of a run: one that nobody takes any more costs neither records nor exit code."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from noisecore.plugin.output import Lasting

FAILING = """
import pytest

@pytest.mark.robustness()
def test_falls_short(robustness, noise_model):
    print("printed")
    assert robustness.curve.complete is {complete}
"""


class Refusing(io.StringIO):
    """A file that takes a few characters, and no more."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.refusals = 0

    def write(self, text: str) -> int:
        """Refuse a text when there is one already."""
        if self.getvalue():
            self.refusals += 1
            raise OSError(self.number, os.strerror(self.number))
        return super().write(text)


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, errno.EIO])
def test_refused_output_is_dropped(number, capfd) -> None:
    """What a file refuses is dropped, and it is not asked again; one line says so."""
    file = Refusing(number)
    lasting = Lasting(file)
    for _ in range(3):
        assert lasting.write("line\n") == 5
        lasting.flush()
    assert file.getvalue() == "line\n"
    assert file.refusals == 1
    assert lasting.refused is not None
    assert lasting.refused.errno == number
    assert capfd.readouterr().err.strip() == (
        f"noisecore: output can no longer be written ({os.strerror(number)}): the run goes on"
    )


def test_other_errors_are_not_hidden() -> None:
    """Text that a file cannot encode is pytest's to write otherwise."""
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with pytest.raises(UnicodeEncodeError):
        Lasting(file).write("é")
    assert Lasting(file).encoding == "ascii"


def start(bench, redirection: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start pytest with its standard streams redirected by a shell."""
    return subprocess.Popen(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "pytest", *arguments],
        cwd=bench.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def head(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Read the first line of the output, as `head -1` does; return the exit code and the errors."""
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    return process.wait(timeout=120), errors


def is_reported(bench) -> bool:
    """Return whether the report is there, with a line for each of the given records."""
    folder = bench.path / "noisecore-results/quick"
    listed = json.loads((folder / "results.json").read_text())["records"]
    return (folder / "summary.md").is_file() and len(listed) == 6


@pytest.fixture
def plain(bench):
    """Return the same pytester, whose reports have no pictures: they are looked at elsewhere."""
    bench.makeconftest("import noisecore.showing.report as r\nr._pictures = lambda *given: ()\n")
    return bench


@pytest.mark.parametrize(
    ("complete", "code", "capture"), [(True, 0, "fd"), (False, 1, "sys"), (True, 0, "no")]
)
def test_only_the_first_line_is_read(plain, given, complete, code, capture) -> None:
    """`pytest | head -1` leaves the report and the exit code of a run that is read to its end."""
    plain.makepyfile(test_bench=FAILING.format(complete=complete))
    process = start(plain, "", *given, f"--capture={capture}", "-v")
    found, errors = head(process)
    assert found == code, errors
    assert is_reported(plain)
    assert "Traceback" not in errors


FULL = pytest.param(
    "> /dev/full", marks=pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone")
)


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&- >&- 2>&-", FULL])
def test_streams_that_are_closed_or_full(plain, given, redirection) -> None:
    """A run without standard streams, or with a full disk behind them, is a run as any other."""
    process = start(plain, redirection, *given)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert is_reported(plain)
    assert b"Traceback" not in errors


def test_session_that_is_none_of_ours(bench) -> None:
    """Where there is no benchmark of ours, pytest ends for a broken pipe as it always did."""
    bench.makepyfile(test_bench="def test_it():\n    open('ran', 'w')\n")
    code, _ = head(start(bench, "", "-v"))
    assert code != 0
    assert not (bench.path / "ran").exists()
