"""The form of code that does not depend on how it is written, nor on the Python that reads it."""

from __future__ import annotations

import warnings

import pytest
from hard_sources import SOURCES

from noisecore.code import canonical, code_sha256, files_sha256, kind_of, parse, shortened

# As Python 3.11, 3.12 and 3.13 give them; so must any other. A change of them is a new kind.
GOLDEN = {
    "f-strings": "cebff6f36ea86b8cde0687d67c962dbda88d84a3d9e6f8a98d3e8f1890ebcfc0",
    "match": "95b1fc7ba345095a6f12e74ec93d8b7a5c64ba2534f706d6ef0b8bc12ac37712",
    "constants": "1b282516152dd0da8805da764e62a4a05b0555d67cda307556107d158570cc25",
    "calls and operators": "35c037a292898385f4495de77d2f9c25aefb43daf604ad78621222ef30288503",
    "async": "ede0639ae4d517961924167cfb313883fa2b0f556ddc5618d1e8ba4b2ae57ceb",
    "classes and decorators": "ab55fb2cc88d2836d1e754214d7634ca108a2ad37d1b42dace4ca9e29383e448",
    "statements": "7fe9a2705d02100e4919a9bb70cd33dc22bcfd7651a213e733de22a95c413093",
    "lambdas": "07fb08188b33a551e0ec9e6a3bab8554954775d8d836fb389dc293656eac531a",
    "deep sum": "4a734b65f4bf42248f64288a1431a2b4e9a6bd017b1dd890d0b4970ccc45584d",
    "no words": "14f988213057a29249687716c1a682d647873818b12b18482994a9378917c167",
}


def sha256(source: str | bytes) -> str:
    """Return the hash of a source's code."""
    return code_sha256([canonical(parse(source))])


@pytest.mark.parametrize("name", SOURCES)
def test_the_same_on_every_python(name) -> None:
    """Hard sources have the same hash whatever Python reads them."""
    assert sha256(SOURCES[name]) == f"code1:{GOLDEN[name]}"


PLAIN = "def f(x, y=1):\n    if x:\n        return g('a', y)\n"


@pytest.mark.parametrize(
    "other",
    [
        "# a comment\n\n\ndef f(x, y = 1):  # more\n  if (x):\n\n    return g(\n 'a',\n y)\n",
        "def f(x, y=1):\n    if x: return g('a', y)",
        '"""Words."""\ndef f(x, y=0x1):\n    """Words."""\n    if x:\n        return g("a", (y))\n',
        "def f(x, y=1):\n    'Words'\n    'More'\n    if x:\n        return g(f'a', y)\n    pass\n",
        "def f(x, y=1):\n    if x:\n        return g(u'' '''a''', y)\n    else:\n        ...\n",
        PLAIN.replace("\n", "\r\n"),
        "\ufeff" + PLAIN,
    ],
)
def test_how_it_is_written(other) -> None:
    """Comments, docstrings, layout, quotes and statements that do nothing change no hash."""
    assert sha256(other.encode()) == sha256(PLAIN)


@pytest.mark.parametrize(
    "other",
    [
        PLAIN.replace("y=1", "y=2"),
        PLAIN.replace("y=1", "y=1.0"),
        PLAIN.replace("y=1", "y=True"),
        PLAIN.replace("y=1", "y=None"),
        PLAIN.replace("y=1", "*, y=1"),
        PLAIN.replace("y=1", "y: int=1"),
        PLAIN.replace("'a'", "'b'"),
        PLAIN.replace("'a'", "b'a'"),
        PLAIN.replace("'a'", "a"),
        PLAIN.replace("'a'", "'''a\n'''"),
        PLAIN.replace("'a', y", "y, 'a'"),
        PLAIN.replace("if x", "if not x"),
        PLAIN.replace("if x", "while x"),
        PLAIN.replace("def f", "async def f"),
        PLAIN.replace("return g", "g"),
        PLAIN + "f()\n",
        PLAIN + "    return 1\n",
        PLAIN + "        return 1\n",
    ],
)
def test_what_it_does(other) -> None:
    """Every change of what code does is another hash."""
    assert sha256(other) != sha256(PLAIN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{**a, 1: 2}", "{1: 2, **a}"),
        ("a[1:]", "a[:1]"),
        ("a[1:2]", "a[1, 2]"),
        ("lambda *, a, b=1: 0", "lambda *, a=1, b: 0"),
        ("lambda a, /, b: 0", "lambda a, b, /: 0"),
        ("f'{x!r}'", "f'{x!s}'"),
        ("f'{x:>{y}}'", "f'{x:>y}'"),
        ("f'{x}y'", "f'y{x}'"),
        ("f'{{x}}'", "f'{x}'"),
        ("[1, [2]]", "[[1], 2]"),
        ("(a, b)", "a, (b,)"),
        ("'a', 'b'", "'a' 'b'"),
        ("-1", "+1"),
        ("1j", "1"),
    ],
)
def test_near_each_other(one, other) -> None:
    """What is written almost alike is still told apart."""
    assert sha256(f"x = {one}") != sha256(f"x = {other}")


def test_code_that_reads_its_docstring() -> None:
    """Of code that names `__doc__` the docstrings are a part."""
    sources = [f'def f():\n    """{words}"""\n    return f.__doc__\n'.encode() for words in "ab"]
    assert files_sha256(sources[:1]) != files_sha256(sources[1:])


def test_parsing_says_nothing_of_its_own() -> None:
    """A source that Python would warn of is read without a word, also where warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sha256(r"x = '\d'") == sha256(r"x = '\\d'")


def test_kinds() -> None:
    """A hash says of what kind it is; a plain one is of none."""
    new = sha256("x = 1")
    assert (kind_of(new), kind_of("a" * 64), kind_of("edited")) == ("code1", "", "")
    assert shortened(new) == new[6:18]
    assert shortened("a" * 64) == "a" * 12
