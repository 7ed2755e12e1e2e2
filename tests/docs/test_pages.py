"""What the pages show works when it is followed, from the first line to the last."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from pages import (
    PAGES,
    ROOT,
    TEXTS,
    Block,
    commands,
    how_checked,
    named_in_commands,
    read_blocks,
)

from noisecore.cli import main
from noisecore.plugin.options import OPTIONS

# What the pages call my_package: a model of three classes, data, and the same for PyTorch.
MY_PACKAGE = """
import numpy as np

rng = np.random.default_rng(0)
y_test = rng.integers(0, 3, 400)
x_test = rng.random((400, 8, 8, 1)).astype(np.float32) / 2
for k in range(3):
    x_test[y_test == k, 2 * k : 2 * k + 2] += 0.4

def model(x):
    return np.stack([x[:, 2 * k : 2 * k + 2].mean(axis=(1, 2, 3)) for k in range(3)], 1)

def __getattr__(name):
    if name not in ("net", "x", "y"):
        raise AttributeError(name)
    import torch

    class Net(torch.nn.Module):
        def forward(self, images):
            rows = [images[:, 0, 2 * k : 2 * k + 2].mean(dim=(1, 2)) for k in range(3)]
            return torch.stack(rows, 1)

    x = torch.from_numpy(x_test).permute(0, 3, 1, 2)
    return {"net": Net(), "x": x, "y": torch.from_numpy(y_test)}[name]
"""
RUN = ("pytest", "python", "noisecore")  # other commands of a block that is run are the shell's


def write_support(folder: Path) -> None:
    """Write what the pages take for granted: a package of the reader's, and results."""
    (folder / "my_package.py").write_text(MY_PACKAGE)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 400)
    outputs = {
        name: 4 * np.eye(3)[labels] + spread * rng.normal(size=(400, 3))
        for name, spread in {"clean": 0.5, "noisy": 1.5, "noisier": 3.0}.items()
    }
    np.savez(folder / "results.npz", labels=labels, **outputs)


class Reader:
    """Somebody who follows a page in an empty folder. printed: by the last command."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.folder = folder
        self.printed = ""
        self._named = named_in_commands(page)
        self._left_out: set[str] = set()  # files that need what is not installed

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        for told in block.told:
            if told.startswith("edit: "):
                self._edit(*told.removeprefix("edit: ").split(": ", 1))
        if block.says("printed") is not None:
            self._compare(block)
        elif block.language == "python":
            self._write(block)
        elif block.says("run") is not None:
            self._run_all(block)

    def _edit(self, file: str, change: str) -> None:
        old, new = change.split(" -> ")
        text = (self.folder / file).read_text()
        assert old in text
        (self.folder / file).write_text(text.replace(old, new))

    def _write(self, block: Block) -> None:
        if block.says("tested by") is not None or block.says("not run") is not None:
            return
        file = block.file or "snippet.py"
        (self.folder / file).write_text(block.code)
        if self._lacks(block):
            self._left_out.add(file)
        elif file not in self._named:
            self._run(["pytest" if file.startswith("test_") else "python", file], 0, block)

    def _lacks(self, block: Block) -> bool:
        """Return whether a block imports what is not installed, or was left out for that."""
        names = {block.says("needs") or "sys"}
        for node in ast.walk(ast.parse(block.code)):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(str(node.module).partition(".")[0])
            if isinstance(node, ast.ImportFrom) and node.module == "my_package":
                names |= {"torch" for alias in node.names if alias.name == "net"}
        own = {name for name in names if (self.folder / f"{name}.py").exists()}
        left_out = any(f"{name}.py" in self._left_out for name in own)
        return left_out or any(importlib.util.find_spec(name) is None for name in names - own)

    def _run_all(self, block: Block) -> None:
        lines = [shlex.split(line, comments=True) for line in commands(block)]
        lines = [words for words in lines if words[0] in RUN]
        expected = [0] * (len(lines) - 1) + [int(block.says("run") or 0)]
        self.printed = ""
        for words, code in zip(lines, expected, strict=True):
            if not self._left_out.intersection(words):
                self._run(words, code, block)

    def _run(self, words: list[str], code: int, block: Block) -> None:
        command = [sys.executable, *(words[1:] if words[0] == "python" else ["-m", *words])]
        environment = {k: v for k, v in os.environ.items() if k not in ("CI", "GITHUB_ACTIONS")}
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env=environment | {"MPLBACKEND": "agg", "COLUMNS": "80"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.printed = ended.stdout
        assert ended.returncode == code, f"{block}: {words}\n{ended.stdout}{ended.stderr}"

    def _compare(self, block: Block) -> None:
        if not self.printed:
            return
        there = {like(line) for line in self.printed.splitlines()}
        there |= {like(line.removeprefix("E ")) for line in self.printed.splitlines()}
        missing = [line for line in block.code.splitlines() if like(line) not in there]
        assert missing == [], f"{block}: not among what was printed:\n{self.printed}"


def like(line: str) -> str:
    """Return a line without its digits and its number of spaces."""
    return " ".join(re.sub(r"\d+", "0", line).replace("-0", "0").replace("+0", "0").split())


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(how_checked(each) == "run" for each in read_blocks(page))],
    ids=lambda page: page.stem,
)
def test_page_can_be_followed(page, tmp_path) -> None:
    """Files as they stand there, commands as they stand there: each ends as the page says."""
    write_support(tmp_path)
    reader = Reader(page, tmp_path)
    for block in read_blocks(page):
        reader.follow(block)


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_blocks_can_be_read(page) -> None:
    """Python compiles, TOML and YAML parse, and each tested block has a test that knows it."""
    for block in read_blocks(page):
        if block.language == "python":
            compile(block.code, str(block), "exec")
        if block.language == "toml":
            tomllib.loads(block.code)
        if block.language == "yaml" and importlib.util.find_spec("yaml"):
            import yaml

            yaml.safe_load(block.code)
        tested_by = block.says("tested by")
        if tested_by is not None:
            known = (ROOT / tested_by).read_text(encoding="utf-8")
            assert page.name in known, f"{block}: {tested_by} does not read this page"
        assert block.says("not run") != "", f"{block}: say why it is not run"
    assert re.findall(r"^[ \t]+```.*", page.read_text(encoding="utf-8"), re.M) == []


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_options_exist(page) -> None:
    """Each option of the plugin that a page names is one, in its text as in its blocks."""
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"--noise-([a-z]+(?:-[a-z]+)*)", text))
    assert named - {option.name for option in OPTIONS} == set()
    inis = {option.name.replace("-", "_") for option in OPTIONS} | {"profiles"}
    inis |= {"baseline", "model", "scale", "source"}  # fixtures, and what a record names
    assert set(re.findall(r"\bnoise_([a-z_]+)\b", text)) - inis == set()


def help_of(arguments: list[str], capsys) -> str:
    """Return what a command's --help prints."""
    with pytest.raises(SystemExit):
        main([*arguments, "--help"], prog="noisecore")
    return capsys.readouterr().out


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_commands_exist(page, capsys) -> None:
    """Each command of noisecore that a page types is one, and has the options that it is given."""
    typed = re.compile(r"^(?:\S*/)?(?:python -m )?noisecore (.*)")
    for block in read_blocks(page):
        for line in commands(block) if block.language == "sh" else []:
            if found := typed.match(line):
                ours, _, _ = found[1].partition(" -- ")
                name, *words = shlex.split(ours, comments=True)
                shown = help_of([name], capsys)
                for word in words:
                    option = word.partition("=")[0]
                    assert not word.startswith("--") or option in shown, f"{block}: {line}"
