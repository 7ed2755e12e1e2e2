"""Texts that no option can have: thousands of digits, NUL characters, names that are too long."""

from __future__ import annotations

import pytest

from noisecore.plugin.options import OPTIONS

TEXTS = {"digits": "9" * 5000, "nul": "a\0b"}

# One option of each way in which a text is read, and what is said of a number with many digits.
NUMBERS = {
    "--noise-workers": "workers must be a whole number >= 0",
    "--noise-retries": "retries must be a whole number >= 0",
    "--noise-seeds": "seeds must be a whole number >= 1",
    "--noise-images": "images must be a whole number >= 1",
    "--noise-scales": "scales must be finite numbers > 0",
    "--noise-trial-timeout": "trial-timeout must be seconds > 0",
    "--noise-margins": "margins must be written as",
    "--noise-recipe": "unknown recipe",
    "--noise-recipe=quick+epochs": "epochs must be a whole number from 1 to 1000000000",
    "--noise-recipe=quick+batch_size": "batch_size must be a whole number from 1 to 1000000000",
    "--noise-recipe=quick+learning_rate": "learning_rate must be a finite number > 0",
    "--noise-model": "unknown model",
    "--noise-profile": "unknown profile",
    "--noise-gate": "must be auto or simple or rigorous",
}

PATHS = {
    "--noise-dataset": ".npz",
    "--noise-data-dir": "",
    "--noise-records": "",
    "--noise-scheduler": "",
    "--noise-artifacts": "",
    "--noise-cache": "",
    "--noise-baseline": ".json",
    "--noise-baseline-dir": "",
}


@pytest.mark.parametrize("option", [each.name for each in OPTIONS])
def test_command_line(bench, given, usage_line, option) -> None:
    """A text that no option can have is one line, and a short one."""
    for text in TEXTS.values():
        line = usage_line(bench.runpytest_inprocess(*given, f"--noise-{option}={text}"))
        assert f"--noise-{option} must be a text of at most 4096 characters" in line
        assert len(line) < 300


@pytest.mark.parametrize("option", [each.name for each in OPTIONS if each.ini])
def test_ini(bench, usage_line, option) -> None:
    """So it is in the configuration."""
    name = f"noise_{option.replace('-', '_')}"
    for text in TEXTS.values():
        line = usage_line(bench.runpytest_inprocess("-o", f"{name}={text}"))
        assert f"{name} must be a text of at most 4096 characters" in line


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mine: base=quick seeds=" + "9" * 5000, "noise_profiles must be a text of at most 4096"),
        ("mine: base=quick dataset=a\0b.npz", "noise_profiles must be a text of at most 4096"),
        ("x" * 300 + ": base=quick", "its name must have 200 bytes at most"),
        ("mine: seeds=" + "9" * 4000, "seeds must be a whole number >= 1"),
        ("mine: recipe=quick+epochs=" + "9" * 4000, "epochs must be a whole number"),
        ("mine: clip=0:" + "9" * 4000, "clip must be two ascending numbers"),
    ],
)
def test_profile(bench, usage_line, line, message) -> None:
    """And in each part of a profile."""
    shown = usage_line(bench.runpytest_inprocess("-o", f"noise_profiles={line}"))
    assert message in shown
    assert len(shown) < 400


@pytest.mark.parametrize("option", NUMBERS)
def test_number(bench, given, usage_line, option) -> None:
    """A number of more digits than anything counts is one line, shortened."""
    line = usage_line(bench.runpytest_inprocess(*given, f"{option}={'9' * 4000}"))
    assert NUMBERS[option] in line
    assert len(line) < 400


@pytest.mark.parametrize("option", PATHS)
def test_name(bench, given, usage_line, option) -> None:
    """A name that no file system takes is one line that names the option."""
    line = usage_line(bench.runpytest_inprocess(*given, f"{option}={'x' * 300}{PATHS[option]}"))
    assert f"{option} must be a path that can be used" in line
    assert "File name too long" in line


def test_loop(bench, given, usage_line) -> None:
    """So is a path that leads nowhere for ever."""
    (bench.path / "loop").symlink_to("loop")
    for option in PATHS:
        line = usage_line(bench.runpytest_inprocess(*given, f"{option}=loop/inside"))
        assert f"{option} must be a path that can be used" in line
