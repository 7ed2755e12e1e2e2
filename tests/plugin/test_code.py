"""A trial's key follows the code of a user's own functions and of their helpers, and no words."""

from __future__ import annotations

import pytest

from noisecore.records import read_record

TEST = '''"""Benchmarks."""
import pytest
from helpers.models import ending
from helpers.weather import DENSITY


def fog(images, scale, *, rng):
    """Lay fog over images."""
    from helpers import late  # where it is needed

    return late.lay(images, scale * DENSITY)


def build_small(input_shape, num_classes):
    """Build a small model."""
    import keras

    layers = [keras.Input(input_shape), keras.layers.Flatten(), ending(num_classes)]
    return keras.Sequential(layers)


@pytest.mark.robustness(
    models=[build_small], noise=fog, scales=[0.5], recipe="quick+epochs=1,batch_size=32"
)
def test_fog(robustness):
    assert robustness.curve.complete
'''
HELPERS = {
    "models.py": """
def ending(classes):
    import keras
    return keras.layers.Dense(classes, activation="softmax")
""",
    "weather.py": "DENSITY = 1\nOTHER = 1\n",
    "late.py": """
import numpy as np

def lay(images, scale):
    return ((1 - scale) * images + np.float32(scale)).astype(np.float32)
""",
}


def edit(path, old: str, new: str) -> None:
    """Replace a text that stands once in a file."""
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_words_change_no_key_and_code_does(run_in, write_tiny, tmp_path, mode) -> None:
    """A run goes on with the trials of one before it, unless a line of their code was changed.

    The worker finds the code that was asked for, whatever the modules are called there.
    """
    write_tiny(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = lib\n")
    helpers = tmp_path / "lib/helpers"
    helpers.mkdir(parents=True)
    for name, text in HELPERS.items():
        (helpers / name).write_text(text)
    folder = tmp_path / "checks"
    folder.mkdir()
    test = folder / "test_own.py"
    test.write_text(TEST)

    def run() -> tuple[str, bool]:
        ended = run_in(tmp_path, "--noise-seeds=1", f"--import-mode={mode}", "--noise-resume")
        assert ended.code == 0, ended.output
        files = (tmp_path / "noisecore-results/quick/trials").glob("*.json")
        record = read_record(max(files, key=lambda file: file.stat().st_mtime_ns))
        return record.key, "resumed_from" in record.trials[0].cost

    key, resumed = run()
    assert not resumed
    edit(test, "Lay fog over images", "Spread fog")
    edit(test, "  # where it is needed", "")
    edit(test, "Build a small model", "Make one")
    edit(helpers / "late.py", "def lay", '"""Words."""\n\n\n# more\ndef lay')
    edit(helpers / "weather.py", "OTHER = 1", "OTHER = 2")
    assert run() == (key, True)
    edit(helpers / "late.py", "(1 - scale) *", "(1 - scale / 2) *")
    other, resumed = run()
    assert (other == key, resumed) == (False, False)
