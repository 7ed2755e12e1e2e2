"""The value of an option never moves the root of the tests unseen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from own_bench import AUTO, UPDATE

REPOSITORY = Path(__file__).parents[2]
# A value that may exist as a path, for each option that takes a path, or anything.
PATHS = {
    "--noise-artifacts": "",
    "--noise-baseline": "",
    "--noise-baseline-dir": "",
    "--noise-data-dir": "",
    "--noise-records": "",
    "--noise-dataset": "tiny.npz",
    "--noise-scheduler": "scheduler.json",
}
NAMES = {"--noise-scales": "1", "--noise-seeds": "2", "--noise-profile": "quick"}


@pytest.fixture
def elsewhere(bench, tmp_path_factory):
    """Return a folder beside the tests, and no configuration file in either."""
    (bench.path / "tox.ini").unlink()
    folder = tmp_path_factory.mktemp("elsewhere")
    for name in PATHS.values():
        if name:
            (folder / name).write_text("")
    return folder


@pytest.mark.parametrize("option", PATHS)
def test_says_so(bench, usage_line, elsewhere, option) -> None:
    """A value that pytest took for a path of tests is named in one line, with what to write."""
    value = str(elsewhere / PATHS[option])
    line = usage_line(bench.runpytest_inprocess(option, value, "--collect-only"))
    assert f"pytest read {value}, the value of {option}, as a path of tests" in line
    assert f"and not {bench.path}: write {option}={value}" in line


@pytest.mark.parametrize("option", NAMES)
def test_says_so_of_a_name(bench, usage_line, elsewhere, option) -> None:
    """A value that is called like a folder of another project is named too."""
    value = NAMES[option]
    (bench.path / value).mkdir()
    (bench.path / value / "pytest.ini").write_text("[pytest]\n")
    line = usage_line(bench.runpytest_inprocess(option, value, "--collect-only"))
    assert line.endswith(f"write {option}={value}")


@pytest.mark.parametrize("option", ["--noise-artifacts", "--noise-data-dir"])
def test_in_the_environment(bench, usage_line, elsewhere, monkeypatch, option) -> None:
    """The same holds for what PYTEST_ADDOPTS says."""
    monkeypatch.setenv("PYTEST_ADDOPTS", f"-p no:cacheprovider {option} '{elsewhere}'")
    assert f"write {option}={elsewhere}" in usage_line(bench.runpytest_inprocess("test_bench.py"))


def test_another_configuration(bench, usage_line, elsewhere) -> None:
    """A value below another project's configuration file does not bring that in."""
    (elsewhere / "out").mkdir()
    (elsewhere / "pytest.ini").write_text("[pytest]\n")
    line = usage_line(bench.runpytest_inprocess("--noise-artifacts", str(elsewhere / "out")))
    assert f"became {elsewhere} and not {bench.path}" in line


@pytest.mark.parametrize("how", ["equals", "configured", "below", "rootdir", "new"])
def test_harmless(bench, given, elsewhere, how) -> None:
    """A value that leaves the root where it is works as it always did."""
    folder = str(elsewhere)
    arguments = ["--noise-artifacts", folder]
    if how == "equals":
        arguments = [f"--noise-artifacts={folder}"]
    elif how == "configured":
        bench.makeini("[pytest]\n")
    elif how == "below":
        (bench.path / "out").mkdir()
        arguments = ["--noise-artifacts", "out"]
    elif how == "rootdir":
        arguments += ["--rootdir=."]
    else:
        arguments = ["--noise-artifacts", str(elsewhere / "new")]
    result = bench.runpytest_inprocess(*given, *arguments, "test_bench.py", "--collect-only")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"rootdir: {bench.path}"])


def test_second_run(own, usage_line, tmp_path_factory) -> None:
    """Two runs with the same words find the same baseline, or the second says why not."""
    (own.path / "tox.ini").unlink()
    (own.path / "conftest.py").write_text("import sys; sys.path.insert(0, '.')")
    out = tmp_path_factory.mktemp("out") / "new"
    words = ["test_a.py", "--noise-artifacts", str(out)]
    assert own.run(*words, UPDATE).ret == 0
    assert out.is_dir()
    assert f"write --noise-artifacts={out}" in usage_line(own.run(*words, AUTO))
    assert own.run("test_a.py", f"--noise-artifacts={out}", AUTO).ret == 0


def test_examples_are_written_with_equals() -> None:
    """No example in README, docs, help, messages or workflows gives a value after a space."""
    texts = [
        *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "tox.ini", ".ci/run")),
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / ".github").rglob("*.yml"),
        *(REPOSITORY / "noisecore").rglob("*.py"),
        *(REPOSITORY / "benchmarks").glob("*.py"),
    ]
    value = r"[A-Z]{3,}|[\d./{]|(auto|none|pass|fail|simple|rigorous|quick|notebook|float32)\b"
    valued = rf"--noise-(?!update|scales|resume|keep|force)[a-z-]+ ({value})"
    found = [
        f"{path.name}: {line.strip()}"
        for path in texts
        if path.name != "compat.py"  # its bytes are part of every trial's key
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(valued, line)
    ]
    assert found == []
