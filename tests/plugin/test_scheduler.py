"""A run on a Dask cluster that is none: one line, before anything is trained."""

from __future__ import annotations

import socket

import pytest

from noisecore.running import scheduler as schedulers

pytest.importorskip("distributed")


def test_address_that_is_silent(bench, tiny, usage_line, monkeypatch) -> None:
    """An address that takes connections and says nothing is named, and nothing hangs."""
    monkeypatch.setattr(schedulers, "CONNECT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        result = bench.runpytest_inprocess(*tiny, f"--noise-scheduler={address}")
    assert f"no Dask scheduler answers at {address}: no answer within" in usage_line(result)
    assert not (bench.path / "noisecore-results").exists()
