"""Each option: its values, its ini twin, and one clear line for what cannot be."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from noisecore.plugin.options import OPTIONS

REPOSITORY = Path(__file__).parents[2]


# What cannot be, and what the line says of it: what was expected, and what came.
BAD_VALUES = {
    "scales empty": (["--noise-scales="], "numbers such as 0.1,1,4", "got an empty value"),
    "scales blank": (["--noise-scales", " "], "numbers such as 0.1,1,4", "got an empty value"),
    "scales word": (["--noise-scales=a,1"], "numbers such as 0.1,1,4", "got 'a'"),
    "scales gap": (["--noise-scales=1,,2"], "numbers such as 0.1,1,4", "got ''"),
    "scales negative": (["--noise-scales", "-1"], "finite numbers > 0", "got -1"),
    "scales infinite": (["--noise-scales=1,inf"], "finite numbers > 0", "got inf"),
    "scales NaN": (["--noise-scales=nan"], "finite numbers > 0", "got nan"),
    "scales zero": (["--noise-scales=0,1"], "must be > 0", "got 0"),
    "scales repeated": (["--noise-scales=1,2,1.0"], "differ from each other", "got 1.0 twice"),
    "seeds none": (["--noise-seeds=0"], "whole number >= 1", "got '0'"),
    "seeds negative": (["--noise-seeds=-1"], "whole number >= 1", "got '-1'"),
    "seeds word": (["--noise-seeds=x"], "a range such as 10-12", "got 'x'"),
    "seeds backwards": (["--noise-seeds=3-1"], "a range such as 10-12", "got '3-1'"),
    "profile": (["--noise-profile=quik"], "notebook, quick", "did you mean 'quick'?"),
    "dataset": (["--noise-dataset=mnst"], "mnist-5k, mnist", "did you mean mnist"),
    "dataset named profile": (["--noise-dataset=profile"], "expected one of", "'profile'"),
    "model": (["--noise-model=mlp,cn"], "cnn, mlp", "did you mean 'cnn'?"),
    "model gap": (["--noise-model=,"], "names such as cnn,mlp", "got an empty value"),
    "recipe": (["--noise-recipe=notebok"], "notebook, quick", "did you mean 'notebook'?"),
    "recipe field": (["--noise-recipe=quick+epoch=2"], "epochs", "did you mean 'epochs'?"),
    "recipe value": (["--noise-recipe=quick+epochs=0"], "whole number >= 1", "got 0"),
    "recipe NaN": (["--noise-recipe=quick+learning_rate=nan"], "finite number > 0", "got nan"),
    "recipe named profile": (["--noise-recipe=profile"], "notebook, quick", "'profile'"),
    "workers negative": (["--noise-workers=-1"], "whole number >= 0, or auto", "got '-1'"),
    "workers word": (["--noise-workers=x"], "whole number >= 0, or auto", "got 'x'"),
    "workers half": (["--noise-workers=1.5"], "whole number >= 0, or auto", "got '1.5'"),
    "artifacts": (["--noise-artifacts=test_bench.py/out"], "artifacts", "bench.py is not a folder"),
    "precision": (["--noise-precision=float16"], "float32, mixed_bfloat16", "got 'float16'"),
    "force-precision": (["--noise-force-precision=maybe"], "must be yes or no", "got 'maybe'"),
    "timeout": (["--noise-trial-timeout=0"], "seconds > 0", "got '0'"),
    "timeout word": (["--noise-trial-timeout=soon"], "or none", "got 'soon'"),
    "timeout infinite": (["--noise-trial-timeout=inf"], "seconds > 0", "got 'inf'"),
    "retries": (["--noise-retries=-1"], "whole number >= 0", "got '-1'"),
    "cache-size": (["--noise-cache-size=big"], "a size > 0 such as 500MB", "got 'big'"),
    "cache-size none": (["--noise-cache-size=0MB"], "a size > 0 such as 500MB", "got '0MB'"),
    "resume": (["--noise-resume=maybe"], "must be yes or no", "got 'maybe'"),
    "keep-models": (["--noise-keep-models=maybe"], "must be yes or no", "got 'maybe'"),
    "keep-models elsewhere": (
        ["--noise-keep-models", "--noise-scheduler=tcp://here:1"],
        "keeps what is trained on this machine",
        "leave one out",
    ),
    "update-baseline": (["--noise-update-baseline=al"], "must be all or missing", "got 'al'"),
    "gate": (["--noise-gate=strict"], "must be auto or simple or rigorous", "got 'strict'"),
    "alpha": (["--noise-alpha=2"], "rate of false alarms in (0, 0.5]", "got '2'"),
    "margins": (["--noise-margins=drop>2"], "such as mean>1.5,scale>3", "got 'drop>2'"),
    "margins ratio": (["--noise-margins=seconds>0.5"], "seconds must be a ratio > 1", "got '0.5'"),
    "inconclusive": (["--noise-inconclusive=skip"], "must be fail or pass", "got 'skip'"),
    "records missing": (["--noise-records=nowhere"], "results.json, or a folder", "neither"),
    # From Python 3.13 on, argparse leaves it to noisecore.
    "dashes": (["--noise-model=--"], "model", "'--'"),
    "records of nothing": (["--noise-records=empty"], "results.json, or a folder", "neither"),
} | {
    f"{option.name} empty": ([f"--noise-{option.name}="], option.metavar, "got an empty one")
    for option in OPTIONS
    if option.bare is None
}


# The same kinds of nonsense in the data, which is read only when something is to be trained.
OWN_VALUES = {
    "scales": "1,4",
    "profile": "notebook",
    "seeds": "10-11",
    "dataset": "digits",
    "images": "50",
    "data-dir": "somewhere",
    "model": "cnn",
    "recipe": "quick+epochs=77",
    "precision": "mixed_bfloat16",
    "force-precision": "yes",
    "records": "records",
    "workers": "3",
    "scheduler": "tcp://here:1",
    "trial-timeout": "9",
    "retries": "4",
    "resume": "yes",
    "cache": "kept",
    "cache-size": "2GiB",
    "keep-models": "yes",
    "artifacts": "left-here",
    "baseline": "auto",
    "baseline-dir": "other",
    "gate": "rigorous",
    "alpha": "0.05",
    "margins": "mean>2",
    "inconclusive": "pass",
}


SHOW = """
from noisecore.plugin.settings import SETTINGS

