"""However xdist is started, there is one controller, and tests keep their names."""

from __future__ import annotations

import pytest
from own_bench import AUTO, ONE, TWO, UPDATE

WAYS = {
    "tx": ("--dist=load", "--tx=2*popen"),
    "names": ("-d", "--tx=popen//id=first", "--tx=popen//id=second"),
    "loadgroup": ("-n2", "--dist=loadgroup"),
    "each": ("--dist=each", "--tx=2*popen"),
    "worksteal": ("-n2", "--dist=worksteal"),
    "no": ("--dist=no", "--tx=2*popen"),
}


@pytest.mark.parametrize("name", WAYS)
def test_every_way(own, name) -> None:
    """Each way gives the baseline, the names, the verdict and the report of a run alone."""
    own.change("test_a.py", "def test_one", "@pytest.mark.xdist_group('gpu')\ndef test_one")
    own.change("test_b.py", "def test_two", "@pytest.mark.xdist_group(name='b')\ndef test_two")
    made = own.run(*WAYS[name], UPDATE)
    assert made.ret == 0, made.stdout.str()
    assert own.curves == [ONE, TWO]
    own.change("test_a.py", "evaluate(model", "evaluate(worse")
    fell = own.run(*WAYS[name], AUTO, "--noise-gate=simple")
    assert fell.ret == pytest.ExitCode.TESTS_FAILED
    assert [len(each["trials"]) for each in own.results["records"]] == [3, 3]
    assert {(v["curve"], v["verdict"]) for v in own.results["verdicts"]} == {
        (ONE, "fail"), (TWO, "pass"),
    }  # fmt: skip
    fell.stdout.fnmatch_lines(["to look again:", "  pytest test_a.py::test_one *"])
    assert "@" not in (own.folder / "summary.md").read_text()


def test_records_are_trained(bench, given) -> None:
    """Given records are reported by the controller of `--tx` too."""
    result = bench.runpytest_subprocess(*given, "--dist=load", "--tx=2*popen")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["6 of 6 trials, *"])
