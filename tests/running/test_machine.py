"""What a process may use: the least of what affinity, quotas and limits leave it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noisecore import memory
from noisecore.running import machine
from noisecore.running.sizing import available_workers

GIB = machine.GIB


@pytest.fixture
def files(monkeypatch):
    """Return the files of a machine that is made up; any other file is not there."""
    content: dict[str, str] = {}
    for module in (machine, memory):
        monkeypatch.setattr(module, "read_system", lambda path: content.get(str(path), "").strip())
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    return content


def test_affinity_alone(files) -> None:
    """Without a quota all processors of the affinity count."""
    assert machine.available_processors() == 16


@pytest.mark.parametrize(("quota", "count"), [("250000 100000", 2), ("50000 100000", 1),
                                              ("max 100000", 16)])  # fmt: skip
def test_quota(files, quota, count) -> None:
    """A quota of two and a half processors is two; of less than one it is one."""
    files["/proc/self/cgroup"] = "0::/"
    files["/sys/fs/cgroup/cpu.max"] = quota
    assert machine.available_processors() == count


def test_quota_of_a_group_around(files) -> None:
    """The tightest of the groups around the process counts."""
    files["/proc/self/cgroup"] = "0::/pod/inner"
    files["/sys/fs/cgroup/pod/cpu.max"] = "300000 100000"
    files["/sys/fs/cgroup/pod/inner/cpu.max"] = "max 100000"
    assert machine.available_processors() == 3


def test_quota_of_the_first_version(files) -> None:
    """The older kind of cgroups is read too."""
    files["/proc/self/cgroup"] = "4:cpu,cpuacct:/docker"
    files["/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us"] = "400000"
    files["/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us"] = "100000"
    assert machine.available_processors() == 4


def test_memory(files) -> None:
    """The least of what the machine has and what each group leaves."""
    assert memory.available_memory() is None
    files["/proc/meminfo"] = "MemTotal: 99 kB\nMemAvailable:  4194304 kB\n"
    assert memory.available_memory() == 4 * GIB
    files["/proc/self/cgroup"] = "0::/pod"
    files["/sys/fs/cgroup/pod/memory.max"] = str(3 * GIB)
    files["/sys/fs/cgroup/pod/memory.current"] = str(GIB)
    assert memory.available_memory() == 2 * GIB
    files["/sys/fs/cgroup/memory.max"] = "max"
    assert memory.available_memory() == 2 * GIB
    # What files have in the cache is given up when memory is short.
    files["/sys/fs/cgroup/pod/memory.stat"] = f"anon 5\ninactive_file {GIB // 2}\nslab 1"
    assert memory.available_memory() == 2.5 * GIB


def test_workers_fit_the_memory(files) -> None:
    """Auto takes no more workers than the memory holds, and at least one."""
    files["/proc/meminfo"] = f"MemAvailable: {5 * GIB // 1024} kB\n"
    assert available_workers(100, 2 * GIB, 0) == 2
    assert available_workers(100, 20 * GIB, 0) == 1
    assert available_workers(3, 1, 0) == 3
    assert available_workers(100, 2 * GIB, 4) == 4


@pytest.mark.parametrize(
    ("visible", "gpus"), [("", []), ("-1", []), ("2,5", ["2", "5"]), ("GPU-ab, 1", ["GPU-ab", "1"])]
)
def test_gpus_that_the_caller_chose(monkeypatch, visible, gpus) -> None:
    """Only what CUDA_VISIBLE_DEVICES names is given out, under the names that it has there."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert machine.available_gpus() == gpus


def test_gpus_of_the_machine(monkeypatch, tmp_path) -> None:
    """Without that variable NVIDIA's own tool is asked; one that fails has no GPU."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: A (UUID: x)'\necho 'GPU 1: B (UUID: y)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert machine.available_gpus() == ["0", "1"]
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert machine.available_gpus() == []


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="not Linux")
def test_resident_memory() -> None:
    """A Python with NumPy holds some megabytes, and more with a large array."""
    before = machine.resident_memory()
    assert 10 * 2**20 < before < 20 * GIB
    large = bytearray(os.urandom(2**20)) * 64
    assert machine.resident_memory() - before > len(large) // 2


@pytest.mark.parametrize(
    ("flags", "fast"), [("fpu avx512f", False), ("avx512_bf16", True), ("sse amx_bf16 amx", True)]
)
def test_bfloat16_of_a_processor(files, monkeypatch, flags, fast) -> None:
    """A processor is fast at it if one of its flags says so."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    files["/proc/cpuinfo"] = f"processor : 0\nflags\t\t: {flags} \nbugs : none"
    assert machine.fast_bfloat16() is fast


@pytest.mark.parametrize(("capability", "fast"), [("9.0", True), ("7.5", False), ("?", False)])
def test_bfloat16_of_a_gpu(files, monkeypatch, tmp_path, capability, fast) -> None:
    """A GPU is fast at it from compute capability 8.0 on."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho {capability}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert machine.fast_bfloat16() is fast
