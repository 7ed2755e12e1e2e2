"""A training is claimed by one, however many processes and threads there are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from records_factory import make_record

from noisecore.running.store import Store

RUN = make_record().run
KEY = make_record().key


@pytest.fixture
def store(tmp_path):
    """Return a store of its own, ready for use."""
    store = Store(tmp_path / "results" / "trials", RUN)
    store.prepare()
    return store


def test_claim_is_exclusive_between_threads(store):
    """One thread has a trial; another that asks is told no at once, and later yes."""
    answers = []

    def ask():
        with store.claim(KEY) as mine:
            answers.append(mine)

    def ask_beside():
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    with store.claim(KEY) as mine:
        assert mine
        ask_beside()
    ask_beside()
    assert answers == [False, True]


def test_claims_of_different_trials_do_not_meet(store):
    """Two trials are run side by side."""
    with store.claim("a" * 20) as first, store.claim("b" * 20) as second:
        assert (first, second) == (True, True)


def test_claim_ends_with_an_error_in_its_block(store):
    """A trial that broke can be claimed again."""
    with pytest.raises(ZeroDivisionError), store.claim(KEY):
        raise ZeroDivisionError
    with store.claim(KEY) as mine:
        assert mine


def test_claim_is_exclusive_between_processes_and_dies_with_its_holder(store):
    """A trial that another process has is not ours, until that process ends, however it ends."""
    program = (
        "import pathlib, sys, time; from noisecore.running.store import Store\n"
        "with Store(pathlib.Path(sys.argv[1]), 'another run').claim(sys.argv[2]) as mine:\n"
        "    print(mine, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(store.folder), KEY],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as holder:
        try:
            assert holder.stdout.readline() == "True\n"
            with store.claim(KEY) as mine:
                assert not mine
        finally:
            holder.kill()
    with store.claim(KEY) as mine:
        assert mine


def test_claim_ends_though_a_forked_child_lives(store):
    """A child that a test forked meanwhile does not keep others from the trial."""
    with store.claim(KEY) as mine:
        assert mine
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    try:
        with store.claim(KEY) as mine:
            assert mine
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
