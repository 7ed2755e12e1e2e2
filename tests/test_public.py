"""The public face: its names, what loads when, and the examples of its docstrings and pages."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import noisecore

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
HEAVY = ("pandas", "scipy", "matplotlib", "pytest", "tensorflow", "keras")


def loaded_by(statement: str) -> list[str]:
    """Return the heavy packages that a fresh process has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.split()


def test_a_judged_run_is_lean() -> None:
    """What a run judges and shows with needs neither TensorFlow nor SciPy's slow parts."""
    code = (
        "import sys, noisecore.plugin, noisecore.showing.report\n"
        "from noisecore import assert_no_regression, assert_floor\n"
        "slow = {'scipy.stats', 'scipy.optimize', 'scipy.integrate', 'tensorflow', 'keras'}\n"
        "print(*sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_names() -> None:
    """Every name of the public face can be had, and is listed."""
    assert len(noisecore.__all__) <= 35
    for name in noisecore.__all__:
        assert getattr(noisecore, name) is not None
    assert set(noisecore.__all__) <= set(dir(noisecore))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        noisecore.nothing  # noqa: B018


def test_types_are_known() -> None:
    """A type checker is told of every name that is loaded lazily."""
    told = re.findall(r"^    from [\w.]+ import (\w+) as \1$", inspect.getsource(noisecore), re.M)
    assert sorted(told) == noisecore.__all__


@pytest.mark.parametrize("module", ["noisecore", "noisecore.running.worker"])
def test_importing_is_light(module) -> None:
    """Neither `import noisecore` nor a worker loads pandas, SciPy, Matplotlib or TensorFlow."""
    assert loaded_by(f"import {module}") == []


def predict(images):
    """Say which third of an image is brightest: scores for three classes."""
    return np.stack([images[:, 2 * k : 2 * k + 2].mean(axis=(1, 2, 3)) for k in range(3)], 1)


@pytest.fixture(scope="module")
def data():
    """Images of three classes, and their labels."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 400)
    x = rng.random((400, 6, 6, 1)).astype(np.float32) / 2
    for k in range(3):
        x[y == k, 2 * k : 2 * k + 2] += 0.4
    return x, y


@pytest.fixture(scope="module")
def names(data):
    """What the examples of docstrings may use."""
    x, y = data
    scales = [0.1, 0.3, 2]
    curve = noisecore.evaluate(predict, x, y, scales=scales, name="digits")
    public = {name: getattr(noisecore, name) for name in noisecore.__all__}
    return {**public, "np": np, "predict": predict, "x": x, "y": y, "curve": curve} | {
        "noisy": x + 0.3,
        "foggy": noisecore.evaluate_outputs(
            {0: predict(x), 1: predict(x + 0.3)}, y, noise="mnist-c/fog", name="digits"
        ),
        "old_curve": noisecore.evaluate(predict, x, y, scales=scales, name="digits"),
    }


@pytest.mark.parametrize("name", noisecore.__all__)
def test_docstrings(name, names, tmp_path, monkeypatch) -> None:
    """Each public docstring says what goes in and comes out, and its example runs."""
    thing = getattr(noisecore, name)
    text = inspect.getdoc(thing) or ""
    assert ">>>" in text, "it has no example"
    if inspect.isfunction(thing):
        returns = inspect.signature(thing, eval_str=False).return_annotation
        wanted = ["Args:", "Raises:", *(["Returns:"] if returns != "None" else [])]
        assert [part for part in wanted if part not in text] == []
        told = set(re.findall(r"^    (\w+): ", text, re.M))
        assert set(inspect.signature(thing).parameters) <= told
    monkeypatch.chdir(tmp_path)
    (tmp_path / "baselines").mkdir()
    noisecore.write_baseline("baselines/quick.json", names["curve"])
    noisecore.write_baseline("old.json", names["curve"])
    test = doctest.DocTestParser().get_doctest(text, dict(names), name, None, None)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    out: list[str] = []
    result = doctest.DocTestRunner(optionflags=flags).run(test, out=out.append)
    assert result.failed == 0, "".join(out)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_import_from_noisecore_alone(page) -> None:
    """What the pages show needs the public face, and no module behind it."""
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    inner = [line for each in blocks for line in re.findall(r".*\bnoisecore\.\w+ import.*", each)]
    assert inner == []
    for block in blocks:
        for line in re.findall(r"^from noisecore import (.*)$", block, re.M):
            wanted = [name.strip(" ()") for name in line.split(",")]
            assert [name for name in wanted if name and name not in noisecore.__all__] == []


def test_a_worse_model_fails_in_a_script(data, tmp_path) -> None:
    """The gate says in a script what to do in a script, and a renewal forgets nothing."""
    x, y = data
    path = tmp_path / "new" / "quick.json"
    good = noisecore.evaluate(predict, x, y, scales=[0.3], name="digits")
    noisecore.write_baseline(path, good)

    def worse(images):
        return predict(images[:, :, :1])

    bad = noisecore.evaluate(worse, x, y, scales=[0.3], name="digits")
    with pytest.raises(AssertionError, match=r"write_baseline\(path, curve"):
        noisecore.assert_no_regression(bad, noisecore.read_baseline(path))
    with pytest.raises(ValueError, match=r"since its first ancestor.*new_ancestor=True"):
        noisecore.write_baseline(path, bad)
    held = noisecore.write_baseline(path, bad, new_ancestor=True)
    assert held.curves["digits/gaussian"].mean_accuracy[1] == bad.mean_accuracy[1]


def test_a_curve_that_a_baseline_lacks(data, tmp_path) -> None:
    """It fails in one line, which lists what the baseline holds."""
    x, y = data
    curve = noisecore.evaluate(predict, x, y, scales=[0.3])
    assert curve.name == "predict/gaussian"
    held = noisecore.write_baseline(tmp_path / "quick.json", curve)
    other = noisecore.evaluate(predict, x, y, scales=[0.3], name="other")
    verdict = noisecore.judge_no_regression(other, held)
    assert verdict.verdict == "fail"
    line = "other/gaussian is not in the baseline, which holds predict/gaussian"
    assert verdict.sentence == line


def test_names_of_models(data) -> None:
    """A curve without a name is called after its function or class; a lambda has neither."""
    from noisecore.measure import model_name

    class Net:
        def predict_proba(self, images):
            return predict(images)

    assert model_name(Net().predict_proba) == "Net"
    assert model_name(Net()) == "Net"
    assert model_name("models/small.keras") == "small"
    x, y = data
    with pytest.raises(ValueError, match="name must be given for a lambda"):
        noisecore.evaluate(lambda images: predict(images), x, y, scales=[0.3])


def test_saved_and_read(data, tmp_path) -> None:
    """What a curve saves is what is read: the same records, and the same verdict."""
    x, y = data
    curve = noisecore.evaluate(predict, x, y, scales=[0.3], name="digits")
    curve.save(str(tmp_path / "a" / "digits.json"))
    read = noisecore.read_records(tmp_path / "a" / "digits.json")
    assert [each.numbers() for each in read] == [each.numbers() for each in curve.records]
    (verdict,) = noisecore.compare(tmp_path / "a" / "digits.json", curve).values()
    assert "identical" in verdict.sentence
    (tmp_path / "mine.txt").write_text("precious")
    noisecore.write_baseline(tmp_path / "held.json", curve)
    for name in ("mine.txt", "held.json"):
        with pytest.raises(ValueError, match="holds something other than saved records"):
            curve.save(tmp_path / name)
    curve.save(tmp_path / "a" / "digits.json")  # again
    for call in (lambda: noisecore.compare([], []), lambda: noisecore.write_baseline("b.json", [])):
        with pytest.raises(
            noisecore.NoisecoreError, match=r"there (are no records|is no curve) to"
        ):
            call()
    by_hand = importlib.import_module("dataclasses").replace(curve, records=())
    with pytest.raises(ValueError, match="there are no records to write"):
        by_hand.save(tmp_path / "b.json")
