"""The README says what is there."""

import re
from pathlib import Path

import pytest

from noisecore.plugin.options import OPTIONS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_option_is_listed() -> None:
    """The README's table has every option of the plugin, and no other."""
    listed = re.findall(r"^\| `--noise-([a-z-]+)", README, re.MULTILINE)
    assert listed == [option.name for option in OPTIONS]


@pytest.mark.parametrize("name", ["run", "test"])
def test_a_command_sets_everything_up(name) -> None:
    """Each of the two commands stands in a block that CI can find, and is one line."""
    block = re.search(rf"^<!-- ci: {name} -->\n```sh\n(.*?)\n```$", README, re.M | re.S)
    assert block is not None
    assert "\n" not in block[1]
    assert "-m venv" in block[1]


def test_links_lead_somewhere() -> None:
    """Every file that the README links to or shows is in the repository."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
