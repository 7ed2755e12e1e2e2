"""A function's code is found whatever kind of function it is, and wherever it was written."""

from __future__ import annotations

import inspect

import pytest
from user_repository import change, load

from noisecore.code import function_sha256


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ("half = density / HALF", "half = density * HALF", True),
        ("HALF = 2", "HALF = 3", True),
        ("return images * half\n", "return images - half\n", True),
        ("other = 1", "other = 2", False),
    ],
)
def test_function_inside_a_function(repository, old, new, differs) -> None:
    """What a function takes from the one around it counts, and no more of that."""
    before = function_sha256(load(repository / "noise.py").make(1)[0])
    change(repository, "noise.py", old, new)
    assert (function_sha256(load(repository / "noise.py").make(1)[0]) != before) is differs


def test_lambda(repository) -> None:
    """A lambda is known by its code, and by what it uses, whatever stands beside it."""
    before = function_sha256(load(repository / "noise.py").make(1)[1])
    change(repository, "noise.py", "return images * half\n", "return images - half\n")
    assert function_sha256(load(repository / "noise.py").make(1)[1]) == before
    change(repository, "noise.py", "lambda images: images", "lambda images: 2 * images")
    assert function_sha256(load(repository / "noise.py").make(1)[1]) != before


def test_method(repository) -> None:
    """A method is known by its class."""
    before = function_sha256(load(repository / "noise.py").Cloud.__call__)
    change(repository, "noise.py", "return images + LIMIT", "return images - LIMIT")
    assert function_sha256(load(repository / "noise.py").Cloud.__call__) != before


def test_file_that_changed_since(repository) -> None:
    """The hash is that of the code in the file, where this has changed under a loaded module."""
    module = load(repository / "noise.py")
    before = function_sha256(module.fog)
    text = (repository / "noise.py").read_text()
    (repository / "noise.py").write_text("# words\n\n\n" + text)
    assert function_sha256(module.fog) == before
    (repository / "noise.py").write_text("# words\n\n\n" + text.replace("LIMIT = 3", "LIMIT = 4"))
    assert function_sha256(module.fog) != before


def test_code_that_is_nowhere() -> None:
    """Code that was made from a text has no source to be known by, and a builtin never had any."""
    made: dict = {}
    exec("def fog(images, scale, *, rng):\n    return images", made)
    with pytest.raises(OSError, match="source code not available"):
        function_sha256(made["fog"])
    with pytest.raises(TypeError):
        function_sha256(len)


def test_notebook_cell(monkeypatch) -> None:
    """A function in a cell of a notebook is known by what the cell has of it."""
    import linecache

    def cell(text):
        made = {"__name__": "__main__"}
        exec(compile(text, "<cell 1>", "exec"), made)
        monkeypatch.setitem(
            linecache.cache, "<cell 1>", (len(text), None, text.splitlines(True), "<cell 1>")
        )
        return function_sha256(made["fog"])

    text = "K = 1\ndef fog(images, scale, *, rng):\n    '''Words.'''\n    return images + K\n"
    before = cell(text)
    assert cell("J = 3\n" + text.replace("Words", "Others")) == before
    assert cell(text.replace("K = 1", "K = 2")) != before


def test_source_that_is_no_python(repository) -> None:
    """Where the source cannot be found again in the file's code, it is the text that counts."""
    module = load(repository / "noise.py")
    code = module.fog.__code__.replace(co_qualname="made.up")
    module.fog.__code__ = code
    before = function_sha256(module.fog)
    assert before.startswith("code1:")
    assert inspect.getsource(module.fog).startswith("def fog")
    change(repository, "noise.py", "  # only here", "")
    assert function_sha256(module.fog) != before
