"""A Dask address that answers with something else, or falls silent: no wait is for ever."""

from __future__ import annotations

import dataclasses
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from dask_cluster import Dask
from needs import needs_tensorflow
from records_factory import make_record
from waiting import wait_until

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

ANSWERS = {
    "silence": b"",
    "a few bytes": b"abc",
    "http": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "zeros": bytes(4096),
    "random bytes": np.random.default_rng(0).bytes(4096),
    "a message without end": (2**36).to_bytes(8, "little"),
}


@pytest.fixture
def answer():
    """Return a function that opens a port which gives an answer of some bytes; its address."""
    opened = []

    def answer(content: bytes) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        opened.append(server)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # the test is over
                    return
                opened.append(connection)
                connection.sendall(content)

        threading.Thread(target=serve, daemon=True).start()
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"

    yield answer
    for each in opened:
        each.close()


@pytest.mark.parametrize("kind", ANSWERS)
def test_something_else_answers(answer, kind, monkeypatch) -> None:
    """Whatever answers at an address that is no scheduler's, one line says so, and soon."""
    monkeypatch.setattr(schedulers, "CONNECT", 0.5)
    address = answer(ANSWERS[kind])
    with pytest.raises(ClusterError, match=f"no Dask scheduler answers at {address}") as caught:
        Cluster(address, ("tiny.npz", None), "0" * 64, threads=THREADS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"address": 5}', "\x00\xff"])
def test_scheduler_file_that_is_none(tmp_path, content, monkeypatch) -> None:
    """A file that holds no scheduler's address is said to be none, in one line."""
    monkeypatch.setattr(schedulers, "CONNECT", 0.5)
    path = tmp_path / "scheduler.json"
    path.write_text(content)
    with pytest.raises(ClusterError, match="no Dask scheduler answers at") as caught:
        Cluster(str(path), ("tiny.npz", None), "0" * 64, threads=THREADS)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """Return a scheduler with one Dask worker."""
    dask = Dask(tmp_path_factory.mktemp("dask"))
    try:
        dask.add_worker("one")
        yield dask
    finally:
        dask.end()


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """Return the path of a tiny data set, and a trial on it that never ends."""
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    rng = np.random.default_rng(1)
    arrays = {"x_train": (60, 8, 8), "x_test": (40, 8, 8)}
    images = {name: rng.integers(0, 256, shape, np.uint8) for name, shape in arrays.items()}
    np.savez(path, **images, y_train=np.arange(60) % 3, y_test=np.arange(40) % 3)
    trial = make_record(
        "mlp",
        recipe="quick+epochs=100000,batch_size=16",
        dataset="tiny.npz",
        dataset_sha256=load_dataset(str(path)).sha256,
    ).trial
    return str(path), trial


def connect(dask, endless) -> Cluster:
    """Return a cluster that has been checked."""
    path, trial = endless
    return Cluster(dask.file, (path, None), trial.dataset_sha256, threads=THREADS)


@needs_tensorflow
@pytest.mark.parametrize("which", ["scheduler", "Dask worker"])
def test_nothing_answers_at_the_start(dask, endless, monkeypatch, which) -> None:
    """A scheduler or a Dask worker that is stopped is named, and not waited for."""
    monkeypatch.setattr(schedulers, "CONNECT", 3.0)
    monkeypatch.setattr(clusters, "_CHECK", 3.0)
    process = dask.processes[0 if which == "scheduler" else 1]
    process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(ClusterError, match="no answer within 3 s"):
            connect(dask, endless)
    finally:
        process.send_signal(signal.SIGCONT)
    monkeypatch.undo()
    assert len(connect(dask, endless).workers()) == 1


@needs_tensorflow
def test_scheduler_falls_silent(dask, endless, tmp_path, monkeypatch) -> None:
    """A scheduler that stops in the middle of a trial is noticed, and whoever waits is told."""
    cluster = connect(dask, endless)
    monkeypatch.setattr(clusters, "_SILENCE", 1.0)
    monkeypatch.setattr(clusters, "_FAREWELL", 1.0)
    path, trial = endless
    scheduler = dask.processes[0]
    engine = Engine(
        [trial],
        store=Store(tmp_path, RUN),
        location=(path, None),
        workers=1,
        cluster=cluster,
        listener=lambda event: scheduler.send_signal(signal.SIGSTOP),
    )
    try:
        engine.start()
        with pytest.raises(ClusterError, match=r"scheduler at .* no longer answers"):
            engine.wait([trial])
    finally:
        engine.close()
        scheduler.send_signal(signal.SIGCONT)


CLIENT = """
import json, sys
from noisecore.records import trial_from_dict
from noisecore.running.cluster import Cluster
from noisecore.running.engine import Engine
from noisecore.running.sizing import THREADS
from noisecore.running.store import Store
from pathlib import Path

file, path, trial, folder = sys.argv[1:]
trial = trial_from_dict(json.loads(trial))
cluster = Cluster(file, (path, None), trial.dataset_sha256, threads=THREADS)
store = Store(Path(folder), "a run")
engine = Engine([trial], store=store, location=(path, None), workers=1, cluster=cluster)
engine.start()
engine.wait([trial])
"""


def children(pid: int) -> list[int]:
    """Return our workers among the children of a process."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it has just ended
        if int(parent) == pid and state != "Z" and b"noisecore.running.worker" in command:
            found.append(int(process.name))
    return found


@needs_tensorflow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_killed_run_leaves_nothing_on_a_dask_worker(dask, endless, tmp_path) -> None:
    """The child there ends soon after its run is killed, and not while that is only stopped."""
    path, trial = endless
    there = dask.processes[1].pid
    client = subprocess.Popen(
        [
            sys.executable,
            "-c",
            CLIENT,
            dask.file,
            path,
            json.dumps(dataclasses.asdict(trial)),
            str(tmp_path / "trials"),
        ]
    )
    try:
        wait_until(lambda: children(there))
        client.send_signal(signal.SIGSTOP)
        time.sleep(3 * dask_worker._LOOK)
        assert children(there)
    finally:
        client.kill()
        client.wait()
    wait_until(lambda: not children(there))


class FakeWorker:
    """A worker that notes its end."""

    closed = False

    def __init__(self, *arguments, **choices) -> None:
        pass

    def run(self, trials, **choices):
        """Answer at once."""
        return [make_record()]

    def close(self) -> None:
        """Note it."""
        self.closed = True


def test_idle_child_ends(monkeypatch) -> None:
    """A Dask worker's child that gets no other trial for a while ends; another one starts then."""
    monkeypatch.setattr(dask_worker, "Worker", FakeWorker)
    monkeypatch.setattr(dask_worker, "_wanted", lambda worker: nullcontext())
    monkeypatch.setattr(dask_worker, "_worker", None)
    monkeypatch.setattr(dask_worker, "_REST", 60.0)
    asked = ([{"location": "x"}], ("tiny.npz", None), RUN, {}, None, "me", {})
    monkeypatch.setattr(dask_worker, "trial_from_dict", lambda trial: trial)
    assert dask_worker.run_there(*asked)[0] == "records"
    first = dask_worker._worker
    monkeypatch.setattr(dask_worker, "_REST", 0.05)
    assert dask_worker.run_there(*asked)[0] == "records"
    wait_until(lambda: dask_worker._worker is None)
    wait_until(lambda: first.closed)
    monkeypatch.setattr(dask_worker, "_REST", 60.0)
    assert dask_worker.run_there(*asked)[0] == "records"
    assert dask_worker._worker is not first
    dask_worker._idle.cancel()
