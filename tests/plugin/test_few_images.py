"""`--noise-images`: tests on some of the test images, the same ones in each run."""

from __future__ import annotations

import json
import re

import pytest
from fake_trainings import begun, turn
from gate_bench import AUTO as GATED
from own_bench import AUTO, UPDATE
from test_seeds_auto import HERE, SEEDS, bench, counts, held, results, text

__all__ = ["bench", "held"]  # fixtures
SOME = "--noise-images=200"


def verdicts(own) -> list[dict]:
    """Return the verdicts of a run's results.json."""
    return json.loads((own.path / "noisecore-results/quick/results.json").read_text())["verdicts"]


@pytest.mark.parametrize("xdist", [(), ("-n2",)], ids=["alone", "xdist"])
def test_given(own, xdist) -> None:
    """A model that is given: the same images pass, other ones are refused, in one line each."""
    assert own.run(UPDATE, SOME, *xdist).ret == 0
    same = own.run(AUTO, SOME, *xdist)
    assert same.ret == 0, same.stdout.str()
    assert "on 200 of 400 test images" in text(same)
    assert {each["sentence"].partition(" (on ")[2] for each in verdicts(own)} == {
        "200 of 400 test images)"
    }
    other = own.run(AUTO, *xdist)
    assert other.ret == 1
    assert (
        "the run was tested on all 400 test images, the baseline on 200 of 400: give "
        "--noise-images=200, or renew the baseline"
    ) in text(other)


@pytest.mark.parametrize("where", ["ini", "profile"])
def test_configured(own, where) -> None:
    """The configuration may say it, or a profile; the command line and the test come before."""
    line = "noise_images = 200" if where == "ini" else "noise_profiles = quick: images=200"
    own.pytester.makeini(f"[pytest]\npythonpath = .\n{line}\n")
    own.change("test_b.py", "scales=[0.2, 1]", "scales=[0.2, 1], images=100")

    def tested(*options) -> list[tuple[int, int | None]]:
        assert own.run(UPDATE, *options).ret == 0
        curves = own.results["curves"]
        return [(curve["images"], curve.get("whole")) for curve in curves]

    assert tested() == [(200, 400), (100, 400)]
    assert tested("--noise-images=all") == [(400, None), (100, 400)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--noise-images=0"], "images must be a whole number >= 1"),
        (["--noise-images=many"], "images must be a whole number >= 1, .*got 'many'"),
        (["--noise-images=2"], "2 of 45 test images would have none of class 2, .*choose 3 images"),
        (
            ["--noise-images=9", "--noise-records=records"],
            "--noise-images chooses what is tested, and --noise-records tests nothing",
        ),
    ],
)
def test_refused(bench, usage_line, options, said) -> None:
    """A number that cannot be is refused in one line, before anything is trained."""
    line = usage_line(bench.runpytest_inprocess(*HERE, *options))
    assert re.search(said, line)
    assert begun(bench.path) == []


def test_trained(bench) -> None:
    """A model that is trained: resumed for other images, it is tested anew; so says the run."""
    options = [*HERE, "--noise-seeds=1", "-k", "floor", "--noise-resume"]
    for images, number in (("30", 3), ("30", 3), ("all", 6), ("30", 6), ("45", 6), ("21", 9)):
        result = bench.runpytest_inprocess(*options, f"--noise-images={images}")
        assert result.ret == 0, result.stdout.str()
        assert len(begun(bench.path)) == number
    assert "seeds 0, 21 test images" in text(result)
    assert "mlp/gaussian/quick on 21 of 45 test images" in text(result)
    floors = [each for each in results(bench)["verdicts"] if each["gate"] == "floor"]
    assert all(each["sentence"].endswith("(on 21 of 45 test images)") for each in floors)


def test_seeds_one_after_another(bench) -> None:
    """With `--noise-seeds=auto`, the same images decide as any; other ones train no more seeds."""
    update = ["--noise-update-baseline=all", "--noise-artifacts=made", "--noise-images=30"]
    assert bench.runpytest_inprocess(*HERE, "--noise-seeds=10", *update).ret == 0
    (bench.path / "begun.txt").unlink()
    same = bench.runpytest_inprocess(*HERE, SEEDS, GATED, "--noise-images=30")
    assert same.ret == 0, same.stdout.str()
    assert counts(bench) == {"0": 1, "1": 1, "4": 1}
    (bench.path / "begun.txt").unlink()
    turn(bench.path)
    other = bench.runpytest_inprocess(*HERE, SEEDS, GATED, "--noise-images=21")
    assert other.ret == 1
    assert "tested on 21 of 45 test images, the baseline on 30 of 45" in text(other)
    assert counts(bench) == {"0": 3, "1": 3, "4": 3}
