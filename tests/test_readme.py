"""The README's two commands and its first test work as they stand there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["run", "test"])
def test_a_command_sets_everything_up(name) -> None:
    """Each of the two commands stands in a block that CI can find, and is one line."""
    block = re.search(rf"^<!-- ci: {name} -->\n```sh\n(.*?)\n```$", README, re.M | re.S)
    assert block is not None
    assert "\n" not in block[1]
    assert "-m venv" in block[1]


def test_it_is_one_screen_and_a_bit() -> None:
    """It has at most 150 lines and 8 KB, and stands on a package index: its links are absolute."""
    assert len(README.splitlines()) <= 150
    assert len(README.encode()) <= 8192
    targets = re.findall(r"\]\(([^)\s]+)\)", README)
    assert len(targets) >= 10
    assert [target for target in targets if not target.startswith("https://")] == []


def test_the_first_test_as_it_is_shown(pytester, monkeypatch) -> None:
    """The README's digits pass against their baseline, and fail with a worse classifier."""
    pytest.importorskip("sklearn")
    monkeypatch.delenv("CI", raising=False)
    code = re.search(r"^```python\n(# test_digits.py\n.*?)^```$", README, re.M | re.S)
    assert code is not None
    test = pytester.path / "test_digits.py"
    test.write_text(code[1])
    commands = re.findall(r"^(?:\.venv/bin/)?pytest test_digits.py (.*?)\s*#", README, re.M)
    assert len(commands) == 2
    for command in commands:
        assert pytester.runpytest_subprocess(test, *command.split()).ret == 0
    test.write_text(code[1].replace("LogisticRegression(max", "LogisticRegression(C=100, max"))
    worse = pytester.runpytest_subprocess(test, *commands[-1].split())
    assert worse.ret == 1
    worse.stdout.fnmatch_lines(["*no regression: fail:** than its baseline*"])
