"""A bug of noisecore's own never ends green, wherever it is: not with every test passed."""

from __future__ import annotations

import pytest
from own_bench import AUTO, UPDATE

# As a conftest.py, it puts an error into a function of noisecore, whoever has imported it.
BREAK = """
import importlib

module, _, name = {place!r}.partition(":")
place = importlib.import_module(module)
*owner, name = name.split(".")
for each in owner:
    place = getattr(place, each)

def broken(*given, **named):
    raise RuntimeError("a bug")

setattr(place, name, broken)
"""

# What closes a run, reports it, and tells others of it.
PLACES = [
    "noisecore.plugin.reporting.judge:close",
    "noisecore.plugin.reporting.judge:call_hooks",
    "noisecore.plugin.reporting.outcomes:Outcomes.take",
    "noisecore.plugin.session:Run.summary",
    "noisecore.plugin.session:summarise",
    "noisecore.showing.report:make_summary",
]


@pytest.mark.parametrize("place", PLACES)
def test_bug(own, place) -> None:
    """It fails the run, and says what was raised."""
    own.make()
    own.pytester.makeconftest(BREAK.format(place=place))
    result = own.pytester.runpytest_subprocess(AUTO)
    assert result.ret not in (0, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert "RuntimeError: a bug" in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("place", [PLACES[0], PLACES[2]])
def test_bug_under_xdist(own, place) -> None:
    """So it does where others run the tests."""
    own.make()
    own.pytester.makeconftest(BREAK.format(place=place))
    result = own.run(AUTO, "-n1")
    assert result.ret not in (0, pytest.ExitCode.NO_TESTS_COLLECTED)


def test_error_at_the_end_of_a_worker(own) -> None:
    """What a worker does not hand over any more is missed: here, that a curve has vanished."""
    own.make()
    (own.path / "test_b.py").unlink()
    own.pytester.makeconftest(
        "import pytest\n"
        "@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_testnodedown(node): del node.workeroutput['noisecore_selected']\n"
    )
    result = own.run(AUTO, "-n1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["each xdist worker ended in an error, *: run without xdist *"])


def test_bug_in_a_renewal(own) -> None:
    """No baseline is written, and the run fails."""
    own.make()
    own.baseline.unlink()
    own.pytester.makeconftest(BREAK.format(place="noisecore.plugin.session:renew"))
    assert own.pytester.runpytest_subprocess(UPDATE).ret not in (0, 5)
    assert not own.baseline.exists()
