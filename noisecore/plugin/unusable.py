"""Texts that no option can have, and paths that no system can open."""

from __future__ import annotations

import os
import re

import pytest

from noisecore.escaping import shorten
from noisecore.paths import LONGEST
from noisecore.plugin.options import OPTIONS, destination, option

# Options whose value can be the path of a file or folder.
_PATHS = (
    "dataset", "data-dir", "records", "scheduler", "cache", "artifacts", "baseline",
    "baseline-dir",
)  # fmt: skip


def refuse_unusable(config: pytest.Config) -> None:
    """Refuse texts that no option can have, and paths that no system can open, in one line."""
    for each in OPTIONS:
        name, written = destination(each.name), f"--noise-{each.name}"
        given = config.getoption(name)
        if each.name != "scales" and given is not None and not given.strip():
            # A script's unset variable gives an empty value, which would count as the default.
            raise pytest.UsageError(
                f"noisecore: {written} needs a value, {each.metavar}, got an empty one"
            )
        _refuse_text(written, given or "")
        _refuse_text(name, config.getini(name) or "")
        if each.name in _PATHS and (why := _why_no_path(text := option(config, each.name))):
            raise pytest.UsageError(
                f"noisecore: {written} must be a path that can be used, got {shorten(text)!r}: "
                f"{why}"
            )
    for line in config.getini("noise_profiles"):
        _refuse_text("noise_profiles", line)


def _refuse_text(name: str, text: str) -> None:
    if len(text) > LONGEST or "\0" in text:
        got = "a NUL character" if "\0" in text else f"{len(text)}"
        raise pytest.UsageError(
            f"noisecore: {name} must be a text of at most {LONGEST} characters, got {got}"
        )


def _why_no_path(text: str) -> str:
    """Return why no file or folder can be at a path; empty if one can."""
    file = re.sub(r"\.py:\w+$", ".py", text)
    try:
        os.stat(os.path.expanduser(file))
    except (FileNotFoundError, NotADirectoryError):
        pass  # whatever needs the file reports that it, or its folder, is missing
    except OSError as error:
        return str(error.strerror)
    except ValueError:
        return "no file can have that name"
    return ""
