"""`robustness.evaluate`: a model of one's own, gated from the first run to the renewed baseline."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from own_bench import MODEL

TESTS = """
from mine import images, model, worse
from noisecore.judging.gates import assert_monotonic, assert_no_regression

def test_mine(robustness, noise_baseline):
    curve = robustness.evaluate(model, *images(), scales=[0.2, 1])
    assert_monotonic(curve, slack=0.01)
    assert_no_regression(robustness.curve, noise_baseline)
"""


@pytest.fixture
def repository(pytester, monkeypatch):
    """A repository with a model and a test of its own, and nothing of noisecore's."""
    monkeypatch.delenv("CI", raising=False)
    (pytester.path / "mine.py").write_text(MODEL)
    (pytester.path / "test_mine.py").write_text(TESTS)
    pytester.makeini("[pytest]\npythonpath = .\n")
    return pytester


def change(repository, old: str, new: str) -> None:
    """Change the test file of a repository."""
    path = repository.path / "test_mine.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def results(repository) -> dict:
    """Return what the run left."""
    return json.loads((repository.path / "noisecore-results/quick/results.json").read_text())


@pytest.mark.parametrize("xdist", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_from_no_baseline_to_a_renewed_one(repository, xdist) -> None:
    """No baseline fails; made, passes; a worse model fails where it fell; renewed, it passes."""

    def run(*arguments: str):
        return repository.runpytest("--noise-baseline", "auto", *xdist, *arguments)

    missing = run()
    assert missing.ret == pytest.ExitCode.TESTS_FAILED
    missing.stdout.fnmatch_lines(["*there is no baseline at*quick.json: make it with*"])
    made = run("--noise-update-baseline")
    assert made.ret == pytest.ExitCode.OK
    made.stdout.fnmatch_lines(["test_mine.py::test_mine/gaussian: added, 3 scales of 3 draws"])
    assert run().ret == pytest.ExitCode.OK

    change(repository, "evaluate(model", "evaluate(worse")
    plots = repository.path / "noisecore-results/quick/plots"
    pictured = (plots / "test_mine.py_test_mine_gaussian-noise.png").read_bytes()
    fell = run()
    assert (plots / "test_mine.py_test_mine_gaussian-noise.png").read_bytes() == pictured
    assert fell.ret == pytest.ExitCode.TESTS_FAILED
    text = " ".join(fell.stdout.str().split())
    assert (
        "test_mine.py::test_mine/gaussian is more fragile than its baseline: mean accuracy" in text
    )
    assert "scale 0.2 changed by -" in text or "scale 1 changed by -" in text
    assert "to look again:" not in text  # rigorous mode has shown it
    assert "(--noise-update-baseline --noise-new-ancestor)" in text

    refused = run("--noise-update-baseline")
    assert refused.ret == pytest.ExitCode.TESTS_FAILED
    assert "not accepted as the new baseline" in " ".join(refused.stdout.str().split())
    assert run("--noise-update-baseline", "--noise-new-ancestor").ret == pytest.ExitCode.OK
    assert run().ret == pytest.ExitCode.OK


def test_artifacts(repository) -> None:
    """A run without training leaves what every run leaves: records, tables, a curve, a summary."""
    change(repository, "(robustness, noise_baseline)", "(robustness)")
    change(repository, "    assert_no_regression(robustness.curve, noise_baseline)\n", "")
    run = repository.runpytest("--junitxml=junit.xml")
    assert run.ret == pytest.ExitCode.OK
    run.stdout.fnmatch_lines(["*draws 0 1 2*"])
    folder = repository.path / "noisecore-results/quick"
    found = results(repository)
    (record,) = found["records"]
    assert record["given"]["units"] == "range"
    assert [each["draw"] for each in record["trials"]] == [0, 1, 2]
    cells = [(cell["scale"], cell["draw"]) for cell in record["cells"]]
    assert sorted(cells, key=str) == sorted(set(cells), key=str)  # the clean one stands once
    assert [verdict["verdict"] for verdict in found["verdicts"]] == ["pass"]
    assert (folder / "plots/test_mine.py_test_mine_gaussian-curve.png").exists()
    assert not list((folder / "plots").glob("*matrix*"))
    assert (folder / "plots/test_mine.py_test_mine_gaussian-noise.png").exists()
    assert len((folder / "curve.csv").read_text().splitlines()) == 1 + 3 * 3
    junit = (repository.path / "junit.xml").read_text()
    assert "test_mine.py::test_mine/gaussian scale 1: accuracy" in junit
    assert "test_mine.py::test_mine/gaussian scale 0: 95 % interval" in junit  # over images


def test_no_tensorflow(repository) -> None:
    """Evaluating a plain function imports no TensorFlow."""
    change(repository, "def test_mine", "def test_zz(): import sys; assert 'tensorflow' not in "
           "sys.modules and 'keras' not in sys.modules\n\ndef test_mine")  # fmt: skip
    change(repository, "test_zz", "test_after")
    path = repository.path / "test_mine.py"
    head, _, rest = path.read_text().partition("def test_after")
    line, _, mine = rest.partition("\n\n")
    path.write_text(f"{head}{mine}\n\ndef test_after{line}\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly"],
        cwd=repository.path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "1 passed, 1 skipped" in run.stdout, run.stdout


def test_several_curves(repository) -> None:
    """Two curves in one test have names of their own; one name twice is refused."""
    change(repository, "(robustness, noise_baseline)", "(robustness)")
    change(repository, "    assert_no_regression(robustness.curve, noise_baseline)\n", """
    robustness.evaluate(worse, *images(), scales=[1], name="worse")
    robustness.evaluate(model, *images(), scales=[1], noise="uniform")
    assert [curve.name for curve in robustness.curves] == [
        "test_mine.py::test_mine/gaussian", "worse/gaussian", "test_mine.py::test_mine/uniform"]
    robustness.evaluate(worse, *images(), scales=[1], name="worse")
""")  # fmt: skip
    run = repository.runpytest()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["noisecore: worse/gaussian was evaluated already: *"])
    assert "Traceback" not in run.stdout.str()


