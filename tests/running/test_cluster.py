"""Trials on a real Dask cluster: the same numbers, checked first, and safe from lost workers."""

from __future__ import annotations

import dataclasses
import signal

import numpy as np
import pytest
from dask_cluster import Dask
from needs import needs_tensorflow
from records_factory import make_record

from noisecore.data import load_dataset
from noisecore.running import cluster as clusters
from noisecore.running import dask_worker
from noisecore.running import scheduler as schedulers
from noisecore.running.cluster import Cluster, ClusterError
from noisecore.running.engine import Engine
from noisecore.running.sizing import THREADS
from noisecore.running.store import Store

pytest.importorskip("distributed")
RUN = "20250101-000000-test"


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """Return a scheduler without workers."""
    dask = Dask(tmp_path_factory.mktemp("dask"))
    yield dask
    dask.end()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return the path of a tiny data set, its sum, and trials on it."""
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    rng = np.random.default_rng(1)
    labels = np.arange(100) % 3
    images = rng.integers(0, 128, (100, 8, 8), np.uint8)
    images[np.arange(100), 2 * labels] += 127
    np.savez(path, x_train=images[:60], y_train=labels[:60], x_test=images[60:], y_test=labels[60:])
    sha256 = load_dataset(str(path)).sha256
    trials = [
        make_record(
            "mlp",
            seed=seed,
            recipe="quick+epochs=1,batch_size=16",
            dataset="tiny.npz",
            dataset_sha256=sha256,
        ).trial
        for seed in range(4)
    ]
    return str(path), sha256, trials


def connect(dask, tiny) -> Cluster:
    """Return a cluster that has been checked."""
    return Cluster(dask.file, (tiny[0], None), tiny[1], threads=THREADS)


def run(tiny, trials, folder, listener=lambda event: None, **choices):
    """Return the records of trials, run by an engine."""
    engine = Engine(
        trials, store=Store(folder, RUN), location=(tiny[0], None), listener=listener, **choices
    )
    engine.start()
    try:
        return engine.wait(trials)
    finally:
        engine.close()


def test_no_scheduler(tiny, monkeypatch) -> None:
    """Where nobody answers it is said at once, in one line, with what to do."""
    monkeypatch.setattr(schedulers, "CONNECT", 0.5)
    with pytest.raises(ClusterError, match="start one with 'dask scheduler'") as caught:
        Cluster("tcp://127.0.0.1:9", (tiny[0], None), tiny[1], threads=THREADS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["nonsense", "http://", "tcp://"])
def test_bad_address(tiny, monkeypatch, address) -> None:
    """What is no address is said in one line."""
    monkeypatch.setattr(schedulers, "CONNECT", 0.5)
    with pytest.raises(ClusterError, match="no Dask scheduler answers at") as caught:
        Cluster(address, (tiny[0], None), tiny[1], threads=THREADS)
    assert "\n" not in str(caught.value)


class FakeWorker:
    """A worker that notes its end."""

    closed = False

    def close(self) -> None:
        """Note it."""
        self.closed = True


def test_a_run_ends_its_own_workers_alone(monkeypatch) -> None:
    """Who leaves the cluster ends what it started there, and nobody else's trial."""
    worker = FakeWorker()
    monkeypatch.setattr(dask_worker, "_worker", worker)
    monkeypatch.setattr(dask_worker, "_kind", ("me", "tiny.npz", None, None))
    dask_worker.end_worker("you")
    assert not worker.closed
    dask_worker.end_worker("me")
    assert worker.closed
    assert dask_worker._worker is None


