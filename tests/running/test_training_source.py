"""The hashes of code that a trial's numbers depend on: noisecore's own, and a user's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from needs import needs_tensorflow

import noisecore
from noisecore.data import load_dataset
from noisecore.functions import load_file
from noisecore.noise import FAMILIES
from noisecore.running.trials import run_trials, training_source


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """Return a function that edits a file of a copy of noisecore, and returns the hash of that."""
    package = Path(noisecore.__file__).parent
    for file in package.rglob("*.py"):
        copy = tmp_path / file.relative_to(package)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    monkeypatch.setattr(noisecore, "__file__", str(tmp_path / "__init__.py"))

    def edit(file: str, old: str, new: str) -> str:
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return training_source()

    return edit


def test_words(edited) -> None:
    """A docstring or a comment of training.py changes no key."""
    before = training_source()
    assert before.startswith("code1:")
    assert edited("running/training.py", '"""', '"""Words. ') == before
    assert edited("running/training.py", "\n\n\n", "\n\n\n# more words\n") == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("running/training.py", "import math\n", "import math as maths\n"),
        ("running/trials.py", "random.getstate()", "random.getstate() or None"),
        ("running/images.py", "np.float32", "np.float64"),
        ("noise/streams.py", "BLOCK = 256", "BLOCK = 128"),
        ("noise/families.py", "scale / 2", "scale / 3"),
        ("data/dataset.py", "images, 255", "images, 256"),
        ("data/subset.py", "keys, members", "members, keys"),
    ],
)
def test_code(edited, file, old, new) -> None:
    """A changed line of any file of it does."""
    before = training_source()
    assert edited(file, old, new) != before


@needs_tensorflow
def test_other_code_than_was_asked_for(tiny, tmp_path, monkeypatch) -> None:
    """A trial whose noise is not the one that was asked for fails, and says what may be wrong."""
    (tmp_path / "own.py").write_text(
        "def mist(images, scale, *, rng):\n    return images + scale\n"
    )
    monkeypatch.setattr(FAMILIES, "_own", {})
    FAMILIES.add(load_file(str(tmp_path / "own.py")).mist)
    trial = replace(tiny.trials["noisy"], noise="mist", noise_source="code1:" + "0" * 64)
    (record,) = run_trials([trial], load_dataset(tiny.path), run="r", conditions={})
    assert record.status == "failed"
    assert record.reason is not None
    assert record.reason.startswith(
        "the code of the noise mist, or of a module that it imports, is"
    )
