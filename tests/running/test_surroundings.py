"""What a training depends on outside its key, and what its functions read while they run."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import threading

import pytest
from needs import needs_tensorflow

from noisecore.data import load_dataset
from noisecore.models import build_mlp
from noisecore.running import surroundings as module
from noisecore.running import trials
from noisecore.running.surroundings import surroundings
from noisecore.running.watch import watched


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return the folder that Keras reads its settings from, empty."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def test_variables(home, monkeypatch) -> None:
    """What TensorFlow and its libraries read counts; what a worker is given anyway does not."""
    before = surroundings()
    monkeypatch.setenv("GITHUB_RUN_ID", "17")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    assert surroundings() == before
    for name in ("TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS", "ONEDNN_MAX_CPU_ISA", "PYTHONHASHSEED"):
        with monkeypatch.context() as patched:
            patched.setenv(name, "17")
            assert surroundings() != before, name


def test_keras_settings(home) -> None:
    """The usual settings are those of no file at all, for Keras writes one; others count."""
    before = surroundings()
    usual = '{"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow"}'
    (home / "keras.json").write_text(usual)
    assert surroundings() == before
    found = {before}
    for text in ('{"floatx": "float64"}', '{"image_data_format": "channels_first"}', "{", "[]"):
        (home / "keras.json").write_text(text)
        found.add(surroundings())
    assert len(found) == 5


class Found:
    """An installed package."""

    def __init__(self, name, version, record=None) -> None:
        self.metadata, self.version = {"Name": name}, version
        self._texts = {"RECORD": record, "direct_url.json": record and "{}"}

    def read_text(self, name):
        """Return what it says of itself."""
        return self._texts[name]


@pytest.mark.parametrize(
    "other",
    [
        [Found("keras", "3.1")],
        [Found("keras", "3.0"), Found("scipy", "1.0")],
        [Found("keras", "3.0", "keras.py,sha256=1")],
        [Found("keras", "3.0", "keras.py,sha256=2")],
    ],
)
def test_packages(home, monkeypatch, other) -> None:
    """Another version counts, a package more, and what has changed in one without a release."""

    def now(found) -> str:
        module._packages.cache_clear()
        monkeypatch.setattr(module, "distributions", lambda: found)
        return surroundings()

    try:
        first = now([Found("keras", "3.0"), Found("NoiseCore", "0.1")])
        assert now([Found("Keras", "3.0"), Found("noisecore", "0.2")]) == first
        assert now(other) != first
        assert len({now([each]) for each in (Found("a", "1", "x"), Found("a", "1", "y"))}) == 2
    finally:
        module._packages.cache_clear()


@pytest.mark.parametrize("name", ["_source", "_instructions"])
def test_noisecore_and_processor(home, monkeypatch, name) -> None:
    """Another source of noisecore counts, and another instruction set."""
    before = surroundings()
    monkeypatch.setattr(module, name, lambda: "other")
    assert surroundings() != before


def test_source_has_all_that_trains() -> None:
    """Whatever a record's own hash of noisecore covers is in that of the surroundings, too."""
    from noisecore.running.trials import _SOURCES

    assert all(name.split("/")[0] in module._TRAINS or name in module._ALONE for name in _SOURCES)


def heard(call) -> list[str]:
    """Return what is heard of a call."""
    found: list[str] = []
    with watched("it", found):
        call()
    return found


def test_what_is_heard(tmp_path) -> None:
    """A file that is opened is heard of, and another program; not code, nor another thread."""
    path = tmp_path / "table.txt"
    path.write_text("1")
    assert heard(path.read_text) == ["it opens table.txt"]
    assert "it uses subprocess.Popen" in heard(lambda: subprocess.run(["true"], check=True))
    (tmp_path / "some_code.py").write_text("X = 1")
    assert heard((tmp_path / "some_code.py").read_text) == []
    assert heard(lambda: open(os.__file__).close()) == []
    # It looks for packages in each place of code, as in an archive that is not there.
    assert any(place.endswith(".zip") for place in sys.path)
    assert heard(lambda: list(importlib.metadata.distributions())) == []

    def elsewhere() -> None:
        thread = threading.Thread(target=path.read_text)
        thread.start()
        thread.join()

    assert heard(elsewhere) == []
    path.read_text()
    assert heard(lambda: sys.intern("x")) == []


@needs_tensorflow
def test_record_says_what_was_read(tiny, tmp_path, monkeypatch) -> None:
    """A builder that opens a file while it builds leaves that in the record; no other does."""
    path = tmp_path / "width.txt"
    path.write_text("4")

    def build(shape, classes):
        assert path.read_text()
        return build_mlp(shape, classes)

    data, trial = load_dataset(tiny.path), tiny.trials["clean"]
    for builder, told in ((build, "its builder opens width.txt"), (build_mlp, None)):
        monkeypatch.setattr(trials, "get_builder", lambda name, builder=builder: builder)
        (record,) = trials.run_trials([trial], data, run="a run", conditions={})
        assert record.status == "complete"
        assert record.cost.get("outside") == told
