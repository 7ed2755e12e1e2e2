"""A model builder of one's own: defined beside the tests, trained in workers."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

BUILDER = """
def build_small(input_shape, num_classes):
    import keras
    return keras.Sequential([
        keras.Input(input_shape), keras.layers.Flatten(),
        keras.layers.Dense(num_classes, activation="softmax"),
    ])
"""
TEST = """
@pytest.mark.robustness(models=[build_small], scales=[1.0])
def test_small(robustness, noise_model):
    assert noise_model == "build_small"
    (record, *_) = robustness.records[0]
    assert record.status == "complete", record.reason
    assert record.parameters == (64 + 1) * 3
    assert robustness.curve.name.startswith("build_small/gaussian/quick")
"""
HERE = f"import pytest\n{BUILDER}\n{TEST}"


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        ("test file", ("--import-mode=prepend",)),
        ("test file", ("--import-mode=importlib",)),
        ("conftest", ("--import-mode=importlib",)),
        ("module", ("-n", "1")),
        ("test file", ("--noise-workers=0",)),
    ],
    ids=["prepend", "importlib", "conftest", "module-xdist", "inline"],
)
def test_trained_wherever_it_is_defined(run_in, write_tiny, tmp_path, where, arguments) -> None:
    """A builder reaches its workers from a test file, a conftest or a module."""
    write_tiny(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = lib\n")
    folder = tmp_path / "checks"
    folder.mkdir()
    (tmp_path / "lib").mkdir()
    if where == "test file":
        (folder / "test_own.py").write_text(HERE)
    elif where == "conftest":
        (folder / "conftest.py").write_text(
            f"{BUILDER}\nimport pytest\npytest.build = build_small\n"
        )
        (folder / "test_own.py").write_text(f"import pytest\nbuild_small = pytest.build\n{TEST}")
    else:
        (tmp_path / "lib/my_models.py").write_text(BUILDER)
        (folder / "test_own.py").write_text(
            f"import pytest\nfrom my_models import build_small\n{TEST}"
        )
    ended = run_in(tmp_path, "--noise-seeds=1", *arguments)
    assert ended.code == 0, ended.output


LEAN = """
import gc
import sys

def build_small(input_shape, num_classes):
    import keras
    early = {"matplotlib", "pandas", "scipy", "sklearn"} & sys.modules.keys()
    if early:
        raise RuntimeError(f"imported for nothing: {early}")
    if not gc.isenabled() or len(gc.get_objects()) > gc.get_freeze_count() / 2:
        raise RuntimeError("every collection of garbage goes through all of TensorFlow")
    import pandas
    return keras.Sequential([
        keras.Input(input_shape), keras.layers.Flatten(),
        keras.layers.Dense(len(pandas.Series([1, 2, 3])), activation="softmax"),
    ])
"""


def test_worker_is_lean(run_in, write_tiny, tmp_path) -> None:
    """A worker imports no pandas or SciPy for Keras, and never looks for garbage in TensorFlow."""
    write_tiny(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_own.py").write_text(f"import pytest\n{LEAN}\n{TEST}")
    ended = run_in(tmp_path, "--noise-seeds=1")
    assert ended.code == 0, ended.output


def test_as_the_documentation_shows_it(run_in, write_tiny, tmp_path) -> None:
    """The documentation's own example is trained at each of its scales."""
    page = (Path(__file__).parents[2] / "docs/guide/train.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n# test_noise.py\n(.*?)^```$", page, re.M | re.S)
    assert code is not None
    write_tiny(tmp_path)
    (tmp_path / "test_noise.py").write_text(code[1])
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    ended = run_in(tmp_path, "--noise-seeds=1")
    assert "3 of 3 trials" in ended.output
    assert sorted({label.partition("/")[0] for label in ended.records}) == ["build_small"]


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (
            "lambda shape, classes: None",
            "a model of your own must be a function at the top of a file, got <lambda>",
        ),
        (
            "Nested.build",
            "a model of your own must be a function at the top of a file, got Nested.build",
        ),
        ("print", "a model of your own must be a function at the top of a file, got print"),
        ("'snail'", "unknown model 'snail'"),
        ("build_cnn", "two functions for a model are called build_cnn"),
    ],
)
def test_builder_that_cannot_travel(pytester, monkeypatch, builder, message) -> None:
    """What a worker could not find again is refused in one line, before anything is trained."""
    monkeypatch.delenv("CI", raising=False)
    (pytester.path / "other.py").write_text("def build_cnn(shape, classes):\n    return 1\n")
    (pytester.path / "test_own.py").write_text(
        f"""
import pytest
import other

class Nested:
    def build(shape, classes): pass

def build_cnn(shape, classes):
    return 2

first = pytest.mark.robustness(models=[other.build_cnn])

@first
def test_one(robustness): pass

@pytest.mark.robustness(models=[{builder}])
def test_two(robustness): pass
"""
    )
    result = pytester.runpytest_subprocess("--noise-scales=1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR")]
    assert message in line
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