class TestWorkers:
    """The tests of this class run in their order: workers are added as they go."""

    def test_none(self, dask, tiny) -> None:
        """A scheduler without workers is refused, with the line that starts one."""
        with pytest.raises(ClusterError, match="has no workers: start some with 'dask worker"):
            connect(dask, tiny)

    @needs_tensorflow
    def test_same_numbers(self, dask, tiny, tmp_path) -> None:
        """Two Dask workers give the very records that a worker here gives."""
        for name in ("one", "two"):
            dask.add_worker(name)
        cluster = connect(dask, tiny)
        assert len(cluster.workers()) == 2
        assert (cluster.dashboard or "http://").startswith("http://")
        there = run(tiny, tiny[2], tmp_path / "there", workers=2, cluster=cluster)
        here = run(tiny, tiny[2][:1], tmp_path / "here", workers=1)
        assert [record.status for record in there] == ["complete"] * 4
        assert there[0].numbers() == here[0].numbers()

    @needs_tensorflow
    def test_other_data(self, dask, tiny) -> None:
        """Workers that lack the data, or have other data, are named before anything is trained."""
        with pytest.raises(ClusterError, match="another content") as caught:
            Cluster(dask.file, (tiny[0], None), "0" * 64, threads=THREADS)
        assert str(caught.value).count("tcp://") == 2
        with pytest.raises(ClusterError, match=r"nowhere\.npz"):
            Cluster(dask.file, ("/nowhere.npz", None), tiny[1], threads=THREADS)

    @needs_tensorflow
    def test_data_of_a_function(self, dask, tiny, tmp_path, monkeypatch) -> None:
        """A function that gives the data imports there what it imports here, and leaves nothing."""
        (tmp_path / "lib").mkdir()
        (tmp_path / "lib/helper_of_mine.py").write_text(
            "import numpy as np\n"
            "def load():\n"
            f"    with np.load({tiny[0]!r}) as f:\n"
            "        return (f['x_train'], f['y_train']), (f['x_test'], f['y_test'])\n"
        )
        (tmp_path / "mine.py").write_text("from helper_of_mine import load\n")
        monkeypatch.syspath_prepend(str(tmp_path / "lib"))
        location = f"{tmp_path / 'mine.py'}:load", None
        sha256 = load_dataset(*location).sha256
        cluster = Cluster(dask.file, location, sha256, threads=THREADS)
        there = cluster.client.run(lambda: __import__("sys").path)
        assert there
        assert not any(
            entry.rpartition("/")[2] == "lib" for path in there.values() for entry in path
        )
        cluster.close()

    @needs_tensorflow
    def test_other_versions(self, dask, tiny, monkeypatch) -> None:
        """Workers of another noisecore are named, with both versions."""
        monkeypatch.setattr("noisecore.__version__", "99.0")
        with pytest.raises(ClusterError, match=r"expected noisecore 99\.0, got "):
            connect(dask, tiny)

    @needs_tensorflow
    def test_other_source(self, dask, tiny, monkeypatch) -> None:
        """Workers whose noisecore was edited are named, whatever version it says it is."""
        monkeypatch.setattr("noisecore.running.cluster.training_source", lambda: "edited")
        with pytest.raises(ClusterError, match="has another source than the one here"):
            connect(dask, tiny)

    @needs_tensorflow
    def test_broken_trial(self, dask, tiny, tmp_path) -> None:
        """A trial's own error fails that trial, with its reason."""
        bad = dataclasses.replace(tiny[2][0], model="perceptron")
        (record,) = run(tiny, [bad], tmp_path, workers=1, cluster=connect(dask, tiny))
        assert record.status == "failed"
        assert "perceptron" in record.reason

    @needs_tensorflow
    def test_lost_dask_worker(self, dask, tiny, tmp_path) -> None:
        """The trial of a Dask worker that is killed is run on the other one as soon as it rests."""
        killed = []

        def kill(event):
            if event.kind == "finished" and not killed:
                killed.append(dask.processes[1])
                dask.processes[1].send_signal(signal.SIGKILL)

        cluster = connect(dask, tiny)
        records = run(tiny, tiny[2], tmp_path, listener=kill, workers=2, cluster=cluster)
        assert [record.status for record in records] == ["complete"] * 4
        # Were the other one not taken over, the trial would be begun anew when patience ends.
        lost = [record.cost["lost"] for record in records if record.cost.get("lost")]
        assert len(lost) == 1
        assert "was lost" in lost[0][0]

    @needs_tensorflow
    def test_last_dask_worker_lost(self, dask, tiny, tmp_path, monkeypatch) -> None:
        """When no Dask worker is left and none comes, whoever waits is told."""
        monkeypatch.setattr(clusters, "_PATIENCE", 1.0)
        endless = dataclasses.replace(tiny[2][0], recipe=tiny[2][0].recipe.but(epochs=100_000))

        def kill(event):
            if event.kind == "started":
                dask.processes[2].send_signal(signal.SIGKILL)

        with pytest.raises(ClusterError, match="no Dask worker is left at"):
            run(tiny, [endless], tmp_path, listener=kill, workers=1, cluster=connect(dask, tiny))


def test_dask_worker_that_joins_late(dask, tiny, monkeypatch) -> None:
    """One that would give other numbers is left alone; one like the others is taken.

    What only a cache asks for may differ: then nothing is cached any more.
    """
    dask.add_worker("late")
    cluster = connect(dask, tiny)
    try:
        (address,) = cluster.workers()
        ask = cluster._ask
        for change, fits in (({}, True), ({"processor": "another"}, False)):

            def changed(workers, change=change):
                (answer,) = ask(workers).values()
                return {address: answer | {"conditions": answer["conditions"] | change}}

            cluster._fit.clear()
            monkeypatch.setattr(cluster, "_ask", changed)
            assert cluster._fits(address) is fits
            assert cluster.surroundings
        (found,) = ask([address]).values()
        other = {address: found | {"surroundings": "others"}}
        monkeypatch.setattr(cluster, "_ask", lambda workers: other)
        cluster._fit.clear()
        assert cluster._fits(address)
        assert cluster.surroundings is None
    finally:
        cluster.close()


@needs_tensorflow
def test_scheduler_that_is_lost(tiny, tmp_path) -> None:
    """When the scheduler is gone, whoever waits is told so, and not of each Dask worker."""
    own = Dask(tmp_path)
    try:
        own.add_worker("one")
        endless = dataclasses.replace(tiny[2][0], recipe=tiny[2][0].recipe.but(epochs=100_000))

        def kill(event):
            if event.kind == "started":
                own.processes[0].send_signal(signal.SIGKILL)

        with pytest.raises(ClusterError, match=r"scheduler at .* no longer answers"):
            run(tiny, [endless], tmp_path, listener=kill, workers=1, cluster=connect(own, tiny))
    finally:
        own.end()
