"""`--noise-seeds=auto`: refused, interrupted, resumed, in threads and in several processes."""

from __future__ import annotations

import signal
from bisect import bisect

import pytest
from dask_cluster import Dask
from fake_trainings import CONFTEST, begun, turn
from gate_bench import AUTO, CURVE, baseline_of
from test_seeds_auto import HERE, NEAR, SEEDS, bench, counts, held, results, run, text

from noisecore import compare
from noisecore.judging.gates.rows import AccuracyRow
from noisecore.judging.results import is_sequential

__all__ = ["bench", "held"]  # fixtures


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "needs a baseline: add --noise-baseline=auto, or give their number"),
        ([AUTO, "--noise-update-baseline"], "a baseline needs fixed seeds"),
        ([AUTO, "--noise-records=records"], "--noise-records trains nothing"),
    ],
    ids=["no baseline", "update", "records"],
)
def test_refused(bench, usage_line, options, said) -> None:
    """Where nothing can say how many seeds are needed, one line says what to do."""
    line = usage_line(bench.runpytest_inprocess(*HERE, SEEDS, *options))
    assert line.startswith(f"ERROR: noisecore: {SEEDS} ")
    assert said in line


@pytest.mark.parametrize("where", ["ini", "profile"])
def test_configured(bench, where) -> None:
    """The configuration may say it for every run, or a profile."""
    line = "noise_seeds = auto" if where == "ini" else "noise_profiles = quick: seeds=auto"
    bench.makeini(f"[pytest]\n{line}\n")
    assert bench.runpytest_inprocess().ret == 0
    assert bench.runpytest_inprocess(*HERE, AUTO).ret == 0
    assert counts(bench) == {"0": 1, "1": 1, "4": 1}


def test_interrupted(bench) -> None:
    """What an interrupted run lacks is what it wanted by then; resuming trains nothing twice."""
    bench.makeconftest(CONFTEST)
    turn(bench.path, other=["4"], stop=f"{CURVE} scale 1 seed 1")
    result = bench.runpytest_subprocess(*HERE, SEEDS, AUTO)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "5 trials have no record yet. To go on: pytest" in text(result)
    assert f"{SEEDS} {AUTO} --noise-resume" in text(result)
    assert len(results(bench)["planned"]) == 9
    assert not is_sequential(bench.path / "noisecore-results/quick")  # it lacks some
    turn(bench.path, other=["4"])
    assert run(bench, "--noise-resume").ret == 0
    assert max(begun(bench.path).count(label) for label in begun(bench.path)) == 1
    assert counts(bench) == {"0": 3, "1": 3, "4": 3}
    assert len(results(bench)["records"]) == 9


def test_killed(bench) -> None:
    """A run that was killed in its second stage is resumed by two processes; nothing is lost."""
    bench.makeconftest(CONFTEST)
    turn(bench.path, kill=f"{CURVE} scale 1 seed 4", **NEAR)
    assert bench.runpytest_subprocess(*HERE, SEEDS, AUTO).ret == -signal.SIGKILL
    before = begun(bench.path)
    turn(bench.path, **NEAR)
    run(bench, "-n2", "--noise-resume")
    after = begun(bench.path)
    assert after[: len(before)] == before
    assert len(set(after)) == len(after) == 23
    assert len(results(bench)["records"]) == len(results(bench)["planned"]) == 23


def test_no_records_of_others(bench) -> None:
    """Records that another run left decide nothing, unless this one resumes it."""
    assert run(bench).ret == 0
    turn(bench.path, lost={"1": 0.1, "4": 0.1})
    assert run(bench).ret == pytest.ExitCode.TESTS_FAILED
    assert counts(bench) == {"0": 4, "1": 4, "4": 4}


