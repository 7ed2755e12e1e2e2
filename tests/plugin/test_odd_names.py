"""Odd names and reasons: a run ends as it would without them, and its readers are safe."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from own_bench import HEAD, MODEL, UPDATE

from noisecore.functions import load_file
from noisecore.judging.baselines import read_baseline, write_baseline
from noisecore.records import with_checksum

REASON = "lost\r::error::e\n::stop-commands::x\x1b[31m ##[error]e ``<b>``"
MANY = """
from odd_names import NAMES
from noisecore.judging.gates import collect_verdicts

def test_many(robustness, noise_baseline):
    for number, name in enumerate(filter(str.strip, NAMES)):  # one that is blank is refused
        how = {"scales": [0.2], "draws": 1, "name": name}
        curve = robustness.evaluate(model, *IMAGES, **how)
        if number % 10 == 0:
            assert_no_regression(curve, noise_baseline)

def test_fails(robustness):
    curve = robustness.evaluate(worse, *IMAGES, scales=[1], name=NAMES[43] + "\\r::error::e")
    assert_floor(curve, {1: 1.0}, scale=1)
"""


def is_safe(line) -> bool:
    """Return whether a line of a log acts neither in a terminal nor in a CI."""
    command = line.lstrip().startswith("::") or re.search(r"##\w*\[", line)
    return line.isprintable() and not command


def test_a_hundred_names(own, monkeypatch) -> None:
    """Curves of a hundred names are measured, reported, annotated and kept in JUnit's file."""
    step = own.path / "step.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    (own.path / "test_a.py").unlink()
    (own.path / "test_b.py").unlink()
    own.write("test_c.py", MANY.replace("IMAGES", "images(40)"))
    result = own.run(UPDATE, "--junitxml=junit.xml", "-rA")
    result.assert_outcomes(passed=1, failed=1)
    commands = [line for line in result.outlines if line.startswith("::")]
    assert [line.partition(" ")[0] for line in commands] == ["::error"]
    assert [line for line in result.outlines if line not in commands and not is_safe(line)] == []
    suite = ElementTree.parse(own.path / "junit.xml").getroot()
    assert len(suite.findall(".//property")) > 200
    assert len(own.results["curves"]) > 100
    summary = step.read_text()
    assert summary.partition("\n")[0] == "# noisecore, profile `quick`: fail"
    assert all(line.isprintable() for line in summary.split("\n"))


def test_reasons_in_records(bench, given, save_records) -> None:
    """A reason in somebody's records does nothing, in the failure nor in the summary."""
    for path in (bench.path / "records").iterdir():
        content = json.loads(path.read_text())
        if content["trial"]["train_scale"] == 4:
            content |= {"status": "failed", "reason": REASON, "evaluations": [], "history": []}
            path.write_text(json.dumps(with_checksum(content)))
    result = bench.runpytest_inprocess(*given, "-p", "no:benchmark")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert [line for line in result.outlines if not is_safe(line)] == []
    assert "lost ::error::e ::stop-commands::x\\x1b[31m" in result.stdout.str()


def test_usage_errors(own, usage_line) -> None:
    """What a usage error quotes of somebody's file stays in its one line."""
    own.make()
    write_baseline(
        own.baseline, replace(read_baseline(own.baseline), profile="a\n::error::e\x1b[31m")
    )
    line = usage_line(own.run("--noise-baseline=auto"))
    assert "a ::error::e\\x1b[31m" in line