def test_which_of_several_curves(repository) -> None:
    """Each of several curves is compared by naming it; without a name that is refused."""
    change(repository, "    assert_no_regression(robustness.curve, noise_baseline)\n", """
    other = robustness.evaluate(worse, *images(), scales=[1], name="worse")
    for each in (curve, other):
        assert_no_regression(each, noise_baseline)
    try:
        robustness.against(noise_baseline)
    except ValueError as error:
        assert "assert_no_regression(curve, noise_baseline)" in str(error)
    else:
        assert False
""")  # fmt: skip
    assert repository.runpytest("--noise-update-baseline").ret == pytest.ExitCode.OK
    assert repository.runpytest("--noise-baseline=auto").ret == pytest.ExitCode.OK


def test_a_curve_that_a_test_gave_up(repository) -> None:
    """A test that no longer evaluates a curve of the baseline fails, and names it."""
    repository.runpytest("--noise-update-baseline")
    change(repository, "scales=[0.2, 1])", "scales=[0.2, 1], name='new')")
    change(repository, "    assert_no_regression(robustness.curve, noise_baseline)\n", "")
    run = repository.runpytest("--noise-baseline=auto")
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["noisecore: test_mine.py::test_mine/gaussian vanished: *"])


def test_a_test_that_is_gone(repository) -> None:
    """A curve whose test was renamed vanished: an item of its own fails, and names it."""
    repository.runpytest("--noise-update-baseline")
    change(repository, "def test_mine", "def test_yours")
    run = repository.runpytest("--noise-baseline=auto")
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["*test_mine.py::test_mine/gaussian*no test in test_mine.py*"])
    update = repository.runpytest("--noise-update-baseline")
    assert update.ret == pytest.ExitCode.OK
    held = json.loads((repository.path / "benchmarks/baselines/quick.json").read_text())
    assert list(held["curves"]) == ["test_mine.py::test_yours/gaussian"]