# Each test file has a builder of its own, which gets its size in another way.
SIZED = """
def build_NAME(input_shape, num_classes):
    import keras
    WITHIN
    return keras.Sequential([
        keras.Input(input_shape), keras.layers.Flatten(),
        keras.layers.Dense(UNITS), keras.layers.Dense(num_classes, activation="softmax"),
    ])
"""
SIZED_TEST = """
import pytest

@pytest.mark.robustness(models=[build_NAME], scales=[1.0])
def test_NAME(robustness, noise_model):
    (record, *_) = robustness.records[0]
    assert record.status == "complete", record.reason
    assert record.parameters == 64 * UNITS_ARE + UNITS_ARE + UNITS_ARE * 3 + 3
"""


def sized(name: str, units: int, head: str = "", within: str = "", *, test: bool = True) -> str:
    """Return a file with a builder, and its test, which knows how many units it should have."""
    parts = [head, SIZED, SIZED_TEST if test else ""]
    text = "\n".join(parts).replace("NAME", name).replace("WITHIN", within)
    return text.replace("UNITS_ARE", str(units))


# What pytest makes up for files that no path leads to: packages with relative imports, and names.
IMPORTLIB = {
    "tests/__init__.py": "",
    "tests/sizes.py": "UNITS = 2",
    "tests/unit/__init__.py": "",
    "tests/unit/test_x.py": sized("up", 2, "from ..sizes import UNITS"),
    "tests/unit/conftest.py": sized(
        "conftest", 2, "import pytest\nfrom ..sizes import UNITS", test=False
    )
    + "\npytest.build_conftest = build_conftest",
    "tests/unit/test_conftest.py": "import pytest\nbuild_conftest = pytest.build_conftest\n"
    + SIZED_TEST.replace("NAME", "conftest").replace("UNITS_ARE", "2"),
    "my-tests/v.2/__init__.py": "",
    "my-tests/v.2/sizes.py": "UNITS = 3",
    "my-tests/v.2/test_x.py": sized("dashed", 3, "", "from .sizes import UNITS"),
    "plain/test_x.py": sized("plain", 4, "UNITS = 4"),
    "org/sub/sizes.py": "UNITS = 5",
    "org/sub/models.py": sized("namespace", 5, "from .sizes import UNITS", test=False),
    "plain/test_y.py": "from org.sub.models import build_namespace\n"
    + SIZED_TEST.replace("NAME", "namespace").replace("UNITS_ARE", "5"),
}
if pytest.version_tuple < (8, 2):  # there `from .sizes` fails in pytest itself
    IMPORTLIB = {name: text for name, text in IMPORTLIB.items() if not name.startswith("my-tests")}
