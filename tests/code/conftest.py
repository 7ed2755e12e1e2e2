"""What the tests of code share: a user's repository."""

from __future__ import annotations

import sys

import pytest
from user_repository import FILES, forget


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Write the repository, and return its folder; its modules are forgotten afterwards."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    forget()
