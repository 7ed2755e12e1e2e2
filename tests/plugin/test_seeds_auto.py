"""`--noise-seeds=auto`: seeds one after another, as many as the comparison needs."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import fake_trainings
import pytest
from fake_trainings import begun, turn
from gate_bench import AUTO, CURVE, baseline_of

HERE = ["--noise-dataset=tiny.npz", "--noise-model=mlp", "--noise-scales=1,4", "--noise-workers=0"]
SEEDS = "--noise-seeds=auto"
BENCH = """
import pytest
from noisecore import assert_floor, assert_monotonic, assert_no_regression

@pytest.mark.robustness()
def test_no_regression(robustness, noise_baseline, noise_model):
    assert_no_regression(robustness.curve, noise_baseline)
    assert_monotonic(robustness.curve)

@pytest.mark.robustness()
def test_floor(robustness, noise_model, noise_scale, benchmark):
    assert_floor(robustness.point, {1: 0.8, 4: 0.3})
    robustness.record(benchmark)
"""
ON_BASELINE = "judged on the baseline's records: identical"
# A loss at scale 4 that is near to the margin of the mean.
NEAR = {"lost": {"4": 0.029}}


@pytest.fixture(scope="module")
def held():
    """Return baselines that were made already, by their number of seeds."""
    return {}


@pytest.fixture
def bench(gate, monkeypatch, held):
    """Return a pytester with made-up trainings, and a baseline of ten seeds."""
    folders = [Path(fake_trainings.__file__).parent, os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, folders)))
    fake_trainings.install(monkeypatch.setattr)
    make_baseline(gate, held, 10)
    gate.makepyfile(test_gate=BENCH)
    return gate


def make_baseline(bench, held, seeds) -> None:
    """Give a folder of benchmarks a baseline of so many seeds."""
    path = baseline_of(bench)
    if seeds not in held:
        path.unlink(missing_ok=True)
        options = "--noise-update-baseline=all", "--noise-artifacts=made", "test_gate.py"
        made = bench.runpytest_inprocess(*HERE, f"--noise-seeds={seeds}", *options)
        assert made.ret == 0, made.stdout.str()
        (bench.path / "begun.txt").unlink()
        held[seeds] = path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(held[seeds])


def run(bench, *options):
    """Run the benchmarks against the baseline, with as many seeds as they need."""
    return bench.runpytest_inprocess(*HERE, SEEDS, AUTO, *options)


def counts(bench) -> dict[str, int]:
    """Return how many trainings each scale had."""
    return dict(Counter(label.split()[2] for label in begun(bench.path)))


def results(bench) -> dict:
    """Return the content of results.json."""
    return json.loads((bench.path / "noisecore-results/quick/results.json").read_text())


def sentences(bench) -> dict[str, str]:
    """Return the sentence of each gate's last verdict."""
    return {each["gate"]: each["sentence"] for each in results(bench)["verdicts"]}


def text(result) -> str:
    """Return what a run printed, on one line."""
    return " ".join(result.stdout.str().split())


def test_identical(bench) -> None:
    """One seed a scale tells that nothing changed; other claims are judged on the baseline's ten.

    The trials that the run did without are neither planned nor missing.
    """
    result = run(bench)
    assert result.ret == 0, result.stdout.str()
    assert counts(bench) == {"0": 1, "1": 1, "4": 1}
    found, said = results(bench), sentences(bench)
    assert said["no regression"].endswith(
        "seeds one after another: 1 seed at each scale; identical"
    )
    assert said["floor"].endswith(ON_BASELINE)
    assert said["monotonic"].endswith(ON_BASELINE)
    floors = [
        row for each in found["verdicts"] if each["gate"] == "floor" for row in each["figures"]
    ]
    assert {row["seeds"] for row in floors} == {10}
    assert len(found["planned"]) == len(found["records"]) == 3
    assert found["profile"]["sequential"] is True
    assert found["curves"][0]["counted"] == [1, 1, 1]
    assert "3 of 3 trials" in text(result)
    assert "other claims are judged on the baseline's records" in text(result)
    assert "no record" not in text(result)
    assert not (bench.path / "noisecore-results/quick/baseline.json").exists()


def test_one_scale_differs(bench) -> None:
    """A single other answer at one scale: the claims need three seeds of the run's own."""
    turn(bench.path, other=["4"])
    result = run(bench)
    assert result.ret == 0, result.stdout.str()
    assert counts(bench) == {"0": 3, "1": 3, "4": 3}
    assert sentences(bench)["floor"].endswith("judged on the first 3 seeds of each scale")
    assert ON_BASELINE not in result.stdout.str()


@pytest.mark.parametrize("train", ["", "train='gaussian:1'"], ids=["each scale", "once"])
def test_other_scales(bench, train) -> None:
    """A scale that is not in the baseline cannot be judged there; one of the baseline's may."""
    own = BENCH.replace("robustness()", f"robustness({train})", 1).split("@pytest.mark")[:2]
    bench.makepyfile(test_gate="@pytest.mark".join(own))
    made = bench.runpytest_inprocess(*HERE, "--noise-seeds=10", "--noise-update-baseline")
    assert made.ret == 0, made.stdout.str()
    for scales, seeds in (("1", 1), ("1,4,8", 3)):
        (bench.path / "begun.txt").unlink()
        result = run(bench, f"--noise-scales={scales}")
        assert result.ret == (0 if seeds == 3 else 1), result.stdout.str()
        assert len({label.split()[-1] for label in begun(bench.path)}) == seeds
        assert (ON_BASELINE in result.stdout.str()) == (seeds == 1)


