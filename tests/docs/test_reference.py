"""The reference is complete: options, commands, names, fields, exit codes."""

from __future__ import annotations

import re

import pytest
from pages import DOCS

import noisecore
import noisecore.testing
from noisecore.cli import codes, main
from noisecore.plugin.options import OPTIONS
from noisecore.recipes import Recipe


def read(page: str) -> str:
    """Return the text of a page of the reference."""
    return (DOCS / "reference" / page).read_text(encoding="utf-8")


def test_every_option_is_listed() -> None:
    """The tables have each option of the plugin once, and no other, with its default."""
    rows = re.findall(r"^\| `--noise-([a-z-]+)[^|]*\|[^|]*\|([^|]*)\|", read("options.md"), re.M)
    assert sorted(name for name, _ in rows) == sorted(option.name for option in OPTIONS)
    told = dict(rows)
    for option in OPTIONS:
        assert not option.default or f"`{option.default}`" in told[option.name], option.name


def test_what_no_value_means_is_told() -> None:
    """The value that an option has without one is in its help, and in the table."""
    for option in OPTIONS:
        if option.bare not in (None, "yes"):
            assert f"'{option.bare}'" in option.help, option.name
            row = rf"^\| `--noise-{option.name}\b.*`={option.bare}`"
            assert re.search(row, read("options.md"), re.M), option.name


def test_every_command_has_a_section(capsys) -> None:
    """Each command of noisecore has an example and its help, which is made of the command."""
    with pytest.raises(SystemExit):
        main(["nothing"])
    names = re.findall(
        r"\w+", capsys.readouterr().err.partition("choose from")[2].partition(")")[0]
    )
    assert {"data", "compare"} <= set(names)
    page = read("commands.md")
    for name in names:
        section = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", page, re.M | re.S)
        assert section is not None, name
        assert f"```{{command-help}} {name}\n" in section[1]
        assert re.search(rf"^noisecore {name}\b", section[1], re.M)


def test_every_exit_code_is_listed() -> None:
    """The table has the codes that a command ends with."""
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", read("commands.md"), re.M)}
    assert listed == {value for value in vars(codes).values() if isinstance(value, int)}


def test_every_name_is_listed() -> None:
    """The API has each public name once; what `noisecore.testing` defines is among them."""
    listed = re.findall(r"^\.\. auto\w+:: noisecore\.(\w+)$", read("api.md"), re.M)
    assert sorted(listed) == noisecore.__all__
    defined = [
        name
        for name, thing in vars(noisecore.testing).items()
        if getattr(thing, "__module__", "") == "noisecore.testing" and not name.startswith("_")
    ]
    assert [name for name in defined if name not in listed] == []


def test_files_are_described() -> None:
    """Both schemas are shown, field by field, and the recipe's fields are where train.md says."""
    page = read("files.md")
    assert all(f"```{{schema}} {name}\n" in page for name in ("record", "results"))
    assert "autoclass:: noisecore.Recipe" in read("api.md")
    assert set(Recipe(name="a").values()) <= set(re.findall(r"\w+", Recipe.__doc__ or ""))