def pytest_sessionfinish(session):
    choices = session.config.stash[SETTINGS]
    print("PROFILE", choices.profile)
    print("RUNNING", choices.running)
    print("REST", choices.data_dir, choices.records, choices.workers, choices.artifacts)
    print("BASELINE", choices.baseline, choices.timeout, choices.retries)
    more = choices.scheduler, choices.force_precision, choices.keep_models
    more += choices.cache, choices.cache_size
    print("BASELINE", choices.resume, *more)
"""


def left_behind(bench) -> list[str]:
    """Return the files of the artifact folder, the lock aside."""
    files = (bench.path / "noisecore-results").rglob("*")
    return [file.name for file in files if file.is_file() and file.name != ".lock"]


@pytest.mark.parametrize("name", BAD_VALUES)
def test_bad_value(bench, given, usage_line, name) -> None:
    """A value that cannot be is one line with what was expected and what came, and exit code 4."""
    (bench.path / "empty").mkdir()
    arguments, expected, came = BAD_VALUES[name]
    line = usage_line(bench.runpytest_inprocess(*given, *arguments))
    assert expected in line
    assert came in line
    assert left_behind(bench) == []


@pytest.mark.parametrize("value", ["benchmarks", "test_bench.py", "test_bench.py::test_curve"])
@pytest.mark.parametrize("name", ["--noise-scales", "--scales"])
def test_path_for_scales(bench, usage_line, name, value) -> None:
    """A path that was taken for the scales is called one, with the way to write it."""
    shutil.copy(REPOSITORY / "conftest.py", bench.path)
    (bench.path / "benchmarks").mkdir()
    line = usage_line(bench.runpytest_inprocess(name, value))
    assert f"got '{value}', which is a path" in line
    assert f"--scales=0.1,1 {value}" in line


def test_number_that_is_a_path_too(bench, given) -> None:
    """Scales that can be read are scales, even where a folder has such a name."""
    (bench.path / "1,4").mkdir()
    result = bench.runpytest_inprocess(*given, "--collect-only")
    assert result.ret == 0


def objects(folder: Path) -> str:
    """Write an npz with pickled objects; return its name."""
    np.savez(
        folder / "own.npz",
        **dict.fromkeys(("x_train", "x_test", "y_train", "y_test"), np.array([{}], object)),
    )
    return "own.npz"


def cut_off(folder: Path) -> str:
    """Write half of a good npz; return its name."""
    content = (folder / "tiny.npz").read_bytes()
    (folder / "own.npz").write_bytes(content[: len(content) // 2])
    return "own.npz"


def not_arrays(folder: Path) -> str:
    """Write an archive without the arrays; return its name."""
    with zipfile.ZipFile(folder / "own.npz", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    return "own.npz"


def not_there(folder: Path) -> str:
    """Return the name of a file that does not exist."""
    return "own.npz"


@pytest.mark.parametrize(
    ("make", "came"),
    [
        (objects, "pickled objects are never loaded"),
        (cut_off, "a whole .npz file"),
        (not_arrays, "no x_train"),
        (not_there, "got no such file"),
    ],
)
def test_bad_dataset(bench, tiny, usage_line, make, came) -> None:
    """Data that cannot be used stop the run before anything is trained or written."""
    name = make(bench.path)
    line = usage_line(bench.runpytest_inprocess(*tiny, f"--noise-dataset={name}"))
    assert name in line
    assert came in line
    assert left_behind(bench) == []


@pytest.mark.parametrize(
    ("content", "came"),
    [
        ("{", "Expecting property name"),
        ("[1]", "got no schema"),
        ('{"schema": 0}', "expected schema 1 to 2, got 0: make it again"),
        ('{"schema": 3}', "expected schema 1 to 2, got 3: update noisecore"),
        ('{"schema": 1}', "not a record"),
    ],
)
@pytest.mark.parametrize("file", ["trial.json", "results.json"])
def test_bad_records(bench, given, usage_line, file, content, came) -> None:
    """What is no record, or one of another schema, is named, with what to do; nothing is judged."""
    (bench.path / "records" / file).write_text(content)
    line = usage_line(bench.runpytest_inprocess(*given))
    assert file in line
    if not (file == "results.json" and content in ("{", '{"schema": 1}')):
        assert came in line
    assert left_behind(bench) == []


def test_scales_are_sorted(bench, given) -> None:
    """Scales in another order are run in ascending order, and the header says so."""
    result = bench.runpytest_inprocess(*given, "--collect-only", "--noise-scales=4,1")
    result.stdout.fnmatch_lines(
        [
            "noisecore: profile quick,*scales 1,4*",
            "noisecore: scales are run in ascending order: 1,4",
        ]
    )
    assert result.ret == 0
    in_order = bench.runpytest_inprocess(*given, "--collect-only")
    in_order.stdout.no_fnmatch_line("*ascending*")


def shown(bench, *arguments: str) -> str:
    """Return how the options were read."""
    (bench.path / "show.py").write_text(SHOW)
    result = bench.runpytest_inprocess("-p", "show", "--collect-only", *arguments)
    assert result.ret == 0, result.stderr.str()
    lines = [
        line
        for line in result.outlines
        if line.split(" ")[0] in ("PROFILE", "RUNNING", "REST", "BASELINE")
    ]
    assert len(lines) == 5
    return "\n".join(lines)


def test_every_option_is_tried() -> None:
    """The tests of the ini twins leave no option out."""
    assert set(OWN_VALUES) == {option.name for option in OPTIONS if option.ini}


@pytest.mark.parametrize("name", OWN_VALUES)
def test_ini_twin(bench, name) -> None:
    """Each option means the same in the ini file as on the command line, and not the default."""
    bench.syspathinsert()
    value = OWN_VALUES[name]
    asked = ["--noise-baseline=auto"] if name == "baseline-dir" else []
    default = shown(bench, *asked)
    on_line = shown(bench, f"--noise-{name}={value}", *asked)
    bench.makeini(f"[pytest]\nnoise_{name.replace('-', '_')} = {value}\n")
    assert shown(bench, *asked) == on_line
    assert on_line != default


def test_command_line_before_ini(bench) -> None:
    """What the command line says counts, whatever the ini file says."""
    bench.syspathinsert()
    bench.makeini("[pytest]\nnoise_seeds = 7\nnoise_scales = 2\nnoise_workers = 5\n")
    text = shown(bench, "--noise-seeds=5-6", "--noise-scales=3", "--noise-workers=0")
    assert "seeds=(5, 6)" in text
    assert "scales=(3.0,)" in text
    assert "REST None None 0 " in text


def test_own_profile(bench) -> None:
    """A profile of the ini file is chosen by name, and names the artifact folder."""
    bench.syspathinsert()
    bench.makeini("[pytest]\nnoise_profiles =\n  mine: base=quick seeds=4-5 scales=0.5,2\n")
    text = shown(bench, "--noise-profile=mine")
    assert "name='mine'" in text
    assert "scales=(0.5, 2.0), seeds=(4, 5)" in text
    assert os.path.join("noisecore-results", "mine") in text


@pytest.mark.parametrize(
    ("line", "came"),
    [
        ("mine: base=nothing", "unknown profile 'nothing'"),
        ("mine: seeds=0", "profile 'mine': seeds must be"),
        ("mine: speed=3", "profile 'mine': unknown profile field 'speed'"),
        ("mine seeds=3", "must be written as 'name: base=quick seeds=10'"),
        ("mine: noise=rain", "unknown noise 'rain'"),
    ],
)
def test_bad_own_profile(bench, usage_line, line, came) -> None:
    """A profile that cannot be is one line that names it."""
    bench.makeini(f"[pytest]\nnoise_profile = mine\nnoise_profiles =\n  {line}\n")
    assert came in usage_line(bench.runpytest_inprocess())


class TestPrecision:
    """bfloat16 where it is slow is refused, unless forced."""

    @pytest.fixture(autouse=True)
    def slow(self, monkeypatch):
        """Make this machine one without a fast path."""
        monkeypatch.setattr("noisecore.running.machine.fast_bfloat16", lambda: False)

    def test_refused(self, bench, tiny, usage_line) -> None:
        """The line says what the machine lacks, and both ways on."""
        line = usage_line(bench.runpytest_inprocess(*tiny, "--noise-precision=mixed_bfloat16"))
        assert "no fast path for mixed_bfloat16" in line
        assert "--noise-force-precision" in line

    def test_given_records(self, bench, given) -> None:
        """Records of another machine are judged all the same: here, none of them fits."""
        result = bench.runpytest_inprocess(*given, "--noise-precision=mixed_bfloat16")
        assert "no fast path" not in result.stdout.str() + result.stderr.str()

    def test_float32(self, bench, given) -> None:
        """Other precisions are not asked about."""
        assert bench.runpytest_inprocess(*given, "--noise-precision=float32").ret != 4
