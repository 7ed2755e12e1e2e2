"""The machine: what this process may use, what it uses, and what the hardware is called."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from noisecore.memory import groups, read_system

GIB = 2**30


def available_processors() -> int:
    """Return how many processors this process may use: by affinity, and by its cgroup's quota."""
    affinity = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    quotas = [affinity]
    for folder in groups():
        quota, _, period = read_system(folder / "cpu.max").partition(" ")
        if not quota:  # the first version of cgroups has a file each
            quota, period = (
                read_system(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")
            )
        if quota.isdecimal() and period.isdecimal():
            quotas.append(max(1, int(quota) // int(period)))
    return min(quotas)


def available_gpus() -> list[str]:
    """Return how the NVIDIA GPUs that this process may use are named in CUDA_VISIBLE_DEVICES."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip() not in ("", "-1")]
    if (tool := shutil.which("nvidia-smi")) is None:
        return []
    try:
        listed = subprocess.run(
            [tool, "--list-gpus"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [str(place) for place, line in enumerate(listed.splitlines()) if line.startswith("GPU")]


def accelerator() -> str:
    """Return the models of the GPUs that this process may use, "none" without any."""
    if not available_gpus() or (tool := shutil.which("nvidia-smi")) is None:
        return "none"
    query = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return " and ".join(sorted(set(answer.stdout.splitlines()))) or "none"


def fast_bfloat16() -> bool:
    """Return whether this machine multiplies bfloat16 faster than float32.

    Processors say so by their flags (AVX-512 BF16, AMX), NVIDIA's GPUs by their compute
    capability: 8.0 and later.
    """
    flags = read_system(Path("/proc/cpuinfo")).partition("\nflags")[2].partition("\n")[0].split()
    if {"avx512_bf16", "amx_bf16"}.intersection(flags):
        return True
    if not available_gpus() or (tool := shutil.which("nvidia-smi")) is None:
        return False
    query = [tool, "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, check=True, timeout=20)
        return all(float(line) >= 8.0 for line in answer.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return False


def resident_memory() -> int:
    """Return how many bytes of memory this process holds now, 0 if that is not known."""
    fields = read_system(Path("/proc/self/statm")).split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if len(fields) > 1 else 0


def peak_memory() -> int:
    """Return this process's greatest resident memory so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def processor() -> str:
    """Return the processor's model, as the system names it, with its family and model numbers."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    pairs = (line.partition(":") for line in lines)
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    names = ("model name", "cpu family", "model", "stepping")
    return " ".join(fields[name] for name in names if name in fields) or platform.machine()