def test_an_id_that_is_no_formula(pytester, monkeypatch) -> None:
    """A parametrize id that looks like a broken formula costs no picture, even with -W error."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makeini("[pytest]\npythonpath = .\n")
    (pytester.path / "mine.py").write_text(MODEL)
    (pytester.path / "test_a.py").write_text(
        HEAD + "@pytest.mark.parametrize('which', ['$x_{$', '漢字'])\n"
        "def test_x(robustness, which):\n"
        "    robustness.evaluate(model, *images(), scales=[1])\n"
    )
    ids = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support = true\n"
    pytester.makeini(f"[pytest]\npythonpath = .\n{ids}")
    # In this process pytest itself would warn of plugins that are imported already.
    result = pytester.runpytest_subprocess("-W", "error")
    assert result.ret == 0, result.stdout.str()
    result.assert_outcomes(passed=2)
    folder = pytester.path / "noisecore-results/quick"
    assert len(list((folder / "plots").glob("*-curve.png"))) == 2
    assert "test_x\\[\\$x" not in result.stdout.str()
    assert (folder / "summary.md").exists()


def test_a_part_that_breaks(own, monkeypatch) -> None:
    """A part that cannot be made fails the run in one line, and the summary stands as ever."""

    def broken(*_):
        raise RuntimeError("no way")

    monkeypatch.setattr("noisecore.showing.report.make_summary", broken)
    result = own.run(UPDATE)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "artifacts: noisecore-results/quick",
            "*is not complete: summary.md could not be made: RuntimeError: no way *quick/trials)",
        ]
    )
    assert len(own.curves) == 2


@pytest.mark.parametrize(
    "where",
    ["noisecore.plugin.reporting.summary._comparisons", "noisecore.plugin.session.next_commands",
     "noisecore.plugin.reporting.github.annotate", "noisecore.plugin.session.renew"],
)  # fmt: skip
def test_whatever_breaks(own, monkeypatch, where) -> None:
    """Whichever step of the report breaks, the run fails in a line and results.json is there."""

    def broken(*_, **__):
        raise RuntimeError("no way")

    monkeypatch.setattr(where, broken)
    result = own.run(UPDATE)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(["*is not complete: *RuntimeError: no way*", "*2 passed*"])
    assert own.results["curves"]
    assert (own.folder / "summary.md").exists()


class TestFolders:
    """A folder's name may be bytes that are not UTF-8."""

    @pytest.fixture
    def folder(self, tmp_path):
        """Return a folder of a Latin-1 name, with a test of a model in it."""
        folder = tmp_path / os.fsdecode(b"caf\xe9")
        try:
            folder.mkdir()
        except OSError:
            pytest.skip("this file system takes UTF-8 alone")
        (folder / "mine.py").write_text(MODEL)
        (folder / "test_a.py").write_text(
            HEAD + "def test_x(robustness):\n"
            "    robustness.evaluate(model, *images(), scales=[1])\n"
        )
        return folder

    def run(self, folder, environment, *arguments):
        """Run pytest around the folder, where nothing is said of an encoding."""
        settings = {"LC_ALL": "C", "PYTHONPATH": os.pathsep.join(["", str(folder), *sys.path])}
        return subprocess.run(
            [sys.executable, "-W", "error::UserWarning", "-m", "pytest", "-p", "no:cacheprovider",
             "-p", "no:hypothesispytest", *arguments],
            cwd=folder.parent, env=environment | settings, capture_output=True, timeout=300,
        )  # fmt: skip

    def test_report(self, folder, environment) -> None:
        """A test there, artifacts there, and a report whose every file is UTF-8."""
        ended = self.run(
            folder, environment, folder / "test_a.py", "--noise-artifacts", folder / "out"
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        files = [path for path in (folder / "out/quick").iterdir() if path.is_file()]
        names = {path.name for path in files}
        assert names >= {"results.json", "summary.md", "curve.csv"}
        for path in files:
            path.read_bytes().decode()
        curves = json.loads((folder / "out/quick/results.json").read_bytes())["curves"]
        assert "caf\udce9/test_a.py::test_x" in curves[0]["name"]
        shown = ended.stdout.decode(errors="replace").partition("= noisecore =")[2]
        assert "caf\\udce9/test_a.py::test_x/gaussian" in shown

    def test_another_report_breaks(self, folder, environment) -> None:
        """Where pytest's own JUnit file cannot hold the name, noisecore's report is there."""
        self.run(folder, environment, folder / "test_a.py", "--junitxml=junit.xml")
        assert (folder.parent / "noisecore-results/quick/summary.md").exists()


def test_nobody_listens(own, environment) -> None:
    """A run whose reader goes away while a test runs still leaves its report."""
    own.change("test_a.py", "    robustness", "    import time; time.sleep(2)\n    robustness")
    command = [sys.executable, "-m", "pytest", "-v", "test_a.py", UPDATE]
    process = subprocess.Popen(
        command, cwd=own.path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    seen = b""
    while b"::test_one" not in seen:
        more = os.read(process.stdout.fileno(), 4096)
        assert more
        seen += more
    process.stdout.close()
    assert process.wait(timeout=300) == 0  # its tests passed, whoever reads of it
    assert own.results["curves"]
    assert (own.folder / "summary.md").exists()


def test_function_in_such_a_folder(tmp_path) -> None:
    """A function of one's own is loaded from a file in a folder of a Latin-1 name."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    (folder / "mine.py").write_text("def seven():\n    return 7\n")
    assert load_file(str(folder / "mine.py")).seven() == 7
