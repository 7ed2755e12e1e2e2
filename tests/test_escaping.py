"""Names are data, wherever they are shown."""

from __future__ import annotations

import html
import re

import pytest
from odd_names import NAMES

from noisecore.escaping import one_line, terminal, visible
from noisecore.judging.gates import Verdict
from noisecore.showing.github import Finding, make_annotations
from noisecore.showing.markdown import code, fenced, table, text
from noisecore.showing.terminal import say, wrap_text


def verdict_of(sentence):
    """Return a verdict with a sentence of somebody's."""
    return Verdict(gate="floor", curve="c", verdict="fail", sentence=sentence)


def is_command(line) -> bool:
    """Return whether a CI would do what a line of a log says."""
    return line.lstrip().startswith("::") or re.search(r"##\w*\[", line) is not None


def test_there_are_a_hundred() -> None:
    """The names below are a hundred and more, and no two alike."""
    assert len(set(NAMES)) == len(NAMES) >= 100


@pytest.mark.parametrize("show", [visible, one_line])
def test_one_line(show) -> None:
    """A name is one line of characters that are printed, and that every file can hold."""
    for name in NAMES:
        assert show(name).isprintable()
        show(name).encode()


def test_ordinary_names_stay() -> None:
    """What has nothing odd in it is shown as it is, in any script."""
    for name in ("cnn/gaussian/quick+epochs=2", "test_a.py::test_x[1-a]/fog", "é 漢字 ± $5 <b>"):
        assert visible(name) == one_line(name) == terminal(name) == name


def test_terminal() -> None:
    """In a terminal no character acts, lines stay lines, and no line is a command of a CI."""
    for name in NAMES:
        shown = terminal(f"{name}\n  {name}\n{name}").split("\n")
        assert len(shown) == 3 + 3 * name.count("\n")
        assert all(line.isprintable() for line in shown)
        assert not any(map(is_command, shown)), name


def test_wrapped() -> None:
    """A long text that is wrapped begins no line with a command, wherever the line breaks."""
    for width in range(60, 80):
        assert not any(map(is_command, wrap_text("x" * width + " ::warning::w ##[error]e")))


def test_said(capsys) -> None:
    """What the commands print is safe, and an ordinary line is as it was."""
    say("a ± 1\n\x1b[31m\n::error::e")
    assert capsys.readouterr().out == "a ± 1\n\\x1b[31m\n\\::error::e\n"


def test_annotations() -> None:
    """An annotation is one command, whatever its sentence and the name of its file."""
    for name in NAMES:
        finding = Finding(file=name, line=1, verdict=verdict_of(f"fell\n{name}"))
        (line,) = make_annotations([finding])
        assert line.isprintable()
        assert line.startswith("::error file=")
        properties, _, data = line.removeprefix("::error ").partition("::")
        assert len(properties.split(",")) == 3
        assert properties.count(":") == 0
        assert not re.search(r"%(?!25|0A)", data)


def test_markdown_text() -> None:
    """But for its escaped characters, a text has none that begins markup."""
    for name in NAMES:
        rest = re.sub(r"\\[!-/:-@\[-`{-~]", "x", text(name))
        assert not re.search(r"[`*|<\[~$\\]|\b_(?=\s|$)", rest), name
        assert not re.match(r"#{1,6}( |$)|>|[-+=]+$|[-+] |\d+[.)] ", rest), name


def test_markdown_code() -> None:
    """A name as code is one span of code: no backtick and no bar is within, and no tag."""
    for name in filter(str.strip, NAMES):
        shown = code(name)
        inner = re.fullmatch(r"`([^`|]+)`|<code>([^`|<>]+)</code>", shown)
        assert inner, shown
        assert shown.isprintable()


def test_markdown_as_it_is_read() -> None:
    """A reader of Markdown sees the names themselves: in a paragraph, item, head and table."""
    markdown_it = pytest.importorskip("markdown_it")
    read = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    known = "p|ul|li|h2|table|thead|tbody|tr|th|td|code"
    for name in filter(str.strip, NAMES):
        for show in (text, code):
            cell = table(["a", "b"], [[show(name), "x"]])
            shown = f"{show(name)}\n\n- {show(name)}\n\n## {show(name)}\n\n{cell}\n"
            made = read.render(shown)
            plain = re.sub(rf"</?({known})>", "", made)
            assert "<" not in plain, name
            assert html.unescape(plain).count(one_line(name)) == 4, name
            assert made.count("<td>") == 2, name


def test_fences() -> None:
    """A block of code ends at its own fence, whatever its lines are."""
    for name in NAMES:
        head, *lines, end = fenced([name, f"```{name}", "````"], "text").split("\n")
        assert len(lines) == 3
        assert head == f"{end}text"
        assert not any(line.startswith(end) for line in lines)