# What finds its modules by the path: its order, and what a conftest does to it.
PREPEND = {
    "conftest.py": "import sys\nsys.path.insert(0, 'deep')\nimport zoo\nsys.path.remove('deep')\n"
    "import pathlib\nsys.path.append(pathlib.Path('nowhere'))",
    "deep/zoo/__init__.py": "from .models import build_removed",
    "deep/zoo/models.py": sized("removed", 2, "from .sizes import UNITS", test=False),
    "deep/zoo/sizes.py": "UNITS = 2",
    "test_removed.py": "from zoo import build_removed\n"
    + SIZED_TEST.replace("NAME", "removed").replace("UNITS_ARE", "2"),
    # Called like an installed one, which Keras has imported before it is looked for.
    "a/optree.py": "UNITS = 3",
    "a/test_installed.py": sized("installed", 3, "from optree import UNITS"),
    "b/sklearn.py": "UNITS = 4",
    "b/test_lazy.py": sized("lazy", 4, "", "from sklearn import UNITS"),
    "c/__init__.py": "",
    "c/wrapping.py": "import functools\ndef wrapping(function):\n"
    "    @functools.wraps(function)\n"
    "    def wrapper(*given):\n        return function(*given)\n    return wrapper",
    "c/test_wrapped.py": sized("wrapped", 5, "from .wrapping import wrapping\nUNITS = 5").replace(
        "def build", "@wrapping\ndef build"
    ),
    "lib/reading.py": "import numpy as np\ndef read():\n    held = np.load('tiny.npz')\n"
    "    return (held['x_train'], held['y_train']), (held['x_test'], held['y_test'])",
    "data/mine.py": "from reading import read\ndef load():\n    return read()",
}


@pytest.mark.parametrize(
    ("mode", "files", "arguments"),
    [
        ("importlib", IMPORTLIB, ()),
        ("prepend", PREPEND, ("--noise-dataset=data/mine.py:load",)),
    ],
    ids=["importlib", "prepend"],
)
def test_imports_as_its_file_does(run_in, write_tiny, tmp_path, mode, files, arguments) -> None:
    """A builder's imports are the same in a worker as in pytest, whatever made them work there."""
    write_tiny(tmp_path)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\npythonpath = . lib\naddopts = -p no:hypothesispytest\n"
        if mode == "importlib"
        else "[pytest]\npythonpath = lib\naddopts = -p no:hypothesispytest\n"
    )
    ended = run_in(
        tmp_path, f"--import-mode={mode}", "--noise-seeds=1", "--noise-workers=1", *arguments
    )
    assert ended.code == 0, ended.output
    names = {name for text in files.values() for name in re.findall(r"def (build_\w+)", text)}
    assert {label.partition("/")[0] for label in ended.records} == names


def test_imports_as_its_file_does_on_dask(run_in, write_tiny, tmp_path) -> None:
    """A Dask worker, which runs in another folder, imports from the same files."""
    pytest.importorskip("distributed")
    write_tiny(tmp_path)
    for name, text in IMPORTLIB.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    (tmp_path / "dask").mkdir()
    file = tmp_path / "dask/scheduler.json"
    local = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    started = []
    try:
        for what, more in (("scheduler", ["--port", "0"]), ("worker", ["--no-nanny"])):
            command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *local, *more]
            started.append(subprocess.Popen(command, cwd=tmp_path / "dask"))
            while not file.exists():
                assert started[0].poll() is None
                time.sleep(0.1)
        ended = run_in(
            tmp_path,
            "--import-mode=importlib",
            "--noise-seeds=1",
            f"--noise-scheduler={file}",
            "tests/unit/test_x.py",
            *(["my-tests"] if "my-tests/v.2/test_x.py" in IMPORTLIB else []),
        )
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
    assert ended.code == 0, ended.output
    built = {label.partition("/")[0] for label in ended.records}
    assert built == {"build_up", *(["build_dashed"] if pytest.version_tuple >= (8, 2) else [])}


# Ends its process once, and says so in a file of the folder that the process is in.
MORTAL = BUILDER.replace(
    "import keras",
    "import keras, os\n    if not os.path.exists('ended'):\n"
    "        open('ended', 'w').close()\n        os._exit(3)",
)


@pytest.mark.parametrize("workers", ["0", "1"])
def test_trained_while_a_test_is_elsewhere(run_in, write_tiny, tmp_path, workers) -> None:
    """Data and builder are found though a test goes to another folder, by a second worker too."""
    write_tiny(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    elsewhere = """
@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
"""
    builder = BUILDER if workers == "0" else MORTAL
    (tmp_path / "test_own.py").write_text(f"import pytest\n{elsewhere}\n{builder}\n{TEST}")
    ended = run_in(tmp_path, "--noise-seeds=1", f"--noise-workers={workers}")
    assert ended.code == 0, ended.output
    assert (tmp_path / "ended").exists() == (workers == "1")