def test_more_where_undecided(bench) -> None:
    """Scales get more seeds until the verdict is clear; each row and curve says how many."""
    turn(bench.path, **NEAR)
    result = run(bench)
    found = counts(bench)
    assert found["0"] == 3
    assert found["4"] == 10
    curve = results(bench)["curves"][0]
    assert curve["counted"] == [found["0"], found["1"], found["4"]]
    assert curve["failures"] == []
    assert None not in curve["accuracy_mean"]
    assert len(results(bench)["planned"]) == sum(found.values())
    assert "3 seeds at scale 0; 10 seeds at scale 1, 4" in sentences(bench)["no regression"]
    assert "Accuracy falls at every step" in text(result)
    frame = (bench.path / "noisecore-results/quick/curve.csv").read_text().splitlines()
    assert len(frame) == 1 + sum(found.values())


def test_clear_loss(bench) -> None:
    """A great loss fails with three seeds."""
    turn(bench.path, lost={"1": 0.1, "4": 0.1})
    result = run(bench)
    result.assert_outcomes(passed=3, failed=2)
    assert counts(bench) == {"0": 3, "1": 3, "4": 3}
    again = "--noise-seeds=10 *--noise-gate=rigorous"
    result.stdout.fnmatch_lines(["to look again:", f"*test_no_regression*{again}"])


def test_failed_training(bench) -> None:
    """A training that fails is no identical one: its scale gets no more, the others get three."""
    turn(bench.path, fail=["4"])
    result = run(bench)
    result.assert_outcomes(passed=3, failed=2)
    assert counts(bench) == {"0": 3, "1": 3, "4": 1}
    assert "1 of 7 trials failed" in sentences(bench)["trials"] + result.stdout.str()
    assert ON_BASELINE not in result.stdout.str()
    result.stdout.fnmatch_lines([f"  pytest *test_no_regression* {SEEDS} *--noise-resume*"])


def test_two_margins(bench) -> None:
    """Two tests with other margins on one curve: it goes on until both are decided."""
    tight = BENCH.replace("robustness()", "robustness(margins='mean>0.3')", 1)
    bench.makepyfile(test_tight=tight)
    turn(bench.path, other=["4"])
    run(bench)
    assert counts(bench) == {"0": 3, "1": 5, "4": 5}
    means = [v["figures"][0] for v in results(bench)["verdicts"] if v["gate"] == "no regression"]
    assert [row["seeds"] for row in means] == [[5, 5], [5, 5]]


def test_margins_of_the_call(bench) -> None:
    """Margins that only the call names may need more seeds than there are: one line says so."""
    bench.makepyfile(
        test_gate=BENCH.replace(
            "noise_baseline)\n    a", "noise_baseline, margins='mean>0.3')\n    a"
        )
    )
    turn(bench.path, other=["4"])
    result = run(bench)
    result.stdout.fnmatch_lines(
        [f"noisecore: {CURVE} has the seeds that the options and the mark*"]
    )
    result.assert_outcomes(passed=4, failed=1)


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [(2, {"0": 3, "1": 3, "4": 3}), (4, {"0": 3, "1": 4, "4": 4})],
    ids=["two: the profile's number", "four: at most four"],
)
def test_small_baseline(bench, held, seeds, expected) -> None:
    """A baseline of few seeds: no more are trained; of two, the fixed number is."""
    make_baseline(bench, held, seeds)
    turn(bench.path, **NEAR)
    result = run(bench)
    assert counts(bench) == expected
    assert ("one after another: " in result.stdout.str()) == (seeds == 4)


def test_fixed_for_others(bench) -> None:
    """A curve that is not compared, or not held, and scales that are not, get the fixed number."""
    bench.makepyfile(
        test_more="""
        import pytest
        from noisecore import assert_no_regression

        @pytest.mark.robustness(recipe={"epochs": 2})
        def test_alone(robustness, noise_model):
            assert len(robustness.curve.seeds) == 3

        @pytest.mark.robustness(scales=[2.0])
        def test_other_scale(robustness, noise_model):
            assert len(robustness.curve.seeds) == 3

        @pytest.mark.robustness(recipe={"epochs": 4})
        def test_new(robustness, noise_baseline, noise_model):
            assert_no_regression(robustness.curve, noise_baseline)
        """
    )
    result = run(bench)
    result.assert_outcomes(passed=7, failed=1)
    assert "is not in the baseline" in text(result)
    found = Counter(tuple(label.split()[:3:2]) for label in begun(bench.path))
    assert {name: found[CURVE, name] for name in ("0", "1", "2", "4")} == {
        "0": 1, "1": 1, "2": 3, "4": 1
    }  # fmt: skip
    assert found["mlp/gaussian/quick+epochs=2", "4"] == 3
    assert found["mlp/gaussian/quick+epochs=4", "4"] == 3
    result.stdout.fnmatch_lines(["  pytest *--noise-seeds=10 *--noise-update-baseline=missing*"])


def test_trained_once(bench, held) -> None:
    """A model that is trained once and tested at all scales gets one training at first."""
    once = BENCH.replace("robustness()", "robustness(train='gaussian:1')", 1).split("@pytest")
    bench.makepyfile(test_gate="@pytest".join(once[:2]))
    make = bench.runpytest_inprocess(*HERE, "--noise-seeds=10", "--noise-update-baseline")
    assert make.ret == 0, make.stdout.str()
    (bench.path / "begun.txt").unlink()
    assert run(bench).ret == 0
    assert len(begun(bench.path)) == 1
    turn(bench.path, other=["1"])
    assert run(bench).ret == 0
    assert len(begun(bench.path)) == 4
    assert "one after another: 3 seeds" in sentences(bench)["no regression"]
