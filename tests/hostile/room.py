"""A folder with a benchmark, data and records, and how noisecore is called there."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from records_factory import make_sweep

from hostile.cases import Ended

QUIET = [
    "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:faulthandler",
    "--import-mode=importlib", "--tb=short", "-q",
]  # fmt: skip
GIVEN = [
    "--noise-dataset=tiny.npz", "--noise-model=mlp", "--noise-scales=1,4", "--noise-seeds=2",
    "--noise-records=records",
]  # fmt: skip
BENCHMARK = """
import pytest
from noisecore.judging.gates import assert_monotonic, assert_no_regression

@pytest.mark.robustness()
def test_falls(robustness, noise_model):
    assert_monotonic(robustness.curve, slack=0.01)

@pytest.mark.robustness()
def test_no_regression(robustness, noise_baseline, noise_model):
    assert_no_regression(robustness.curve, noise_baseline)
"""


def arrays() -> dict[str, np.ndarray]:
    """Return images of three classes that are easy to tell: 90 to train on, 45 to test on."""
    rng = np.random.default_rng(0)
    labels = np.arange(135) % 3
    images = rng.integers(0, 100, (135, 8, 8), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 2 * label : 2 * label + 2] += 120
    return {
        "x_train": images[:90],
        "y_train": labels[:90],
        "x_test": images[90:],
        "y_test": labels[90:],
    }


@functools.cache
def _template() -> dict[str, bytes]:
    """Return the files of a room, by their paths: made once, by noisecore itself."""
    from noisecore.data import load_dataset

    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        np.savez(room / "tiny.npz", **arrays())
        sha256 = load_dataset(str(room / "tiny.npz")).sha256
        (room / "records").mkdir()
        for record in make_sweep(
            {0.0: 0.9, 1.0: 0.8, 4.0: 0.6},
            model="mlp",
            seeds=(0, 1),
            dataset="tiny.npz",
            dataset_sha256=sha256,
        ):
            (room / f"records/{record.key}.json").write_text(json.dumps(record.to_dict()))
        (room / "test_bench.py").write_text(BENCHMARK)
        (room / "pytest.ini").write_text("[pytest]\n")
        made = run_pytest(room, "test_bench.py", *GIVEN, "--noise-update-baseline")
        assert made.code == 0, made
        for path in room.rglob("*"):
            if path.name.startswith(".lock"):
                path.unlink()
        return {str(p.relative_to(room)): p.read_bytes() for p in room.rglob("*") if p.is_file()}


def furnish(room: Path, *, baseline: bool = False, results: bool = False) -> Path:
    """Write the benchmark, its data and records; and the baseline and the results if asked for."""
    for name, content in _template().items():
        first = name.partition("/")[0]
        if {"benchmarks": baseline, "noisecore-results": results}.get(first, True):
            path = room / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return room


def run_pytest(room: Path, *arguments: str) -> Ended:
    """Run pytest in a folder, in this process, and forget what it imported from there."""
    import pytest

    import noisecore.showing.report as report
    from noisecore.models import BUILDERS
    from noisecore.noise import FAMILIES

    # The pictures are looked at elsewhere, and cost a second a run.
    report._pictures = lambda *given: ()
    modules, path = set(sys.modules), list(sys.path)
    try:
        return captured(room, lambda: int(pytest.main([*QUIET, *arguments])))
    finally:
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", None) or room).startswith(str(room)):
                del sys.modules[name]
        sys.path[:] = path
        for functions in (BUILDERS, FAMILIES):
            functions._own.clear()


def run_command(room: Path, *arguments: str) -> Ended:
    """Run `python -m noisecore` in a folder, in this process."""
    from noisecore.cli import main

    return captured(room, lambda: main(arguments))


def captured(room: Path, call: Callable[[], int]) -> Ended:
    """Return what a call in a folder came to, with all that this process wrote."""
    here = os.getcwd()
    os.chdir(room)
    streams = (1, sys.stdout), (2, sys.stderr)
    kept, files = [], []
    for number, stream in streams:
        stream.flush()
        kept.append(os.dup(number))
        files.append(tempfile.TemporaryFile(dir=here))  # noqa: SIM115 (closed below)
        os.dup2(files[-1].fileno(), number)
    try:
        code = call()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        texts = []
        for (number, stream), old, file in zip(streams, kept, files, strict=True):
            stream.flush()
            os.dup2(old, number)
            os.close(old)
            file.seek(0)
            texts.append(file.read().decode(errors="backslashreplace"))
            file.close()
        os.chdir(here)
    return Ended(code, *texts)


def clear(room: Path) -> None:
    """Take the folder away, whatever is in it."""
    shutil.rmtree(room, ignore_errors=True)
