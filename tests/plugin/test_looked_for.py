"""What was not collected has not vanished; what was looked for and is gone has."""

from __future__ import annotations

import pytest
from own_bench import AUTO, ONE, TEST, TWO, UPDATE


def break_one(own) -> None:
    """Let a test of test_a.py fail in the next run, so that --lf has something to select."""
    own.change("test_a.py", "def test_one", "def test_fails(): assert False\n\ndef test_one")
    own.run("test_a.py::test_fails")


# What leaves test_b.py out, wholly or in part: a name, the arguments, a change of the files.
LEFT_OUT = {
    "lf": (["--lf"], break_one),
    "ignore": (["--ignore=test_b.py"], None),
    "ignore-glob": (["--ignore-glob=*_b.py"], None),
    "deselect": (["--deselect=test_b.py::test_two"], None),
    "k": (["-k", "one"], None),
    "path": (["test_a.py"], None),
    "node": (["test_a.py::test_one"], None),
    "conftest": ([], lambda own: own.pytester.makeconftest("collect_ignore = ['test_b.py']")),
    "hook": (
        [],
        lambda own: own.pytester.makeconftest(
            "def pytest_ignore_collect(collection_path): return collection_path.name == 'test_b.py'"
        ),
    ),
    "module skip": (
        [],
        lambda own: own.change(
            "test_b.py", "import pytest", "import pytest; pytest.importorskip('zz')"
        ),
    ),
    "import error": (
        ["--continue-on-collection-errors"],
        lambda own: own.change("test_b.py", "import pytest", "import pytest, zzzz"),
    ),
    "mark": (
        ["-m", "not odd"],
        lambda own: own.change("test_b.py", "def test_two", "@pytest.mark.odd\ndef test_two"),
    ),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_left_out(own, name) -> None:
    """A curve whose test was left out is neither called vanished nor taken out by a renewal."""
    arguments, change = LEFT_OUT[name]
    own.make()
    if change is not None:
        change(own)
    result = own.run(AUTO, *arguments)
    assert "vanished" not in result.stdout.str()
    own.run(*arguments, UPDATE)
    assert own.curves == [ONE, TWO]


def test_folder_that_is_not_entered(own) -> None:
    """A folder that pytest does not enter was not looked at, as little as a file in it."""
    (own.path / "sub").mkdir()
    (own.path / "test_b.py").rename(own.path / "sub/test_b.py")
    own.run(UPDATE)
    result = own.run(AUTO, "-o", "norecursedirs=sub")
    assert result.ret == 0, result.stdout.str()
    (own.path / "sub/test_b.py").unlink()
    assert own.run(AUTO, "--ignore=sub").ret == 0
    assert "vanished" in own.run(AUTO).stdout.str()


@pytest.mark.parametrize("how", ["test", "class", "file", "fixture", "empty", "parameter"])
def test_gone(own, how) -> None:
    """A curve whose file was looked at and has no such test, or is not there, has vanished."""
    if how == "class":
        own.write(
            "test_b.py",
            "class TestIt:\n" + TEST.replace("\n", "\n    ").replace("NAME(", "two(self, "),
        )
    if how == "parameter":
        text = TEST.replace("NAME(", "two(case, ")
        own.write("test_b.py", "\n@pytest.mark.parametrize('case', ['a', 'b'])" + text)
    assert own.run(UPDATE).ret == 0
    before = own.curves
    assert len(before) == (3 if how == "parameter" else 2)
    if how in ("test", "class"):
        own.change("test_b.py", "test_two", "test_other")
    elif how == "file":
        (own.path / "test_b.py").unlink()
    elif how == "fixture":
        own.write("test_b.py", "def test_two(robustness):\n"
                  "    robustness.evaluate(model, *images(), scales=[0.2, 1])\n")  # fmt: skip
    elif how == "empty":
        (own.path / "test_b.py").write_text("# nothing left\n")
    else:
        own.change("test_b.py", "'a', 'b'", "'a'")
    result = own.run(AUTO)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "1 of the curves in" in result.stdout.str()
    assert "test_b.py" in result.stdout.str().partition("vanished:")[2]
    assert own.run(UPDATE).ret == 0
    assert set(own.curves) != set(before)


def test_another_file_of_the_same_curve(own) -> None:
    """A curve that two files compared has not vanished where only one of them was looked at."""
    own.make()
    origin = '"tests": [\n    "test_b.py"\n   ]'
    text = own.baseline.read_text()
    assert origin in text
    two = '"tests": [\n    "test_b.py",\n    "test_c.py"\n   ]'
    own.baseline.write_text(text.replace(origin, two))
    own.write("test_c.py", TEST.replace("NAME", "three"))
    own.write("test_b.py", "def test_plain(): pass\n")
    assert "vanished" not in own.run(AUTO, "test_a.py", "test_b.py").stdout.str()


def test_selected_within_a_file(own) -> None:
    """A test beside the selected one is known, and so is a class that pytest did not enter."""
    own.write(
        "test_b.py",
        TEST.replace("NAME", "two")
        + "\nclass TestIt:\n"
        + TEST.replace("\n", "\n    ").replace("NAME(", "three(self, "),
    )
    assert own.run(UPDATE).ret == 0
    result = own.run(AUTO, "test_b.py::test_two")
    assert result.ret == 0, result.stdout.str()
    assert own.run("test_b.py::test_two", UPDATE).ret == 0
    assert len(own.curves) == 3


def test_under_xdist(own) -> None:
    """What the workers collected decides under xdist too."""
    own.make()
    assert own.run(AUTO, "--ignore=test_b.py", "-n1").ret == 0
    own.change("test_b.py", "test_two", "test_other")
    result = own.run(AUTO, "-n2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*test_b.py::test_two/gaussian: no test in test_b.py compares it"])