@pytest.mark.parametrize("workers", [1, 2])
def test_soonest_first(bench, workers) -> None:
    """Threads finish a stage before the next; the scale that lost most comes first."""
    turn(bench.path, lost={"1": 0.01, "4": 0.02}, sleep=0.02)
    run(bench, f"--noise-workers={workers}")
    trained = [label.split()[2::2] for label in begun(bench.path)]
    stages = [bisect((0, 2, 4), int(seed) - 1) for _, seed in trained]
    assert stages == sorted(stages)
    assert len(trained) > 9
    if workers == 1:  # two note what they begin at the same time, in any order
        assert [scale for scale, seed in trained if seed == "1"] == ["4", "1", "0"]


def test_changed_curve_does_not_wait(bench) -> None:
    """Where one scale has shown a change, more seeds begin while the first stage still runs."""
    lasts = [f"{CURVE} scale 0 seed 0", f"{CURVE} scale 4 seed 2"]
    turn(bench.path, other=["4"], lasts=lasts)
    result = run(bench, "--noise-workers=2")
    assert result.ret == 0, result.stdout.str()
    assert counts(bench) == {"0": 3, "1": 3, "4": 3}


def test_failed_scale_is_not_looked_ahead_of(bench) -> None:
    """Such seeds are those that the curve gets in any case, even if a scale fails after them."""
    turn(bench.path, other=["4"], fail=["1"], sleep=0.02)
    run(bench, "--noise-workers=2")
    assert counts(bench) == {"0": 3, "1": 1, "4": 3}
    assert len(results(bench)["planned"]) == 7


@pytest.mark.parametrize("knobs", [{}, NEAR], ids=["identical", "near"])
def test_xdist(bench, knobs) -> None:
    """Several processes take the same decisions, and train each seed once."""
    bench.makeconftest(CONFTEST)
    turn(bench.path, sleep=0.02, **knobs)
    alone = run(bench, "--noise-artifacts=alone")
    found = counts(bench)
    (bench.path / "begun.txt").unlink()
    result = run(bench, "-n2", "--noise-workers=1")
    assert result.ret == alone.ret
    assert counts(bench) == found
    assert len(results(bench)["planned"]) == len(results(bench)["records"]) == sum(found.values())
    said = results(bench)["run"]["seeds one after another"][CURVE]
    assert said in text(alone)


@pytest.fixture
def dask(bench, monkeypatch):
    """Return a cluster of two Dask workers with made-up trainings."""
    pytest.importorskip("distributed")
    monkeypatch.setenv("DASK_DISTRIBUTED__WORKER__PRELOAD", "fake_trainings")
    dask = Dask(bench.path)
    try:
        for name in ("one", "two"):
            dask.add_worker(name)
        yield dask
    finally:
        dask.end()


def test_dask(bench, dask) -> None:
    """Dask workers train what one process trains, each seed once, and the verdict is the same."""
    for knobs in ({}, NEAR):
        turn(bench.path, **knobs)
        alone = run(bench)
        found, said = counts(bench), results(bench)["run"]["seeds one after another"][CURVE]
        (bench.path / "begun.txt").unlink()
        result = run(bench, f"--noise-scheduler={dask.file}", "--noise-workers=auto")
        assert "noisecore: 2 Dask workers at " in text(result)
        assert result.ret == alone.ret, result.stdout.str()
        assert counts(bench) == found
        assert results(bench)["run"]["seeds one after another"][CURVE] == said
        (bench.path / "begun.txt").unlink()


def test_compared_later(bench) -> None:
    """What such a run leaves is compared as it was judged, as long as nothing of it is missing."""
    turn(bench.path, other=["4"], lost={"4": 0.029})
    assert run(bench).ret == 0
    folder = bench.path / "noisecore-results/quick"
    (verdict,) = compare(folder, baseline_of(bench)).values()
    rows = next(v["figures"] for v in results(bench)["verdicts"] if v["gate"] == "no regression")
    assert verdict.verdict == "pass"
    assert [row.seeds for row in verdict.rows(AccuracyRow)] == [
        tuple(row["seeds"]) for row in rows if "seeds" in row
    ]