def test_refusal_is_one_line(repository) -> None:
    """What cannot be evaluated fails the test in one line, without a traceback."""
    change(repository, "scales=[0.2, 1]", "scales=[0.2, 1], noise='snow'")
    run = repository.runpytest("--noise-update-baseline")
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["noisecore: unknown noise 'snow': expected one of *"])
    assert "Traceback" not in run.stdout.str()
    assert "evaluate_given" not in run.stdout.str()


def test_records_are_judged_again(repository) -> None:
    """With --noise-records the model is not asked again."""
    change(repository, "(robustness, noise_baseline)", "(robustness)")
    change(repository, "    assert_no_regression(robustness.curve, noise_baseline)\n", "")
    assert repository.runpytest().ret == pytest.ExitCode.OK
    change(repository, "evaluate(model", "evaluate(None")
    run = repository.runpytest("--noise-records=noisecore-results/quick", "--noise-artifacts=again")
    assert run.ret == pytest.ExitCode.OK
    run.stdout.fnmatch_lines(["3 of 3 trials*"])


def test_given_records_against_their_baseline(repository) -> None:
    """Given records equal the baseline that they made, in whatever order their files are."""
    assert repository.runpytest("--noise-update-baseline").ret == pytest.ExitCode.OK
    trials = repository.path / "noisecore-results/quick/trials"
    records = [json.loads(path.read_text()) for path in sorted(trials.glob("*.json"))]
    for turn in range(3):
        folder = repository.path / f"records{turn}"
        folder.mkdir()
        for place, record in enumerate(records[turn:] + records[:turn]):
            (folder / f"{place}.json").write_text(json.dumps(record))
        run = repository.runpytest(
            "--noise-baseline=auto", f"--noise-records={folder}", f"--noise-artifacts=again{turn}"
        )
        assert run.ret == pytest.ExitCode.OK
        run.stdout.fnmatch_lines(["*is identical to its baseline*"])


def test_other_tests_leave_nothing(pytester, monkeypatch) -> None:
    """A run that evaluates nothing has no artifacts, with and without xdist."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makepyfile("def test_it(): pass")
    for arguments in ((), ("-n", "1")):
        assert pytester.runpytest(*arguments).ret == pytest.ExitCode.OK
    assert not Path(pytester.path, "noisecore-results").exists()


def test_collecting_leaves_nothing(repository) -> None:
    """Looking at the tests makes no artifacts."""
    assert repository.runpytest("--collect-only").ret == pytest.ExitCode.OK
    assert not (repository.path / "noisecore-results").exists()


def test_outputs_from_elsewhere(repository) -> None:
    """Arrays of outputs are gated as a model is: no baseline, baseline, worse."""
    path = repository.path / "test_mine.py"
    path.write_text("""
import numpy as np
from mine import images, model, worse
from noisecore.judging.gates import assert_no_regression

def outputs(ask):
    x, _ = images()
    rng = np.random.default_rng(0)
    return {s: ask(x + s * rng.standard_normal(x.shape)) for s in (0, 0.2, 1)}

def test_mine(robustness, noise_baseline):
    robustness.evaluate_outputs(outputs(model), images()[1])
    assert_no_regression(robustness.curve, noise_baseline)
""")
    assert repository.runpytest_subprocess("--noise-baseline=auto").ret == 1
    assert repository.runpytest_subprocess("--noise-update-baseline").ret == 0
    assert repository.runpytest_subprocess("--noise-baseline=auto").ret == 0
    change(repository, "outputs(model)", "outputs(worse)")
    ended = repository.runpytest_subprocess("--noise-baseline=auto")
    assert ended.ret == 1
    ended.stdout.fnmatch_lines(["*test_mine* is more fragile than its baseline*"])
    change(repository, "outputs(worse), images()[1]", "{1: []}, [0]")
    ended = repository.runpytest_subprocess("--noise-baseline=auto")
    ended.stdout.fnmatch_lines(["*noisecore: outputs must have scale 0, *, got none*"])
